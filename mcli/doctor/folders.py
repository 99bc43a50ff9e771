"""EDGE: what is kept between runs: the folders, and the ledger with its budget."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mcli import ledger, periods, state
from mcli.api import cache
from mcli.budget import Budget, amount
from mcli.doctor.finding import Check, failed, ok, problem, warning
from mcli.errors import ConfigFailure, reason
from mcli.spent import Spent

LEAST_FREE = 16 << 20
"""Bytes that should be free: a year of the ledger, or a few thousand answers."""

_TRIAL = b"\0" * 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LOCK_S = 1.0


def kept(environ: Mapping[str, str], must: bool) -> list[Check]:
    """The folders for state and cache; `must` says that a command fails without the first, which
    is so with a budget."""
    try:
        checks = [_folder("state", state.folder(environ), must)]
    except OSError as error:
        told = f"nothing is kept between runs, no ledger and no limits: {reason(error, '')}"
        made = problem if must else warning
        checks = [made("state", told, "set HOME or XDG_STATE_HOME")]
    return [*checks, _folder("cache", cache.folder(environ), False)]


def _folder(name: str, path: Path, must: bool) -> Check:
    """Whether there is room to write there, seen by writing: modes say nothing of a full disk."""
    bad = problem if must else warning
    try:
        place = _nearest(path)
        with tempfile.TemporaryFile(dir=place, buffering=0) as trial:
            trial.write(_TRIAL)
        mode = stat.S_IMODE(path.stat().st_mode) if place == path else None
        owner = place.stat().st_uid
        room = os.statvfs(place)
    except OSError as error:
        hint = "free some space, correct its mode, or name another with XDG_STATE_HOME"
        hint = hint if name == "state" else hint.replace("STATE", "CACHE")
        return bad(name, f'"{path}" cannot be written: {reason(error, "no")}', hint)
    if mode is None:
        return ok(name, f'"{path}" is made when it is needed')
    if owner != os.geteuid():
        hint = f'chown -R "$(id -u)" "{path}"'
        return bad(name, f'"{path}" belongs to another user, so it is not used', hint)
    if mode & _OTHERS:
        told = f'"{path}", mode {mode:04o}: others on this machine can look into it'
        return warning(name, told, f'chmod 700 "{path}"')
    if room.f_bavail * room.f_frsize < LEAST_FREE:
        told = f'"{path}": {room.f_bavail * room.f_frsize >> 20} MiB are free'
        return warning(name, told, "free some space")
    return ok(name, f'"{path}", mode {mode:04o}')


def _nearest(path: Path) -> Path:
    """`path`, or the folder above it in which it would be made."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def budget(limit: Budget, key: str | None, environ: Mapping[str, str]) -> Check:
    """What is left of the budget. Nothing counts against it where there is no key."""
    if key is None:
        return ok("budget", f"{limit}; nothing counts, since no key is sent")
    now = periods.now()
    try:
        place = ledger.folder(environ)
        if not place.exists():
            return ok("budget", f"{limit}, nothing is spent")
        spent = Spent(
            state.fingerprint(key, environ),
            periods.begin(limit.per, now),
            periods.end(limit.per, now),
        )
        with state.opened(place, make=False) as folder, ledger.lock(folder) as lock:
            if not state.is_locked(lock, _LOCK_S):
                return warning("budget", "the ledger is held by another process", "look again")
            spent.read(folder)
    except OSError as error:
        told = f"the ledger cannot be used: {reason(error, 'no')}"
        return problem("budget", told, "mend or move it", "ledger")
    if spent.damaged * 2 > spent.lines:
        told = f"of {spent.lines} lines of the ledger {spent.damaged} are damaged"
        return problem("budget", told, "mend or move it", "ledger")
    told = f"{limit}, {amount(spent.total_usd)} USD are spent"
    if not limit.allows(spent.total_usd) or spent.total_usd >= limit.usd:
        hint = f"wait until {periods.end(limit.per, now):%Y-%m-%d %H:%M}, or raise it"
        return problem("budget", told, hint, "budget")
    return ok("budget", told)


def ledger_of(environ: Mapping[str, str]) -> Check | None:
    """Whether the ledger's files can be read; None where there is none yet."""
    now = periods.now()
    try:
        with state.opened(ledger.folder(environ), make=False) as folder:
            names = ledger.months(folder, periods.days_before(now, 30), now)
            for name in names:
                os.close(state.open_file(folder, name, write=False))
    except FileNotFoundError:
        return None
    except OSError as error:
        told = f"the ledger cannot be read: {reason(error, 'no')}"
        return warning("ledger", told, "mend or move it; mcli help usage says where it is")
    except ConfigFailure as failure:
        return failed("ledger", failure)
    return ok("ledger", "it can be read; mcli usage shows it")
