"""The path of a field is read as jq reads it, and leads to what stands there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import fieldpath

VALUE: dict[str, Any] = {"a": {"b": [1, {"c d": None}]}, "": 5, "0": "zero", "x.y": 6}


@pytest.mark.parametrize(
    ("written", "path", "value"),
    [
        (".", (), VALUE),
        (".a.b[0]", ("a", "b", 0), 1),
        ("a.b[0]", ("a", "b", 0), 1),
        (".a.b[-1]", ("a", "b", -1), {"c d": None}),
        ('.a.b[1]["c d"]', ("a", "b", 1, "c d"), None),
        ('.a.b.[1].["c d"]', ("a", "b", 1, "c d"), None),
        (".a.b[1].c d", ("a", "b", 1, "c d"), None),
        ('[""]', ("",), 5),
        (".0", ("0",), "zero"),
        ('["x.y"]', ("x.y",), 6),
        ('["\\u0030"]', ("0",), "zero"),
    ],
)
def test_a_path_leads_to_its_field(written: str, path: fieldpath.Path, value: Any) -> None:
    assert fieldpath.parse(written) == path
    assert fieldpath.pick(VALUE, path) == value


@pytest.mark.parametrize(
    "written", ["", " ", "..", ".a.", ".a[", ".a[x]", ".a[0", ".a]", 'a["b]', "[]"]
)
def test_what_is_no_path_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not the path of a field"):
        fieldpath.parse(written)


@pytest.mark.parametrize(
    "written", [".b", ".a.c", ".a.b[2]", ".a.b[-3]", ".a[0]", ".a.b.x", ".a.b[0].x", '[""].x']
)
def test_a_field_that_is_not_there_is_missing(written: str) -> None:
    with pytest.raises(fieldpath.Missing):
        fieldpath.pick(VALUE, fieldpath.parse(written))


@given(st.lists(st.one_of(st.text(), st.integers(-99, 99)), min_size=1).map(tuple))
def test_a_path_is_read_as_it_was_written(path: fieldpath.Path) -> None:
    assert fieldpath.parse(fieldpath.write(path)) == path


@given(st.text())
def test_any_text_is_a_path_or_a_value_error(text: str) -> None:
    try:
        fieldpath.write(fieldpath.parse(text))
    except ValueError:
        pass
