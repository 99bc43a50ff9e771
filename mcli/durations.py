"""CORE: spans of time as people write them."""

from __future__ import annotations

import re

from mcli.expressions import expression

_PART = expression(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST = 366 * 86400.0


def seconds(text: str) -> float:
    """`30`, `90s`, `10m`, `1h30m`, `200ms` in seconds; ValueError unless 0 < value <= a year."""
    word = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", word):
        value = float(word)
    elif re.fullmatch(rf"({_PART.pattern})+", word):
        value = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(word))
    else:
        raise ValueError(f'"{text}" is not a duration such as 30, 90s or 10m')
    if not 0 < value <= LONGEST:
        raise ValueError(f'"{text}" is not a duration above 0 and up to a year')
    return value


def words(value: float) -> str:
    """A number of seconds for a message: `0.4s`, `12.4s`, `24h`."""
    for size, unit in ((7200.0, "h"), (120.0, "m"), (0.0, "s")):
        if value >= size:
            return f"{value / _SECONDS[unit]:.1f}".removesuffix(".0") + unit
    return "0s"
