"""All mutations."""

from __future__ import annotations

from . import asking, bounds, conversing, guarding, recipes, replaying, replies, writing
from .mutation import Mutation

TABLE: tuple[Mutation, ...] = (
    *asking.MUTATIONS,
    *bounds.MUTATIONS,
    *replies.MUTATIONS,
    *guarding.MUTATIONS,
    *writing.MUTATIONS,
    *conversing.MUTATIONS,
    *recipes.MUTATIONS,
    *replaying.MUTATIONS,
)
