"""CORE: what a person allows to be spent in a day, a week or a month."""

from __future__ import annotations

import math
from typing import Literal

from mcli.shapes import frozen

Per = Literal["day", "week", "month"]
PERS: tuple[Per, ...] = ("day", "week", "month")

_ROUNDING = 1 + 1e-9
"""Sums of prices are as exact as floats are: 0.3 USD hold three times 0.1."""


@frozen
class Budget:
    """At most `usd` per local day, week (from Monday) or month, with one key, on this machine."""

    usd: float
    per: Per

    def allows(self, usd: float) -> bool:
        """Whether so much in all is within it."""
        return within(usd, self.usd)

    def __str__(self) -> str:
        return f"{amount(self.usd)} USD per {self.per}"


def within(usd: float, limit: float) -> bool:
    """Whether the sum `usd` does not pass `limit`."""
    return usd <= limit * _ROUNDING


def amount(usd: float) -> str:
    """An amount to read, rounded up: what passes a limit is not to look as if it did not."""
    if usd >= 1e9:
        return f"{usd:.3g}"
    return f"{math.ceil(usd * 1e6 - 1e-6) / 1e6:.6f}".rstrip("0").rstrip(".")
