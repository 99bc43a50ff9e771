"""EDGE: the journal of a batch: what was asked, and what became of it, so that nothing is paid for
twice.

A line for each request that is about to leave, and for each answer or failure, on the disk before
it is shown (`journal_line` has the format). The file is ours alone while it is open; kill -9 lets
go of the lock. Memory does not grow with the number of records.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import mcli
from mcli import journal_file, journal_line, key_index, outfile, redaction, system
from mcli.errors import BadInput, ConfigFailure, WriteFailure, reason
from mcli.journal_scan import Line, Scan
from mcli.journal_writer import Writer
from mcli.key_index import KeyIndex, Known
from mcli.shapes import mutable

_LONGEST_FACT = 200
"""Characters of a fact; of a longer one its hash is kept."""
_LONGEST_SHOWN = 60
_LEFT_ALONE = "nothing was changed, nor will --new do so; name another file for the journal"
_NOTHING_CHANGED = "nothing was changed; mend it, or --new starts over, and pays again"


@mutable
class Spent:
    """What the journal held when it was opened: `usd` is what is known to be paid, `unknown` how
    many records cost nobody knows what, `attempts` the requests that were made. `unended` counts
    those that were begun and may have been paid for, as nothing is known of their end."""

    usd: float = 0.0
    unknown: int = 0
    attempts: int = 0
    unended: int = 0


class Journal:
    """An open journal. `spent`, `header` (None for a new one) and what `find` says are of when it
    was opened; `index` also counts what comes twice in this run."""

    def __init__(self, path: str, descriptor: int, index: KeyIndex) -> None:
        self.index = index
        self.spent = Spent()
        self._path = path
        self._descriptor = descriptor
        scan = _scanned(path, descriptor, self._learn)
        self.header = scan.header
        self.spent.unended = max(self.spent.unended, 0)
        self._writer = Writer(path, descriptor, os.fstat(descriptor).st_size, scan.joint)

    def find(self, key: str) -> Known | None:
        """What is known of the record with that key (`record_key.key`)."""
        return self.index.find(key)

    def read(self, offset: int) -> dict[str, Any]:
        """The envelope in the line at that byte. Raises BadInput if it is not there any more, and
        WriteFailure if the disk cannot be read."""
        try:
            raw = journal_file.line_at(self._descriptor, offset)
        except OSError as error:
            raise _unreadable(self._path, error) from None
        try:
            return journal_line.decode(raw)["envelope"]
        except (ValueError, KeyError):
            why = f"{self._path}: the answer at byte {offset} was changed since it was read"
            raise BadInput("bad_journal", why, "leave the journal alone while it is used") from None

    def begin(self, key: str, n: int) -> None:
        """Write that the request for record `n` is about to leave. Raises WriteFailure, and then
        it must not leave."""
        self._writer.append(journal_line.start(key, n))

    async def keep(self, key: str, n: int, envelope: Mapping[str, Any]) -> int:
        """Write what became of record `n`, which was begun, and return, when it is on the disk, at
        which byte. Raises WriteFailure, always the same one once there was one."""
        return await self._writer.keep(journal_line.outcome(key, n, envelope))

    def end(self, ok: int, failed: int, doubt: int) -> None:
        """Write that the run is over, with how many records came to what. Raises WriteFailure."""
        self._writer.append(journal_line.end(ok, failed, doubt))

    def close(self) -> None:
        """Put on the disk what is not there yet."""
        self._writer.close()

    def write_header(self, facts: Mapping[str, str]) -> None:
        """Begin the journal. Raises WriteFailure."""
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = journal_line.header(os.urandom(8).hex(), mcli.__version__, created, facts)
        self._writer.append(line)
        self._writer.sync()
        outfile.sync_directory(Path(self._path).parent)

    def _learn(self, line: Line) -> None:
        kind = line.fields["t"]
        if kind == "end":
            return
        if kind == "start":
            self.spent.unended += 1
            self.index.learn(line.fields["k"], key_index.DOUBT, line.at)
            return
        envelope: dict[str, Any] = line.fields["envelope"]
        error: dict[str, Any] = envelope.get("error") or {}
        state = key_index.DONE
        if kind == "fail":
            state = key_index.RETRYABLE if error["retryable"] else key_index.FAILED
        self.index.learn(line.fields["k"], state, line.at)
        cost = envelope.get("cost_usd")
        self.spent.usd += cost or 0.0
        self.spent.unknown += cost is None and error.get("charged") != "no"
        self.spent.attempts += envelope["attempts"]
        self.spent.unended -= 1


@contextmanager
def opened(path: str, facts: Mapping[str, str], new: bool) -> Generator[Journal]:
    """The journal at `path` for us alone, begun if there is none, or if it is to be `new`.

    `facts` are all that is the same for the whole run, by the names that a person gives them. They
    have to be those that it was begun with. Raises CannotCreate, TryAgain where another process
    has it, BadInput for what is no journal or damaged, ConfigFailure for other facts, WriteFailure.
    """
    told = {name: _short(fact) for name, fact in facts.items()}
    descriptor = journal_file.take(path)
    try:
        if new:
            _start_over(path, descriptor)
        with closing(KeyIndex()) as index, closing(Journal(path, descriptor, index)) as journal:
            if journal.header is None:
                journal.write_header(told)
            else:
                _compare(path, journal.header["facts"], told)
            yield journal
    finally:
        os.close(descriptor)


def _start_over(path: str, descriptor: int) -> None:
    """Take away all that is in the file, if it is a journal, damaged or of whatever version. Who
    is killed in the middle leaves an empty file, which is a new journal too."""
    try:
        if _is_ours(descriptor) or _scanned(path, descriptor, lambda _: None).header:
            os.ftruncate(descriptor, 0)
    except OSError as error:
        raise _unreadable(path, error) from None


def _scanned(path: str, descriptor: int, learn: Callable[[Line], None]) -> Scan:
    """Read the whole file, a piece at a time."""
    scan = Scan()
    try:
        for piece in journal_file.pieces(descriptor):
            for line in scan.feed(piece):
                learn(line)
        for line in scan.close():
            learn(line)
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError as error:
        hint = _NOTHING_CHANGED if _is_ours(descriptor) else _LEFT_ALONE
        raise BadInput("bad_journal", f"{path}:{error}", hint) from None
    return scan


def _is_ours(descriptor: int) -> bool:
    """Whether the file begins as a journal; what does not is not started over either."""
    return journal_line.begins_a_header(system.pread(descriptor, journal_file.PIECE, 0))


def _compare(path: str, had: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise ConfigFailure that names each fact which is another now."""
    names = [name for name in {**had, **now} if had.get(name) != now.get(name)]
    if names:
        told = "; ".join(_change(name, had.get(name), now.get(name)) for name in names)
        raise ConfigFailure(
            "journal_changed", f'the journal "{path}" was begun with something else: {told}',
            "undo that, take another --journal, or start over with --new",
        )  # fmt: skip


def _change(name: str, had: str | None, now: str | None) -> str:
    if max(len(had or ""), len(now or "")) > _LONGEST_SHOWN:
        return f"{name} has changed"
    return f"{name} was {had or 'not set'}, now {now or 'not set'}"


def _short(fact: str) -> str:
    told = redaction.redact(fact)
    if len(told) <= _LONGEST_FACT:
        return told
    return f"sha256:{sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _unreadable(path: str, error: OSError) -> WriteFailure:
    why = reason(error, "cannot be read")
    return WriteFailure("io_error", f'the journal "{path}": {why}', "look at the disk")
