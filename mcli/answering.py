"""SHELL: the answer to a job: from the cache, from one request, or put together from parts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mcli import (
    accounting,
    asking,
    fallback,
    parts,
    plan,
    sending,
    toolwork,
    verifying,
    votes,
)
from mcli.accounting import Work
from mcli.asking import Send
from mcli.chat import Exchange, Request
from mcli.parts import Show
from mcli.plan import Material, Plan
from mcli.reading import Answer
from mcli.said import Said
from mcli.sending import Reach
from mcli.shapes import frozen

if TYPE_CHECKING:
    from mcli.api.cache import Place
    from mcli.api.persist import Patience
    from mcli.purse import Purse


@frozen
class Asker:
    """What answers the requests of a job, with which key, what they are paid from, and how long is
    waited."""

    reach: Reach
    key: str | None
    purse: Purse
    work: Work
    said: Said
    patience: Patience

    async def answer(
        self, planned: Plan, material: Material, show: Show | None = None
    ) -> tuple[Answer, Exchange]:
        """The answer to `planned` about `material`, and what it took; with `show`, a stream is
        handed on as it comes."""
        if planned.reading.kind == "label":
            request = plan.request(planned, material, self.said)
            if planned.settings.keeping.cache_in_force_s is None:
                self.purse.refuse_if_beyond(None, planned.job.ballot.votes)
            return await votes.decided(planned, request, self.ask)
        cut = parts.of(planned, material, self.said)
        if cut is None:
            return await self.ask(planned, plan.request(planned, material, self.said), show)
        if planned.settings.keeping.cache_in_force_s is None:  # else some may cost nothing
            self.purse.refuse_if_beyond(parts.least_usd(cut), len(cut.texts) + 1)
        return await parts.joined(cut, self.ask, show)

    async def ask(
        self, planned: Plan, request: Request, show: Show | None = None
    ) -> tuple[Answer, Exchange]:
        """The answer to one request, asked again where it does not fit."""
        # What a command says today need not be what it said.
        place = None if planned.toolbox.commands else _place(request, planned)
        exchange = place.find(request) if place else None
        limit = self.patience.deadline, self.patience.limit_s
        check = verifying.check(planned.reading, self.patience.deadline)
        if exchange is not None:
            with asking.paid(exchange):
                answer = asking.read(exchange, planned.reading, limit)
                answer, exchange = await asking.checked(answer, exchange, check)
            if show is not None and request.stream:
                show(answer.text)
            return answer, exchange
        send = self._sender(planned, show)
        if planned.reading.tools:
            answer, exchange = await toolwork.ask(request, planned, send, self.said, limit)
        else:
            repair = planned.recipe.output.repair
            answer, exchange = await asking.ask(
                request, planned.reading, repair, send, check, limit
            )
        if place and exchange.request.model == request.model:  # a fallback's answer is another's
            place.keep(exchange, sending.notes(self.said))
        return answer, exchange

    def _sender(self, planned: Plan, show: Show | None) -> Send:
        """What sends a request, pays for it, tells the ledger, and asks another model for it."""
        chosen, note = planned.settings, sending.notes(self.said)
        chain = fallback.Chain(chosen, self.patience, note, show)
        shown = chain.show if show else None
        send = sending.sender(self.reach, self.key, self.purse, chosen, self.patience, shown)
        told = accounting.accounted(send, self.key, chosen, self.work, self.patience, note)
        return chain.over(told)


def _place(request: Request, planned: Plan) -> Place | None:
    """Where the answer is kept, if it is."""
    chosen = planned.settings
    lifetime_s = chosen.keeping.cache_in_force_s
    if lifetime_s is None:
        return None
    from mcli.api import cache

    return cache.place(request, chosen.base_url, planned.reading, lifetime_s, os.environ)
