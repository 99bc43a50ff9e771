"""EDGE: the loop that asks again: attempts, waits and the deadline, counted in one place."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn, TypeVar

from mcli import durations
from mcli.api import retry
from mcli.api.gate import NOT_SENT
from mcli.api.quota import UNBOUNDED, Quota
from mcli.errors import CHARGES, Charged, Failure, Recovery, TryAgain, worse
from mcli.shapes import frozen

_OVER = "the run has ended"

T = TypeVar("T")
Note = Callable[[str], None]


@frozen
class Patience:
    """How long and how often to try. `deadline` is a moment of the monotonic clock; `limit_s` is
    the span that it came from, for the message; `quota` is what all requests of a run share."""

    deadline: float
    limit_s: float
    retries: int
    quota: Quota = UNBOUNDED


async def persist(
    attempt: Callable[[], Awaitable[T]],
    patience: Patience,
    note: Note,
    underway: Callable[[], bool] = lambda: True,
    jitter: Callable[[], float] = random.random,
) -> tuple[T, int]:
    """What `attempt` returns, and how many attempts it took; one that is not `underway` when it
    ends was not made.

    Raises the last Failure with its count, or TryAgain when the deadline comes first.
    """
    trying = _Trying(patience, jitter)
    try:
        async with asyncio.timeout_at(patience.deadline):
            while True:
                try:
                    done = await attempt()
                    patience.quota.give(trying.paid)
                    return done, trying.tally.attempts + 1
                except Failure as failure:
                    wait = trying.wait_after(failure) if underway() else trying.refused(failure)
                    note(f"attempt {trying.tally.attempts}: {failure.message}; waiting {wait:.2f}s")
                if not await patience.quota.rest(wait):
                    trying.stopped()
    except TimeoutError:
        failure = _out_of_time(patience)
        sent = underway()
        maybe = CHARGES[Recovery.MAYBE_CHARGED] if sent else "no"
        failure.charged = worse(trying.charged, maybe)
        failure.attempts = trying.tally.attempts + sent
        raise failure from None


@asynccontextmanager
async def in_time(patience: Patience) -> AsyncGenerator[None]:
    """Raise TryAgain in the block, which comes before the first attempt, at the deadline."""
    try:
        async with asyncio.timeout_at(patience.deadline):
            yield
    except TimeoutError:
        raise _out_of_time(patience) from None


class _Trying:
    """What was tried, what it may have cost, and what the last retry was paid."""

    def __init__(self, patience: Patience, jitter: Callable[[], float]) -> None:
        self._patience = patience
        self._jitter = jitter
        self._last: Failure | None = None
        self.tally = retry.Tally()
        self.charged: Charged = "no"
        self.paid = 0

    def wait_after(self, failure: Failure) -> float:
        """Seconds to wait before the next attempt. Raises `failure` if there is to be none."""
        self._last = failure
        self.tally = self.tally.after(failure)
        self.charged = worse(self.charged, failure.charged)
        left = self._patience.deadline - asyncio.get_running_loop().time()
        most = self._patience.retries
        decision = retry.decide(failure, self.tally, most, left, self._jitter)
        if decision.wait_s is None:
            raise self._given_up(failure, decision.why) from None
        cost = self._patience.quota.take(failure)
        if cost is None:
            over = self._patience.quota.closed
            raise self._given_up(failure, _OVER if over else "too many retries fail") from None
        self.paid = cost
        return decision.wait_s

    def stopped(self) -> NoReturn:
        """Raise what became of the last attempt, which no other one follows."""
        assert self._last is not None
        raise self._given_up(self._last, _OVER) from None

    def refused(self, failure: Failure) -> NoReturn:
        """Raise what is told where no further attempt had leave: where the run has ended, what
        became of the last one."""
        if self._last is not None and failure.slug == NOT_SENT:
            raise self._given_up(self._last, _OVER) from None
        failure.attempts = self.tally.attempts
        failure.charged = worse(self.charged, failure.charged)
        raise failure

    def _given_up(self, failure: Failure, why: str) -> Failure:
        failure.attempts = self.tally.attempts
        failure.charged = self.charged
        if failure.wait is not None and failure.recovery is not Recovery.PERMANENT:
            failure.hint = f"come back in {durations.words(failure.wait)}"
        if why:
            failure.hint = f"{failure.hint} ({why})"
        return failure


def _out_of_time(patience: Patience) -> TryAgain:
    limit = durations.words(patience.limit_s)
    return TryAgain(
        "deadline", f"no complete answer within {limit}", "run it again, or raise --timeout"
    )
