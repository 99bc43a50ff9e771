"""CORE: what became of a record, as it is told: from its envelope alone, so that a run that was
resumed tells the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol, cast

from mcli import fieldpath, redaction
from mcli.errors import UnusableAnswer
from mcli.expressions import expression
from mcli.reading import Reading
from mcli.record import Record
from mcli.records.tables import Table

_HALF = expression("[\ud800-\udfff]")
_BREAKS = expression("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
"""What ends a line for one reader or another; `wc` and `read` know only the first."""

ERROR = "error"
"""What `--into-fields` calls the field that says why there are none."""

Envelope = Mapping[str, Any]


class Printer(Protocol):
    """Makes the output of a batch, record by record."""

    def line(self, record: Record, envelope: Envelope) -> bytes:
        """What is printed of a record."""
        ...

    def head(self, table: Table | None) -> bytes:
        """What is printed before the first; `table` is the input's, if it is one."""
        ...


class Envelopes:
    """An envelope a line, with the record's id and number."""

    def line(self, record: Record, envelope: Envelope) -> bytes:
        """The envelope, which says what the input calls the record, and where it stood in it."""
        return json_line({"id": record.id, "n": record.n, **harmless(envelope)})

    def head(self, table: Table | None) -> bytes:
        """Nothing."""
        return b""


class Texts:
    """Exactly one line a record: its answer, empty where there is none.

    What would end a line inside an answer is one space. With `zero` a NUL ends each and lines are
    kept; a NUL in an answer is U+FFFD, so that each record is one all the same.
    """

    def __init__(self, zero: bool = False) -> None:
        self._zero = zero

    def line(self, record: Record, envelope: Envelope) -> bytes:
        """The answer and what ends it."""
        text = envelope["text"] if envelope["ok"] else None
        if self._zero:
            return encoded((text or "").replace("\0", "\ufffd")) + b"\0"
        return encoded(_BREAKS.sub(" ", _trimmed(text or ""))) + b"\n"

    def head(self, table: Table | None) -> bytes:
        """Nothing."""
        return b""


def value_of(envelope: Envelope, how: Reading) -> Any:
    """The answer: text, or where JSON is wanted the value, or the field of it that is wanted."""
    data = envelope["data"]
    called = isinstance(data, dict) and "tool_calls" in data
    if how.kind != "json" or called or envelope["text"] is None:
        return envelope["text"]
    try:
        return fieldpath.pick(data, how.get)
    except fieldpath.Missing:  # of an answer that was read it is there
        return envelope["text"]


def refuse_no_fields(data: Any, called: bool = False, open: bool = False) -> None:
    """Raise UnusableAnswer unless an answer has fields of its own (`--into-fields`): calls of tools
    have none (`called`), and where any may be printed (`open`), none may be taken for ours."""
    if called or not isinstance(data, dict):
        what = "calls tools" if called else "is no object"
        message = f"the answer {what}, and has no fields to print"
        raise UnusableAnswer("schema_mismatch", message, "ask for an object, or use --into FIELD")
    if open and ERROR in data:
        message = f'the answer has a field "{ERROR}", which says what is wrong with a record'
        raise UnusableAnswer("schema_mismatch", message, "use --into FIELD")


def columns_of(how: Reading) -> tuple[str, ...] | None:
    """The fields that an answer will have, as far as its schema says; None if it does not."""
    schema: Any = how.schema
    properties: Any = schema.get("properties") if isinstance(schema, dict) else None  # pyright: ignore
    return tuple(cast("dict[str, Any]", properties)) if isinstance(properties, dict) else None


def why(envelope: Envelope) -> str:
    """Why there is no answer: the stable name, and words for a person."""
    told = envelope["error"]
    return f"{told['slug']}: {redaction.excerpt(told['message'])}"


def harmless(envelope: Envelope) -> Envelope:
    """The envelope without secrets in what it says of a failure."""
    if envelope["ok"]:
        return envelope
    error = envelope["error"]
    shown = {name: error[name] and redaction.excerpt(error[name]) for name in ("message", "hint")}
    return {**envelope, "error": {**error, **shown}}


def json_text(value: Any) -> str:
    """JSON on one line; half a character, as in an odd file name, stays an escape."""
    told = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return told if told.isascii() else _HALF.sub(_escape, told)


def json_line(value: Any) -> bytes:
    """The same in UTF-8, with a line feed."""
    return json_text(value).encode() + b"\n"


def encoded(text: str) -> bytes:
    """Text in UTF-8; half a character, which UTF-8 has no bytes for, is U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _HALF.sub("\ufffd", text).encode()


def _trimmed(text: str) -> str:
    return text.strip("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
