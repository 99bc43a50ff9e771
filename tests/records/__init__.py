"""Records in and out of a batch: words that several of its tests use."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mcli import envelope
from mcli.errors import BadInput, TryAgain
from mcli.record import Record
from mcli.records import forms
from mcli.records.framing import Origin, Rules

STRICT = Rules()


def cut(raw: bytes, places: Sequence[int]) -> list[bytes]:
    """`raw` in pieces, cut at these places."""
    ends = sorted({place % (len(raw) + 1) for place in places} | {0, len(raw)})
    return [raw[start:end] for start, end in pairwise(ends)]


def fed(form: Any, pieces: Sequence[bytes], rules: Rules = STRICT) -> list[Record]:
    """The records of an input that comes in these pieces."""
    parser = forms.parser(form, rules, Origin())
    found = [record for piece in pieces for record in parser.feed(piece)]
    return [*found, *parser.close()]


def read(form: Any, raw: bytes, rules: Rules = STRICT) -> list[Record]:
    """The records of an input that comes whole."""
    return fed(form, [raw], rules)


def seen(form: Any, pieces: Sequence[bytes], rules: Rules) -> Any:
    """The same for the same records, failures too; or why the whole input is refused."""
    try:
        found = fed(form, pieces, rules)
    except BadInput as failure:
        return failure.slug, failure.message
    return [
        (
            r.n,
            r.place,
            r.data,
            r.fields,
            r.row,
            r.id,
            r.failure and (r.failure.slug, str(r.failure)),
        )
        for r in found
    ]


def said(text: str | None, data: Any = None) -> dict[str, Any]:
    """The envelope of an answer."""
    return {**envelope.of_data(data, 0.1, attempts=1), "text": text}


FAILED = envelope.of_failure(TryAgain("server_busy", 'HTTP 503: "busy"', "run it again"))
WHY = 'server_busy: HTTP 503: "busy"'
