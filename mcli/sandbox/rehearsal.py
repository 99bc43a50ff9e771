"""EDGE: a bad day, rehearsed: how long replies take, which requests fail, and how."""

from __future__ import annotations

import math
import random
import re

from mcli.shapes import frozen

CUT = "cut"
"""The fault that is no status: the reply begins and the connection closes in the middle."""


@frozen
class Rehearsal:
    """Seconds before each answer, `(fault, probability)` pairs, and where the draws begin.

    A fault is a status as text (`"429"`) or `CUT`. Without a seed each run differs.
    """

    latency_s: float = 0.0
    faults: tuple[tuple[str, float], ...] = ()
    seed: int | None = None


def parse_faults(text: str) -> tuple[tuple[str, float], ...]:
    """`429:0.2,500:0.05,cut:0.01` as pairs; blank is none. ValueError names the bad part."""
    if not text.strip():
        return ()
    faults = tuple(_fault(part.strip()) for part in text.split(","))
    names = [name for name, _ in faults]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'the fault "{name}" is given twice')
    total = math.fsum(probability for _, probability in faults)
    if total > 1 + 1e-9:
        raise ValueError(f'the probabilities of "{text}" add up to {total:g}, more than 1')
    return faults


def draw(rehearsal: Rehearsal, dice: random.Random) -> str | None:
    """The fault of one request, or None. Each call takes exactly one number from `dice`."""
    mark = dice.random()
    for name, probability in rehearsal.faults:
        if mark < probability:
            return name
        mark -= probability
    return None


def _fault(part: str) -> tuple[str, float]:
    name, colon, written = (piece.strip() for piece in part.partition(":"))
    if not colon:
        raise ValueError(f'the fault "{part}" is not NAME:PROBABILITY, such as 429:0.2 or cut:0.01')
    if name != CUT and not re.fullmatch(r"[45]\d\d", name, re.ASCII):
        raise ValueError(f'the fault "{name}" is neither "cut" nor a status from 400 to 599')
    if not re.fullmatch(r"\d*\.?\d+|\d+\.", written, re.ASCII) or float(written) > 1:
        raise ValueError(f'the probability "{written}" of "{name}" is not a number from 0 to 1')
    return name, float(written)
