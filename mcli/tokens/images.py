"""CORE: what an image costs, by OpenAI's published formulas, and how large it is by its header.

The formulas and constants are those of the guide on images and vision (mid-2026). Models cut an
image into tiles of 512 pixels or into patches of 32. Nothing is published for other vendors, so
what is found is an estimate always.
"""

from __future__ import annotations

import math
import re

from mcli import media
from mcli.shapes import frozen

Size = tuple[int, int]
"""Width and height in pixels."""


@frozen
class Tiles:
    """`base` tokens, and `tile` for each square of 512 pixels."""

    base: int
    tile: int

    def cost(self, size: Size | None, detail: str) -> int:
        """Tokens of an image; of one of unknown size, the most."""
        if detail == "low":
            return self.base
        if size is None:
            return self.base + self.tile * 8  # 768 by 2048 pixels, what the largest is made
        width, height = _within(2048 / max(size), *size)
        width, height = _within(768 / min(width, height), width, height)
        across, down = (math.ceil(round(side, 6) / 512) for side in (width, height))
        return self.base + self.tile * across * down


@frozen
class Patches:
    """One token times `factor` for each square of 32 pixels, of which `budget` are the most."""

    factor: float = 1.0
    budget: int = 1536
    longest: int = 2048

    def cost(self, size: Size | None, detail: str) -> int:
        """Tokens of an image; of one of unknown size, the most. Low detail is counted as high."""
        if size is None:
            return math.ceil(self.budget * self.factor)
        width, height = _within(self.longest / max(size), *size)
        patches = math.ceil(width / 32) * math.ceil(height / 32)
        if patches > self.budget:
            scale = math.sqrt(32 * 32 * self.budget / (width * height))
            across, down = width * scale / 32, height * scale / 32
            scale *= min(max(1, math.floor(n)) / n for n in (across, down))
            patches = math.prod(math.ceil(round(side * scale / 32, 6)) for side in (width, height))
        return math.ceil(min(patches, self.budget) * self.factor)


UNKNOWN = Tiles(85, 170)
"""gpt-4o's, taken for a model of which nothing is published."""

_RULES: tuple[tuple[str, Tiles | Patches], ...] = (
    (r"gpt-4o-mini", Tiles(2833, 5667)),
    (r"gpt-4\.1-nano|gpt-5-nano|gpt-5\.4-nano", Patches(2.46)),
    (r"gpt-4\.1-mini|gpt-5-mini|gpt-5\.4-mini", Patches(1.62)),
    (r"o4-mini", Patches(1.72)),
    (r"gpt-5\.2", Patches()),
    (r"gpt-5\.[45]", Patches(budget=2500)),
    (r"gpt-5\.6", Patches(budget=10_000, longest=6000)),
    (r"gpt-4o|chatgpt-4o|gpt-4\.1|gpt-4\.5", Tiles(85, 170)),
    (r"gpt-5(?!\.)", Tiles(70, 140)),
    (r"o1|o3", Tiles(75, 150)),
    (r"computer-use-preview", Tiles(65, 129)),
)


def rule(model: str) -> Tiles | Patches | None:
    """How a model counts images; None where that is not published."""
    name = model.lower().rpartition("/")[2]
    return next((rule for pattern, rule in _RULES if re.match(pattern, name)), None)


def measured(head: bytes) -> Size | None:
    """The size of a PNG, JPEG, GIF or WebP, of which this is the beginning; None if it is none."""
    kind = media.kind(head)
    if kind == "image/png" and len(head) >= 24:
        return _real(int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))
    if kind == "image/gif" and len(head) >= 10:
        return _real(int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little"))
    if kind == "image/webp" and len(head) >= 30:
        return _webp(head)
    return _jpeg(head) if kind == "image/jpeg" else None


def _webp(head: bytes) -> Size | None:
    kind, data = head[12:16], head[20:30]
    if kind == b"VP8X":
        return _real(*(int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7)))
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return _real((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        return _real(*(int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8)))
    return None


def _jpeg(head: bytes) -> Size | None:
    """Its frame header comes behind other segments, each of which says how long it is."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:  # fill
            at += 1
        elif marker in range(0xC0, 0xD0) and marker not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(head[at + n : at + n + 2]) for n in (5, 7))
            return _real(width, height)
        else:
            at += 2 + max(2, int.from_bytes(head[at + 2 : at + 4]))
    return None


def _real(width: int, height: int) -> Size | None:
    return (width, height) if width and height else None


def _within(scale: float, width: float, height: float) -> tuple[float, float]:
    """The sides, made smaller by `scale`, never larger."""
    return width * min(1.0, scale), height * min(1.0, scale)
