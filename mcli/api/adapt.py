"""EDGE (pure): a request that a server refuses for one parameter, sent again without the quarrel.

Only what we may change: the two names of the token limit, `stream_options`, the way in which JSON
is asked for, and a value that a recipe and not a person asked for (api-contract §5.5), such as
log-probabilities, of which each server has its own most. Once for each parameter, three in all.
"""

from __future__ import annotations

import re
from typing import Any

from mcli.api import forms
from mcli.chat import Request
from mcli.errors import Failure
from mcli.expressions import expression
from mcli.shapes import replace

MOST_CHANGES = 3
_TOO_MUCH = expression(r"too (large|high|long|many)|at most|less than|exceed", re.IGNORECASE)
"""How servers say that they know a parameter, and not this value of it."""

_TWINS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_TOGETHER = ("logprobs", "top_logprobs")
"""Neither is of use, or even allowed, without the other."""


def adapted(
    request: Request, failure: Failure, changed: frozenset[str]
) -> tuple[str, Request, str] | None:
    """What is changed, the request to send instead, and the warning; None if nothing can be.

    `changed` names what was changed before.
    """
    if failure.status not in (400, 422, 500) or failure.slug != "bad_request":
        return None
    if len(changed) >= MOST_CHANGES:
        return None
    if simpler := forms.simpler(request, failure):
        return simpler
    name = _named(request, failure)
    if name is None or name in changed:
        return None
    if name in _TOGETHER and name in request.soft:
        told = "log-probabilities left out: the server refuses them"
        return name, _without(request, *_TOGETHER), told
    if _TOO_MUCH.search(failure.message):
        return None
    if name in _TWINS and _TWINS[name] not in changed:
        return name, _renamed(request, name, _TWINS[name]), f"{name} sent as {_TWINS[name]}"
    if name == "stream_options" or name in request.soft:
        return name, _without(request, name), f"{name} left out: the server refuses it"
    return None


def _named(request: Request, failure: Failure) -> str | None:
    """The parameter of ours that the server objects to: it names it in `param`, or first."""
    if failure.param in request.params:
        return failure.param
    places = {name: failure.message.find(name) for name in request.params}
    found = [name for name, place in places.items() if place >= 0]
    return min(found, key=lambda name: (places[name], -len(name))) if found else None


def _renamed(request: Request, name: str, other: str) -> Request:
    params: dict[str, Any] = {(other if n == name else n): v for n, v in request.params.items()}
    soft = frozenset(other if n == name else n for n in request.soft)
    return replace(request, params=params, soft=soft)


def _without(request: Request, *names: str) -> Request:
    params = {n: v for n, v in request.params.items() if n not in names}
    return replace(request, params=params)
