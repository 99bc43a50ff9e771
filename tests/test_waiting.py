"""What a call may wait for: the locks that it takes and what it syncs to the disk, by strace."""

from __future__ import annotations

import re

import pytest

from tests.faults.server import FaultyServer
from tests.program import Program
from tests.scripting.page import missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(missing("strace"), reason="strace is not installed"),
]
WAITS = "trace=flock,fcntl,fsync,fdatasync,sync_file_range,sync,syncfs,msync"
ASK = ("ask", "-n", "hi")


def waits(mcli: Program, *words: str) -> list[str]:
    """The calls that lock or sync, each with the name of its file, as `flock lock LOCK_UN`."""
    log = mcli.home / "calls"
    done = mcli.started(["strace", "-f", "-y", "-qq", "-o", str(log), "-e", WAITS], *words)
    assert (done.code, done.err) == (0, "")
    told = re.findall(r"(\w+)\(\d+<(?:[^>]*/)?([^>/]*)>(?:, (\S+))?\)", log.read_text())
    return [" ".join(each).strip() for each in told if not each[2].startswith(("F_GET", "F_DUP"))]


def test_a_call_takes_the_lock_of_the_ledger_alone_and_syncs_nothing(
    mcli: Program, server: FaultyServer
) -> None:
    assert mcli(*ASK).code == 0  # makes the salt of fingerprints, once and for all, under its lock

    assert waits(mcli, *ASK) == ["flock lock LOCK_EX|LOCK_NB", "flock lock LOCK_UN"]


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("help", "speed"),
        ("__complete", "recipes", "run", ""),
        ("recipes", "list"),
        ("config", "show"),
        ("usage",),
        ("count-tokens", "text"),
        (*ASK, "--dry-run"),
        (*ASK, "--replay", "tape"),
        (*ASK, "--cache", "1h"),
    ],
    ids=lambda words: " ".join(words),
)
def test_what_calls_nobody_waits_for_nobody(
    mcli: Program, server: FaultyServer, words: tuple[str, ...]
) -> None:
    (mcli.home / "text").write_text("text\n")
    assert mcli(*ASK, "--record", "tape").code == 0
    assert mcli(*ASK, "--cache", "1h").code == 0

    assert waits(mcli, *words) == []


def test_what_is_asked_to_stay_is_synced(mcli: Program, server: FaultyServer) -> None:
    """So that the tests above would see it."""
    found = waits(mcli, *ASK, "-o", "answer")

    assert [each for each in found if each.startswith("fsync")] != []
