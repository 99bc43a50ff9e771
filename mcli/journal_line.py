"""CORE: a line of a batch's journal: `crc32-hex SP json LF`, the checksum being that of the JSON.

    hdr    {v, run, mcli, created, facts}   first; `facts` is all that is the same for the run
    start  {k, n}                           before the request leaves
    done   {k, n, envelope}                 its answer
    fail   {k, n, envelope}                 its failure
    end    {ok, failed, doubt}              the run is over
    torn   {from}                           what stands between that byte and this line is no line

`t` names the kind, `k` is a record's key (`record_key`) and `n` its number. The words of the model
stay as they are; all others are without secrets. In the JSON stands no space outside of texts, so
that nowhere in a line begins what looks like another one (`begins`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from zlib import crc32

from mcli import redaction
from mcli.expressions import expression

VERSION = 1
LONGEST = 1 << 30
"""Bytes: several times what the largest reply that is read can make."""

_HEAD = expression(rb'[0-9a-f]{8} \{"t":"')
_SHAPE = b'00000000 {"t":"'
_KEY = expression(r"[0-9a-f]{64}\.[1-9][0-9]{0,14}")
_WORDS_OF_THE_MODEL = ("text", "data", "message", "reasoning", "choices")
"""As `envelope` names them."""
_ESCAPED = expression(f"[\ud800-\udfff]|{redaction.UNSAFE.pattern}")
"""Halves of characters, which UTF-8 cannot say, and what would drive a terminal or hide in it."""


def header(run: str, version: str, created: str, facts: Mapping[str, str]) -> bytes:
    """The line that a journal begins with; `version` is that of mcli, `created` an ISO time."""
    told = {"v": VERSION, "run": run, "mcli": version, "created": created, "facts": dict(facts)}
    return _line("hdr", told)


def start(key: str, n: int) -> bytes:
    """The line that is written before the request for a record leaves."""
    return _line("start", {"k": key, "n": n})


def outcome(key: str, n: int, envelope: Mapping[str, Any]) -> bytes:
    """The line of what became of a record."""
    told = {
        name: value if name in _WORDS_OF_THE_MODEL else _redacted(value)
        for name, value in envelope.items()
    }
    return _line("done" if envelope["ok"] else "fail", {"k": key, "n": n, "envelope": told})


def end(ok: int, failed: int, doubt: int) -> bytes:
    """The line of a run that ended by itself, with how many records came to what."""
    return _line("end", {"ok": ok, "failed": failed, "doubt": doubt})


def torn(at: int) -> bytes:
    """The line that says that there is none from the byte `at` up to it."""
    return _line("torn", {"from": at})


def begins(raw: bytes) -> bool:
    """Whether `raw` is how a line begins, or where it is short, how one could."""
    shape = b"".join(b"0" if byte in b"0123456789abcdef" else bytes((byte,)) for byte in raw[:8])
    told = shape + raw[8 : len(_SHAPE)]
    return told == _SHAPE[: len(told)]


def begins_a_header(raw: bytes) -> bool:
    """Whether `raw` begins as a journal does, whatever its version."""
    return re.match(rb'[0-9a-f]{8} \{"t":"hdr",', raw) is not None


def holds_another(raw: bytes) -> bool:
    """Whether a line begins somewhere inside of `raw`: then a line break is missing."""
    return _HEAD.search(raw, 1) is not None


def decode(raw: bytes) -> dict[str, Any]:
    """What a line says, given without its line break. Raises ValueError that says why it is none.

    A header of another version is only looked at as far as that.
    """
    if raw[8:9] != b" " or raw[:8] != b"%08x" % crc32(memoryview(raw)[9:]):
        raise ValueError("it does not fit its checksum")
    if not raw.startswith(
        b'{"t":"', 9
    ):  # so that a long one can be refused before its end was read
        raise ValueError("it does not begin as a line does")
    try:
        value = json.loads(raw[9:].decode())
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    fields: dict[str, Any] = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if fields.get("t") == "hdr" and fields.get("v") != VERSION:
        told = str(fields.get("v"))[:20]
        raise NewerVersion(f"the journal is of version {told}, and this mcli knows {VERSION}")
    check = _CHECKS.get(str(fields.get("t")))
    if check is None:
        raise ValueError("it is of no known kind")
    if not check(fields):
        raise ValueError("its fields are not those of a journal")
    return fields


class NewerVersion(ValueError):
    """A header that this program cannot go by."""


def _line(kind: str, fields: dict[str, Any]) -> bytes:
    told = json.dumps({"t": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
    body = _ESCAPED.sub(lambda found: json.dumps(found[0])[1:-1], told).encode()
    return b"%08x %b\n" % (crc32(body), body)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redaction.redact(value)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {redaction.redact(name): _redacted(inner) for name, inner in fields.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(inner) for inner in cast("list[Any]", value)]
    return value


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_amount(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value < math.inf)


def _is_header(fields: dict[str, Any]) -> bool:
    facts = fields.get("facts")
    told = cast("dict[str, Any]", facts).values() if isinstance(facts, dict) else [None]
    return all(isinstance(value, str) for value in told)


def _is_start(fields: dict[str, Any]) -> bool:
    key = fields.get("k")
    return isinstance(key, str) and bool(_KEY.fullmatch(key)) and _is_count(fields.get("n"))


def _is_outcome(fields: dict[str, Any]) -> bool:
    found = fields.get("envelope")
    envelope: dict[str, Any] = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    return (
        _is_start(fields)
        and envelope.get("ok") is (fields["t"] == "done")
        and (envelope["ok"] or _is_error(envelope.get("error")))
        and _is_count(envelope.get("attempts"))
        and _is_amount(envelope.get("cost_usd"))
    )


def _is_error(value: Any) -> bool:
    error: dict[str, Any] = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    words = (error.get("slug"), error.get("message"), error.get("charged"))
    return isinstance(error.get("retryable"), bool) and all(isinstance(w, str) for w in words)


def _is_end(fields: dict[str, Any]) -> bool:
    return all(_is_count(fields.get(name)) for name in ("ok", "failed", "doubt"))


def _is_torn(fields: dict[str, Any]) -> bool:
    return _is_count(fields.get("from"))


_CHECKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "hdr": _is_header,
    "start": _is_start,
    "done": _is_outcome,
    "fail": _is_outcome,
    "end": _is_end,
    "torn": _is_torn,
}
