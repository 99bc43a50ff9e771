"""Fuzz target: any bytes are the lines of a journal or one complaint, and no line is lost.

Fuzzed bytes never fit a checksum. So a line of the input that begins with `+` is given one first,
and `-` stands for a line break that is missing.
"""

from __future__ import annotations

import re
import sys
from zlib import crc32

import atheris

with atheris.instrument_imports(include=["mcli"]):
    from mcli.journal_scan import Line, Scan

PLACE = re.compile(r"[1-9]\d* \(byte \d+\): \S")


def file_of(raw: bytes) -> bytes:
    """The file that an input stands for."""
    return b"".join(map(line_of, raw.split(b"\n")))


def line_of(raw: bytes) -> bytes:
    ended = b"" if raw.endswith(b"-") else b"\n"
    body = raw.removesuffix(b"-")
    if not body.startswith(b"+"):
        return body + ended
    return b"%08x %b%b" % (crc32(body[1:]), body[1:], ended)


def outcome(raw: bytes, size: int) -> tuple[list[Line], Scan | str]:
    """The lines, and the reader at the end or its complaint."""
    scan = Scan()
    found: list[Line] = []
    try:
        for at in range(0, len(raw), size):
            found.extend(scan.feed(raw[at : at + size]))
        found.extend(scan.close())
    except ValueError as error:
        return found, str(error)
    return found, scan


def check(raw: bytes) -> None:
    """Assert all of it for one input."""
    file = file_of(raw)
    found, end = outcome(file, 1 << 16)
    pieces, other = outcome(file, 3)
    assert pieces == found
    if isinstance(end, str):
        assert PLACE.match(end), end
        assert other == end
        return
    assert isinstance(other, Scan)
    assert (other.joint, other.header) == (end.joint, end.header)
    again, healed = outcome(file + end.joint, 1 << 16)
    assert isinstance(healed, Scan), healed
    assert again == found
    assert healed.joint == b""
    for cut in range(0, len(file), max(len(file) // 8, 1)):
        before, _ = outcome(file[:cut], 1 << 16)
        assert before == found[: len(before)], "a beginning has other lines"
        whole = [line for line in found if 0 <= file.find(b"\n", line.at) < cut]
        assert before[: len(whole)] == whole, "a line before the cut is lost"


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
