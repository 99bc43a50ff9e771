"""The draft of `-o`: who else may be writing it, and what a name that was planted there reaches."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mcli import outfile

DRAFT = ".mcli-dadd4a25"
"""What stands beside `answer` while it is written."""


def write(folder: Path) -> None:
    """Write `new` as `answer`."""
    outfile.write(str(folder / "answer"), "new", no_clobber=False)
    assert (folder / "answer").read_text() == "new\n"


def test_what_a_killed_run_left_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / DRAFT).write_text("half of something longer")

    write(tmp_path)

    assert os.listdir(tmp_path) == ["answer"]


def test_a_draft_that_somebody_writes_is_left_alone(tmp_path: Path) -> None:
    draft = tmp_path / DRAFT
    with draft.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("theirs")
        file.flush()
        write(tmp_path)

    assert draft.read_text() == "theirs"


def test_a_draft_of_somebody_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / DRAFT).write_text("theirs")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    write(tmp_path)

    assert (tmp_path / DRAFT).read_text() == "theirs"


@pytest.mark.parametrize("plant", [os.link, os.symlink])
def test_a_planted_draft_reaches_no_other_file(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    victim.chmod(0o644)
    plant(victim, tmp_path / DRAFT)

    write(tmp_path)

    assert (victim.read_text(), stat.S_IMODE(victim.stat().st_mode)) == ("theirs", 0o644)


def test_a_draft_is_nobody_else_s_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    sync = os.fsync

    def look(descriptor: int) -> None:
        modes.extend(stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob(".mcli-*"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    (tmp_path / "answer").write_text("old")
    (tmp_path / "answer").chmod(0o600)

    write(tmp_path)

    assert modes == [0o600]


def test_a_fifo_is_still_one(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        outfile.write(str(path), "new", no_clobber=False)
        assert stat.S_ISFIFO(path.stat().st_mode)
        assert os.read(reader, 99) == b"new\n"
    finally:
        os.close(reader)
