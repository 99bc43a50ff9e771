"""CORE: the fields of a request that somebody asked for, one over the other, and who did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcli import strict
from mcli.errors import UsageFailure
from mcli.params import READERS
from mcli.recipe import OUR_FIELDS, Recipe
from mcli.said import Said

FALLBACKS = "fallback_models"
"""The field in which MegaLLM takes the models that may answer instead."""
MOST_ANSWERS = 128
"""How many answers to one request the API gives (`n`)."""


def fields(
    said: Said,
    recipe: Recipe | None,
    profile: Mapping[str, Any],
    fallbacks: tuple[str, ...],
    origins: dict[str, str],
) -> dict[str, Any]:
    """The profile's, over them the recipe's, over them the flags'; `origins` is told of each.

    `fallbacks` are those that the server takes. Raises UsageFailure for a flag that is none, or
    that another one would undo.
    """
    params = dict(_param(pair) for pair in said.param)
    if said.fallback and FALLBACKS in params:
        told = f"--fallback and --param {FALLBACKS} exclude each other"
        raise UsageFailure("bad_flag", told, "--fallback alone asks each of them")
    layers: list[tuple[str, Mapping[str, Any]]] = [
        ("profile", {n: v for n, v in profile.items() if n in READERS}),
        ("recipe", recipe.params if recipe else {}),
        ("flag", _spoken(said)),
        ("--fallback", {FALLBACKS: list(fallbacks)} if fallbacks else {}),
        ("--param", params),
    ]
    found: dict[str, Any] = {}
    for origin, layer in layers:
        for name, value in layer.items():
            found[name] = value
            origins[name] = origin
    return found


def _spoken(said: Said) -> dict[str, Any]:
    stop = said.stop[0] if len(said.stop) == 1 else list(said.stop)
    spoken = {
        "temperature": said.temperature,
        "max_tokens": said.max_tokens,
        "top_p": said.top_p,
        "stop": stop or None,
        "seed": said.seed,
    }
    return {name: value for name, value in spoken.items() if value is not None}


def _param(pair: str) -> tuple[str, Any]:
    name, equals, value = pair.partition("=")
    if not equals or not name:
        raise UsageFailure("bad_flag", f'--param "{pair}" is not NAME=VALUE')
    if name in OUR_FIELDS - {"n"}:
        raise UsageFailure("bad_flag", f'--param cannot set "{name}"', "it has a flag of its own")
    found = strict.json_or_text(value)
    if not strict.is_finite(found):
        raise UsageFailure("bad_flag", f'--param "{pair}" is not a finite number')
    if name == "n" and not (type(found) is int and 1 <= found <= MOST_ANSWERS):
        raise UsageFailure("bad_flag", f'--param "{pair}" is not a number from 1 to {MOST_ANSWERS}')
    return name, found
