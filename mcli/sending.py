"""SHELL: how a request is sent: where to, with which key, how long it is waited for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING

from mcli import output, profiles
from mcli.asking import Send
from mcli.chat import Exchange, Request
from mcli.errors import NotAllowed
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import replace

if TYPE_CHECKING:
    from mcli.api.calls import Endpoint
    from mcli.api.persist import Patience
    from mcli.api.quota import Quota
    from mcli.api.wire import Opener, Wire
    from mcli.keeping import Keeping
    from mcli.purse import Purse

Show = Callable[[str], None]
Reach = Callable[["Request", "Patience", "Show | None"], "Awaitable[Exchange]"]
"""What gets a request answered, before it is known what that costs."""


def _silence(message: str) -> None:
    """Without -v, what happens on the way is not told."""


def endpoint(
    chosen: Settings,
    ending: str,
    key: str | None,
    note: Callable[[str], None] = _silence,
) -> Endpoint:
    """What answers, be it a recording, within the limits that are set: made once in a command,
    however many requests it sends, which keep connections for one another. `note` is told why a
    request waits. Raises what is wrong with a recording before data is read."""
    from mcli.api import calls, gate

    url = profiles.endpoint(chosen.base_url, ending)
    keeping = chosen.keeping
    limited = gate.OPEN
    if chosen.limits.given and keeping.replay is None:
        from mcli import limiting

        limited = limiting.gate(chosen, key, note)
    return calls.Endpoint(url, key, _answers(keeping), gate=limited)


def _answers(keeping: Keeping) -> Opener:
    """The server, or what is kept of it."""

    @cache
    def live(url: str) -> nullcontext[Wire]:
        from mcli.api import pool  # a replay has no use for it, nor has what is in the cache

        return nullcontext(pool.to(url))

    if keeping.replay is None and keeping.record is None:
        return live
    from mcli.api import cassette

    if keeping.replay is not None:
        return cassette.replayed(keeping.replay)
    assert keeping.record is not None
    return cassette.recorded(keeping.record, live)


def purse(chosen: Settings, *models: str | None) -> Purse:
    """What the requests of a command are paid from: made once in it, like the endpoint. Raises
    ConfigFailure for a model without a price, where a person set a cap, before data is read."""
    from mcli.purse import Purse

    made = Purse(chosen.caps, chosen.models, chosen.keeping.replay is not None)
    for model in (*models, *chosen.fallbacks):
        made.require_price(model)
    return made


def direct(where: Endpoint, paying: Purse, said: Said) -> Reach:
    """What asks the endpoint itself; a request that it has changed is one more to pay for."""
    from mcli.api import calls

    where = replace(where, another=paying.another)

    async def reach(request: Request, patience: Patience, show: Show | None) -> Exchange:
        return await calls.complete(request, where, patience, notes(said), show)

    return reach


def sender(
    reach: Reach,
    key: str | None,
    paying: Purse,
    chosen: Settings,
    patience: Patience,
    show: Show | None = None,
) -> Send:
    """What sends a request and pays for it; with `show`, a stream is handed on as it comes."""

    async def send(request: Request) -> Exchange:
        shown = show if request.stream else None
        try:
            return await reach(request, patience, shown)
        except NotAllowed as failure:
            replays = chosen.keeping.replay is not None
            if failure.slug == "auth" and (key or (replays and chosen.key.kind != "none")):
                failure.hint = f"check the key, which came from {chosen.key}"
            elif failure.slug == "auth" and not replays:
                failure.hint = "no key was sent: configure one for this host"
            raise

    return paying.guard(send, patience)


def patience(chosen: Settings, began: float) -> Patience:
    """By default the clock starts when the input is complete, which is now."""
    from mcli.api.persist import Patience

    start = began if chosen.timeout_given else time.monotonic()
    return Patience(start + chosen.timeout_s, chosen.timeout_s, _retries(chosen))


def within(chosen: Settings, limit_s: float, quota: Quota | None = None) -> Patience:
    """One of many begins now and has so many seconds; what they spend on retries is of `quota`."""
    from mcli.api.persist import Patience
    from mcli.api.quota import UNBOUNDED

    until = time.monotonic() + limit_s
    return Patience(until, chosen.timeout_s, _retries(chosen), quota or UNBOUNDED)


def _retries(chosen: Settings) -> int:
    """A recorded reply is the final one, so it is not asked for again."""
    return chosen.retries if chosen.keeping.replay is None else 0


def notes(said: Said) -> Callable[[str], None]:
    """Where it is told what happens on the way: to stderr with -v, else nowhere."""
    return output.note if said.verbose else _silence
