"""EDGE: a text of any length as it is read: strictly UTF-8, in blocks of bounded size.

What `inputs` refuses is refused here with the same words; of two faults in one text the first is
told.
"""

from __future__ import annotations

import codecs
import os
import select
import stat
from collections.abc import Iterator

from mcli import inputs, system
from mcli.errors import BadInput, NoInput, reason
from mcli.inputs import Bounds

SIZE = 1 << 20
"""Bytes of a block."""


def read(path: str, bounds: Bounds) -> Iterator[str]:
    """The text of a file, or of stdin for `-`. Raises NoInput or BadInput on the way."""
    name = "stdin" if path == "-" else path
    decoder = codecs.getincrementaldecoder("utf-8")(bounds.invalid)
    offset = waiting = 0
    for raw in _raw(path, name):
        _refuse_binary(raw, offset, name)
        try:
            text = decoder.decode(raw)
        except UnicodeDecodeError as error:
            raise _not_utf8(name, offset - waiting + error.start) from None
        yield text.removeprefix("\ufeff") if offset - waiting == 0 else text
        offset += len(raw)
        waiting = len(decoder.getstate()[0])
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(name, offset - waiting + error.start) from None


def _refuse_binary(raw: bytes, offset: int, name: str) -> None:
    """What is wrong with the bytes of a block, as `inputs.decode` finds it."""
    if offset == 0 and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        inputs.decode(raw[:2], name, Bounds())
    nul = raw.find(0)
    if nul >= 0:
        raise BadInput("binary_input", f"{name}: binary data (NUL at byte {offset + nul})")


def _not_utf8(name: str, offset: int) -> BadInput:
    return BadInput(
        "bad_encoding",
        f"{name}: not UTF-8 at byte {offset}",
        "convert it with iconv, or take it with --invalid replace",
    )


def _raw(path: str, name: str) -> Iterator[bytes]:
    try:
        if path == "-":
            inputs.note_a_wait()
            yield from _bytes(inputs.STDIN)
            return
        descriptor = os.open(path, os.O_RDONLY | system.BINARY)
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise NoInput("unreadable", f"{name}: is a directory")
            yield from _bytes(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NoInput("unreadable", f"{name}: {reason(error, 'cannot be read')}") from None
    except ValueError:
        raise NoInput("unreadable", "a file name holds a NUL character") from None


def _bytes(descriptor: int) -> Iterator[bytes]:
    """Blocks of SIZE bytes but for the last: a pipe gives a little at a time."""
    block = bytearray()
    while True:
        try:
            raw = os.read(descriptor, SIZE - len(block))
        except BlockingIOError:
            # A neighbour in the pipe made it non-blocking; wait for more.
            select.select([descriptor], [], [])
            continue
        block += raw
        if not raw or len(block) == SIZE:
            yield bytes(block)
            block.clear()
        if not raw:
            return
