"""EDGE: the loop that asks again: attempts, waits and the deadline, counted in one place."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from mcli import durations
from mcli.api import retry
from mcli.errors import CHARGES, Charged, Failure, Recovery, TryAgain, worse

T = TypeVar("T")
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often to try. `deadline` is a moment of the monotonic clock; `limit_s` is
    the span that it came from, for the message."""

    deadline: float
    limit_s: float
    retries: int


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
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout_at(patience.deadline):
            while True:
                try:
                    return await attempt(), tally.attempts + 1
                except Failure as failure:
                    charged = worse(charged, failure.charged)
                    if not underway():  # it had no leave to be sent
                        failure.attempts, failure.charged = tally.attempts, charged
                        raise
                    tally = tally.after(failure)
                    left = patience.deadline - clock()
                    decision = retry.decide(failure, tally, patience.retries, left, jitter)
                    wait = decision.wait_s
                    if wait is None:
                        raise _given_up(failure, tally, charged, decision) from None
                    note(f"attempt {tally.attempts}: {failure.message}; waiting {wait:.2f}s")
                await asyncio.sleep(wait)
    except TimeoutError:
        raise _out_of_time(patience, tally, charged, underway()) from None


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


def _out_of_time(
    patience: Patience, tally: retry.Tally, charged: Charged, underway: bool
) -> TryAgain:
    failure = TryAgain(
        "deadline",
        f"no complete answer within {durations.words(patience.limit_s)}",
        "run it again, or raise --timeout",
        charged=worse(charged, CHARGES[Recovery.MAYBE_CHARGED]) if underway else charged,
    )
    failure.attempts = tally.attempts + underway
    return failure
