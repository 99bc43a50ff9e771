"""Fuzz target: the framer against a slow one that is plainly right, however the bytes are cut."""

from __future__ import annotations

import json
import sys
from itertools import pairwise

import atheris

with atheris.instrument_imports(include=["mcli"]):
    from mcli.api.sse import Event, EventTooLarge, Framer

Outcome = tuple[list[Event], str]
"""The events, and the name of the exception that ended them, or `""`."""

MARK = b"\xef\xbb\xbf"


def outcome(pieces: list[bytes]) -> Outcome:
    """What the framer makes of a stream that comes in `pieces`."""
    framer = Framer()
    found: list[Event] = []
    try:
        for piece in pieces:
            found.extend(framer.feed(piece))
        found.extend(framer.close())
    except (UnicodeDecodeError, EventTooLarge) as error:
        return found, type(error).__name__
    return found, ""


def expected(raw: bytes) -> Outcome:
    """The same by the rules of WHATWG HTML §9.2.6, and by what we add to them."""
    found: list[Event] = []
    name, held = b"", []
    # Beyond the standard: an event needs no blank line at the end of the stream.
    for line in [*unified(raw.removeprefix(MARK)).split(b"\n"), b""]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        # Beyond the standard: nor where the next one begins after data that is already complete.
        if not line or (field in (b"data", b"event") and is_complete(held)):
            try:
                found.extend(event(name, held))
            except UnicodeDecodeError:
                return found, "UnicodeDecodeError"
            name, held = b"", []
        if field in (b"data", b"error"):  # the latter is old llama.cpp's
            held.append(value)
        if field in (b"event", b"error"):
            name = value if field == b"event" else b"error"
    return found, ""


def unified(raw: bytes) -> bytes:
    """`raw` with every line end as LF."""
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def event(name: bytes, held: list[bytes]) -> list[Event]:
    """The event in the lines that were held; without data that says something there is none."""
    data = b"\n".join(held).decode()
    return [Event(name.decode("utf-8", "replace"), data)] if data.strip() else []


def is_complete(held: list[bytes]) -> bool:
    """Whether one line is held that is the end of the stream or JSON."""
    if len(held) != 1:
        return False
    if held[0].strip() == b"[DONE]":
        return True
    try:
        json.loads(held[0].decode(), strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def pieces_of(raw: bytes) -> list[bytes]:
    """`raw` cut where its own last eight bytes say, so that a seed is a stream and nothing else."""
    tail = raw[-8:]
    places = {int.from_bytes(tail[at : at + 2]) % (len(raw) + 1) for at in range(0, len(tail), 2)}
    return [raw[start:end] for start, end in pairwise(sorted({0, len(raw), *places}))]


def check(raw: bytes) -> None:
    """Assert all of it for one stream."""
    whole = outcome([raw])
    assert whole == expected(raw), f"{whole}\nis not the expected\n{expected(raw)}"
    for pieces in (pieces_of(raw), [*(raw[at : at + 1] for at in range(100)), raw[100:]]):
        cut = outcome(pieces)
        assert cut == whole, f"{cut}\nwhen it comes in pieces is not\n{whole}"


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
