"""The files of a batch are kept apart: none is read and written, or written for two purposes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.server import FaultyServer
from tests.program import Program
from tests.test_batch import SAY, many, numbers

__all__ = ["many"]


@pytest.mark.parametrize(
    ("flags", "tape"),
    [
        (("--journal", "x", "-o", "./x"), ""),  # before either is there
        (("--journal", "x", "-o", "link/x"), ""),
        (("-o", "x", "--record", "link/./x"), ""),
        (("--journal", "x", "--record", "x"), ""),
        (("-o", "x"), "x"),
        (("-o", "x", "--journal", "j", "--record", "link/j"), ""),
        (("--record", "in.txt"), ""),
        (("-o", "./in.txt"), ""),
        (("-o", "tape", "--replay", "tape"), ""),
    ],
)
def test_one_file_has_one_purpose(
    many: Program, server: FaultyServer, flags: tuple[str, ...], tape: str
) -> None:
    (many.home / "link").symlink_to(".")
    (many.home / "in.txt").write_bytes(numbers(3))
    (many.home / "tape").write_bytes(b"")
    before = files(many.home)
    done = many("batch", *SAY, *flags, "in.txt", MCLI_RECORD=tape)

    assert (done.code, done.out) == (2, "")
    assert "name another file [bad_flag]" in done.err
    assert files(many.home) == before
    assert not server.requests


def test_an_answer_goes_over_no_input_and_no_other_file_of_the_run(
    many: Program, server: FaultyServer
) -> None:
    (many.home / "link").symlink_to(".")
    (many.home / "2.txt").write_bytes(numbers(5))
    done = many(
        "batch", *SAY, "2.txt", "--output-each", "link/{n}.txt", "-j", "1", "--journal", "3.txt",
        "--record", "4.txt",
    )  # fmt: skip

    assert done.code == 3
    assert done.out.count('"same_target"') == 3
    assert (many.home / "2.txt").read_bytes() == numbers(5)
    assert (many.home / "1.txt").read_text() == "0!\n"
    assert (many.home / "5.txt").read_text() == "4!\n"
    assert len(server.requests) == 2
    assert b'"t":"end"' in (many.home / "3.txt").read_bytes()


def test_what_an_earlier_run_made_of_one_file_is_not_taken_for_another(
    many: Program, server: FaultyServer
) -> None:
    """`*.txt` once more, where the answers of last time match, too."""
    for name in ("a.txt", "a.de.txt"):
        (many.home / name).write_text(name)
    done = many(
        "batch", *SAY, "--from", "files", "a.txt", "a.de.txt",
        "--output-each", "{dir}/{stem}.de{ext}",
    )  # fmt: skip

    assert done.code == 3
    assert '"id": "a.txt"' in done.out
    assert "same_target" in done.out
    assert (many.home / "a.de.txt").read_text() == "a.de.txt"
    assert (many.home / "a.de.de.txt").read_text() == "a.de.txt!\n"
    assert len(server.requests) == 1


def files(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
