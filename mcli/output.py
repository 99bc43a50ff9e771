"""EDGE: everything that is written: stdout once and whole, stderr in lines; the only printer."""

from __future__ import annotations

import json
import os
import re
import select
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcli import durations, redaction, system
from mcli.errors import Failure, ReaderGone, WriteFailure, reason
from mcli.expressions import expression

STDOUT = 1
STDERR = 2
_HALF = expression("[\ud800-\udfff]")
_ORDER = expression(r"##(?=(?:vso)?\[)", re.IGNORECASE)
"""How an order to a CI runner begins, which reads a log for them; it may stand inside a line."""


def check_stdout() -> None:
    """Raise WriteFailure if stdout cannot be written at all: better before a request than after."""
    try:
        closed = system.direction(STDOUT) == os.O_RDONLY
    except OSError:
        closed = True
    if closed:
        raise WriteFailure("stdout_closed", "stdout is closed", "nothing was sent; use -o FILE")


def goes_to(path: Path) -> bool:
    """Whether stdout is that file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(STDOUT))
    except OSError:
        return False


def text(content: str) -> None:
    """Text on stdout, with one line break behind it if it has none.

    A terminal gets control characters as visible text; a pipe or file gets the bytes as they are.
    """
    write(content if content.endswith("\n") else content + "\n")


def write(content: str) -> None:
    """Exactly `content` on stdout: all of it, or ReaderGone or WriteFailure."""
    if os.isatty(STDOUT):
        content = redaction.visible(content)
    write_all(STDOUT, to_bytes(content))


def piece(content: str) -> None:
    """Part of a text, as it is; on a terminal with a line break behind it."""
    write(content + ("\n" if os.isatty(STDOUT) and not content.endswith("\n") else ""))


class Screen:
    """Text shown as it comes. A context manager: at its end the line is ended too, but after a
    failure only on a terminal, where a person reads on; a pipe keeps the bare prefix."""

    def __init__(self) -> None:
        self._last = "\n"

    def show(self, content: str) -> None:
        """A piece of the answer."""
        write(content)
        self._last = content[-1:] or self._last

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if self._last != "\n" and (kind is None or (kind is not ReaderGone and os.isatty(STDOUT))):
            write("\n")


def json_line(value: Any) -> None:
    """One JSON value on one line of stdout."""
    text(json_text(value))


def json_text(value: Any) -> str:
    """JSON on one line; half a surrogate pair, as in an odd file name, stays an escape."""
    told = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", told)


def failure_envelope(value: dict[str, Any]) -> None:
    """A failure's envelope on stdout, without secrets in what it says."""
    json_line(without_secrets(value))


def without_secrets(value: dict[str, Any]) -> dict[str, Any]:
    """A failure's envelope with no secrets in what it says."""
    told = value["error"]
    shown = {**told, "message": redaction.excerpt(told["message"])}
    if told["hint"]:
        shown["hint"] = redaction.excerpt(told["hint"])
    return {**value, "error": shown}


def json_block(value: Any) -> None:
    """One JSON value on stdout, laid out to be read."""
    text(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2))


def table(
    header: tuple[str, ...],
    rows: list[tuple[str, ...]],
    color: str = "auto",
    shares: Sequence[float] | None = None,
) -> None:
    """A table on a terminal; off it tab-separated lines without a header.

    With `shares`, from 0 to 1 a row, the rows are of numbers, and a terminal shows a bar for each.
    """
    if os.isatty(STDOUT):
        from mcli import pretty  # rich: for terminals only

        shown = [tuple(redaction.visible(cell) for cell in row) for row in rows]
        write_all(STDOUT, to_bytes(pretty.table(header, shown, colored(STDOUT, color), shares)))
        return
    for row in rows:
        text("\t".join(" ".join(cell.split()) for cell in row))


def note(message: str) -> None:
    """One line on stderr, for -v."""
    _stderr_line(f"mcli: {redaction.excerpt(message)}")


def aside(line: str) -> None:
    """A line of somebody else's text on stderr, harmless and without secrets, however long."""
    _stderr_line(redaction.visible(redaction.redact(line)))


def terminal_note(message: str) -> None:
    """One line on stderr, if a person is looking."""
    if os.isatty(STDERR):
        note(message)


def progress_of(done: int, all: int, color: str = "auto") -> None:
    """How far it is, in place of what `progress` showed last."""
    if os.isatty(STDERR):
        from mcli import pretty  # rich: for terminals only

        progress(pretty.bar(done, all, colored(STDERR, color)))


def is_watched() -> bool:
    """Whether a person looks at stderr."""
    return os.isatty(STDERR)


def progress_of_run(share: float | None, words: str, color: str = "auto") -> None:
    """A bar, if it is known how full it is, and words, in place of what `progress` showed last."""
    from mcli import pretty  # rich: for terminals only

    progress(pretty.bar_and_words(share, words, colored(STDERR, color)))


def progress(line: str) -> None:
    """`line` in place of the last such line on stderr, if a person is looking; "" takes it away."""
    if os.isatty(STDERR):
        try:
            write_all(STDERR, to_bytes(f"\r\x1b[2K{line}"))
        except (ReaderGone, WriteFailure):
            pass


def failure_line(failure: Failure, color: str = "auto") -> None:
    """`mcli: what happened: what to do [slug, attempts=4, 12.4s, req=…]` on stderr."""
    facts = [failure.slug]
    if failure.attempts:
        facts.append(f"attempts={failure.attempts}")
        if failure.elapsed_s is not None:
            facts.append(durations.words(round(failure.elapsed_s, 1)))
    if failure.request_id:
        facts.append(f"req={redaction.excerpt(failure.request_id, 100)}")
    message = redaction.excerpt(failure.message)
    if failure.hint:
        message += f": {redaction.excerpt(failure.hint)}"
    name = "\x1b[31mmcli:\x1b[0m" if colored(STDERR, color) else "mcli:"
    _stderr_line(f"{name} {message} [{', '.join(facts)}]")


def traceback_text(lines: str) -> None:
    """A traceback, without secrets, on stderr; each line is ours, whatever an error's text says."""
    for line in redaction.visible(redaction.redact(lines)).splitlines():
        _stderr_line(f"mcli: {line}")


def colored(descriptor: int, color: str) -> bool:
    """Whether to colour: asked for, or on a terminal that says it can."""
    if color != "auto":
        return color == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return os.isatty(descriptor) and not plain


def to_bytes(content: str) -> bytes:
    """UTF-8 whatever the locale; a file name that was not UTF-8 comes out as it went in."""
    try:
        return content.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return content.encode("utf-8", "replace")


def write_all(descriptor: int, data: bytes, name: str = "stdout") -> None:
    """All of `data`, however little is taken at a time; ReaderGone or WriteFailure if not."""
    view = memoryview(data)
    try:
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:
                # A neighbour in the pipe made it non-blocking; wait for room.
                select.select([], [descriptor], [])
    except OSError as error:
        if system.is_reader_gone(error):
            raise ReaderGone from None
        why = reason(error, "cannot be written")
        raise WriteFailure("write_failed", f"{name}: {why}") from None


def _stderr_line(line: str) -> None:
    """A line on stderr, no order to a CI runner; that nobody reads it is no reason to fail."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            pass
    try:
        write_all(STDERR, to_bytes(_ORDER.sub(r"#\\x23", line) + "\n"))
    except (ReaderGone, WriteFailure):
        pass
