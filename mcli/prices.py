"""EDGE: the terms of models: what a person's configuration says of one, over what is built in."""

from __future__ import annotations

from collections.abc import Mapping

from mcli.terms import Terms

BUILT_IN = {"sandbox": Terms(128_000, 16_384, 0.0, 0.0, "o200k_base")}


def find(model: str, own: Mapping[str, Terms]) -> Terms:
    """The terms of `model`; `own` are those of the configuration, by the model's name."""
    return own.get(model, Terms()).over(BUILT_IN.get(model, Terms()))
