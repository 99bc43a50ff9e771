"""EDGE: the loop that asks again: attempts, waits and the deadline, counted in one place."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from mcli import durations
from mcli.api import retry
from mcli.api.quota import UNBOUNDED, Quota
from mcli.errors import CHARGES, Charged, Failure, Recovery, TryAgain, worse

T = TypeVar("T")
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
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
    tally = retry.Tally()
    charged: Charged = "no"
    paid = 0
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout_at(patience.deadline):
            while True:
                try:
                    done = await attempt()
                    patience.quota.give(paid)
                    return done, tally.attempts + 1
                except Failure as failure:
                    charged = worse(charged, failure.charged)
                    if not underway():  # it had no leave to be sent
                        failure.attempts, failure.charged = tally.attempts, charged
                        raise
                    tally = tally.after(failure)
                    left = patience.deadline - clock()
                    decision = retry.decide(failure, tally, patience.retries, left, jitter)
                    wait = decision.wait_s
                    cost = None if wait is None else patience.quota.take(failure)
                    if wait is not None and cost is None:
                        decision = retry.Decision(None, "too many retries fail")
                    if wait is None or cost is None:
                        raise _given_up(failure, tally, charged, decision) from None
                    paid = cost
                    note(f"attempt {tally.attempts}: {failure.message}; waiting {wait:.2f}s")
                await asyncio.sleep(wait)
    except TimeoutError:
        failure = _out_of_time(patience)
        sent = underway()
        failure.charged = worse(charged, CHARGES[Recovery.MAYBE_CHARGED]) if sent else charged
        failure.attempts = tally.attempts + sent
        raise failure from None


@asynccontextmanager
async def in_time(patience: Patience) -> AsyncGenerator[None]:
    """Raise TryAgain in the block, which comes before the first attempt, at the deadline."""
    try:
        async with asyncio.timeout_at(patience.deadline):
            yield
    except TimeoutError:
        raise _out_of_time(patience) from None


def _given_up(
    failure: Failure, tally: retry.Tally, charged: Charged, decision: retry.Decision
) -> Failure:
    failure.attempts = tally.attempts
    failure.charged = charged
    if failure.wait is not None and failure.recovery is not Recovery.PERMANENT:
        failure.hint = f"come back in {durations.words(failure.wait)}"
    if decision.why:
        failure.hint = f"{failure.hint} ({decision.why})"
    return failure


def _out_of_time(patience: Patience) -> TryAgain:
    limit = durations.words(patience.limit_s)
    return TryAgain(
        "deadline", f"no complete answer within {limit}", "run it again, or raise --timeout"
    )
