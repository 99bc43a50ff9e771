"""EDGE (pure): whether to ask again and how long to wait first.

The policy of reliability §4: one count over all kinds of failure, full jitter capped at 20 s, a
wait that the server asked for never undercut, and no sleep that no answer could follow.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping

from mcli.errors import Failure, Recovery
from mcli.expressions import expression
from mcli.shapes import frozen

LONGEST_WAIT_S = 120.0
"""A server that asks for more is told no: the caller is better served by knowing at once."""

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 20.0
SHORTEST_BACKOFF_S = 0.05
LEAST_TIME_FOR_AN_ANSWER_S = 1.0

_LONGEST_HEADER = 200
"""Characters of a header that says when to come back; reading a longer one takes too long."""

_GO_PART = expression(r"(\d+(?:\.\d+)?|\.\d+)(h|ms|us|µs|ns|m|s)")
_GO_UNIT = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@frozen
class Tally:
    """What has been tried: attempts in all, and how many of them spoilt a reply that had begun."""

    attempts: int = 0
    spoilt: int = 0

    def after(self, failure: Failure) -> Tally:
        """The tally with one more failed attempt."""
        return Tally(self.attempts + 1, self.spoilt + (failure.recovery is Recovery.CHARGED))


@frozen
class Decision:
    """Wait `wait_s` and ask again, or give up (None), and why where the failure does not say."""

    wait_s: float | None
    why: str = ""


def decide(
    failure: Failure, tally: Tally, retries: int, time_left_s: float, jitter: Callable[[], float]
) -> Decision:
    """What to do after `failure`, which `tally` already counts. `jitter` gives values in [0, 1)."""
    if failure.recovery is Recovery.PERMANENT or tally.attempts > retries:
        return Decision(None)
    if failure.recovery is Recovery.CHARGED and tally.spoilt > 1:
        return Decision(None)
    if failure.wait is not None:
        wait = failure.wait + jitter() * min(1.0, 0.1 * failure.wait)
        if failure.wait > LONGEST_WAIT_S:
            return Decision(None, "the server asks for a longer wait than mcli makes")
    else:
        wait = max(SHORTEST_BACKOFF_S, jitter() * ceiling(tally.attempts))
    if wait + LEAST_TIME_FOR_AN_ANSWER_S >= time_left_s:
        return Decision(None, "the deadline is nearer than the wait")
    return Decision(wait)


def ceiling(attempt: int) -> float:
    """The longest backoff after attempt number `attempt` (from 1), in seconds."""
    return min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(attempt - 1, 30))


def wait_asked(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that the reply asks to wait: `retry-after-ms`, or `Retry-After` as seconds, Go
    duration or date. A date counts from the server's own `Date`, since a cron host's clock may be
    off, and from `now` (Unix time, by default this machine's) only where there is none. Where
    several values stand, the longest. None if there is none that makes sense.
    """
    found = [_positive(word, 1e-3) for word in _values(headers, "retry-after-ms")]
    if not any(found):
        raw = headers.get("retry-after", "")
        dated = _until(raw, headers.get("date", ""), time.time() if now is None else now)
        found = [dated] if dated else [_span(word) for word in _values(headers, "retry-after")]
    waits = [wait for wait in found if wait]
    return max(waits) if waits else None


def _values(headers: Mapping[str, str], name: str) -> list[str]:
    return [word.strip() for word in headers.get(name, "")[:_LONGEST_HEADER].split(",")]


def _span(word: str) -> float | None:
    return _positive(word, 1.0) or _go_duration(word)


def _positive(word: str, unit: float) -> float | None:
    if not re.fullmatch(r"\d{1,15}(\.\d+)?", word):
        return None
    return float(word) * unit or None


def _go_duration(word: str) -> float | None:
    parts = _GO_PART.findall(word)
    if not parts or "".join(number + unit for number, unit in parts) != word:
        return None
    total = sum(float(number) * _GO_UNIT[unit] for number, unit in parts)
    return total if 0 < total < math.inf else None


def _until(moment: str, server_now: str, now: float) -> float | None:
    from email.utils import mktime_tz, parsedate_tz  # 2 ms, for what few servers send

    if max(len(moment), len(server_now)) > _LONGEST_HEADER:
        return None
    then, base = parsedate_tz(moment), parsedate_tz(server_now)
    if then is None:
        return None
    try:
        wait = mktime_tz(then) - (now if base is None else mktime_tz(base))
    except (ValueError, OverflowError):
        return None
    return float(wait) if wait > 0 else None
