"""All mutations."""

from __future__ import annotations

from . import answering, asking, bounds, guarding, recipes, replaying, replies, writing
from .mutation import Mutation

TABLE: tuple[Mutation, ...] = (
    *asking.MUTATIONS,
    *bounds.MUTATIONS,
    *replies.MUTATIONS,
    *guarding.MUTATIONS,
    *writing.MUTATIONS,
    *recipes.MUTATIONS,
    *replaying.MUTATIONS,
    *answering.MUTATIONS,
)
