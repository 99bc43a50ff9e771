"""EDGE: the terms of models: what a person's configuration says of one, over what is built in.

`data/prices.tsv` is a table of list prices and windows, made at release time by `.ci/make-prices`,
which says what stands in it; its first lines say as of when, and where from. A name is a line, and
is found by one search through the bytes, in a tenth of a millisecond with reading the file: the
same table as JSON takes 70 times as long (`python -m tests.benchmarks.prices`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from mcli.expressions import expression
from mcli.shapes import replace
from mcli.terms import Terms

TABLE = Path(__file__).with_name("data") / "prices.tsv"
BUILT_IN = {"sandbox": Terms(128_000, 16_384, 0.0, 0.0, "o200k_base")}

LONGEST_NAME = 200
FREE = ":free"
"""How OpenRouter ends the names of those that it gives away."""

_FINE_TUNED = expression(r"(ft:[^:]+):.*")
"""`ft:gpt-4o-2024-08-06:org::id` costs what the table has under `ft:gpt-4o-2024-08-06`."""


def find(model: str, own: Mapping[str, Terms]) -> Terms:
    """The terms of `model`; `own` are those of the configuration, by the model's name.

    Who says one price has said that longer prompts cost the same.
    """
    mine = own.get(model, Terms())
    if mine.input_usd is not None or mine.output_usd is not None:
        mine = replace(mine, longer=())
    return mine.over(BUILT_IN.get(model) or _listed(model))


@lru_cache(64)
def _listed(model: str) -> Terms:
    """What the table has under this name, whatever its capitals; nothing is guessed from others."""
    name = _FINE_TUNED.sub(r"\1", model.lower())
    free = name.endswith(FREE)
    if len(name) > LONGEST_NAME or name.startswith("#") or not name.isprintable():
        return Terms()
    found = _line(name.removesuffix(FREE))
    return replace(found, input_usd=0.0, output_usd=0.0, longer=()) if free else found


def _line(name: str) -> Terms:
    table = TABLE.read_bytes()
    start = table.find(b"\n" + name.encode("utf-8", "replace") + b"\t")
    if start < 0:
        return Terms()
    line = table[start + 1 : table.index(b"\n", start + 1)].decode()
    _, window, most_output, input_usd, output_usd, longer = line.split("\t")
    return Terms(
        int(window) if window else None,
        int(most_output) if most_output else None,
        _usd(input_usd) if input_usd else None,
        _usd(output_usd) if output_usd else None,
        longer=tuple(_tier(tier) for tier in longer.split()) if input_usd else None,
    )


def _tier(told: str) -> tuple[int, float, float]:
    least, input_usd, output_usd = told.split(":")
    return int(least), _usd(input_usd), _usd(output_usd)


def _usd(per_million: str) -> float:
    return float(per_million) / 1_000_000
