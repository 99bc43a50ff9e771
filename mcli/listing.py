"""SHELL: the models of the endpoint, with what it says of them and what we know."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcli import (
    envelope,
    loop,
    offers,
    output,
    plan,
    prices,
    redaction,
    roster,
    sending,
    settings,
)
from mcli.errors import BadReply, ExitCode, Failure, UsageFailure, reason
from mcli.said import Said
from mcli.settings import Settings
from mcli.suggestions import Suggestion

MOST = 20_000
"""Models that are listed; the largest routers have a few hundred."""


def models(said: Said, sought: str | None) -> ExitCode:
    """Print what the endpoint offers, or what of it has `sought` in its name; NO if nothing has."""
    from mcli.api import calls

    began = time.monotonic()
    if sought is not None and not sought.strip():
        raise UsageFailure("bad_flag", "--filter is blank", "is a variable unset?")
    try:
        chosen = settings.load(said, os.environ)
        output.check_stdout()
        key = plan.key_for(chosen, began)
        endpoint = sending.endpoint(chosen, "/models", key)
        call = calls.models(endpoint, sending.patience(chosen, began), sending.notes(said))
        listed, attempts = loop.run(call, watch=True)
    except Failure as failure:
        failure.elapsed_s = time.monotonic() - began
        raise
    if len(listed) > MOST:
        raise BadReply("limit_exceeded", f"the endpoint lists more than {MOST:,} models")
    _keep(listed, chosen, sending.notes(said))
    if sought is not None:
        listed = [entry for entry in listed if offers.wanted(entry["id"], sought)]
    found = [
        offers.completed(offers.read(entry), prices.find(entry["id"], chosen.models))
        for entry in listed
    ]
    verdict = bool(listed) if sought is not None else None
    if said.json:
        data = [
            {**entry, "mcli": offers.told(offer)}
            for entry, offer in zip(listed, found, strict=True)
        ]
        told = envelope.of_data(data, time.monotonic() - began, verdict, attempts)
        output.json_line(told)
    else:
        output.table(offers.HEADER, [offers.row(offer) for offer in found], said.color)
    return ExitCode.NO if verdict is False else ExitCode.OK


def _keep(
    listed: Sequence[Mapping[str, Any]], chosen: Settings, note: Callable[[str], None]
) -> None:
    """Keep the list for the shell to offer: one that the endpoint gave, and that repeats no key."""
    if chosen.keeping.replay is not None:
        return
    kept = [Suggestion(offer.id, offers.in_short(offer)) for offer in map(offers.read, listed)]
    told = "".join(each.line() for each in kept)
    if redaction.redact(told) != told:
        note("the list of models is not kept: it holds a key")
        return
    try:
        roster.keep(chosen.base_url, kept, os.environ)
    except OSError as error:
        note(f"the list of models is not kept: {reason(error, 'it cannot be written')}")
