"""All mutations."""

from __future__ import annotations

from . import (
    answering,
    asking,
    attaching,
    batching,
    bounds,
    coding,
    conversing,
    counting,
    guarding,
    journaling,
    keeping,
    limiting,
    paying,
    recipes,
    records,
    replaying,
    replies,
    spending,
    stopping,
    tabbing,
    writing,
)
from .mutation import Mutation

TABLE: tuple[Mutation, ...] = (
    *asking.MUTATIONS,
    *attaching.MUTATIONS,
    *batching.MUTATIONS,
    *bounds.MUTATIONS,
    *counting.MUTATIONS,
    *replies.MUTATIONS,
    *guarding.MUTATIONS,
    *writing.MUTATIONS,
    *conversing.MUTATIONS,
    *recipes.MUTATIONS,
    *replaying.MUTATIONS,
    *paying.MUTATIONS,
    *spending.MUTATIONS,
    *coding.MUTATIONS,
    *answering.MUTATIONS,
    *records.MUTATIONS,
    *limiting.MUTATIONS,
    *keeping.MUTATIONS,
    *journaling.MUTATIONS,
    *stopping.MUTATIONS,
    *tabbing.MUTATIONS,
)
