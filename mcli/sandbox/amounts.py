"""EDGE: a number within the bounds of a schema."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from mcli.sandbox.schemas import NoValue, Schema


def fitting(schema: Schema, integer: bool, nth: int) -> int | float:
    """The `nth` number (from 0) that fits, near the lower bound. NoValue if there is none."""
    low, above = _bound(schema, "minimum", "exclusiveMinimum", max)
    high, below = _bound(schema, "maximum", "exclusiveMaximum", min)
    step = _exact(schema.get("multipleOf"))
    if integer:
        # Of the multiples of p/q in lowest terms, the whole ones are the multiples of p.
        step = Fraction(step.numerator) if step else Fraction(1)
    if step:
        first = None if low is None else math.ceil(low / step) + (above and low % step == 0)
        last = None if high is None else math.floor(high / step) - (below and high % step == 0)
        exact = _count(first, last, nth) * step
    else:
        exact = _between(low, high, above or below, nth)
    return int(exact) if integer else float(exact)


def _bound(schema: Schema, closed: str, opened: str, tighter: Any) -> tuple[Fraction | None, bool]:
    """The tighter of two bounds, and whether the number itself is outside."""
    inside, outside = _exact(schema.get(closed)), _exact(schema.get(opened))
    if inside is None or outside is None:
        return (inside, False) if outside is None else (outside, True)
    bound = tighter(inside, outside)
    return bound, bound == outside


def _count(first: int | None, last: int | None, nth: int) -> int:
    if first is not None and last is not None:
        if first > last:
            raise NoValue("no number is within the bounds")
        return first + nth % (last - first + 1)
    if first is not None:
        return first + nth
    return 1 + nth if last is None else min(last, 1) - nth


def _between(low: Fraction | None, high: Fraction | None, opened: bool, nth: int) -> Fraction:
    if low is not None and high is not None:
        if low > high or (low == high and opened):
            raise NoValue("no number is within the bounds")
        return low + (high - low) / (nth + 2)
    if low is not None:
        return low + 1 + nth
    return Fraction(3, 2) + nth if high is None else high - 1 - nth


def _exact(value: Any) -> Fraction | None:
    """The number as it was written, so that 0.1 is a tenth; None if it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return Fraction(str(value))
