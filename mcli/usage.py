"""SHELL: what was spent, by the ledger: added up by day, model, recipe, command or host."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from mcli import envelope, ledger, output, periods, state
from mcli.budget import amount
from mcli.errors import ExitCode, NoInput, UsageFailure, reason
from mcli.folders import Folder
from mcli.ledger import Entry
from mcli.said import Said
from mcli.shapes import frozen
from mcli.tally import Sums, Tally

By = Literal["day", "model", "recipe", "command", "host"]

DEFAULT_DAYS = 30
DAMAGED = "lines of the ledger that cannot be read, and were left out: {n}"
NOT_ENDED = "requests whose end is not in the ledger: {n}; {usd} USD are set aside for them"


@frozen
class Span:
    """From when, and up to when, not included."""

    since: datetime
    until: datetime


def show(by: By, since: str | None, until: str | None, said: Said) -> ExitCode:
    """Print the sums, a row each and their total. Raises UsageFailure for a span that is none, and
    NoInput for a ledger that cannot be read."""
    began = time.monotonic()
    output.check_stdout()
    span = _span(since, until)
    tally, warnings = _tallied(by, span)
    names = sorted(tally.rows)
    if by != "day":
        names.sort(key=lambda name: (-tally.rows[name].cost_usd, -tally.rows[name].requests))
    if said.json:
        data = _data(by, span, [(name, tally.rows[name]) for name in names], tally.total)
        told = envelope.of_data(data, time.monotonic() - began)
        output.json_line({**told, "warnings": warnings})
        return ExitCode.OK
    for warning in warnings:
        output.note(warning)
    if names:
        rows = [_row(name, tally.rows[name]) for name in names]
        header = (by, "requests", "failed", "in", "out", "USD", "unknown")
        shares = [*tally.shares(names), 0.0]
        output.table(header, [*rows, _row("total", tally.total)], said.color, shares)
    else:
        output.terminal_note(f"no request since {span.since:%Y-%m-%d %H:%M}")
    return ExitCode.OK


def _span(since: str | None, until: str | None) -> Span:
    """By default 30 days, the last of them today or the one that `until` ends with."""
    now = periods.now()
    end = periods.end("day", now) if until is None else _moment("--until", until, now)
    last = end - timedelta(microseconds=1)
    begin = periods.days_before(last, DEFAULT_DAYS - 1)
    if since is not None:
        begin = _moment("--since", since, now)
    if begin >= end:
        raise UsageFailure("bad_flag", f"--since {since} is not before --until {until or 'now'}")
    return Span(begin, end)


def _moment(flag: str, word: str, now: datetime) -> datetime:
    try:
        return periods.until(word, now) if flag == "--until" else periods.since(word, now)
    except ValueError as error:
        raise UsageFailure("bad_flag", f"{flag}: {error}") from None


def _tallied(by: By, span: Span) -> tuple[Tally, list[str]]:
    """The sums, and what is doubtful about them."""
    tally, damaged = Tally(), 0
    held: dict[str, tuple[str, float]] = {}
    try:
        for entry in _entries(span):
            if entry is None:
                damaged += 1
            elif entry.held_usd is not None:
                held[entry.id or ""] = (_name(by, entry), entry.held_usd)
            else:
                held.pop(entry.id or "", None)
                if entry.attempts:  # else something was set aside and nothing sent
                    tally.add(_name(by, entry), _sums(entry))
    except OSError as error:
        why = reason(error, "it cannot be read")
        raise NoInput("unreadable", f"the ledger: {why}") from None
    for name, _ in held.values():
        tally.add(name, Sums(requests=1, unknown=1))
    warnings = [DAMAGED.format(n=damaged)] if damaged else []
    if held:
        usd = amount(sum(usd for _, usd in held.values()))
        warnings.append(NOT_ENDED.format(n=len(held), usd=usd))
    return tally, warnings


def _entries(span: Span) -> Iterator[Entry | None]:
    """The requests of the span, in the order of the files; None for a line that is none."""
    first, end = ledger.stamp(span.since).encode(), ledger.stamp(span.until).encode()
    try:
        with state.opened(ledger.folder(os.environ), make=False) as place:
            for name in ledger.months(place, span.since, span.until):
                for line in _lines(place, name):
                    ours = line.startswith(ledger.HEAD) and line.endswith(b"}")
                    elsewhen = ours and not first <= line[ledger.STAMP] < end
                    if line.strip() and not elsewhen:
                        yield from _parsed(line, span)
    except FileNotFoundError:
        pass  # nothing was asked yet, or there is no home


def _lines(place: Folder, name: str) -> Iterator[bytes]:
    descriptor = state.open_file(place, name, write=False)
    try:
        for line, _ in ledger.lines(descriptor):
            yield line
    finally:
        os.close(descriptor)


def _parsed(line: bytes, span: Span) -> Iterator[Entry | None]:
    try:
        entry = ledger.parse(line)
    except ValueError:
        yield None
        return
    if span.since <= entry.at < span.until:
        yield entry


def _sums(entry: Entry) -> Sums:
    free = entry.cost_usd is None and entry.charged == "no"
    return Sums(
        1,
        int(entry.how != "ok"),
        entry.prompt_tokens or 0,
        entry.completion_tokens or 0,
        entry.cost_usd or 0.0,
        int(entry.cost_usd is None and not free),
    )


def _name(by: By, entry: Entry) -> str:
    if by == "day":
        # Time zones differ by quarters of an hour: these ten minutes are of one day.
        return _day(ledger.stamp(entry.at)[:15])
    return {
        "model": entry.asked,
        "recipe": entry.recipe,
        "command": entry.command,
        "host": entry.host,
    }[by]


@lru_cache(4096)
def _day(ten_minutes: str) -> str:
    return f"{periods.day_of(datetime.fromisoformat(ten_minutes + '0Z')):%Y-%m-%d}"


def _row(name: str, sums: Sums) -> tuple[str, ...]:
    known = sums.known_usd
    return (
        name,
        str(sums.requests),
        str(sums.failed),
        str(sums.prompt_tokens),
        str(sums.completion_tokens),
        "unknown" if known is None else f"{known:.6f}",
        str(sums.unknown),
    )


def _data(by: By, span: Span, rows: list[tuple[str, Sums]], total: Sums) -> dict[str, Any]:
    return {
        "by": by,
        "since": span.since.isoformat(timespec="seconds"),
        "until": span.until.isoformat(timespec="seconds"),
        "rows": [{by: name, **sums.data()} for name, sums in rows],
        "total": total.data(),
    }
