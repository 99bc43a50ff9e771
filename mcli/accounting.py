"""SHELL: every request that is really made goes into the ledger, and keeps to the budget.

The ledger is best effort: what cannot be written is a note. With a budget it is not, as far as it
decides: before a request is sent its worst case is set aside in the ledger, under a lock, so that
processes side by side do not pass the budget together; what it cost takes that place. Who is killed
leaves the worst case standing, since the request may have been charged.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from mcli import fallback, ledger, periods, prices, prompt_size, state, terms
from mcli.api.persist import Patience, in_time
from mcli.asking import Send
from mcli.budget import Budget, amount
from mcli.chat import Completion, Exchange, Request
from mcli.errors import (
    ConfigFailure,
    Failure,
    NotAllowed,
    ReaderGone,
    TryAgain,
    WriteFailure,
    reason,
)
from mcli.ledger import Entry
from mcli.settings import Settings
from mcli.shapes import field, frozen, replace
from mcli.spent import Spent
from mcli.underway import Underway

Note = Callable[[str], None]

LOCK_S = 10.0
"""How long others may hold the ledger; each does for a millisecond."""
_POLL_S = 0.005


@frozen
class Work:
    """On whose behalf requests are sent: a command, and the recipe that it fills in; `pen` writes
    them down, and `underway` are those that are on their way."""

    command: str
    recipe: str
    pen: ledger.Pen = field(default_factory=ledger.Pen)
    underway: Underway = field(default_factory=Underway)


def accounted(
    send: Send, key: str | None, chosen: Settings, work: Work, patience: Patience, note: Note
) -> Send:
    """`send`, with the ledger told of each request. A replay sends none.

    Raises NotAllowed where a request may pass the budget, and ConfigFailure where nobody can tell.
    """
    if chosen.keeping.replay is not None:
        return send
    host = urlsplit(chosen.base_url).netloc
    budget = chosen.budget if key is not None else None  # nobody bills who has no key

    async def sent(request: Request) -> Exchange:
        entry = Entry(
            at=datetime.now(UTC),
            command=work.command,
            recipe=work.recipe,
            asked=request.model,
            host=host,
        )
        if budget is not None and key is not None:
            async with in_time(patience):
                purse = _Purse(budget, key, chosen, note)
                entry = await _in_turn(purse, request, entry, work.underway)
        with work.underway.one():
            try:
                exchange = await send(request)
            except BaseException as error:
                _record(_failed(entry, error), key, work, note)
                raise
            done = _answered(entry, exchange.completion, exchange.cost_usd)
            done = replace(done, attempts=exchange.attempts, how="ok", charged="yes")
            _record(done, key, work, note)
            return exchange

    return sent


async def _in_turn(purse: _Purse, request: Request, entry: Entry, ours: Underway) -> Entry:
    """What `purse` sets aside. What stands in the way may be set aside for requests of our own,
    most of which will cost less: these are waited for. Raises NotAllowed where it stays."""
    async with ours.line:
        while True:
            ended = ours.ended
            try:
                return await purse.set_aside(request, entry)
            except NotAllowed:
                if ours.ended == ended:
                    if not ours.count:
                        raise
                    await ours.end()


def _answered(entry: Entry, said: Completion, cost_usd: float | None) -> Entry:
    """The entry with what the server counted, and what that costs."""
    usage = said.usage
    return replace(
        entry,
        model=said.model,
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        cost_usd=cost_usd,
    )


def _failed(entry: Entry, error: BaseException) -> Entry:
    if not isinstance(error, Failure):
        gone = isinstance(error, asyncio.CancelledError | ReaderGone)
        how = "interrupted" if gone else "bug"
        return replace(entry, attempts=1, how=how, charged="maybe")
    if error.completion is not None:
        entry = _answered(entry, error.completion, error.cost_usd)
    # What could not be shown had come.
    charged = "yes" if isinstance(error, WriteFailure) else error.charged
    return replace(entry, attempts=error.attempts, how=error.slug, charged=charged)


def _record(entry: Entry, key: str | None, work: Work, note: Note) -> None:
    """Put it into the ledger, if there was a request or something was set aside for it."""
    if not entry.attempts and entry.id is None:
        return
    try:
        if key is not None and entry.key is None:
            entry = replace(entry, key=work.pen.name_of(key, os.environ))
        work.pen.append(entry, os.environ)
    except OSError as error:
        note(f"this request is not in the ledger: {reason(error, 'it cannot be written')}")


class _Purse:
    """The budget for one request."""

    def __init__(self, budget: Budget, key: str, chosen: Settings, note: Note) -> None:
        self._budget = budget
        self._key = key
        self._chosen = chosen
        self._note = note

    async def set_aside(self, request: Request, entry: Entry) -> Entry:
        """The entry with an id, under which the worst case of `request` now is in the ledger."""
        known = prices.find(request.model, self._chosen.models)
        worst = self._worst(request, prompt_size.bounded(request, known))
        least = self._worst(request, 0)
        try:
            entry = replace(entry, key=state.fingerprint(self._key, os.environ))
            entry = replace(entry, id=os.urandom(8).hex())
            spent = await self._try(worst, entry)
            if spent is not None and self._budget.allows(spent.total_usd + least):
                alone = len(fallback.models(request)) == 1
                tokens = await asyncio.to_thread(prompt_size.counted, request, known, alone)
                worst = self._worst(request, tokens)
                spent = await self._try(worst, entry)
        except OSError as error:
            why = reason(error, "it cannot be used")
            raise _unusable(why) from None
        if spent is not None:
            raise self._beyond(worst, spent, entry.at)
        return entry

    def _worst(self, request: Request, prompt_tokens: int) -> float:
        """The most that `request` can cost, whichever of its models answers."""
        costs: list[float] = []
        for model in fallback.models(request):
            known = prices.find(model, self._chosen.models)
            worst = terms.worst(prompt_tokens, request.params, known)
            if worst is None:
                raise ConfigFailure(
                    "unknown_price",
                    f'what "{model}" costs is not known, so the budget cannot be kept',
                    "give input_usd and output_usd of it under models: in the configuration",
                )
            costs.append(worst)
        return max(costs)

    async def _try(self, worst: float, entry: Entry) -> Spent | None:
        """Set `worst` USD aside; else what stands in the way of it. Raises OSError."""
        folder = ledger.folder(os.environ)
        per = self._budget.per
        spent = Spent(str(entry.key), periods.begin(per, entry.at), periods.end(per, entry.at))
        with state.opened(folder, make=True) as place, ledger.lock(place) as descriptor:
            await _locked(descriptor)
            spent.read(place)
            if spent.damaged * 2 > spent.lines:
                raise _unusable(f"of {spent.lines} lines {spent.damaged} are damaged")
            if spent.uncounted:
                self._note(f"the budget leaves out {spent.uncounted} requests of unknown cost")
            if not self._budget.allows(spent.total_usd + worst):
                return spent
            ledger.write(place, replace(entry, held_usd=worst))
        return None

    def _beyond(self, worst: float, spent: Spent, at: datetime) -> NotAllowed:
        until = f"wait until {periods.end(self._budget.per, at):%Y-%m-%d %H:%M}, "
        held = math.fsum(spent.held.values())
        open_ends = f", {amount(held)} of it for requests that have not ended" if held else ""
        return NotAllowed(
            "budget",
            f"this may cost {amount(worst)} USD, and of the budget of {self._budget} "
            f"{amount(spent.total_usd)} USD are spent{open_ends}",
            f"{until if self._budget.allows(worst) else ''}lower --max-tokens, or raise the budget",
        )


async def _locked(descriptor: int) -> None:
    """Wait for the ledger's lock. Raises TryAgain."""
    clock = asyncio.get_running_loop().time
    until = clock() + LOCK_S
    while not state.is_locked(descriptor):
        if clock() > until:
            raise TryAgain("lock_busy", "the ledger is held by another process", "run it again")
        await asyncio.sleep(_POLL_S)


def _unusable(why: str) -> ConfigFailure:
    try:
        place = f' "{ledger.folder(os.environ)}"'
    except OSError:
        place = ""
    return ConfigFailure(
        "ledger",
        f"the budget cannot be kept without the ledger{place}: {why}",
        "mend or move it, or take the budget out of the configuration",
    )
