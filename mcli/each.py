"""SHELL: one record of a batch, from what it brings to the envelope of its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcli import asking, batch, envelope, output, sending
from mcli.accounting import Work
from mcli.answering import Asker
from mcli.api.gate import NOT_SENT
from mcli.blueprint import Blueprint
from mcli.chat import Exchange
from mcli.errors import Failure
from mcli.reading import Answer
from mcli.record import Record
from mcli.records import into, told

if TYPE_CHECKING:
    from mcli.purse import Purse
    from mcli.sending import Reach

Envelope = dict[str, Any]


class Each:
    """Asks about records, from one purse, each with its own time."""

    def __init__(self, blueprint: Blueprint, reach: Reach, key: str | None, purse: Purse) -> None:
        self._blueprint = blueprint
        self._frame = blueprint.frame()
        self._reach = reach
        self._key = key
        self._purse = purse
        self._work = Work("batch", blueprint.job.recipe)

    async def envelope(self, record: Record) -> Envelope:
        """What came of `record`. Raises a Failure that is not its own: one that ends the run, and
        that the run has ended before it was asked."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        recipe = self._blueprint.job.recipe
        try:
            answer, exchange = await self._answer(record)
            if self._blueprint.wants_fields:
                with asking.paid(exchange):
                    self._refuse_no_fields(answer.data, bool(exchange.completion.calls))
            return envelope.of_answer(answer, exchange, recipe, loop.time() - began)
        except Failure as failure:
            failure.elapsed_s = loop.time() - began
            failure.recipe = recipe
            if failure.slug == "tool_not_allowed":
                failure.hint = "a batch runs no commands; mcli run does, with --allow-tool"
            not_asked = failure.slug == NOT_SENT and not failure.attempts
            if not_asked or (batch.stops(failure) and not self._is_own(failure)):
                raise
            return output.without_secrets(envelope.of_failure(failure))

    def _is_own(self, failure: Failure) -> bool:
        """Whether it is of one record, since each of them names a model of its own."""
        return failure.slug == "unknown_price" and self._blueprint.form == "openai-batch"

    def known(self, kept: Envelope | None) -> Envelope | None:
        """What an earlier run kept of a record, as this one takes it: that one may have printed
        another form, for which any answer was good."""
        if kept is None or not kept["ok"] or not self._blueprint.wants_fields:
            return kept
        try:
            turn: dict[str, Any] = kept["message"] or {}
            called = bool(turn.get("tool_calls"))
            self._refuse_no_fields(kept["data"], called)
        except Failure as failure:
            failure.charged = "no" if kept["cached"] else "yes"
            error = envelope.of_failure(failure)["error"]
            return {**kept, "ok": False, "error": error}
        return kept

    def _refuse_no_fields(self, data: Any, called: bool) -> None:
        told.refuse_no_fields(data, called, open=self._blueprint.form not in into.TABULAR)

    async def _answer(self, record: Record) -> tuple[Answer, Exchange]:
        blueprint = self._blueprint
        chosen, said = blueprint.settings, blueprint.said
        patience = sending.within(chosen, chosen.timeout_s)
        asker = Asker(self._reach, self._key, self._purse, self._work, said, patience)
        if blueprint.form == "openai-batch":
            return await asker.ask(*blueprint.ready(record, self._frame))
        return await asker.answer(*blueprint.plan(record, self._frame))
