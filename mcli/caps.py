"""CORE: the caps on what one command may spend and send, and who said so."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from mcli.errors import ConfigFailure
from mcli.expressions import expression
from mcli.said import Said
from mcli.shapes import frozen

DEFAULT_USD = 1.0
"""What one command may spend where nobody says otherwise: far above a request as people send it,
far below what a slip (the wrong file, the dearest model) can cost. Under it an answer without
--max-tokens is counted with `terms.ASSUMED_OUTPUT` at most: models hardly write for dollars."""

_AMOUNT = expression(r"([0-9]+\.?[0-9]*|\.[0-9]+)(e-?[0-9]{1,3})?", re.IGNORECASE)


@frozen
class Caps:
    """At most so many USD, by list price, and so many requests (None: as many as it takes).

    `usd_given`: a person set it, so a price that is not known is no reason to let it pass.
    """

    usd: float = DEFAULT_USD
    usd_given: bool = False
    requests: int | None = None


def load(said: Said, environ: Mapping[str, str], origins: dict[str, str]) -> Caps:
    """What is in force; `origins` is told where it came from. ConfigFailure for a bad variable."""
    given, origin = said.max_cost, "--max-cost"
    word = environ.get("MCLI_MAX_COST")
    if given is None and word:
        origin = "MCLI_MAX_COST"
        try:
            given = usd(word)
        except ValueError as error:
            raise ConfigFailure("bad_environment", f"MCLI_MAX_COST: {error}") from None
    origins["max_cost"] = "default" if given is None else origin
    origins["max_requests"] = "default" if said.max_requests is None else "--max-requests"
    return Caps(DEFAULT_USD if given is None else given, given is not None, said.max_requests)


def usd(word: str) -> float:
    """An amount of USD: 0 or more, in figures. Raises ValueError."""
    if _AMOUNT.fullmatch(word) and math.isfinite(value := float(word)):
        return value
    raise ValueError(f'"{word[:40]}" is not an amount of USD, such as 0.50')
