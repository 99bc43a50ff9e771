"""A text read in blocks is the text that is read at once, and refused with the same words."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcli import blocks, inputs
from mcli.errors import BadInput, Failure, NoInput
from mcli.inputs import Bounds

BITS = ["中".encode(), *b"a,\xe4,\xb8,\xff,\xef\xbb\xbf,\0,\xf0\x9f,\xed\xa0\x80".split(b",")]
broken = st.lists(st.sampled_from(BITS)).map(b"".join)
anything = st.one_of(st.binary(), st.text().map(str.encode), broken)
ways = st.sampled_from(["strict", "replace"])


def outcome(read: Any) -> tuple[str, str]:
    """The text, or the slug and what is said."""
    try:
        return "", read()
    except Failure as failure:
        return failure.slug, failure.message


@example(b"\xef\xbb\xbfa", 4, "strict")
@example(b"ab\xe4\xb8", 3, "strict")
@example(b"ab\xe4\xb8a", 3, "replace")
@given(anything, st.integers(4, 9), ways)
def test_the_blocks_are_the_text(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, size: int, invalid: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "text"
    path.write_bytes(raw)
    bounds = Bounds(invalid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        found = outcome(lambda: "".join(blocks.read(str(path), bounds)))

    expected = outcome(lambda: inputs.read_file(str(path), bounds))
    both = b"\0" in raw and found[0] == "bad_encoding"  # then the first fault is told
    assert found == expected or (both and expected[0] == "binary_input")


def test_a_block_is_bounded_and_whole_in_a_pipe() -> None:
    read, write = os.pipe()

    def feed() -> None:
        with open(write, "wb", buffering=0) as pipe:
            for _ in range(40):
                pipe.write(b"x" * 50_000)

    feeder = threading.Thread(target=feed)
    feeder.start()
    lengths = [len(block) for block in blocks.read(f"/dev/fd/{read}", Bounds())]
    feeder.join()
    os.close(read)

    assert lengths == [blocks.SIZE, 2_000_000 - blocks.SIZE, 0]


def test_the_place_of_a_fault_counts_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a" * (blocks.SIZE + 10) + b"\xff")
    with pytest.raises(BadInput, match=f"not UTF-8 at byte {blocks.SIZE + 10}"):
        list(blocks.read(str(path), Bounds()))
    path.write_bytes(b"a" * (blocks.SIZE + 10) + b"\0")
    with pytest.raises(BadInput, match=f"NUL at byte {blocks.SIZE + 10}"):
        list(blocks.read(str(path), Bounds()))


@pytest.mark.parametrize("path", ["gone", ".", "\0", "gone/x"])
def test_what_cannot_be_read_is_told_as_elsewhere(path: str) -> None:
    found = outcome(lambda: list(blocks.read(path, Bounds())))

    assert found == outcome(lambda: inputs.read_file(path, Bounds()))
    with pytest.raises(NoInput):
        list(blocks.read(path, Bounds()))
