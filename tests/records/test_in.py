"""Bytes to records: the same however they are cut, whatever they are, and with bounds."""

from __future__ import annotations

import csv
import io
import json
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli.errors import BadInput
from mcli.record import Record
from mcli.records import forms, framing, jsonl
from mcli.records import given as gives
from mcli.records.framing import Origin, Rules
from tests.records import cut, fed, read, seen

FORMS = ("lines", "jsonl", "csv", "tsv", "files", "openai-batch")
ODD = st.lists(
    st.sampled_from(
        [b'"', b'""', b",", b"\t", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xef",
         b"a", b"id", b"{", b"}", b'{"id":1}', b"[", b"\xc3\xa9", b" ", b"\\ud800", b"1e400"]
    ),
    max_size=30,
).map(b"".join)  # fmt: skip
BYTES = ODD | st.binary(max_size=60)
RULES = st.builds(
    Rules, st.sampled_from(["strict", "replace"]), st.sampled_from([None, 0, 3, 8, 30]),
    st.booleans(),
)  # fmt: skip


@given(st.sampled_from(FORMS), BYTES, st.lists(st.integers(0, 100)), RULES)
def test_any_bytes_are_the_same_records_however_they_are_cut(
    form: str, raw: bytes, places: list[int], rules: Rules
) -> None:
    whole = seen(form, [raw], rules)

    assert seen(form, cut(raw, places), rules) == whole
    assert seen(form, [raw[n : n + 1] for n in range(len(raw))], rules) == whole
    if isinstance(whole, tuple):
        assert whole[0] == "bad_header"
        assert form in ("csv", "tsv")
    else:
        assert [each[0] for each in whole] == list(range(1, len(whole) + 1))


def test_a_cell_in_quotes_may_be_cut_anywhere() -> None:
    raw = b'\xef\xbb\xbf"a\n",b\r\n1,"x""\n\r\n,"\r\n"",""\n2"3,4\n'
    whole = seen("csv", [raw], Rules())

    assert [list(each[3].values()) for each in whole] == [
        ["1", 'x"\n\r\n,'], ["", ""], ['2"3', "4"],
    ]  # fmt: skip
    for at in range(len(raw)):
        assert seen("csv", [raw[:at], raw[at:]], Rules()) == whole
    assert seen("csv", [raw[n : n + 1] for n in range(len(raw))], Rules()) == whole


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")),
                         min_size=2, max_size=2)))  # fmt: skip
def test_what_csv_writes_is_read(rows: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["id", "text"], *rows])
    found = read("csv", file.getvalue().encode())

    assert [list((r.fields or {}).values()) for r in found] == rows
    assert [r.failure for r in found] == [None] * len(rows)


@given(st.text(st.sampled_from('a", \n'), max_size=30))
def test_records_of_csv_are_those_of_the_standard_library(text: str) -> None:
    raw = f"h,i\n{text}"
    try:
        wanted = [row for row in csv.reader(io.StringIO(raw, newline=""), strict=True) if row][1:]
    except csv.Error:
        return
    found = read("csv", raw.encode())

    assert [len(row) == 2 for row in wanted] == [r.failure is None for r in found]
    assert [row for row in wanted if len(row) == 2] == [
        list((r.fields or {}).values()) for r in found if r.failure is None
    ]


LINES: list[tuple[bytes, bool, list[str | None]]] = [
    (b"", False, []),
    (b"a\nb", False, ["a", "b"]),
    (b"a\r\nb\r\n", False, ["a", "b"]),
    (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", False, ["a", "\ufeffb"]),
    (b"a\n\n \n", False, ["a", "", " "]),
    (b"a\rb\n", False, ["a\rb"]),
    (b"a\nb\r\n\0c", True, ["a\nb\r\n", "c"]),
    (b"a\0\0", True, ["a", ""]),
    (b"a\0b\nc", False, [None, "c"]),
    (b"\xff\nok", False, [None, "ok"]),
]


@pytest.mark.parametrize(("raw", "zero", "wanted"), LINES)
def test_lines(raw: bytes, zero: bool, wanted: list[str | None]) -> None:
    assert [record.data for record in read("lines", raw, Rules(zero=zero))] == wanted


def test_a_blank_line_is_a_record_without_anything_to_ask() -> None:
    assert [r.blank for r in read("lines", b"a\n \n\xff\n")] == [False, True, False]


FAILED: list[tuple[str, bytes, str, str]] = [
    ("lines", b"ok\nab\xff\n", "bad_encoding", "line 2: not UTF-8 at byte 2"),
    ("lines", b"a\0", "binary_input", "line 1: binary data (NUL at byte 1)"),
    ("lines", b"123456789012345678901", "too_much_input", "line 1: more than 20 bytes"),
    ("jsonl", b'\n{"a": }', "bad_record", "line 2: column 7: not JSON: expecting value"),
    ("jsonl", b"12", "bad_record", "line 1: column 1: neither an object nor a text"),
    ("jsonl", b'{"a":1,"a":2}', "bad_record", 'line 1: the name "a" stands twice in an object'),
    ("jsonl", b'[{"a":1,"a":2}]', "bad_record", 'line 1: the name "a" stands twice in an object'),
    ("jsonl", b'{"a":NaN}', "bad_record", "line 1: NaN is not JSON"),
    ("jsonl", b'"\\ud800"', "bad_record", "line 1: it has half a character (a lone surrogate)"),
    ("csv", b"a,b\n1", "bad_record", "line 2: 1 cells, and the header has 2"),
    ("csv", b'a,b\n1,"x\ny",3\n', "bad_record", "line 2: 3 cells, and the header has 2"),
    ("csv", b'a\n"x\n', "bad_record", "line 2: not CSV: a quote is not closed"),
    ("csv", b"a\nx\ry\n", "bad_record", "line 2: not CSV: a carriage return outside quotes"),
    ("csv", b'a\n"x"y\n', "bad_record", "line 2: not CSV: ',' expected after '\"'"),
    ("csv", b'a\n"12345678901234567890\n"\n', "too_much_input", "line 2: more than 20 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "raw", "slug", "message"), FAILED)
def test_a_bad_record_fails_and_the_next_is_read(
    form: str, raw: bytes, slug: str, message: str
) -> None:
    bad = [r.failure for r in read(form, raw, Rules(most=20)) if r.failure]

    assert [(failure.slug, str(failure)) for failure in bad] == [(slug, message)]
    last = {"jsonl": b'"ok"', "csv": b"ok" + b"," * raw.split(b"\n")[0].count(b",")}
    after = read(form, raw.rstrip(b"\n") + b"\n" + last.get(form, b"ok"))[-1]
    assert after.failure is None or b'"x\n' in raw


def test_many_digits_and_levels_are_bad_records() -> None:
    deep, wide = b"[" * 101 + b"]" * 101, b"[" + b"[]," * 200 + b"[]]"
    found = read("jsonl", b'{"a":%s}\n{"a":%s}\n{"a":%s}\n{"a":"%s"}' % (
        b"9" * 5000, deep, wide, b"[" * 200,
    ))  # fmt: skip

    assert [str(record.failure) for record in found[:2]] == [
        "line 1: a number has too many digits",
        "line 2: column 106: nested deeper than 100 levels",
    ]
    assert [record.failure for record in found[2:]] == [None, None]


def test_replaced_bytes_are_taken() -> None:
    assert [r.data for r in read("lines", b"a\xffb", Rules("replace"))] == ["a\ufffdb"]


def test_rows_of_json_have_fields_id_and_their_text() -> None:
    raw = b'\xef\xbb\xbf{"id": 7, "p": 1.10}\r\n\n"text"\n{"id":"x","big":1e400}\n{"id":true}'
    found = read("jsonl", raw)

    assert [(r.n, r.place, r.id, r.data) for r in found] == [
        (1, "line 1", "7", None), (2, "line 3", None, "text"),
        (3, "line 4", "x", None), (4, "line 5", None, None),
    ]  # fmt: skip
    assert found[0].row == '{"id": 7, "p": 1.10}'
    assert gives.variables(found[0]) == {"id": "7", "p": "1.10"}
    assert json.dumps(found[2].fields) == '{"id": "x", "big": "1e400"}'


@pytest.mark.parametrize(
    ("value", "wanted"),
    [('"a"', "a"), ("null", None), ('["a","b"]', ("a", "b")), ("[1]", "[1]"), ("true", "true"),
     ("1.50", "1.50"), ("12345678901234567890", "12345678901234567890"), ('{"é":1}', '{"é": 1}')],
)  # fmt: skip
def test_a_field_is_a_variable_as_it_stands(value: str, wanted: Any) -> None:
    assert jsonl.variable(jsonl.value_of(value, "")) == wanted


@pytest.mark.parametrize(
    ("row", "wanted"),
    [('{"t":"x"}', "x"), ('{"t":""}', ""), ("{}", 'there is no field "t"'),
     ('{"t":1.5}', 'the field "t" is a number, and no text'),
     ('{"t":null}', 'the field "t" is null, and no text')],
)  # fmt: skip
def test_the_field_that_is_the_data_must_be_text(row: str, wanted: str) -> None:
    made = gives.data_from(read("jsonl", row.encode())[0], "t")

    assert (made.data if made.failure is None else str(made.failure)[8:]) == wanted


def test_rows_of_csv() -> None:
    raw = b'\xef\xbb\xbf"id",text\r\n7,"a ""b"",\nc"\r\n\r\n,=1+1\r\n'
    found = read("csv", raw)

    assert [(r.n, r.place, r.id, r.fields) for r in found] == [
        (1, "line 2", "7", {"id": "7", "text": 'a "b",\nc'}),
        (2, "line 5", None, {"id": "", "text": "=1+1"}),
    ]
    assert found[0].row.table.newline == "\r\n"
    assert read("tsv", b"a\tb\n1,2\t3\n")[0].fields == {"a": "1,2", "b": "3"}


@pytest.mark.parametrize(
    ("raw", "message"),
    [(b"", "stdin: there is no header line"), (b"\n\n", "stdin: there is no header line"),
     (b"a,\n", "line 1: a column has no name"), (b"a,b,a\n", 'line 1: two columns are called "a"'),
     (b"\xff\n", "the header cannot be read: line 1: not UTF-8 at byte 0"),
     (b'"a\n', "the header cannot be read: line 1: not CSV: a quote is not closed")],
)  # fmt: skip
def test_a_header_that_is_none_is_the_end(raw: bytes, message: str) -> None:
    with pytest.raises(BadInput) as failed:
        read("csv", raw)

    assert (failed.value.slug, failed.value.message) == ("bad_header", message)


def test_a_row_that_fails_keeps_its_cells() -> None:
    found = read("csv", b"a,b\n1\n1,2,3\n\xff,\n")

    assert [record.row.cells for record in found] == [("1", ""), ("1", "2"), ("", "")]


def test_names_of_files_are_bytes() -> None:
    raw = b"a b\n\n\xff.txt\r\n" + b"x" * 5000
    found = read("files", raw)

    assert [(r.place, r.data, r.id) for r in found[:3]] == [
        ("a b", None, "a b"), ("line 2", "", None), ("\udcff.txt", None, "\udcff.txt"),
    ]  # fmt: skip
    assert found[3].failure is not None
    assert [r.place for r in read("files", b"a\nb\0c", Rules(zero=True))] == ["a\nb", "c"]


BOMBS = {
    "lines": b"x",
    "jsonl": b"{",
    "csv": b'"',
    "tsv": b"\t",
    "files": b"/",
    "openai-batch": b'"',
}


@pytest.mark.parametrize("form", BOMBS)
@pytest.mark.sweep
def test_a_record_without_end_is_not_held(form: str) -> None:
    parser = forms.parser(form, Rules(most=1000), Origin())  # type: ignore[arg-type]
    if form in ("csv", "tsv"):
        parser.feed(b"a\n")
    tracemalloc.start()
    try:
        for _ in range(200):
            parser.feed(BOMBS[form] * 9_999)
        assert tracemalloc.get_traced_memory()[0] < 50_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    found = [*parser.feed(b'"\nok\n'), *parser.close()]
    assert found[0].failure is not None
    assert found[0].failure.slug in ("too_much_input", "bad_record")


@pytest.mark.parametrize("hostile", [b'"', b'""', b',"', b'"a"b,', b"{", b'{"a":', b"\\", b'\\"'])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_hostile_bytes_take_steps_in_proportion(form: str, hostile: bytes) -> None:
    def steps(times: int) -> int:
        count = 0

        def one(*_: object) -> Any:
            nonlocal count
            count += 1
            return one

        before = sys.gettrace()
        sys.settrace(one)
        try:
            seen(form, [b"a\n" + hostile * times], Rules())
        finally:
            sys.settrace(before)
        return count

    steps(10)
    assert steps(8000) < 12 * steps(1000) + 1000


@pytest.mark.slow
def test_a_million_of_anything_is_read() -> None:
    for hostile in (b'"', b"{", b"[", b",", b'"",', b"\\"):
        for form in ("jsonl", "csv"):
            seen(form, [b"a\n" + hostile * 1_000_000], Rules())


@pytest.mark.parametrize(
    ("paths", "form"),
    [((), "lines"), (("a.txt",), "lines"), (("a.JSONL", "b.ndjson"), "jsonl"), (("x.csv",), "csv"),
     (("x.tsv",), "tsv"), (("-",), "lines")],
)  # fmt: skip
def test_the_form_is_guessed_by_the_name(paths: tuple[str, ...], form: str) -> None:
    assert forms.guessed(paths) == form


def test_a_number_keeps_how_it_was_written() -> None:
    assert (str(jsonl.Number("1.10")), f"{jsonl.Number('1.10')}") == ("1.10", "1.10")
    assert json.dumps([jsonl.Number("1.10")]) == "[1.1]"


def test_pieces_are_joined_once() -> None:
    split = framing.Splitter(b"\n", 3)

    assert split.feed(b"ab") + split.feed(b"c\nabcd\n") + split.feed(b"abcd") == [b"abc", None]
    assert split.close() == [None]
    assert isinstance(fed("lines", [b"a"])[0], Record)
