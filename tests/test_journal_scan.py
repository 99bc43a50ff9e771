"""A journal's bytes: any are its lines or one complaint, and a torn end hides no line before it."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import journal_line, redaction
from mcli.journal_scan import Line, Scan
from tests.api import json_like

NAMES = "t v k n from ok envelope facts error attempts"
KEY = "ab" * 32


def answer(text: str = "Paris.", **fields: Any) -> dict[str, Any]:
    """The envelope of an answer, as far as a journal looks at it."""
    plain = {"v": 1, "ok": True, "text": text, "data": None, "model": "m", "cost_usd": 0.5}
    return {**plain, "attempts": 1, **fields}


def failure(retryable: bool = False, **fields: Any) -> dict[str, Any]:
    error = {"slug": "refused", "message": "no", "retryable": retryable, "charged": "no"}
    return {"v": 1, "ok": False, "error": {**error, **fields}, "cost_usd": None, "attempts": 2}


def key(n: int) -> str:
    return f"{KEY}.{n}"


def header(**facts: str) -> bytes:
    return journal_line.header("r", "0.1", "2026-11-26T00:00:00Z", facts)


def line(kind: str, **fields: Any) -> bytes:
    """A line with a right checksum, whatever it says."""
    body = json.dumps({"t": kind, **fields}, separators=(",", ":")).encode()
    return b"%08x %b\n" % (crc32(body), body)


LINES = [
    header(model="m"),
    journal_line.start(key(1), 1),
    journal_line.start(key(2), 2),
    journal_line.outcome(key(2), 2, answer("Zo\u00eb \U0001f389\u2028\n\x1b")),
    journal_line.outcome(key(1), 1, failure()),
    journal_line.end(1, 1, 0),
    journal_line.start(key(3), 3),
    journal_line.outcome(key(3), 3, answer()),
]
FILE = b"".join(LINES)
_TOLD = b'{"facts":{"model":"what is told first is not the kind"},"t":"hdr","v":1}'
TOLD_LAST = b"%08x %b\n" % (crc32(_TOLD), _TOLD)
"""JSON that fits its checksum, and does not begin as a line does."""
TORN = LINES[1][:30]
HEALED = FILE + TORN + b"\n" + journal_line.torn(len(FILE)) + LINES[1]


def scanned(raw: bytes, size: int = 1 << 16) -> tuple[list[Line], Scan]:
    """The lines of `raw`, that comes in pieces of `size`, and the reader at its end."""
    scan = Scan()
    found = [line for at in range(0, len(raw), size) for line in scan.feed(raw[at : at + size])]
    return [*found, *scan.close()], scan


def read(raw: bytes) -> list[Line] | None:
    """The lines; None where it complains as it should."""
    try:
        found, scan = scanned(raw)
    except ValueError as error:
        if re.match(r"\d+ \(byte \d+\): .", str(error)):
            return None
        raise AssertionError from error
    again, after = scanned(raw + scan.joint)
    assert again == found, "the joint changed what was read"
    assert after.joint == b"", "the joint needs a joint"
    return found


ALL = read(FILE)
HEALED_LINES = read(HEALED)
assert ALL is not None
assert HEALED_LINES is not None


def test_a_line_is_a_checksum_and_json() -> None:
    assert journal_line.start(key(7), 3) == b'%08x {"t":"start","k":"%b.7","n":3}\n' % (
        crc32(journal_line.start(key(7), 3)[9:-1]),
        KEY.encode(),
    )
    kinds = ["start", "start", "done", "fail", "end", "start", "done"]
    assert [found.fields["t"] for found in ALL] == kinds
    assert [found.at for found in ALL] == [len(b"".join(LINES[:n])) for n in range(1, 8)]


@given(st.dictionaries(st.text(), json_like(NAMES)), st.text(st.characters()), st.booleans())
def test_what_is_written_is_read(extra: dict[str, Any], text: str, ok: bool) -> None:
    told = {**extra, **(answer(text) if ok else failure()), "message": extra}
    written = journal_line.outcome(key(1), 1, told)
    found = journal_line.decode(written[:-1])

    assert written.count(b"\n") == 1
    expected = {"t": "done" if ok else "fail", "k": key(1), "n": 1, "envelope": told}
    assert json.dumps(found) == json.dumps(expected)  # in the same order too


@pytest.mark.parametrize("file", [FILE, HEALED], ids=["plain", "healed"])
def test_cut_anywhere_no_line_before_the_cut_is_lost(file: bytes) -> None:
    everything = read(file)
    assert everything is not None
    ends = [end for end, byte in enumerate(file) if byte == ord("\n")]
    for cut in range(len(file) + 1):
        found = read(file[:cut])

        # A line that lacks but its line break is whole.
        whole = max((end for end in ends if end <= cut), default=-1)
        assert found == [line for line in everything if line.at < whole]


@pytest.mark.parametrize("zeros", [1, 4096])
def test_zeros_that_a_power_cut_left_are_torn_too(zeros: int) -> None:
    for cut in (len(FILE), len(FILE) - 1, len(FILE) - 20, len(FILE) - len(LINES[-1]) + 3, 0, 5):
        found = read(FILE[:cut] + bytes(zeros))
        assert found == [line for line in ALL if FILE.find(b"\n", line.at) < cut]


@pytest.mark.parametrize("file", [FILE, HEALED], ids=["plain", "healed"])
@pytest.mark.parametrize("change", [1, 0x20, 0x80, "\n"])
def test_a_changed_byte_is_noticed_and_only_the_last_line_can_be_torn(
    file: bytes, change: int | str
) -> None:
    everything = read(file)
    assert everything is not None
    fragment = range(len(FILE), len(FILE) + len(TORN)) if file == HEALED else range(0)
    for at in range(len(file)):
        byte = ord("\n") if isinstance(change, str) else file[at] ^ change
        found = read(file[:at] + bytes((byte,)) + file[at + 1 :])

        if found is None or byte == file[at]:
            continue
        if at in fragment:
            assert found == everything  # it was no line before either
        else:
            assert at >= everything[-1].at, "damage before the last line was taken for none"
            assert found == everything[:-1]


def test_a_piece_ends_anywhere() -> None:
    for size in (1, 2, 3, 7, 63, 64, 65):
        assert scanned(HEALED, size)[0] == HEALED_LINES


def test_a_torn_end_is_healed_again_and_again() -> None:
    """Who heals it may be killed as well, at any byte."""
    found, scan = scanned(FILE + TORN)
    assert found == ALL
    for cut in range(len(scan.joint) + 1):
        once = FILE + TORN + scan.joint[:cut]
        second = scanned(once)[1].joint
        for again in range(len(second) + 1):
            assert read(once + second[:again]) == ALL
            joint = scanned(once + second[:again])[1].joint
            healed = read(once + second[:again] + joint + LINES[1])
            assert healed is not None
            assert healed[:-1] == ALL


def test_a_line_that_is_whole_but_cannot_be_right_is_damage_at_the_end_too() -> None:
    for bad in (b"my notes", b"00000000 [1]", b"\0\0x", FILE[:-1] + b"x" + LINES[1]):
        assert read(FILE + bad) is None
        assert read(FILE + bad + b"\n") is None


def test_what_says_that_lines_are_torn_hides_no_line() -> None:
    at = len(LINES[0])
    damaged = LINES[0] + LINES[1].replace(b"start", b"stort") + LINES[2]

    assert read(damaged + TORN + b"\n" + journal_line.torn(len(damaged))) is None
    assert read(damaged + TORN + b"\n" + journal_line.torn(at)) is None
    assert read(FILE + journal_line.torn(0)) == ALL
    assert read(damaged[: -len(LINES[2])] + journal_line.torn(at)) == []
    assert read(damaged[: -len(LINES[2])] + journal_line.torn(0)) is None


def test_a_header_alone_may_be_torn() -> None:
    for cut in range(len(LINES[0]) - 1):
        found, scan = scanned(LINES[0][:cut])
        assert found == []
        assert scan.header is None
        assert read(LINES[0][:cut] + scan.joint + FILE[: 2 * len(LINES[0])]) is not None
        assert scanned(LINES[0][:cut] + scan.joint + LINES[0])[1].header == scanned(FILE)[1].header


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"my notes\n", "1 (byte 0): this is no journal of mcli"),
        (b"\x7fELF" + bytes(100), "1 (byte 0): this is no journal of mcli"),
        (b"x" * 1_000_000, "1 (byte 0): this is no journal of mcli"),
        (b'{"v":1,"messages":[]}\n', "1 (byte 0): this is no journal of mcli"),
        (LINES[1], "1 (byte 0): it is no header, which comes first"),
        (LINES[0] * 2, f"2 (byte {len(LINES[0])}): it is a second header"),
        (LINES[0] + b"hello\n", f"2 (byte {len(LINES[0])}): it is no line of a journal"),
        (LINES[0][:-1] + LINES[1], "1 (byte 0): it is two lines in one"),
        (line("hdr", v=2), "1 (byte 0): the journal is of version 2, and this mcli knows 1"),
        (line("hdr", v=2) * 2, "1 (byte 0): the journal is of version 2"),
        (FILE[:20] + b"#" + FILE[20:], "1 (byte 0): it does not fit its checksum"),
        (FILE.upper(), "1 (byte 0): this is no journal of mcli"),
        (FILE.replace(b"\n", b"\r\n"), "1 (byte 0): it does not fit its checksum"),
        (LINES[0] + line("what") + LINES[1], "it is of no known kind"),
        (LINES[0] + TOLD_LAST, f"2 (byte {len(LINES[0])}): it is no line of a journal"),
        (LINES[0] + TOLD_LAST[:70], f"2 (byte {len(LINES[0])}): it is no line of a journal"),
        (LINES[0] + line("start", k="x", n=1) + LINES[1], "its fields are not those"),
        (LINES[0] + line("start", k=key(1), n=True) + LINES[1], "its fields are not those"),
        (LINES[0] + line("done", k=key(1), n=1, envelope=failure()) + LINES[1], "its fields"),
        (LINES[0] + line("done", k=key(1), n=1, envelope=answer(cost_usd="1")) + LINES[1], "its"),
        (LINES[0] + line("done", k=key(1), n=1, envelope=answer(attempts=-1)) + LINES[1], "its"),
        (LINES[0] + line("fail", k=key(1), n=1, envelope=failure(slug=None)) + LINES[1], "its"),
        (LINES[0] + line("end", ok=1) + LINES[1], "its fields are not those"),
        (line("hdr", v=1, facts={"a": 1}) + FILE, "1 (byte 0): its fields are not those"),
    ],
)  # fmt: skip
def test_what_is_no_journal_is_named_by_its_place(raw: bytes, complaint: str) -> None:
    for size in (1 << 16, 3):
        with pytest.raises(ValueError, match=r"^\d+ \(byte \d+\): ") as caught:
            scanned(raw, size)
        assert complaint in str(caught.value)


VALUES = json_like(NAMES)
BODIES = st.one_of(
    st.sampled_from(LINES),
    st.builds(lambda value: line("done", k=key(1), n=1, envelope=value), VALUES),
    st.builds(lambda value: line("hdr", v=1, facts=value), VALUES),
)


@given(st.lists(st.one_of(BODIES, st.binary(), st.just(b"\n"), st.just(b"\0\0")), max_size=6))
def test_any_bytes_are_lines_or_one_complaint(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    for file in (raw, FILE + raw, HEALED + raw, raw + FILE):
        found = read(file)
        assert found is None or all(a.at < b.at for a, b in pairwise(found))
    found = read(FILE + raw)
    assert found is None or found[: len(ALL) - 1] == ALL[:-1]


@given(st.integers(0, len(FILE) - 2), st.binary(min_size=1, max_size=3))
def test_what_is_put_in_the_middle_hides_no_line(at: int, junk: bytes) -> None:
    found = read(FILE[:at] + junk + FILE[at:])

    if found is not None:
        kept = [one.fields for one in found]
        assert kept[: len(ALL) - 1] == [one.fields for one in ALL[:-1]]


def test_a_journal_has_no_key_but_where_the_model_said_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_runs", {})
    secret = "sk-aVerySecretKey0123456789"
    redaction.remember(secret)
    told = {**failure(message=f"bad key {secret}"), "warnings": [secret], "text": secret}
    found = journal_line.decode(journal_line.outcome(key(1), 1, told)[:-1])["envelope"]

    assert found["error"]["message"] == "bad key ***"
    assert found["warnings"] == ["***"]
    assert found["text"] == secret
