"""SHELL: the limits that are set, kept: each attempt waits until the last minute has room for it.

What has started is in a log that all share who call the endpoint with the key: the processes of
this machine by a file, machines by Redis (`meter` says by which rules). Of a process one request at
a time waits there, so that a share does not grow with how many somebody has waiting. A store that
cannot be used never fails an answer: then a process keeps the limits by itself, and looks again
after a minute.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from collections.abc import Awaitable, Callable

from mcli import durations, fallback, prices, prompt_size, state, terms
from mcli.api import meter
from mcli.api.gate import OPEN, Gate, Narrow, Turn
from mcli.api.meter import GO, Ask, Busy, Look, Meter, Own, Unusable
from mcli.api.retry import LEAST_TIME_FOR_AN_ANSWER_S
from mcli.chat import Completion, Request
from mcli.errors import Failure, NotAllowed, Recovery, TryAgain, reason
from mcli.limits import Limits
from mcli.settings import Settings

BUSY_S = 1.0
"""How long others may be at the store; a look takes each a tenth of a millisecond."""
AWAY_S = 60.0
"""After so long a store that could not be used is tried again."""
_SOON_S, _LATER_S = 0.25, 1.0
"""How often who waits looks whether something was given back."""
_GLANCE = 20
"""A prompt that is this part of a minute's tokens at most is not worth counting exactly."""

Note = Callable[[str], None]
Size = Callable[[Request], Awaitable[int]]


def gate(chosen: Settings, key: str | None, note: Note) -> Gate:
    """What keeps the limits that are set."""
    limits = chosen.limits
    within = OPEN
    if limits.rpm is not None or limits.tpm is not None:

        async def size(request: Request) -> int:
            return await _size(request, chosen)

        within = Limiting(limits, size, lambda: _shared(chosen, key), note)
    return within if limits.concurrency is None else Narrow(limits.concurrency, within)


def _shared(chosen: Settings, key: str | None) -> Meter:
    """The log that others use as well. Raises Unusable."""
    base_url = chosen.base_url.partition("?")[0]
    if chosen.limits.store is not None:
        try:
            from mcli.api import meter_redis
        except ImportError:
            raise Unusable("it needs the extra: mcli-llm[redis]") from None
        name = meter_redis.named(base_url, key)
        return meter_redis.RedisMeter(name, chosen.limits.store, meter.HOLD_S)
    try:
        from mcli.api import meter_sqlite

        mark = "" if key is None else state.fingerprint(key, os.environ)
    except ImportError as error:
        raise Unusable(str(error)) from None
    except OSError as error:
        raise Unusable(reason(error, "it cannot be used")) from None
    name = hashlib.blake2b(f"{base_url}\n{mark}".encode(), digest_size=12).hexdigest()
    return meter_sqlite.SqliteMeter(name, os.environ, meter.HOLD_S)


async def _size(request: Request, chosen: Settings) -> int:
    """The tokens that `request` can take. Raises NotAllowed where its prompt alone is more than a
    minute may have; who only may get so many goes when nobody else is about."""
    models = fallback.models(request)
    known = prices.find(request.model, chosen.models)
    each = (prices.find(model, chosen.models) for model in models)
    most = max(terms.most_output(request.params, one) for one in each)
    tpm = chosen.limits.tpm
    prompt = prompt_size.bounded(request, known)
    if tpm is not None and prompt * _GLANCE > tpm:
        prompt = await asyncio.to_thread(prompt_size.counted, request, known, len(models) == 1)
        if prompt > tpm:
            raise NotAllowed(
                "over_tpm",
                f"the prompt may have {prompt} tokens, and the limit is {tpm} a minute",
                "raise --tpm, or shorten the input",
            )
    return min(prompt + most * terms.answers(request.params), terms.MOST)


class Limiting:
    """The gate of a process. `shared` opens the log of all when it is needed."""

    def __init__(
        self,
        limits: Limits,
        size: Size,
        shared: Callable[[], Meter],
        note: Note,
        own: Own | None = None,
    ) -> None:
        self._limits = limits
        self._size = size
        self._shared = shared
        self._note = note
        self._own = own or Own(meter.HOLD_S)
        self._meter: Meter | None = None
        self._away_until = 0.0
        self._line = asyncio.Lock()

    async def enter(self, request: Request, deadline: float) -> Turn:
        """Wait for a place in the window. Raises TryAgain where there is none before the deadline,
        NotAllowed where there never is."""
        tokens = await self._size(request)
        ask = Ask(random.getrandbits(62), tokens, self._limits.rpm, self._limits.tpm)
        async with self._line:
            try:
                await self._wait(ask, deadline)
            except BaseException:
                self.tell(lambda log: log.leave(ask.id))
                raise
        return _Place(self, ask.id)

    async def _wait(self, ask: Ask, deadline: float) -> None:
        clock = asyncio.get_running_loop().time
        told = False
        while True:
            look = self._own.look(ask)
            if not look.wait_s:
                look = await self._enter(ask)
            if not look.wait_s:
                self._own.started(ask)
                return
            if clock() + look.least_s + LEAST_TIME_FOR_AN_ANSWER_S >= deadline:
                raise self._late(look.least_s)
            if not told:
                self._note(f"waiting about {look.wait_s:.1f}s: {self._words()} are allowed")
                told = True
            often = min(max(look.wait_s / 4, _SOON_S), _LATER_S)
            await asyncio.sleep(max(min(look.wait_s, often), 0.001))

    async def _enter(self, ask: Ask) -> Look:
        """As the store says; without one, what this process knows was enough."""
        clock = asyncio.get_running_loop().time
        until = clock() + BUSY_S
        while clock() >= self._away_until:
            try:
                self._meter = self._meter or self._shared()
                return self._meter.enter(ask)
            except Unusable as error:
                self._go_alone(str(error))
            except Busy:
                if clock() >= until:
                    self._go_alone("it is locked")
                    break
                await asyncio.sleep(random.uniform(0.001, 0.01))
        return GO

    def _go_alone(self, why: str) -> None:
        self._meter = None
        self._away_until = asyncio.get_running_loop().time() + AWAY_S
        self._note(f"limits are kept by this process alone: their store cannot be used: {why}")

    def tell(self, step: Callable[[Meter], None]) -> None:
        """Tell the store, if it can be used; what it misses is forgotten in a minute."""
        if self._meter is None:
            return
        try:
            step(self._meter)
        except Busy:
            pass
        except Unusable as error:
            self._go_alone(str(error))

    def settle(self, id: int, tokens: int | None, sent: bool) -> None:
        """A request ended."""
        self._own.settle(id, tokens, sent)
        self.tell(lambda log: log.settle(id, tokens, sent))

    def pause(self, seconds: float) -> None:
        """The server asked to wait: everybody does."""
        self._own.pause(seconds)
        self.tell(lambda log: log.pause(seconds))

    def _late(self, least_s: float) -> TryAgain:
        when = durations.words(least_s) if least_s else "a moment"
        return TryAgain(
            "limits",
            f"{self._words()} are allowed, and there is no room before the deadline",
            f"come back in {when}",
            recovery=Recovery.PERMANENT,
        )

    def _words(self) -> str:
        limits = self._limits
        named = ((limits.rpm, "requests"), (limits.tpm, "tokens"))
        return " and ".join(f"{most} {what}" for most, what in named if most) + " a minute"


class _Place:
    """A place in the window."""

    def __init__(self, limiting: Limiting, id: int) -> None:
        self._limiting = limiting
        self._id = id

    def ended(self, completion: Completion | None, failure: Failure | None) -> None:
        """Say how many tokens it was. Where nobody can tell, as many as it could have been."""
        said = completion or (failure.completion if failure else None)
        tokens, sent = None, True
        if said is not None and said.usage is not None:
            counts = (said.usage.prompt_tokens, said.usage.completion_tokens)
            if None not in counts:
                tokens = min(sum(count or 0 for count in counts), terms.MOST)
        elif said is None and failure is not None and failure.charged == "no":
            tokens, sent = 0, failure.recovery is not Recovery.NOT_SENT
        self._limiting.settle(self._id, tokens, sent)
        if failure is not None and failure.status == 429 and failure.wait is not None:
            self._limiting.pause(failure.wait)
