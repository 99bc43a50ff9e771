"""Mutations of what is attached to a request, and of the tools that it offers."""

from __future__ import annotations

from .mutation import Mutation

ATTACHED = "test_attaching.py::"
REFUSED = (f"{ATTACHED}test_what_cannot_be_sent_is_refused_before_it_is",)

IMAGES = (
    Mutation("an-image-by-its-name", "a file is what its content says", "attaching.py", "if kind not in media.IMAGES and", "if False and", REFUSED),
    Mutation("hand-a-password-on", "an address with a password is not sent", "attaching.py", "    if secret:", "    if False:", REFUSED),
    Mutation("swallow-the-loop-s-list", "beside an image only a named stdin is data", "plan.py", " or filling.attaches(found, said)", "", (f"{ATTACHED}test_an_image_alone_is_enough",)),
    Mutation("images-for-nothing", "--max-cost holds for images too", "purse.py", "return most if window is None else min(most, window)", "return 0", (f"{ATTACHED}TestCounting::test_an_image_is_paid_for",)),
)  # fmt: skip

MUTATIONS = (*IMAGES,)
