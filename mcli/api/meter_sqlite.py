"""EDGE: the log of starts that the processes of one machine share: an SQLite file.

Of a window its sums are kept beside the log, so that a request costs the same however many started
before it. No write is synced and no WAL kept: what a power cut loses is a minute old when the
machine is back, and a rollback journal needs no agreement among those who open the file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mcli import state
from mcli.api.meter import (
    LEASE_S,
    LONGEST_PAUSE_S,
    Ask,
    Busy,
    Look,
    Start,
    Tally,
    Unusable,
    following,
    look,
    lowest,
    since_boot,
)
from mcli.errors import reason

NAME = "limits-1.sqlite3"
"""The number is that of the layout: a version that changes it takes another file."""
BUSY_S = 0.1
"""How long a look waits for another's; each takes a tenth of a millisecond."""
_MEND_S = 1.0
_SPOILT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_TABLES = """
CREATE TABLE IF NOT EXISTS meters(meter TEXT PRIMARY KEY, count INT DEFAULT 0, tokens INT DEFAULT 0,
  settled INT DEFAULT 0, settled_tokens INT DEFAULT 0, following REAL DEFAULT 0,
  paused_at REAL DEFAULT 0, paused_until REAL DEFAULT 0);
CREATE TABLE IF NOT EXISTS starts(id INTEGER PRIMARY KEY, meter TEXT, at REAL, tokens INT, settled INT);
CREATE INDEX IF NOT EXISTS starts_by_moment ON starts(meter, at);
CREATE TABLE IF NOT EXISTS waiting(ticket INTEGER PRIMARY KEY AUTOINCREMENT, id INT UNIQUE,
  meter TEXT, seen REAL, tokens INT, rpm INT, tpm INT);
CREATE TABLE IF NOT EXISTS limits(meter TEXT, rpm INT, tpm INT, last REAL, UNIQUE(meter, rpm, tpm));
PRAGMA user_version=1;
"""  # noqa: E501 - a table a line


class SqliteMeter:
    """The log called `name` in the state folder. What is damaged is put aside and begun anew."""

    def __init__(
        self,
        name: str,
        environ: Mapping[str, str],
        hold_s: float,
        clock: Callable[[], float] = since_boot,
    ) -> None:
        self._name = name
        self._hold_s = hold_s
        self._clock = clock
        self._environ = environ
        self._open: sqlite3.Connection | None = None

    def enter(self, ask: Ask) -> Look:
        """Start it if there is room for it and all ahead; else it waits, and was heard of now."""
        with self._changing() as (run, now):
            self._tidy(run, now)
            self._wait(run, ask, now)
            tally = self._tally(run, ask)
            found = look(ask, tally, lambda: self._log(run), now, self._hold_s)
            if found.wait_s == 0:
                then = following(tally, now, self._hold_s)
                run("DELETE FROM waiting WHERE id=?", ask.id)
                run("INSERT OR REPLACE INTO starts VALUES(?,?,?,?,0)",
                    ask.id, self._name, now, ask.tokens)  # fmt: skip
                run("UPDATE meters SET count=count+1, tokens=tokens+?, following=? WHERE meter=?",
                    ask.tokens, then, self._name)  # fmt: skip
                run("DELETE FROM limits WHERE meter=? AND rpm IS ? AND tpm IS ?",
                    self._name, ask.rpm, ask.tpm)  # fmt: skip
                run("INSERT INTO limits VALUES(?,?,?,?)", self._name, ask.rpm, ask.tpm, now)
        return found

    def leave(self, id: int) -> None:
        """It does not wait any more."""
        with self._changing() as (run, _):
            run("DELETE FROM waiting WHERE id=?", id)

    def settle(self, id: int, tokens: int | None, sent: bool) -> None:
        """It ended with so many tokens; if it was never sent, its place is given back."""
        with self._changing() as (run, _):
            known = run("SELECT tokens FROM starts WHERE id=? AND settled=0", id).fetchone()
            if known is None:
                return
            if not sent:
                self._drop(run, [(id, known[0], 0)])
                return
            tokens = known[0] if tokens is None else tokens
            run("UPDATE starts SET tokens=?, settled=1 WHERE id=?", tokens, id)
            run(
                "UPDATE meters SET tokens=tokens+?, settled=settled+1,"
                " settled_tokens=settled_tokens+? WHERE meter=?",
                tokens - known[0], tokens, self._name,
            )  # fmt: skip

    def pause(self, seconds: float) -> None:
        """Nobody is to start for so long."""
        seconds = min(seconds, LONGEST_PAUSE_S)
        with self._changing() as (run, now):
            run("INSERT OR IGNORE INTO meters(meter) VALUES(?)", self._name)
            run(
                "UPDATE meters SET paused_at=?, paused_until=max(paused_until,?) WHERE meter=?",
                now, now + seconds, self._name,
            )  # fmt: skip

    def _tidy(self, run: _Run, now: float) -> None:
        """Forget what is out of the window and who is dead. What is later than now was written
        before the clock went back: it counts as if it were now, so it is forgotten in time."""
        run("INSERT OR IGNORE INTO meters(meter) VALUES(?)", self._name)
        run("UPDATE starts SET at=?1 WHERE meter=?2 AND at>?1", now, self._name)
        run("UPDATE meters SET following=min(following,?2), paused_until="
            "CASE WHEN paused_at>?1 THEN 0 ELSE paused_until END WHERE meter=?3",
            now, now + self._hold_s, self._name)  # fmt: skip
        run("UPDATE waiting SET seen=?1 WHERE seen>?1", now)
        run("UPDATE limits SET last=?1 WHERE last>?1", now)
        run("DELETE FROM waiting WHERE seen<=?", now - LEASE_S)
        run("DELETE FROM limits WHERE last<=?", now - self._hold_s)
        past = run("SELECT id, tokens, settled FROM starts WHERE meter=? AND at<=?",
                   self._name, now - self._hold_s).fetchall()  # fmt: skip
        self._drop(run, past)

    def _drop(self, run: _Run, rows: list[tuple[int, int, int]]) -> None:
        for id, tokens, settled in rows:
            run("DELETE FROM starts WHERE id=?", id)
            run(
                "UPDATE meters SET count=count-1, tokens=tokens-?1, settled=settled-?2,"
                " settled_tokens=settled_tokens-?1*?2 WHERE meter=?3",
                tokens, settled, self._name,
            )  # fmt: skip

    def _wait(self, run: _Run, ask: Ask, now: float) -> None:
        """Be heard of; who is new, or was thought dead, comes last."""
        if not run("UPDATE waiting SET seen=? WHERE id=?", now, ask.id).rowcount:
            run("INSERT INTO waiting(id, meter, seen, tokens, rpm, tpm) VALUES(?,?,?,?,?,?)",
                ask.id, self._name, now, ask.tokens, ask.rpm, ask.tpm)  # fmt: skip

    def _tally(self, run: _Run, ask: Ask) -> Tally:
        first = "SELECT min(rpm), min(tpm) FROM "
        limits = run(f"{first} limits WHERE meter=?", self._name).fetchone()
        others = run(f"{first} waiting WHERE meter=?", self._name).fetchone()
        tpm = lowest(limits[1], others[1])
        ahead = run(
            "SELECT count(*), coalesce(sum(min(tokens,?)), 0) FROM waiting"
            " WHERE meter=? AND ticket<(SELECT ticket FROM waiting WHERE id=?)",
            1 << 62 if tpm is None else tpm, self._name, ask.id,
        ).fetchone()  # fmt: skip
        sums = run(
            "SELECT count, tokens, settled, settled_tokens, following, paused_until"
            " FROM meters WHERE meter=?", self._name,
        ).fetchone()  # fmt: skip
        rpm = lowest(limits[0], others[0])
        return Tally(
            *sums[:5], rpm=rpm, tpm=tpm, ahead=ahead[0], ahead_tokens=ahead[1], paused_until=sums[5]
        )

    def _log(self, run: _Run) -> Iterator[Start]:
        rows = run("SELECT at, tokens, settled FROM starts WHERE meter=? ORDER BY at", self._name)
        return (Start(at, tokens, bool(settled)) for at, tokens, settled in rows)

    @contextmanager
    def _changing(self) -> Generator[tuple[_Run, float]]:
        """One step that is done whole or not at all, and the moment of it."""
        try:
            connection = self._open = self._open or _opened(self._environ)

            def run(sql: str, *values: Any) -> sqlite3.Cursor:
                return connection.execute(sql, values)

            connection.execute("BEGIN IMMEDIATE")
            try:
                yield run, self._clock()
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            if _code(error) == sqlite3.SQLITE_BUSY:
                raise Busy from None
            raise self._unusable(error) from None
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        except OSError as error:
            raise Unusable(reason(error, "it cannot be used")) from None

    def _unusable(self, error: sqlite3.Error) -> Exception:
        """What became of it: what is damaged is put aside, and may be tried again at once."""
        self.close()
        if _code(error) in _SPOILT:
            with suppress(OSError, sqlite3.Error):
                _mend(self._environ)
                return Busy()
        return Unusable(str(error))

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
            self._open = None


_Run = Callable[..., sqlite3.Cursor]


def folder(environ: Mapping[str, str]) -> Path:
    """Where the file is. Raises OSError where there is no place for it."""
    return state.folder(environ) / "limits"


def _opened(environ: Mapping[str, str]) -> sqlite3.Connection:
    where = folder(environ)
    with state.opened(where, make=True) as place:
        os.close(state.open_file(place, NAME, write=True))  # for its owner alone, and no link
    connection = sqlite3.connect(where / NAME, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=PERSIST")
        connection.execute("PRAGMA synchronous=OFF")
        if connection.execute("PRAGMA user_version").fetchone()[0] != 1:
            connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}COMMIT;")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _mend(environ: Mapping[str, str]) -> None:
    """Put the file aside if it is damaged still: one process at a time, or a second one would take
    away what the first has begun anew. Raises OSError or sqlite3.Error where it cannot be done."""
    where = folder(environ)
    with state.opened(where, make=True) as place:
        lock = state.open_file(place, "lock", write=True)
        try:
            if not state.is_locked(lock, _MEND_S):
                raise OSError("somebody else is at it")
            if _is_spoilt(environ):
                place.rename(NAME, f"{NAME}.damaged")
                with suppress(FileNotFoundError):  # of the old one: it would be played back
                    place.remove(f"{NAME}-journal")
        finally:
            os.close(lock)


def _is_spoilt(environ: Mapping[str, str]) -> bool:
    try:
        connection = _opened(environ)
    except sqlite3.Error as error:
        return _code(error) in _SPOILT
    try:
        told: Any = connection.execute("PRAGMA quick_check").fetchone()
        for table in ("meters", "starts", "waiting", "limits"):
            connection.execute(f"SELECT * FROM {table} LIMIT 1")
        return told[0] != "ok"
    except sqlite3.Error as error:
        return _code(error) in _SPOILT
    finally:
        connection.close()


def _code(error: sqlite3.Error) -> int:
    """The primary code of SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
