"""CORE: what a model offers and charges, and the arithmetic of costs.

Dollars are estimates by list price: what a contract, a cache or a batch takes off is unknown here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mcli.chat import Usage
from mcli.shapes import frozen, names

ASSUMED_OUTPUT = 4096
"""Tokens that an answer is counted with where no limit is known."""

MOST = 10**12
"""No text has more tokens: a larger number is a slip, and may be more than a float can hold."""


@frozen
class Terms:
    """What is known of a model; what is not is None.

    `window` is how many tokens a prompt may have, `most_output` how many an answer; the prices are
    in USD per token; `encoding` is the vocabulary that a person says it reads. `longer` says what
    all the tokens cost if the prompt has more than so many: (tokens, input, output), in order.
    """

    window: int | None = None
    most_output: int | None = None
    input_usd: float | None = None
    output_usd: float | None = None
    encoding: str | None = None
    longer: tuple[tuple[int, float, float], ...] | None = None

    def over(self, other: Terms) -> Terms:
        """These terms, and `other`'s where these know nothing."""
        pairs = {name: getattr(self, name) for name in names(self)}
        known = {name: value for name, value in pairs.items() if value is not None}
        return Terms(**({name: getattr(other, name) for name in names(self)} | known))


def cost(usage: Usage | None, terms: Terms) -> float | None:
    """USD for what a server counted; None where a count or a price is unknown."""
    if usage is None or max(usage.prompt_tokens or 0, usage.completion_tokens or 0) > MOST:
        return None
    usd = _sum(usage.prompt_tokens, usage.completion_tokens, terms)
    return usd if usd is not None and math.isfinite(usd) else None


def most_output(params: Mapping[str, Any], terms: Terms) -> int:
    """The tokens an answer may have: as the request says, as the model can, or as is assumed."""
    for name in ("max_completion_tokens", "max_tokens"):
        value = params.get(name)
        if type(value) is int and value > 0:
            return min(value, MOST)
    return min(terms.most_output or ASSUMED_OUTPUT, MOST)


def answers(params: Mapping[str, Any]) -> int:
    """How many answers the request asks for, each of which is charged."""
    count = params.get("n")
    return count if isinstance(count, int) and count > 1 else 1


def worst(prompt_tokens: int, params: Mapping[str, Any], terms: Terms) -> float | None:
    """The most USD that a request can cost; None where a price is unknown."""
    return _sum(prompt_tokens, most_output(params, terms) * answers(params), terms)


def _sum(prompt: int | None, answer: int | None, terms: Terms) -> float | None:
    if prompt is None or answer is None or terms.input_usd is None or terms.output_usd is None:
        return None
    input_usd, output_usd = terms.input_usd, terms.output_usd
    for more_than, longer_input_usd, longer_output_usd in terms.longer or ():
        if prompt > more_than:
            input_usd, output_usd = longer_input_usd, longer_output_usd
    return prompt * input_usd + answer * output_usd
