"""EDGE: bytes in: stdin and files, strictly UTF-8, bounded, and never waited for in vain."""

from __future__ import annotations

import codecs
import json
import os
import select
import stat
from collections.abc import Sequence
from typing import Any

from mcli import output, schema, system
from mcli.errors import BadInput, ConfigFailure, NoInput, UsageFailure, reason
from mcli.recipe import DataRule
from mcli.shapes import frozen

STDIN = 0
PATIENCE_S = 300.0
"""How long an unnamed stdin beside a prompt may stay silent: it is likely an inherited pipe."""

NOTE_AFTER_S = 3.0
LARGEST_SCHEMA = 1 << 20
_CHUNK = 1 << 20


@frozen
class Bounds:
    """How bytes become text: `invalid` is `strict` or `replace`; `most` bytes, or None."""

    invalid: str = "strict"
    most: int | None = 16 << 20


@frozen
class Piece:
    """A text and the name it is introduced by when there are several."""

    name: str
    text: str


def gather(paths: Sequence[str], rule: DataRule, no_stdin: bool, bounds: Bounds) -> list[Piece]:
    """The data: the named files, else stdin as `rule` has it.

    Raises NoInput, BadInput, or UsageFailure where a person must name the data.
    """
    if rule == "none":
        if paths:
            raise UsageFailure(
                "unexpected_data", "this recipe takes no data", "leave out the files"
            )
        return []
    if paths:
        pieces = _files(paths, bounds)
        if not any(piece.text.strip() for piece in pieces):
            raise NoInput("empty_input", f"{' and '.join(paths)}: empty", "nothing was sent")
        return pieces
    if rule == "optional":
        return _beside_a_prompt(no_stdin, bounds)
    return [_needed(no_stdin, bounds)]


def given(text: str, rule: DataRule) -> str:
    """Data that need not be read. Raises NoInput or UsageFailure as `gather` does."""
    if rule == "none" and text:
        raise UsageFailure("unexpected_data", "this recipe takes no data", "leave out the data")
    if rule == "required" and not text.strip():
        raise NoInput("empty_input", "there are no data, and the recipe needs some", "give it data")
    return text


def frame(pieces: Sequence[Piece]) -> str:
    """One piece as it is; several each under `==> NAME <==`, a blank line apart, as in head(1)."""
    if len(pieces) == 1:
        return pieces[0].text
    return "\n".join(
        f"==> {piece.name} <==\n{piece.text}{'' if piece.text.endswith(chr(10)) else chr(10)}"
        for piece in pieces
    )


def read_file(path: str, bounds: Bounds) -> str:
    """The text of a file, or of stdin for `-`."""
    return decode(_raw(path, bounds), _called(path), bounds)


def read_bytes(path: str, most: int | None) -> bytes:
    """The bytes of a file, or of stdin for `-`: no more than are needed to see that it has more
    than `most`."""
    return _raw(path, Bounds(most=most))


def read_schema(path: str) -> Any:
    """The JSON Schema in a file, or in stdin for `-`. ConfigFailure if it is none."""
    try:
        found = json.loads(read_file(path, Bounds(most=LARGEST_SCHEMA)))
        schema.check(found)
    except (ValueError, RecursionError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ConfigFailure("bad_schema", f"{_called(path)}: {why}") from None
    return found


def decode(raw: bytes, name: str, bounds: Bounds) -> str:
    """UTF-8 text, one byte-order mark dropped. BadInput with the byte offset, counted from 0."""
    if bounds.most is not None and len(raw) > bounds.most:
        raise BadInput(
            "too_much_input", f"{name}: more than {bounds.most} bytes", "see --max-input"
        )
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(
            "bad_encoding", f"{name}: UTF-16 at byte 0", "convert it with iconv -t UTF-8"
        )
    nul = raw.find(0)
    if nul >= 0:
        raise BadInput("binary_input", f"{name}: binary data (NUL at byte {nul})")
    try:
        text = raw.decode("utf-8", bounds.invalid)
    except UnicodeDecodeError as error:
        raise BadInput(
            "bad_encoding",
            f"{name}: not UTF-8 at byte {error.start}",
            "convert it with iconv, or take it with --invalid replace",
        ) from None
    return text.removeprefix("\ufeff")


def _files(paths: Sequence[str], bounds: Bounds) -> list[Piece]:
    pieces: list[Piece] = []
    left = bounds.most
    for number, path in enumerate(paths, 1):
        part = Bounds(bounds.invalid, left)
        raw = _raw(path, part)
        name = f"input {number}" if path == "-" or _is_pipe(path) else path
        pieces.append(Piece(name, decode(raw, _called(path), part)))
        if path == "-" and not raw.strip():
            raise NoInput("empty_input", "stdin is empty", "nothing was sent")
        left = None if left is None else left - len(raw)
    return pieces


def refuse_terminal(paths: Sequence[str], rule: DataRule, no_stdin: bool) -> None:
    """UsageFailure where data is needed and only a person at a terminal could give it."""
    if rule == "required" and not paths and not no_stdin and os.isatty(STDIN):
        raise UsageFailure(
            "no_data", "no data: nothing is piped in and no file is named",
            "name a FILE, or pipe text in",
        )  # fmt: skip


def _needed(no_stdin: bool, bounds: Bounds) -> Piece:
    if no_stdin:
        raise NoInput("empty_input", "stdin is left alone and no file is named", "name a FILE")
    text = decode(_read_stdin(bounds), "stdin", bounds)
    if not text.strip():
        raise NoInput(
            "empty_input", "stdin is empty", "nothing was sent: look at what comes before mcli"
        )
    return Piece("input 1", text)


def _beside_a_prompt(no_stdin: bool, bounds: Bounds) -> list[Piece]:
    if no_stdin or os.isatty(STDIN):
        return []
    _refuse_half_read_file()
    _await_first_byte(PATIENCE_S)
    text = decode(_read_stdin(bounds), "stdin", bounds)
    return [Piece("input 1", text)] if text.strip() else []


def _refuse_half_read_file() -> None:
    """A regular file somebody is in the middle of is the file of a `while read` loop."""
    status = os.fstat(STDIN)
    if not stat.S_ISREG(status.st_mode):
        return
    offset = os.lseek(STDIN, 0, os.SEEK_CUR)
    if 0 < offset < status.st_size:
        raise UsageFailure(
            "half_read_stdin",
            "stdin is a file that something else is reading, such as a while-read loop",
            "leave it alone with -n, or read the rest of it with -f -",
        )


def _await_first_byte(patience_s: float) -> None:
    if not _ready(patience_s):
        raise NoInput(
            "silent_stdin",
            f"stdin stayed silent for {patience_s:.0f} s beside a prompt",
            "leave it alone with -n, or wait for it with -f -",
        )


def _raw(path: str, bounds: Bounds) -> bytes:
    return _read_stdin(bounds) if path == "-" else _read_path(path, bounds.most)


def note_a_wait() -> None:
    """Tell a person that stdin is awaited, after a while in which nothing comes."""
    if not os.isatty(STDIN) and not _ready(NOTE_AFTER_S):
        output.terminal_note("waiting for text on stdin")


def _read_stdin(bounds: Bounds) -> bytes:
    note_a_wait()
    try:
        return _read(STDIN, bounds.most)
    except OSError as error:
        why = reason(error, "cannot be read")
        raise NoInput("unreadable", f"stdin: {why}") from None


def _ready(timeout_s: float) -> bool:
    """Whether stdin has bytes, or its end, within the time."""
    return system.has_bytes(STDIN, timeout_s)


def _read_path(path: str, most: int | None) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | system.BINARY)
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise NoInput("unreadable", f"{_called(path)}: is a directory")
            return _read(descriptor, most)
        finally:
            os.close(descriptor)
    except OSError as error:
        why = reason(error, "cannot be read")
        raise NoInput("unreadable", f"{_called(path)}: {why}") from None
    except ValueError:
        raise NoInput("unreadable", "a file name holds a NUL character") from None


def _read(descriptor: int, most: int | None) -> bytes:
    """Everything, or one byte more than `most`, which is enough to refuse it."""
    pieces: list[bytes] = []
    left = None if most is None else most + 1
    while left is None or left > 0:
        try:
            piece = os.read(descriptor, _CHUNK if left is None else min(_CHUNK, left))
        except BlockingIOError:
            # A neighbour in the pipe made it non-blocking; wait for more.
            select.select([descriptor], [], [])
            continue
        if not piece:
            break
        pieces.append(piece)
        left = None if left is None else left - len(piece)
    return b"".join(pieces)


def _is_pipe(path: str) -> bool:
    """A FIFO or a shell's process substitution, whose path says nothing and changes every time."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False


def _called(path: str) -> str:
    return "stdin" if path == "-" else path
