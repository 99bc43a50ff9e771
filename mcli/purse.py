"""SHELL: what one command may spend: every request is paid from here, or is not sent.

Before a request is sent its worst case is set aside: the tokens of the prompt, and an answer as
long as it may be (`terms.worst`). When the reply is there, what it cost takes that place. Where
this is not known, the worst case stays: of a reply without usage, of each attempt that failed and
may have been charged, of a request that was cut off. So what is spent and what is in flight never
pass the cap, whatever the replies turn out to cost within their worst case. Only further attempts
at one request (`--retries`) are not refused: they count for what comes after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from mcli import fallback, prices, prompt_size, terms
from mcli.api.persist import Patience, in_time
from mcli.asking import Send
from mcli.budget import amount, within
from mcli.caps import Caps
from mcli.chat import Completion, Exchange, Request
from mcli.errors import ConfigFailure, Failure, NotAllowed
from mcli.shapes import replace
from mcli.terms import Terms


class Purse:
    """One for a command, however many requests it sends side by side.

    `spent_usd` is what is spent, with the worst case where the cost is not known; `cost_usd` what
    all answers cost by list price, None as soon as one is not known; `requests` how many were
    handed on to be sent.
    """

    def __init__(self, caps: Caps, own: Mapping[str, Terms], replays: bool = False) -> None:
        self._caps = caps
        self._own = own
        self._replays = replays
        self._known: dict[str, Terms] = {}
        self._reserved = 0.0
        self._in_flight = 0
        self._changed = asyncio.Event()
        self._waits = False
        self._usual: dict[str, Terms] = {}
        self.spent_usd = 0.0
        self.cost_usd: float | None = 0.0
        self.requests = 0

    def terms(self, model: str) -> Terms:
        """What is known of `model`, looked up once."""
        if model not in self._known:
            self._known[model] = prices.find(model, self._own)
        return self._known[model]

    def require_price(self, model: str | None) -> None:
        """Raise ConfigFailure if a cap was set by hand and what `model` costs is not known."""
        if model is None or self._replays or not self._caps.usd_given:
            return
        if terms.worst(0, {}, self.terms(model)) is None:
            raise ConfigFailure(
                "unknown_price",
                f'what "{model}" costs is not known, so the cap that was set cannot be kept',
                "give input_usd and output_usd of it under models: in the configuration",
            )

    def already(self, usd: float, requests: int) -> None:
        """So much was spent before this command, and counts."""
        self.spent_usd += usd
        self.requests += requests

    def refuse_if_beyond(self, usd: float | None, requests: int) -> None:
        """Raise NotAllowed if `requests` more, at `usd` in all (None: unknown), pass a cap."""
        most = self._caps.requests
        if most is not None and self.requests + requests > most:
            number = self.requests + requests
            raise NotAllowed(
                "max_requests",
                f"--max-requests allows {most}, and this would make {number}",
                "raise it if that is meant",
            )
        if usd is not None and not self._fits(usd):
            raise self._too_dear(usd)

    def guard(self, send: Send, patience: Patience) -> Send:
        """`send`, paid from this purse: the exchange says what it cost.

        Raises NotAllowed where it would pass a cap and waiting for what is in flight cannot help.
        """

        async def guarded(request: Request) -> Exchange:
            async with in_time(patience):
                kept = await self._reserve(request)
            owed: float | None = None  # unknown, as long as nothing better is known
            doubtful = 0
            try:
                exchange = await send(request)
                owed, doubtful = self._cost(request, exchange.completion), exchange.doubtful
                return replace(exchange, cost_usd=owed)
            except Failure as failure:
                doubtful = failure.doubtful
                if failure.completion is not None:
                    owed = failure.cost_usd = self._cost(request, failure.completion)
                elif failure.charged == "no":
                    owed = 0.0
                else:
                    doubtful = max(doubtful - 1, 0)  # what is kept is one's
                raise
            finally:
                self.spent_usd += kept * doubtful
                self._settle(kept, owed)

        return guarded

    def another(self) -> NotAllowed | None:
        """Count one more request, sent in place of one that was refused; or say why it may not be.

        It costs what was set aside for that: only what a server does not know is changed.
        """
        try:
            self.refuse_if_beyond(None, 1)
        except NotAllowed as refusal:
            return refusal
        self.requests += 1
        return None

    async def _reserve(self, request: Request) -> float:
        """Set the worst case of `request` aside: what was set aside, in USD."""
        for model in fallback.models(request):
            self.require_price(model)
        known = self.terms(request.model)
        worst = self._worst(request, prompt_size.bounded(request, known))
        counted = False
        while True:
            self.refuse_if_beyond(None, 1)
            if worst is None or self._fits(worst):
                break
            if not counted and self._fits(self._worst(request, 0) or 0.0):  # else no count helps
                counted = True
                alone = len(fallback.models(request)) == 1
                tokens = await asyncio.to_thread(prompt_size.counted, request, known, alone)
                worst = self._worst(request, tokens)
            elif self._in_flight:
                self._waits = True
                await self._changed.wait()
            else:
                raise self._too_dear(worst)
        self.requests += 1
        self._in_flight += 1
        self._reserved += worst or 0.0
        return worst or 0.0

    def _settle(self, kept: float, owed: float | None) -> None:
        self._in_flight -= 1
        self._reserved = self._reserved - kept if self._in_flight else 0.0
        self.spent_usd += kept if owed is None else owed
        self.cost_usd = None if self.cost_usd is None or owed is None else self.cost_usd + owed
        if self._waits:
            self._waits = False
            self._changed.set()
            self._changed = asyncio.Event()

    def _fits(self, usd: float) -> bool:
        if self._replays:  # nothing is spent, and the table may have changed since
            return True
        return within(self.spent_usd + self._reserved + usd, self._caps.usd)

    def _too_dear(self, usd: float) -> NotAllowed:
        spent = self.spent_usd + self._reserved
        before = f"{amount(spent)} USD are spent, " if spent else ""
        return NotAllowed(
            "max_cost",
            f"{before}this may cost {amount(usd)} USD, and the cap is {amount(self._caps.usd)} USD",
            "raise --max-cost, or lower --max-tokens or the input",
        )

    def _worst(self, request: Request, prompt_tokens: int) -> float | None:
        """Of whichever model answers: the dearest of which the price is known."""
        known = (self._counted(model) for model in fallback.models(request))
        found = [terms.worst(prompt_tokens, request.params, each) for each in known]
        return max((usd for usd in found if usd is not None), default=None)

    def _counted(self, model: str) -> Terms:
        """The terms of `model` as they count under the cap."""
        if self._caps.usd_given:
            return self.terms(model)
        if model not in self._usual:
            known = self.terms(model)
            # Models that may write for dollars hardly ever do: nobody's cap is not to refuse "hi".
            most = min(known.most_output or terms.ASSUMED_OUTPUT, terms.ASSUMED_OUTPUT)
            self._usual[model] = replace(known, most_output=most)
        return self._usual[model]

    def _cost(self, request: Request, completion: Completion) -> float | None:
        """By the model that was asked: what a server calls the one that answered is its word, but
        where it may take others; None if it took one that is none of them."""
        model = fallback.answering(request, completion.model)
        return None if model is None else terms.cost(completion.usage, self.terms(model))
