"""EDGE (pure): what all requests of a run may spend on retries (reliability §4, after botocore).

It turns an outage from four times the load into hardly more than the load: a retry is paid from one
store, an answer that needed one pays it back, and when the store is empty a failure is final.
"""

from __future__ import annotations

import asyncio
import math

from mcli.errors import Failure, Recovery

SMALLEST = 100
RETRY = 5
AFTER_SILENCE = 10
"""Of a retry after no reply at all, which takes a server's time for nothing."""


class Quota:
    """The store of a run; without a size it never ends.

    One that is `closed` has nothing to give, since the run is over or ends.
    """

    def __init__(self, most: float = math.inf) -> None:
        self._most = self.left = most
        self._resting: set[asyncio.Future[None]] = set()
        self.closed = False

    def close(self) -> None:
        """No retry any more, and who rests before one is woken."""
        self.closed = True
        for each in self._resting:
            if not each.done():
                each.set_result(None)

    async def rest(self, seconds: float) -> bool:
        """Let the time before a retry pass; whether it may still be made then."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._resting.add(woken)
        try:
            await asyncio.wait({woken}, timeout=seconds)
        finally:
            self._resting.discard(woken)
        return not self.closed

    def take(self, failure: Failure) -> int | None:
        """What a retry after `failure` costs, taken away; None if there is not enough. One after a
        429 costs nothing: by that a server is asked less often already."""
        if self.closed:
            return None
        if failure.status == 429:
            return 0
        cost = AFTER_SILENCE if failure.recovery is Recovery.MAYBE_CHARGED else RETRY
        if cost > self.left:
            return None
        self.left -= cost
        return cost

    def give(self, cost: int) -> None:
        """An answer came, whose last retry cost so much; 0 if it needed none."""
        self.left = min(self._most, self.left + (cost or 1))


UNBOUNDED = Quota()


def of_run(jobs: int) -> Quota:
    """The store of a run with `jobs` requests in flight."""
    return Quota(max(SMALLEST, 2 * jobs + 20))
