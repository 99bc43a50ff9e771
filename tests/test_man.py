"""The manual pages: equal to the definitions, read by man without a complaint, in the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mcli import help_screen, manpage, page, roff
from mcli.page import Code, Heading, Item, Page, Section
from tests.program import ROOT, Program
from tests.test_docs import ROOT_COMMAND

FOLDER = ROOT / "mcli" / "man"
NAMES = manpage.names(ROOT_COMMAND)
ODD = Page(
    "x-y",
    "'odd' - \\n",
    (
        Section("A \"B\"", (".TH is no request", "'br neither", "a\\fBb -- c's `d` ^~ …", "")),
        Section("C", (Heading("h \"i\""), Item("-j, --k 'l'", ".m"), Code(".n\n'o\n\n  \\p -q"))),
    ),
)  # fmt: skip


def needs(tool: str) -> None:
    """Skip without `tool`, but where CI says that everything is there."""
    if shutil.which(tool) is None:
        assert "CI" not in os.environ, f"{tool} is not installed"
        pytest.skip(f"{tool} is not installed")


def shown(name: str, text: str) -> str:
    """What groff makes of a page, which must be without a complaint."""
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou"], input=text, capture_output=True, text=True,
        check=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stderr == "", name
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_what_the_definitions_say(name: str) -> None:
    path = FOLDER / f"{name}.1"

    assert path.exists(), "run .venv/bin/python .ci/make-man"
    made = roff.written(manpage.of(ROOT_COMMAND, name))
    assert path.read_text() == made, "run .venv/bin/python .ci/make-man"


def test_there_is_no_other_page() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{n}.1" for n in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_sections_and_every_flag(name: str) -> None:
    made = manpage.of(ROOT_COMMAND, name)
    titles = [section.title for section in made.sections]
    command = ROOT_COMMAND.commands.get(name.removeprefix("mcli-"), ROOT_COMMAND)
    below = getattr(command, "commands", {}).values() if command is not ROOT_COMMAND else ()

    assert titles[0] == "SYNOPSIS"
    assert titles[-4:] == ["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"]
    terms = " ".join(b.term for s in made.sections for b in s.blocks if isinstance(b, Item)).split()
    for each in below or [command]:
        for flag in help_screen.flags(each).values():
            assert {*flag.opts, *flag.secondary_opts} <= {word.strip(",") for word in terms}


@pytest.mark.slow
def test_make_man_writes_the_same_and_takes_away_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "mcli-gone.1").write_text("")
    (tmp_path / "mine.txt").write_text("")
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, ROOT / ".ci" / "make-man", tmp_path], check=True, env=env)
        made = {path.name: path.read_bytes() for path in tmp_path.glob("*.1")}
        assert made == {path.name: path.read_bytes() for path in FOLDER.glob("*.1")}
    assert (tmp_path / "mine.txt").exists()


class TestRoff:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("--json -q", "\\-\\-json \\-q"),
            (".hidden", "\\&.hidden"),
            ("'quoted' `this`", "\\(aqquoted\\(aq \\(gathis\\(ga"),
            ("a\\b", "a\\eb"),
            ("x^y~z", "x\\(hay\\(tiz"),
            ('say "a"', "say \\(dqa\\(dq"),
            ("a…b", "a\\[u2026]b"),
        ],
    )
    def test_a_text_stands_for_itself(self, text: str, told: str) -> None:
        assert roff.escaped(text) == told

    def test_groff_shows_every_character_as_it_was(self) -> None:
        needs("groff")
        screen = shown("odd", roff.written(ODD))

        for line in (".TH is no request", "'br neither", "a\\fBb -- c's `d` ^~ …", ".m", ".n", "'o",
                     "\\p -q", 'A "B"', 'h "i"', "-j, --k 'l'", "x-y - 'odd' - \\n"):  # fmt: skip
            assert line in screen

    @pytest.mark.sweep
    @pytest.mark.parametrize("name", NAMES)
    def test_groff_has_no_complaint_and_examples_can_be_pasted(self, name: str) -> None:
        needs("groff")
        screen = shown(name, (FOLDER / f"{name}.1").read_text())

        told = help_screen.documentation(
            ROOT_COMMAND.commands.get(name.removeprefix("mcli-"), ROOT_COMMAND)
        )
        assert told
        assert all(line in screen for _, line in told.examples)

    @pytest.mark.sweep
    @pytest.mark.parametrize("name", NAMES)
    def test_mandoc_has_no_complaint(self, name: str) -> None:
        """But that there is no date, which would change pages that say the same."""
        needs("mandoc")
        argv = ["mandoc", "-Tlint", "-Wwarning", FOLDER / f"{name}.1"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)

        lines = (done.stdout + done.stderr).splitlines()
        assert [line for line in lines if "missing date" not in line] == []

    def test_man_finds_a_page_beside_the_program(self, tmp_path: Path) -> None:
        """As an installation leaves it: bin/ in the path, share/man/man1 beside it."""
        needs("man")
        place = tmp_path / "share" / "man" / "man1"
        place.parent.mkdir(parents=True)
        (tmp_path / "bin").mkdir()
        shutil.copytree(FOLDER, place)
        env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        argv = ["man", "-P", "cat", "mcli-ask"]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        if "minimized" in done.stdout:
            pytest.skip("this machine's man shows nothing")

        assert done.returncode == 0, done.stderr
        assert "MCLI-ASK(1)" in done.stdout


class TestAsText:
    @pytest.mark.sweep
    @pytest.mark.parametrize("name", NAMES)
    def test_help_shows_a_page(self, mcli: Program, name: str) -> None:
        done = mcli("help", name)

        assert (done.code, done.err) == (0, "")
        assert done.out == page.plain(manpage.of(ROOT_COMMAND, name))

    @pytest.mark.parametrize("name", NAMES)
    def test_a_page_fits_a_terminal(self, name: str) -> None:
        text = page.plain(manpage.of(ROOT_COMMAND, name))

        assert text.startswith(f"NAME\n    {name} - ")
        assert max(map(len, text.splitlines())) <= 79

    def test_a_command_is_a_topic_where_no_page_has_its_name(self, mcli: Program) -> None:
        assert mcli("help", "ask").stdout == mcli("help", "mcli-ask").stdout
        assert mcli("help", "classify").out.startswith("# classify")

    def test_json_has_the_text(self, mcli: Program) -> None:
        told = mcli("help", "ask", "--json").json["data"]

        assert (told["topic"], told["text"][:4]) == ("ask", "NAME")


@pytest.mark.slow
def test_the_wheel_has_every_page_where_man_looks(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT]
    subprocess.run(argv, check=True, timeout=300, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as made:
        inside = [name for name in made.namelist() if ".data/data/share/man/man1/" in name]

    assert sorted(Path(name).name for name in inside) == sorted(f"{n}.1" for n in NAMES)
