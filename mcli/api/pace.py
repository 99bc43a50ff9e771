"""EDGE: how many attempts of a batch are in flight: as many as the server takes (reliability §4).

One for a run. A 429 halves the number, at most once a second, and answers raise it again; a wait
that the server asks for holds everybody; a suspect server is probed once a second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mcli import durations
from mcli.api.breaker import IN_A_ROW, Breaker
from mcli.api.gate import NOT_SENT, OPEN, Gate, Turn
from mcli.api.quota import Quota
from mcli.api.retry import LONGEST_WAIT_S
from mcli.chat import Completion, Request
from mcli.errors import ExitCode, Failure, Recovery, TryAgain

PROBE_S = 1.0
HALVING_S = 1.0
"""What many requests in flight are told at once is told once."""

LONGEST_SPREAD_S = 5.0
"""After a pause not all go at once: a second for ten of them, but no longer than this."""

ROUNDS = 50
"""How many times as many answers as there are jobs it takes to rise from one to all, at least."""


class Pace:
    """A gate for `jobs` attempts side by side at most, in front of `behind`; `retries` is what they
    may spend on asking again.

    `limit` is how many may be in flight now; `ended` is the failure that ended the run, once it is
    over: whoever waits, or comes, is told. In `haste` only who waits is, or would have to.
    """

    def __init__(self, jobs: int, behind: Gate = OPEN, retries: Quota | None = None) -> None:
        self._clock = asyncio.get_running_loop().time
        self._jobs = jobs
        self._behind = behind
        self.limit = float(jobs)
        self._retries = retries
        self.ended: Failure | None = None
        self.haste: Failure | None = None
        self.in_flight = 0
        self._placed = 0
        self._waiting_behind: set[asyncio.Timeout] = set()
        self._comers: deque[asyncio.Future[None]] = deque()
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._breaker = Breaker(self._clock())
        self._not_before = self._spread_until = self._gap_s = 0.0
        self._halved = float("-inf")

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """The block is one record's, which may begin: its first attempt will not wait long, so its
        time starts now. Of those there are as many as may be in flight."""
        if self._comers or not self._has_room():
            await self._line(self._comers)
        else:
            self._placed += 1
        try:
            yield
        finally:
            self._placed -= 1
            self._wake()

    async def enter(self, request: Request, deadline: float) -> Turn:
        """Wait for the turn of `request`. Raises TryAgain where the run has ended."""
        if self.ended is not None:
            raise _not_sent(self.ended)
        if self._queue or not self._may_go():
            await self._line(self._queue)
        else:
            self._start()
        try:
            return _Turn(self, request, await self._behind_us(request, deadline))
        except BaseException:
            self._leave()
            raise

    async def _behind_us(self, request: Request, deadline: float) -> Turn:
        timer = asyncio.timeout(None if self.haste is None else 0)
        self._waiting_behind.add(timer)
        try:
            async with timer:
                return await self._behind.enter(request, deadline)
        except TimeoutError:
            if self.haste is None or not timer.expired():
                raise
            raise _not_sent(self.haste) from None
        finally:
            self._waiting_behind.discard(timer)
            self._wake()

    def end(self, failure: Failure) -> None:
        """Nobody goes any more."""
        self.ended = self.ended or failure
        self.hurry(failure)

    def hurry(self, failure: Failure) -> None:
        """Because of `failure` nobody waits any more: what is in flight may end."""
        if self.haste is not None:
            return
        self.haste = failure
        for timer in self._waiting_behind:
            timer.reschedule(self._clock())
        if self._retries is not None:
            self._retries.close()
        self._wake()

    def heard(self, request: Request, answered: bool, failure: Failure | None) -> None:
        """An attempt has ended: with an answer, with a failure, or cut off."""
        now = self._clock()
        if failure is not None and failure.exit_code is ExitCode.TRY_AGAIN:
            if failure.status == 429 and now >= self._halved + HALVING_S:
                self.limit, self._halved = max(1.0, self.limit / 2), now
            if failure.wait is not None and failure.recovery is not Recovery.PERMANENT:
                self._pause(now + failure.wait)
                if failure.wait > LONGEST_WAIT_S:
                    self.end(_come_back(failure, failure.wait))
            if self._breaker.failed(request, failure, now):
                self.end(_given_up(failure))
        elif answered or failure is not None:
            self._breaker.answered(now)
            step = max(1.0, self._jobs / ROUNDS) / (2 * self.limit)
            self.limit = min(float(self._jobs), self.limit + step)
        self._leave()

    async def _line(self, line: deque[asyncio.Future[None]]) -> None:
        """Wait in `line`. Raises the failure that ended the run."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(ready)
        self._wake()
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled() and ready.exception() is None:
                self._give_back(line)
            elif ready in line:
                line.remove(ready)
            raise

    def _give_back(self, line: deque[asyncio.Future[None]]) -> None:
        if line is self._comers:
            self._placed -= 1
            self._wake()
        else:
            self._leave()

    def _has_room(self) -> bool:
        waits = self._queue or self._waiting_behind or self._clock() < self._not_before
        return not waits and self._placed < self._most()

    def _may_go(self) -> bool:
        return self.in_flight < self._most() and self._clock() >= self._not_before

    def _most(self) -> int:
        return 1 if self._breaker.suspects else int(self.limit)

    def _start(self) -> None:
        now = self._clock()
        self.in_flight += 1
        if self._breaker.suspects:
            self._not_before = now + PROBE_S
        elif now < self._spread_until:
            self._not_before = now + self._gap_s

    def _leave(self) -> None:
        self.in_flight -= 1
        self._wake()

    def _wake(self) -> None:
        """Let those go whose turn it is, and come back when the next may."""
        while self._queue and (self.haste is not None or self._may_go()):
            if self._call(self._queue.popleft()):
                self._start()
        while self._comers and (self.haste is not None or self._has_room()):
            if self._call(self._comers.popleft()):
                self._placed += 1
        waits = self._queue or self._comers
        if waits and self._timer is None and self._clock() < self._not_before:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._not_before, self._alarm)

    def _call(self, ready: asyncio.Future[None]) -> bool:
        """Whether the one who waits for `ready` goes."""
        if ready.done():  # cancelled, and not here yet to say so
            return False
        if self.haste is not None:
            ready.set_exception(_not_sent(self.ended or self.haste))
            return False
        ready.set_result(None)
        return True

    def _alarm(self) -> None:
        self._timer = None
        self._wake()

    def _pause(self, until: float) -> None:
        """Nobody goes before; then one after the other."""
        if until <= self._not_before:
            return
        self._not_before = until
        spread_s = min(LONGEST_SPREAD_S, self.limit / 10)
        self._spread_until = until + spread_s
        self._gap_s = spread_s / self.limit


class _Turn:
    def __init__(self, pace: Pace, request: Request, behind: Turn) -> None:
        self._pace = pace
        self._request = request
        self._behind = behind

    def ended(self, completion: Completion | None, failure: Failure | None) -> None:
        self._behind.ended(completion, failure)
        self._pace.heard(self._request, completion is not None, failure)


def _given_up(last: Failure) -> Failure:
    return TryAgain(
        "provider_down",
        f"{IN_A_ROW} attempts in a row failed, and none was answered, the last: {last.message}",
        "run it again when the service is back",
    )


def _come_back(last: Failure, seconds: float) -> Failure:
    """The end of a run whose server wants more time than anybody should wait without a word."""
    failure = TryAgain("provider_busy", last.message, f"come back in {durations.words(seconds)}")
    failure.status, failure.wait = last.status, seconds
    return failure


def _not_sent(why: Failure) -> Failure:
    """Of a request that was not sent, because the run is over."""
    return TryAgain(NOT_SENT, f"not asked: {why.message}", "run it again", charged="no")
