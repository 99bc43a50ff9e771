"""What `.ci/make-zipapp` makes, with a small program in it: what it unpacks, and for whom."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.program import ROOT

DIGEST = "0123456789abcdef"
PROGRAM = "import sys\ndef entry():\n    print(__file__, *sys.argv[1:])\n    sys.exit(7)\n"


class App:
    """A file as `.ci/make-zipapp` makes it, in a home of its own."""

    def __init__(self, folder: Path, python: str = "", machine: str = "") -> None:
        self.path = folder / "mcli"
        self.cache = folder / "home/.cache/mcli/app"
        self.umask = 0o022
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder / "home")}
        text = (ROOT / ".ci/zipapp/__main__.py").read_text()
        text = text.replace("@DIGEST@", DIGEST)
        text = text.replace("@PYTHON@", python or str(sys.implementation.cache_tag))
        text = text.replace("@MACHINE@", machine or sysconfig.get_platform())
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("__main__.py", text)
            archive.writestr("site/mcli/__init__.py", "")
            archive.writestr("site/mcli/__main__.py", PROGRAM)
            for number in range(200):  # so that two have the time to meet
                archive.writestr(f"site/mcli/page-{number}", "x" * 1000)

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.path, *args], env=self.env, text=True, umask=self.umask,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *args: str) -> tuple[int, str, str]:
        process = self.start(*args)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path)


def test_it_unpacks_once_for_its_owner_alone_and_runs(app: App) -> None:
    place = app.cache / DIGEST
    wanted = (7, f"{place / 'mcli/__main__.py'} ask -n\n", "")

    app.umask = 0  # whatever the caller's is
    assert app.run("ask", "-n") == wanted
    made = place.stat()
    assert app.run("ask", "-n") == wanted

    assert stat.S_IMODE(made.st_mode) == stat.S_IMODE(app.cache.stat().st_mode) == 0o700
    assert place.stat().st_ino == made.st_ino
    assert [path.name for path in app.cache.iterdir()] == [DIGEST]


def test_many_at_once(app: App) -> None:
    processes = [app.start() for _ in range(6)]

    assert [process.communicate(timeout=60)[1] for process in processes] == [""] * 6
    assert {process.returncode for process in processes} == {7}
    assert [path.name for path in app.cache.iterdir()] == [DIGEST]


def test_what_a_killed_run_left_is_swept_and_never_taken(app: App) -> None:
    for name, age_s in (("old", 90_000), ("new", 0)):
        draft = app.cache / f".new-{name}/site/mcli"
        draft.mkdir(parents=True)
        at = draft.stat().st_mtime - age_s
        os.utime(app.cache / f".new-{name}", (at, at))

    assert app.run()[0] == 7
    assert sorted(path.name for path in app.cache.iterdir()) == [".new-new", DIGEST]


def test_a_folder_that_others_may_write_is_not_run(app: App) -> None:
    (app.cache / DIGEST / "mcli").mkdir(parents=True)
    (app.cache / DIGEST / "mcli/__main__.py").write_text("def entry():\n    print('evil')\n")
    (app.cache / DIGEST).chmod(0o777)

    code, out, err = app.run()

    assert (code, out) == (73, "")
    assert err.endswith("can be written by others: remove it [cannot_create]\n")


def test_a_cache_that_cannot_be_made(app: App) -> None:
    app.cache.parent.parent.mkdir(parents=True)
    app.cache.parent.write_text("a file")

    code, out, err = app.run()

    assert (code, out, err.count("\n")) == (73, "", 1)
    assert err.endswith("set XDG_CACHE_HOME to a place for it [cannot_create]\n")


@pytest.mark.parametrize("other", [{"python": "cpython-27"}, {"machine": "vax"}], ids=str)
def test_another_python_or_machine(tmp_path: Path, other: dict[str, str]) -> None:
    code, out, err = App(tmp_path, **other).run()

    assert (code, out, err.count("\n")) == (78, "", 1)
    assert err.endswith("[other_python]\n")
    assert not (tmp_path / "home").exists()


def test_a_cache_of_its_own(app: App, tmp_path: Path) -> None:
    app.env["XDG_CACHE_HOME"] = str(tmp_path / "elsewhere")

    assert app.run()[1].startswith(f"{tmp_path}/elsewhere/mcli/app/{DIGEST}/")
