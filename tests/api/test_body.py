"""A body is bounded in size and time, and a packed one must prove its end."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.api import body
from mcli.errors import BadReply, Failure, Recovery, TryAgain
from tests.api import Wire, run

TEXT = b'{"choices": [{"message": {"content": "Paris."}}]}' * 3000
MEMBER = gzip.compress(TEXT)


def read(wire: Wire, packing: str = "") -> bytes:
    return run(body.whole(body.pieces(wire.bytes(), packing, "api.test")))


def failing(wire: Wire, packing: str = "gzip") -> Failure:
    with pytest.raises(Failure) as caught:
        read(wire, packing)
    return caught.value


def split(raw: bytes, size: int) -> list[bytes]:
    return [raw[start : start + size] for start in range(0, len(raw), size)]


@pytest.mark.parametrize("packing", ["", "identity"])
def test_a_plain_body_is_what_came(packing: str) -> None:
    assert read(Wire(split(TEXT, 1000)), packing) == TEXT
    assert read(Wire([]), packing) == b""


@pytest.mark.parametrize("size", [1, 2, 7, 100, len(MEMBER)])
@pytest.mark.parametrize(
    ("packing", "raw"),
    [("gzip", MEMBER), ("x-gzip", MEMBER), ("deflate", zlib.compress(TEXT))],
)
def test_a_packed_body_is_unpacked_however_it_is_cut(packing: str, raw: bytes, size: int) -> None:
    assert read(Wire(split(raw, size)), packing) == TEXT


@given(st.binary(max_size=300_000), st.integers(1, 5000), st.integers(0, 9))
@settings(deadline=None, max_examples=25)
def test_any_body_packed_is_that_body(raw: bytes, size: int, level: int) -> None:
    assert read(Wire(split(gzip.compress(raw, level), size)), "gzip") == raw


@pytest.mark.parametrize(
    "kept", [0, 1, 9, 10, 11, len(MEMBER) // 2, len(MEMBER) - 8, len(MEMBER) - 1]
)
def test_a_packed_body_without_its_end_is_not_a_body(kept: int) -> None:
    failure = failing(Wire([MEMBER[:kept]]))
    assert (failure.exit_code, failure.slug) == (76, "bad_encoding")
    assert failure.recovery is Recovery.CHARGED


@pytest.mark.parametrize(
    "raw",
    [
        TEXT,
        MEMBER[:-8] + bytes(8),
        MEMBER[:-4] + bytes(4),
        MEMBER[:50] + b"\xff" * 20 + MEMBER[70:],
        b"\x1f\x8b\x08",
    ],
    ids=["plain", "checksum", "length", "damaged", "stub"],
)
def test_a_damaged_pack_is_not_a_body(raw: bytes) -> None:
    assert failing(Wire([raw])).slug == "bad_encoding"


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "compress", "\x1b[2J" * 50])
def test_a_packing_that_nobody_asked_for_is_refused(packing: str) -> None:
    failure = failing(Wire([b"x"]), packing)
    assert (failure.exit_code, failure.slug) == (76, "bad_encoding")
    assert (failure.recovery, failure.charged) == (Recovery.PERMANENT, "yes")


def test_a_body_over_the_limit_is_left_unread() -> None:
    wire = Wire(b"x" * (1 << 20) for _ in range(100))
    failure = failing(wire, "")
    assert (failure.exit_code, failure.slug) == (76, "limit_exceeded")
    assert failure.recovery is Recovery.PERMANENT
    assert body.LARGEST < wire.taken <= body.LARGEST + (1 << 20)


def test_a_body_of_exactly_the_limit_is_one() -> None:
    wire = Wire(b"x" * (1 << 20) for _ in range(body.LARGEST >> 20))

    async def size() -> int:
        return sum([len(piece) async for piece in body.pieces(wire.bytes(), "", "api.test")])

    assert run(size()) == body.LARGEST


def bomb(size: int) -> bytes:
    """A small pack that unfolds to `size` bytes."""
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


def test_a_bomb_unfolds_no_further_than_the_limit_and_a_little_at_a_time() -> None:
    sizes: list[int] = []

    async def gather() -> None:
        async for piece in body.pieces(Wire([bomb(100 << 20)]).bytes(), "gzip", "api.test"):
            sizes.append(len(piece))  # noqa: PERF401 - they count also if it raises

    with pytest.raises(BadReply, match="limit"):
        run(gather())
    assert sum(sizes) <= body.LARGEST
    assert max(sizes) <= 64 << 10


def patient(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The pieces, up to `most` of them: a reader that wants more has lost its way."""
    for _, piece in zip(range(most), pieces, strict=False):
        yield piece
    pytest.fail("it reads on and on behind the end")


@pytest.mark.parametrize("size", [1, 1000, 100_000])
@pytest.mark.parametrize("text", [b"short", TEXT], ids=["short", "long"])
def test_what_stands_behind_a_pack_in_the_same_piece_is_the_end_of_it(
    text: bytes, size: int
) -> None:
    async def count() -> int:
        parts = 0
        async for _ in body.pieces(Wire([gzip.compress(text) + b"x" * size]).bytes(), "gzip", "h"):
            parts += 1
            assert parts < 20, "it unpacks nothing for ever"
        return parts

    try:
        assert run(count())
    except BadReply:
        pass  # refusing it is as good as leaving it


def test_what_comes_behind_a_pack_is_not_gathered() -> None:
    def rest() -> Iterator[bytes]:
        yield MEMBER
        while True:
            yield b"x" * (1 << 20)

    wire = Wire(patient(rest(), (body.LARGEST >> 20) + 8))
    try:
        assert read(wire, "gzip") == TEXT
    except BadReply:
        pass
    assert wire.taken <= body.LARGEST + (1 << 20)


def test_two_packs_are_never_read_as_the_first_alone() -> None:
    try:
        assert read(Wire([gzip.compress(b"one"), gzip.compress(b"two")]), "gzip") == b"onetwo"
    except BadReply:
        pass


def test_silence_inside_a_reply_is_a_matter_of_trying_again() -> None:
    with pytest.raises(TryAgain) as caught:
        read(Wire([b"{"], silent=True))
    assert (caught.value.slug, caught.value.recovery) == ("stalled", Recovery.CHARGED)


@pytest.mark.parametrize("wire", [Wire([b"a"]), Wire([b"{"], silent=True)])
def test_the_connection_is_let_go_whatever_happens(wire: Wire) -> None:
    try:
        read(wire)
    except TryAgain:
        pass
    assert wire.closed
