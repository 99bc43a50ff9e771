"""EDGE: the body of an HTTP request, read off the connection within limits."""

from __future__ import annotations

import re
from email.message import Message
from io import BufferedIOBase

from mcli.sandbox.prompts import Rejected

LARGEST = 64 << 20
"""Bytes of a request's body."""

_LONGEST_LINE = 4096
"""Bytes of a chunk's size line or of a trailer line."""


class Unread(Rejected):
    """The body was not read to its end, so the connection cannot serve another request."""


def announced(headers: Message) -> int | None:
    """The length that the headers announce; None if the body comes in chunks.

    Raises Unread for a length that is no number (400) or above `LARGEST` (413).
    """
    if headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
        return None
    written = headers.get("Content-Length", "0").strip()
    if "Transfer-Encoding" in headers or not re.fullmatch(r"\d{1,18}", written, re.ASCII):
        raise Unread("the length of the body cannot be told", code="invalid_length")
    return _within(int(written))


def read(headers: Message, stream: BufferedIOBase) -> bytes:
    """The whole body. Raises Unread if it is too large, badly framed or cut short."""
    length = announced(headers)
    return _chunks(stream) if length is None else _exactly(stream, length)


def _chunks(stream: BufferedIOBase) -> bytes:
    body = bytearray()
    while size := _size(stream):
        _within(len(body) + size)
        body += _exactly(stream, size)
        if stream.readline(_LONGEST_LINE).strip():
            raise Unread("a chunk of the body does not end where it should", code="invalid_length")
    # Trailers carry nothing for us, but they stand before the next request.
    while stream.readline(_LONGEST_LINE).strip():
        pass
    return bytes(body)


def _size(stream: BufferedIOBase) -> int:
    line = stream.readline(_LONGEST_LINE).partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", line):
        raise Unread("a chunk of the body has no size", code="invalid_length")
    return int(line, 16)


def _exactly(stream: BufferedIOBase, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise Unread("the body ends too early", code="invalid_length")
    return data


def _within(length: int) -> int:
    if length > LARGEST:
        raise Unread(
            f"the body is larger than {LARGEST >> 20} MiB", status=413, code="request_too_large"
        )
    return length
