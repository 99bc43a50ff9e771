"""EDGE (pure): when a request may start, told what has started in the last minute.

What is kept is a log: each start with its moment and its tokens. So the promise is exact (in any 60
seconds no more than the limits), and yet a handful of requests goes at once. It costs a row for
each start of a minute; a single moment that is moved on, as is usual (GCRA), either keeps the
promise by spacing all requests, five of them too, or lets twice as many through at worst. Only
where more than half of a window is taken, starts are spaced: who sends many is not to take all
places at the moment in which they become free, from somebody who sends one at a time.

Who waits has a place in order of arrival: one may start as soon as there is room for all ahead as
well. Moments are seconds of a clock that all who share a log read alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from mcli.shapes import frozen

WINDOW_S = 60.0
SPARE_S = 1.0
"""How much longer a place is taken: a connection may take so long to be made, and the promise holds
where the server counts, too."""
HOLD_S = WINDOW_S + SPARE_S
LEASE_S = 3.0
"""Who waits and was not heard of for so long is dead, and loses the place."""
LONGEST_PAUSE_S = 120.0
_CREDIT = 1 / 60
"""Of a window: for so much lateness starts are made up."""


@frozen
class Ask:
    """What one attempt asks of the limits: `tokens` at most; None is a limit that it has not."""

    id: int
    tokens: int
    rpm: int | None
    tpm: int | None


@frozen
class Look:
    """How long to wait as things stand (0: it has started), and the least that it takes, whatever
    becomes of those ahead and of what is in flight."""

    wait_s: float
    least_s: float = 0.0


GO = Look(0.0)


@frozen
class Start:
    """A request that started; its tokens are `settled` when it has ended."""

    at: float
    tokens: int
    settled: bool


@frozen
class Tally:
    """What is in the window, who waits ahead, and the lowest limits of them all. `following` is the
    moment of the next start, where they are spaced."""

    count: int
    tokens: int
    settled: int
    settled_tokens: int
    following: float
    rpm: int | None
    tpm: int | None
    ahead: int = 0
    ahead_tokens: int = 0
    paused_until: float = 0.0


class Unusable(Exception):
    """The store of a meter cannot be used, and why."""


class Busy(Exception):
    """Somebody else is at the store for this moment."""


class Meter(Protocol):
    """A log that is shared. All of these raise Unusable or Busy."""

    def enter(self, ask: Ask) -> Look:
        """Wait behind those who came before, or start, in one step."""
        ...

    def leave(self, id: int) -> None:
        """It does not wait any more."""
        ...

    def settle(self, id: int, tokens: int | None, sent: bool) -> None:
        """It ended with so many tokens (None: nobody knows); if it was never sent, its place is
        given back."""
        ...

    def pause(self, seconds: float) -> None:
        """Nobody is to start for so long."""
        ...


def since_boot() -> float:
    """Seconds of a clock that all processes of this machine read alike and that nobody sets. After
    a boot what is in a log looks no older than it is."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def lowest(*limits: int | None) -> int | None:
    """The lowest of those that there are."""
    return min((limit for limit in limits if limit is not None), default=None)


def look(
    ask: Ask, tally: Tally, starts: Callable[[], Iterable[Start]], now: float, hold_s: float
) -> Look:
    """When `ask` may start. `starts`, oldest first, are looked at only where it must wait."""
    least = max(tally.paused_until, _paced(tally, 0, now, hold_s))
    wait = max(least, _paced(tally, tally.ahead, now, hold_s))
    if tally.rpm is not None:
        room = tally.rpm - tally.count - 1
        least = max(least, _freed(-room, starts, hold_s, now))
        wait = max(wait, _freed(tally.ahead - room, starts, hold_s, now))
    if tally.tpm is not None:
        mine = min(ask.tokens, tally.tpm)  # what is larger than a window goes alone
        need = tally.tokens + tally.ahead_tokens + mine - tally.tpm
        wait = max(wait, _drained(need, starts, hold_s, now, settled=False))
        surely = tally.settled_tokens + mine - tally.tpm
        least = max(least, _drained(surely, starts, hold_s, now, settled=True))
    return Look(max(0.0, wait - now), max(0.0, least - now))


def following(tally: Tally, now: float, hold_s: float) -> float:
    """The moment of the start after one that starts now, where starts are spaced. Who starts a
    little late does not make all others late."""
    spacing = _spacing(tally, hold_s)
    if _beyond(tally, 0) > 0:
        return _next(tally, now, hold_s) + spacing
    return max(tally.following, now + spacing)


def _paced(tally: Tally, ahead: int, now: float, hold_s: float) -> float:
    """The moment before which a window that is more than half full takes no start that has so many
    ahead of it."""
    steps = _beyond(tally, ahead)
    if steps <= 0:
        return 0.0
    return _next(tally, now, hold_s) + (steps - 1) * _spacing(tally, hold_s)


def _next(tally: Tally, now: float, hold_s: float) -> float:
    return max(tally.following, now - hold_s * _CREDIT)


def _beyond(tally: Tally, ahead: int) -> int:
    """The how-manieth of those that are spaced it is; none of them if 0 or less."""
    if not tally.count:
        return 0
    if tally.tpm is not None and tally.settled_tokens * 2 > tally.tpm:
        return ahead + 1
    if tally.rpm is None:
        return 0
    return min(tally.count + ahead + 1 - (tally.rpm + 1) // 2, ahead + 1)


def _spacing(tally: Tally, hold_s: float) -> float:
    """Seconds between starts at the rate that the limits allow, with answers as they were."""
    shares = [0.0]
    if tally.rpm is not None:
        shares.append(1 / tally.rpm)
    if tally.tpm is not None and tally.settled:
        shares.append(min(tally.settled_tokens / tally.settled / tally.tpm, 1.0))
    return max(shares) * hold_s


def _freed(places: int, starts: Callable[[], Iterable[Start]], hold_s: float, now: float) -> float:
    """The moment by which so many places are free that are taken now."""
    if places <= 0:
        return 0.0
    for start in starts():
        places -= 1
        if places == 0:
            return start.at + hold_s
    return now + hold_s


def _drained(
    tokens: int, starts: Callable[[], Iterable[Start]], hold_s: float, now: float, *, settled: bool
) -> float:
    """The moment by which so many tokens are free that are taken now; with `settled`, of those
    that are not given back any more."""
    if tokens <= 0:
        return 0.0
    for start in starts():
        if start.settled or not settled:
            tokens -= start.tokens
            if tokens <= 0:
                return start.at + hold_s
    return now + hold_s


class Own:
    """The log of one process, which needs no store: what it alone has started."""

    def __init__(self, hold_s: float, clock: Callable[[], float] = since_boot) -> None:
        self._hold_s = hold_s
        self._clock = clock
        self._starts: dict[int, Start] = {}  # in the order of their moments
        self._tokens = self._settled = self._settled_tokens = 0
        self._following = self._paused_until = 0.0

    def look(self, ask: Ask) -> Look:
        """When `ask` may start, as far as this process knows."""
        now = self._clock()
        while self._starts:
            oldest = next(iter(self._starts))
            if self._starts[oldest].at > now - self._hold_s:
                break
            self._drop(oldest)
        return look(ask, self._tally(ask), self._starts.values, now, self._hold_s)

    def _tally(self, ask: Ask) -> Tally:
        return Tally(
            len(self._starts), self._tokens, self._settled, self._settled_tokens, self._following,
            ask.rpm, ask.tpm, paused_until=self._paused_until,
        )  # fmt: skip

    def started(self, ask: Ask) -> None:
        """`ask` starts now."""
        now = self._clock()
        self._following = following(self._tally(ask), now, self._hold_s)
        self._add(ask.id, Start(now, ask.tokens, False))

    def settle(self, id: int, tokens: int | None, sent: bool) -> None:
        """It ended, as `Meter.settle` says."""
        if id not in self._starts:
            return
        if not sent:
            self._drop(id)
            return
        start = self._starts[id]
        self._count(start, -1)
        known = start.tokens if tokens is None else tokens
        self._starts[id] = Start(start.at, known, True)  # its place in the order stays
        self._count(self._starts[id], 1)

    def pause(self, seconds: float) -> None:
        """Nothing is to start for so long."""
        self._paused_until = max(self._paused_until, self._clock() + min(seconds, LONGEST_PAUSE_S))

    def _add(self, id: int, start: Start) -> None:
        self._starts[id] = start
        self._count(start, 1)

    def _drop(self, id: int) -> None:
        self._count(self._starts.pop(id), -1)

    def _count(self, start: Start, sign: int) -> None:
        self._tokens += sign * start.tokens
        if start.settled:
            self._settled += sign
            self._settled_tokens += sign * start.tokens
