"""What an image costs, by the published guide's examples; and its size by its header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli.tokens import images
from mcli.tokens.images import Patches, Tiles

sides = st.integers(1, 100_000)


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-4o", (1024, 1024), "high", 765),
        ("gpt-4o", (2048, 4096), "high", 1105),
        ("gpt-4o", (4096, 8192), "low", 85),
        ("gpt-4o-mini", (1024, 1024), "auto", 25501),
        ("openai/gpt-4.1", (1024, 1024), "auto", 765),
        ("o1", (512, 512), "high", 225),
        ("gpt-5", (1, 1), "high", 210),
        ("gpt-5.2", (1024, 1024), "auto", 1024),
        ("gpt-5.2", (1800, 2400), "auto", 1452),
        ("gpt-5-mini", (1800, 2400), "auto", 2353),
        ("o4-mini", (32, 32), "auto", 2),
        ("gpt-4o", None, "auto", 1445),
        ("gpt-4o", None, "low", 85),
        ("gpt-4.1-nano", None, "auto", 3779),
    ],
)
def test_worked_examples(
    model: str, size: tuple[int, int] | None, detail: str, tokens: int
) -> None:
    rule = images.rule(model)

    assert rule
    assert rule.cost(size, detail) == tokens


@pytest.mark.parametrize("model", ["claude-x", "gemini-2.5-pro", "gpt-5.9", ""])
def test_what_is_not_published_is_not_known(model: str) -> None:
    assert images.rule(model) is None


@given(
    st.sampled_from([Tiles(85, 170), Patches(1.62), Patches(budget=10_000, longest=6000)]),
    sides,
    sides,
)
def test_no_image_costs_more_than_one_of_unknown_size(
    rule: Tiles | Patches, width: int, height: int
) -> None:
    assert 0 < rule.cost((width, height), "high") <= rule.cost(None, "high")


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)


JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\x01\x02\x03\x04\x03"
WEBP = b"RIFF\x24\0\0\0WEBP"


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (png(640, 480), (640, 480)),
        (png(640, 480)[:20], None),
        (png(0, 480), None),
        (b"GIF89a\x80\x02\xe0\x01", (640, 480)),
        (b"GIF89a\x80", None),
        (JPEG, (0x0304, 0x0102)),
        (JPEG[:-4], None),
        (b"\xff\xd8\xff\xe0\0\0" * 9, None),
        (WEBP + b"VP8 \0\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x02\xe0\x01", (640, 480)),
        (WEBP + b"VP8L\0\0\0\0\x2f\x7f\xc2\x77\0\0\0\0\0\0", (640, 480)),
        (WEBP + b"VP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0", (640, 480)),
        (WEBP + b"ABCD" + b"\0" * 20, None),
        (b"<svg", None),
        (b"", None),
    ],
)
def test_the_size_by_the_header(head: bytes, size: tuple[int, int] | None) -> None:
    assert images.measured(head) == size


starts = st.sampled_from([b"", b"\xff\xd8\xff", b"GIF89a", WEBP, WEBP + b"VP8X", png(1, 1)[:12]])


@given(starts, st.binary(max_size=60))
def test_any_bytes_have_a_size_or_none(start: bytes, rest: bytes) -> None:
    size = images.measured(start + rest)

    assert size is None or min(size) > 0
