"""CORE: by what a journal knows a record again: a hash of what it brings, wherever it stands."""

from __future__ import annotations

import hashlib
import json

from mcli.record import Record


def digest(record: Record) -> str:
    """SHA-256, in hex, of the record's fields, data and id.

    Whatever a template could tell apart is told apart: `1`, `1.0`, `"1"` and `true`, null and a
    missing field, either form of an accented letter. The order of fields makes no difference.
    Raises ValueError for values that are no JSON, or nested deeper than Python goes.
    """
    fields = None if record.fields is None else dict(record.fields)
    try:
        # Not as ASCII: two lone halves would be spelled like the character they make together.
        told = json.dumps(
            [fields, record.data, record.id],
            ensure_ascii=False, sort_keys=True, separators=(",", ":"),
        )  # fmt: skip
    except (TypeError, RecursionError) as error:
        raise ValueError(f"what the record brings is no JSON: {error}") from None
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def key(digest: str, occurrence: int) -> str:
    """The key of the record that is the `occurrence`th with this digest in its input, from 1."""
    return f"{digest}.{occurrence}"
