"""Runs of a batch that are struck in the middle, and what must be true afterwards.

A strike is what strace injects into one system call: kill -9, or an error. It counts the calls of
each thread by itself.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcli.journal_scan import Scan
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer, Pause, Reply, Seen
from tests.program import Program, Result

SAY = ("-e", "Say {{ data }}")
OLD = b"old\n"
ITS_OWN = ("elapsed_s", "attempts", "cached", "request_id")
"""Of an envelope, what may be another in a run that was resumed (contract §10)."""


def word(seen: Seen) -> str:
    """The record that a request is about."""
    return str(seen.body["messages"][-1]["content"]).removeprefix("Say ")


def reply(seen: Seen) -> Reply:
    """An answer that is some lines long, and the longer the greater its number."""
    scene: Any = ok(f"{word(seen)}!\n" * (1 + int(word(seen)) % 3))
    made: Reply = scene(seen)
    return made


def slowly(seen: Seen) -> Reply:
    """As `reply`, each after a time of its own, so that they come in another order."""
    return Reply((Pause(0.004 * (int(word(seen)) * 7 % 5)), *reply(seen).steps))


@dataclass
class Crashing:
    """A batch of `count` records, as many as `jobs` at once, which is struck and resumed."""

    program: Program
    server: FaultyServer
    count: int = 5
    jobs: int = 1
    form: Sequence[str] = ("--text",)
    into_file: bool = False
    kills: int = 0
    asked: Counter[str] = field(default_factory=Counter[str])
    seen: set[str] = field(default_factory=set[str])
    """the records whose answers somebody may have read already"""

    def __post_init__(self) -> None:
        self.home = self.program.home
        self.journal = self.home / "j"
        self.out = self.home / "out"
        self.tmp = self.home / "tmp"
        self.tmp.mkdir(exist_ok=True)
        (self.home / "in.txt").write_text("".join(f"{n}\n" for n in range(self.count)))
        self.program.env["TMPDIR"] = str(self.tmp)
        self.server.play(slowly if self.jobs > 1 else reply)
        done = self.program("batch", *SAY, "in.txt", *self.form, "-j", "1")
        assert done.code == 0, done.err
        self.whole = done.stdout
        self.begin()

    def begin(self) -> None:
        """Nothing was asked yet."""
        for path in (self.journal, self.out, *self.tmp.iterdir()):
            path.unlink(missing_ok=True)
        if self.into_file:
            self.out.write_bytes(OLD)
        self.server.play(slowly if self.jobs > 1 else reply)
        self.asked.clear()
        self.seen.clear()
        self.kills = 0

    def words(self) -> list[str]:
        """The command."""
        to_file = ["-o", str(self.out)] if self.into_file else []
        flags = ["-j", str(self.jobs), "--journal", str(self.journal), *to_file]
        return ["batch", *SAY, "in.txt", *self.form, *flags]

    def struck(self, call: str, how: str, when: str) -> bool:
        """Run it with a strike; whether it was hit. What must be true at once is."""
        log = self.home / "log"
        inject = ("-e", f"trace={call}", "-e", f"inject={call}:{how}:when={when}")
        near = self.near() if call == "openat" else ()
        via = ["strace", "-f", "-qq", "-o", str(log), *near, *inject]
        env = {**self.program.env, "PYTHONSAFEPATH": "1"}  # else it opens the directory
        with (self.home / "shown").open("wb") as shown:
            done = subprocess.run(
                [*via, *self.program.argv(*self.words())],
                env=env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=shown,
                stderr=subprocess.PIPE, timeout=60, check=False,
            )  # fmt: skip
        result = Result(done.returncode, (self.home / "shown").read_bytes(), done.stderr)
        said = log.read_text()
        hit = "(INJECTED)" in said or "killed by SIGKILL" in said or result.code == -signal.SIGKILL
        self.look_at(result, hit)
        return hit

    def near(self) -> list[str]:
        """The files whose opening is struck: a start of Python opens a thousand others."""
        draft = self.home / f".mcli-{zlib.crc32(os.fsencode(self.out.name)):08x}"
        state = self.home / ".local" / "state" / "mcli"
        paths = [self.journal, self.out, draft, self.home, self.home / "in.txt"]
        paths += [state / "ledger" / "lock", *state.glob("ledger/*.jsonl"), state / "salt"]
        return [word for path in paths for word in ("-P", str(path))]

    def look_at(self, result: Result, hit: bool) -> None:
        """What a run may leave, whatever struck it."""
        self.asked.update(map(word, self.server.requests))
        self.server.requests.clear()
        killed = result.code == -signal.SIGKILL
        self.kills += killed
        if result.code == 0:
            assert result.err == ""
            self.is_whole(result.stdout)
            return
        assert hit, result
        assert killed or (result.code in (66, 73, 74) and result.err.count("\n") <= 1), result
        assert not killed or result.err == ""
        shown = result.stdout
        if killed:  # perhaps in the middle of a line
            shown = shown[: shown.rfind(b"\n") + 1]
            assert same(shown, self.whole, is_whole=False), shown
        else:
            assert with_gaps(shown, self.whole), shown
        self.seen.update(answered(shown))
        if self.into_file:
            assert shown == b""
            assert self.out.read_bytes() == OLD or same(self.out.read_bytes(), self.whole)

    def is_whole(self, shown: bytes) -> None:
        """The output is that of a run that was not disturbed."""
        if self.into_file:
            assert shown == b""
            shown = self.out.read_bytes()
        assert same(shown, self.whole), shown

    def ends_well(self) -> None:
        """The same command again does the rest, pays for nothing twice but what was in doubt, and
        prints what an undisturbed run prints."""
        for rescued in self.tmp.glob("mcli-journal-*"):  # as the hint says
            with self.journal.open("ab") as file:
                file.write(rescued.read_bytes())
        before, open_ended = self.asked.copy(), doubted(self.journal)
        done = self.program(*self.words())
        again = Counter(map(word, self.server.requests))
        self.look_at(done, hit=False)
        assert done.code == 0, done.err
        assert set(before) & set(again) <= {str(n - 1) for n in open_ended}
        assert not self.seen & set(again)
        assert set(self.asked) == set(map(str, range(self.count)))
        assert sum(self.asked.values()) <= self.count + self.jobs * max(1, self.kills)
        assert not list(self.home.glob(".mcli-*"))
        done = self.program(*self.words())
        assert (done.code, len(self.server.requests)) == (0, 0)
        self.is_whole(done.stdout)


def doubted(journal: Path) -> set[int]:
    """The numbers of the records of which is not known whether they were answered."""
    scan, begun = Scan(), Counter[int]()
    if not journal.exists():
        return set()
    lines = itertools.chain(scan.feed(journal.read_bytes()), scan.close())
    for line in lines:
        if line.fields["t"] == "start":
            begun[line.fields["n"]] += 1
        elif line.fields["t"] in ("done", "fail"):
            begun[line.fields["n"]] = 0
    return {n for n, count in begun.items() if count}


def same(shown: bytes, whole: bytes, is_whole: bool = True) -> bool:
    """Whether it is the whole output, or at least a beginning of it; of envelopes, but for what
    is each run's own."""
    mine, meant = list(map(plain, shown.splitlines())), list(map(plain, whole.splitlines()))
    ended = not shown or shown.endswith(b"\n")
    return ended and (mine == meant if is_whole else mine == meant[: len(mine)])


def with_gaps(shown: bytes, whole: bytes) -> bool:
    """Whether it is the output of a run that was stopped: what had come, in its order, where the
    place of what had not is empty in a text, and known by `n` in an envelope."""
    mine, meant = list(map(plain, shown.splitlines())), list(map(plain, whole.splitlines()))
    if whole.startswith(b"{"):
        return mine == [line for line in meant if line in mine]
    return all(line in (b"", all_of_it) for line, all_of_it in zip(mine, meant, strict=False))


def answered(shown: bytes) -> set[str]:
    """The records whose answers are in an output."""
    if shown.startswith(b"{"):
        return {str(json.loads(line)["n"] - 1) for line in shown.splitlines()}
    return {str(n) for n, line in enumerate(shown.splitlines()) if line}


def plain(line: bytes) -> Any:
    """A line without what may be another in each run."""
    if not line.startswith(b"{"):
        return line
    fields = json.loads(line)
    return {name: value for name, value in fields.items() if name not in ITS_OWN}
