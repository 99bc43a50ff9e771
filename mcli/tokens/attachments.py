"""CORE: the tokens of images, sound and files in a message: what is likely, and what is the most.

Images go by the published formulas (`images`). Of a model for which none is published an image is
likely what it is to gpt-4o, and `STRANGE` at most, above what the guides of Anthropic (4,784) and
Google name for one and what open models are set to. For sound and PDF nothing is published that
could be computed here: they are likely nothing, so that none is refused on a guess, and at most a
token a byte. All together are at most what the model's window holds, as no server takes more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, cast

from mcli.tokens import images

STRANGE = 16_384
"""Tokens that an image has at most, for a model of which nothing is published."""

_LONGEST_HEAD = 1 << 18
"""Base64 characters of an image that are looked at for its size."""


def likely(part: Mapping[str, Any], model: str) -> int:
    """The tokens of a part that is no text, where they can be told; else none."""
    if part.get("type") != "image_url":
        return 0
    return (images.rule(model) or images.UNKNOWN).cost(*_seen(part))


def most(part: Mapping[str, Any], model: str) -> int:
    """A number of tokens that a part cannot pass."""
    if part.get("type") == "image_url":
        rule = images.rule(model)
        return rule.cost(*_seen(part)) if rule is not None else STRANGE
    return _length(part) * 3 // 4 + 1


def head(url: str) -> bytes:
    """The first bytes of what a data: URL holds; none if it is not base64."""
    kind, comma, data = url.partition(",")
    if not comma or not kind.lower().endswith(";base64"):
        return b""
    held = "".join(data[:_LONGEST_HEAD].split())
    try:
        return base64.b64decode(held[: len(held) // 4 * 4], altchars=b"-_" if "_" in held else None)
    except (ValueError, binascii.Error):
        return b""


def _seen(part: Mapping[str, Any]) -> tuple[images.Size | None, str]:
    """The size of an image, None where it cannot be told, and the detail in which it is seen."""
    held = part.get("image_url")
    image: Mapping[str, Any] = cast("dict[str, Any]", held) if isinstance(held, dict) else {}
    url = str(image.get("url") or "")
    size = images.measured(head(url)) if url[:5].lower() == "data:" else None
    return size, str(image.get("detail") or "auto")


def _length(value: Any) -> int:
    """The characters of all texts in a part."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_length, cast("Mapping[str, Any]", value).values()))
    return sum(map(_length, cast("list[Any]", value))) if isinstance(value, list) else 0
