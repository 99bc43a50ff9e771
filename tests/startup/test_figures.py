"""Each command line starts as the figures say, and what is told of one that does not."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from . import comparing, figures
from .comparing import differences
from .figures import committed, known_lines, written
from .lines import KEYS
from .start import Start


def as_committed(key: str = "j") -> Start:
    """A start that the figures say."""
    done = {section: Counter(starts[key]) for section, starts in committed().items()}
    return Start(0, dict.fromkeys(done["modules"], "mcli.cli"), done)


def with_more(section: str, name: str, by: str = "mcli.cli") -> Start:
    start = as_committed()
    start.done[section][name] += 1
    return replace(start, importers={**start.importers, name: by})


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch):
    """Pretend other versions than the figures were made with."""

    def pretend(**versions: str) -> None:
        libraries = {name: (name, version) for name, version in versions.items()}
        known = {**libraries, "python": (versions.get("python", platform.python_version()),)}
        monkeypatch.setattr(comparing, "versions", lambda: known)
        comparing._others.cache_clear()

    yield pretend
    monkeypatch.undo()
    comparing._others.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="each system loads what is its own")
@pytest.mark.parametrize("key", KEYS, ids=lambda key: KEYS[key].typed)
def test_a_command_loads_opens_and_makes_what_the_figures_say(key: str, tmp_path: Path) -> None:
    """Whoever makes a start dearer, or cheaper, says so in the same change."""
    if complaints := differences(key, KEYS[key].start(tmp_path / "home")):
        pytest.fail("\n".join(complaints), pytrace=False)


def test_the_figures_are_of_these_command_lines() -> None:
    assert known_lines() == [f"{key}  {line.told}" for key, line in KEYS.items()]


def test_what_is_written_is_what_is_read() -> None:
    starts = {key: as_committed(key) for key in KEYS}

    assert (
        written(starts).split("\n== modules")[1]
        == figures.PATH.read_text().split("\n== modules")[1]
    )


def test_as_it_was_is_no_difference() -> None:
    assert differences("j", as_committed()) == []


def test_a_module_more_is_told_with_what_imported_it() -> None:
    told = differences("j", with_more("modules", "mcli.run"))

    assert told == [
        "mcli config path loads more than it did: mcli.run (imported by mcli.cli);"
        " if it is meant: python -m tests.startup"
    ]


def test_many_modules_more_are_one_line() -> None:
    start = as_committed()
    start.done["modules"].update(f"mcli.m{n}" for n in range(90))
    start = replace(start, importers={**start.importers, **{f"mcli.m{n}": "?" for n in range(90)}})

    (told,) = differences("j", start)
    assert "mcli.m4 (imported by ?) and 85 more;" in told


def test_a_module_less_is_told_too() -> None:
    """Else the figures would grow stale, and what was won could be lost unseen."""
    start = as_committed()
    del start.done["modules"]["mcli.cli"]

    assert differences("j", start)[0].startswith("mcli config path no longer loads mcli.cli;")


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("files", "opens mcli.cli 1 times (not 0)"),
        ("regular expressions", "makes regular expressions for mcli.cli 1 times (not 0)"),
        ("dataclasses", "makes dataclasses for mcli.cli 1 times (not 0)"),
    ],
)
def test_what_is_done_more_often_is_told(section: str, told: str) -> None:
    more = with_more(section, "mcli.cli")

    assert differences("j", more)[0].startswith(f"mcli config path {told};")


def test_of_a_library_of_another_version_its_name_alone_counts(elsewhere) -> None:
    elsewhere(typer="0.0.1")

    assert differences("j", with_more("modules", "typer.more")) == []
    assert differences("j", with_more("modules", "httpx2")) != []
    start = as_committed()
    for name in [name for name in start.done["modules"] if name.startswith("typer")]:
        del start.done["modules"][name]
    assert "no longer loads typer;" in differences("j", start)[0]


def test_of_another_patch_of_python_what_it_loads_itself_is_its_own_affair(elsewhere) -> None:
    elsewhere(python=platform.python_version() + "1")

    assert differences("j", with_more("modules", "wave", by="urllib.parse")) == []
    assert differences("j", with_more("modules", "wave", by="mcli.cli")) != []
    assert differences("j", with_more("modules", "mcli.run", by="wave")) != []


def test_of_another_python_its_modules_are_not_compared(elsewhere) -> None:
    elsewhere(python="3.1.0")

    assert differences("j", with_more("modules", "wave", by="mcli.cli")) == []
    assert differences("j", with_more("modules", "mcli.run")) != []
