"""EDGE: what is known of each record's key, in a database that nobody else sees.

Memory does not grow with the number of keys: SQLite keeps 2 MB of them, and the rest in a file of
its own in $TMPDIR that has no name. Nothing in it has to outlive the process, so nothing is synced
and no transaction ever ends. A new key costs 5 us of CPU, one of an earlier run 12; among a million
10 and 24, and they take 4 MB more than ten thousand (`python -m tests.benchmarks.journal`).
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any, Literal

from mcli.errors import WriteFailure
from mcli.shapes import frozen

State = Literal["done", "failed", "doubt"]

DOUBT, FAILED, RETRYABLE, DONE = range(4)
"""What a line says of its key; RETRYABLE is a failure that may go away."""

_WORDS: dict[int, State] = {DOUBT: "doubt", FAILED: "failed", RETRYABLE: "failed", DONE: "done"}
_BYTES = 16
"""Of each hash: enough that no two records meet, and small enough for the cache."""
_BATCH = 1024

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -2000;
CREATE TABLE known (
  key BLOB PRIMARY KEY, state INTEGER, at INTEGER, count INTEGER
) WITHOUT ROWID;
CREATE TABLE ids (id BLOB PRIMARY KEY, digest BLOB, place BLOB) WITHOUT ROWID;
BEGIN;
"""
# One table, so that what is asked for together lies together: `count`, which is only in the row of
# the first with a content, is how often that came in this run; `state` is null for what was not
# learned. An answer is never forgotten for what came later; of anything else the last line counts.
_LEARN = f"""
INSERT INTO known VALUES (?, ?, ?, 0) ON CONFLICT (key) DO UPDATE
SET state = excluded.state, at = excluded.at WHERE state IS NOT {DONE} OR excluded.state = {DONE}
"""
_FIND = "SELECT state, at FROM known WHERE key = ? AND state IS NOT NULL"


@frozen
class Known:
    """What the last line about a key says, which begins at the byte `offset`.

    `doubt` is a request that was begun and of whose end nothing is known. `retryable` tells a
    failure that may go away from one that stays.
    """

    state: State
    retryable: bool
    offset: int


class KeyIndex:
    """Keys, how often each content came in this run, and the ids that the input gives.

    Everything here raises WriteFailure where $TMPDIR has no room.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[bytes, int, int]] = []
        self._empty = True
        try:
            self._database = sqlite3.connect("", isolation_level=None)
            self._database.executescript(_TABLES)
        except sqlite3.Error as error:
            raise _failure(error) from None
        self._cursor = self._database.cursor()

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def learn(self, key: str, state: int, offset: int) -> None:
        """A line at that byte says so of `key`."""
        self._waiting.append((_packed(key), state, offset))
        if len(self._waiting) >= _BATCH:
            self._put()

    def find(self, key: str) -> Known | None:
        """What was learned of `key`."""
        self._put()
        if self._empty:
            return None
        found = self._one(_FIND, _packed(key))
        return found and Known(_WORDS[found[0]], found[0] == RETRYABLE, found[1])

    def occurrence(self, digest: str) -> int:
        """How often this content has come by now, from 1."""
        self._put()
        first = _packed(f"{digest}.1")
        found = self._one("SELECT count FROM known WHERE key = ?", first)
        if found is None:
            self._is_new("INSERT INTO known VALUES (?, NULL, 0, 1)", first)
            return 1
        self._is_new("UPDATE known SET count = count + 1 WHERE key = ?", first)
        return found[0] + 1

    def clash(self, id: str, digest: bytes, place: str) -> str | None:
        """The place of an earlier record with this id and other content than the one at `place`;
        None if there is none."""
        name = hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest()[:_BYTES]
        packed = digest[:_BYTES]
        told = place.encode("utf-8", "surrogateescape")
        if self._is_new("INSERT INTO ids VALUES (?, ?, ?)", name, packed, told):
            return None
        had, first = self._one("SELECT digest, place FROM ids WHERE id = ?", name)
        return None if had == packed else first.decode("utf-8", "surrogateescape")

    def is_taken(self, name: str) -> bool:
        """Whether this name was given before."""
        raw = name.encode("utf-8", "surrogateescape")
        return self.occurrence(hashlib.sha256(raw).hexdigest()) > 1

    def _put(self) -> None:
        if self._waiting:
            try:
                self._cursor.executemany(_LEARN, self._waiting)
            except sqlite3.Error as error:
                raise _failure(error) from None
            self._waiting.clear()
            self._empty = False

    def _is_new(self, statement: str, *values: bytes | int) -> bool:
        """Whether it could be done; not so where there is such a row already."""
        try:
            self._cursor.execute(statement, values)
        except sqlite3.IntegrityError:
            return False
        except sqlite3.Error as error:
            raise _failure(error) from None
        return True

    def _one(self, question: str, key: bytes) -> Any:
        try:
            return self._cursor.execute(question, (key,)).fetchone()
        except sqlite3.Error as error:
            raise _failure(error) from None


def _packed(key: str) -> bytes:
    """A key of `record_key`, short."""
    digest, _, occurrence = key.partition(".")
    count = int(occurrence)
    return bytes.fromhex(digest)[:_BYTES] + count.to_bytes((count.bit_length() + 7) // 8)


def _failure(error: sqlite3.Error) -> WriteFailure:
    where = "make room in the directory for temporary files, or set TMPDIR to another"
    return WriteFailure("io_error", f"the batch cannot keep account of its records: {error}", where)
