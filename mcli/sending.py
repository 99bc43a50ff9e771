"""SHELL: how a request is sent: where to, with which key, how long it is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mcli import output, profiles
from mcli.asking import Send
from mcli.chat import Exchange, Request
from mcli.errors import NotAllowed
from mcli.said import Said
from mcli.settings import Settings

if TYPE_CHECKING:
    from mcli.api.calls import Endpoint
    from mcli.api.persist import Patience
    from mcli.purse import Purse


def _silence(message: str) -> None:
    """Without -v, what happens on the way is not told."""


def endpoint(
    chosen: Settings, ending: str, key: str | None, note: Callable[[str], None] = _silence
) -> Endpoint:
    """What answers, be it a recording, within the limits that are set: made once in a command,
    however many requests it sends. `note` is told why a request waits.
    Raises what is wrong with a recording before data is read."""
    from mcli.api import calls, cassette, gate

    replays = chosen.keeping.replay is not None
    answers = cassette.opener(chosen.keeping.record, chosen.keeping.replay)
    within = gate.OPEN
    if chosen.limits.given and not replays:
        from mcli import limiting

        within = limiting.gate(chosen, key, note)
    return calls.Endpoint(profiles.endpoint(chosen.base_url, ending), key, answers, gate=within)


def purse(chosen: Settings, *models: str | None) -> Purse:
    """What the requests of a command are paid from: made once in it, like the endpoint. Raises
    ConfigFailure for a model without a price, where a person set a cap, before data is read."""
    from mcli.purse import Purse

    made = Purse(chosen.caps, chosen.models, chosen.keeping.replay is not None)
    for model in (*models, *chosen.fallbacks):
        made.require_price(model)
    return made


def sender(
    where: Endpoint,
    paying: Purse,
    chosen: Settings,
    said: Said,
    patience: Patience,
    show: Callable[[str], None] | None = None,
) -> Send:
    """What sends a request and pays for it; with `show`, a stream is handed on as it comes."""
    from mcli.api import calls

    where = replace(where, another=paying.another)

    async def send(request: Request) -> Exchange:
        shown = show if request.stream else None
        try:
            return await calls.complete(request, where, patience, notes(said), shown)
        except NotAllowed as failure:
            replays = chosen.keeping.replay is not None
            if failure.slug == "auth" and (where.key or (replays and chosen.key.kind != "none")):
                failure.hint = f"check the key, which came from {chosen.key}"
            elif failure.slug == "auth" and not replays:
                failure.hint = "no key was sent: configure one for this host"
            raise

    return paying.guard(send, patience)


def patience(chosen: Settings, began: float) -> Patience:
    """By default the clock starts when the input is complete, which is now."""
    from mcli.api.persist import Patience

    start = began if chosen.timeout_given else time.monotonic()
    # A recorded reply is the final one, so it is not asked for again.
    retries = chosen.retries if chosen.keeping.replay is None else 0
    return Patience(start + chosen.timeout_s, chosen.timeout_s, retries)


def notes(said: Said) -> Callable[[str], None]:
    """Where it is told what happens on the way: to stderr with -v, else nowhere."""
    return output.note if said.verbose else _silence
