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
    platforms,
    recipes,
    records,
    replaying,
    replies,
    spending,
    stopping,
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
    *platforms.MUTATIONS,
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
)
