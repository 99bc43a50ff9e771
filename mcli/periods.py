"""EDGE: days as a person here counts them: when one begins, and which one a word names.

Local days, by the machine's time zone or `TZ`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from mcli import durations
from mcli.budget import Per
from mcli.expressions import expression

_DAY = expression(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = expression(r"[0-9]{4}-[0-9]{2}")
_KNOWN = "a date (2026-11-30), a month (2026-11), a time (2026-11-30T08:00), today, yesterday or 7d"


def now() -> datetime:
    """This moment, in local time."""
    return datetime.now().astimezone()


def day_of(moment: datetime) -> datetime:
    """The midnight with which its day began here."""
    local = moment.astimezone()
    return midnight(local.year, local.month, local.day)


def midnight(year: int, month: int, day: int) -> datetime:
    """A day's beginning; the clock may have been put forward or back since, so it is looked up."""
    return datetime(year, month, day).astimezone()


def days_before(moment: datetime, days: int) -> datetime:
    """The midnight so many days before that of `moment`, be they of 23, 24 or 25 hours."""
    local = moment.astimezone()
    earlier = datetime(local.year, local.month, local.day) - timedelta(days=days)
    return earlier.astimezone()


def begin(per: Per, moment: datetime) -> datetime:
    """When the day, the week (from Monday) or the month of `moment` began."""
    local = moment.astimezone()
    if per == "month":
        return midnight(local.year, local.month, 1)
    return days_before(local, local.weekday() if per == "week" else 0)


def end(per: Per, moment: datetime) -> datetime:
    """When the next one begins."""
    started = begin(per, moment)
    if per == "month":
        return midnight(started.year + started.month // 12, started.month % 12 + 1, 1)
    return days_before(started, -7 if per == "week" else -1)


def since(word: str, moment: datetime) -> datetime:
    """The moment that `--since WORD` means. Raises ValueError."""
    return _span(word, moment)[0]


def until(word: str, moment: datetime) -> datetime:
    """The first moment that `--until WORD` leaves out: a day or a month is meant whole."""
    return _span(word, moment)[1]


def _span(word: str, moment: datetime) -> tuple[datetime, datetime]:
    try:
        if word in ("today", "yesterday"):
            day = days_before(moment, 1 if word == "yesterday" else 0)
            return day, end("day", day)
        if _DAY.fullmatch(word):
            day = datetime.fromisoformat(word).astimezone()
            return day, end("day", day)
        if _MONTH.fullmatch(word):
            first = midnight(int(word[:4]), int(word[5:]), 1)
            return first, end("month", first)
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", word):
            raise ValueError  # of days or of seconds?
        if word[-1:] in ("s", "m", "h", "d"):
            at = moment - timedelta(seconds=durations.seconds(word))
        else:
            at = datetime.fromisoformat(word).astimezone()
        return at, at
    except (ValueError, OverflowError):
        raise ValueError(f'"{word[:40]}" is not {_KNOWN}') from None
