"""What became of a record, printed: rows whole and unchanged, a line a record, files in place."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import schema
from mcli.errors import BadInput, CannotCreate, UnusableAnswer, UsageFailure
from mcli.reading import Reading
from mcli.record import Record
from mcli.records import into, openai_batch, targets, told
from mcli.records.each import Each
from mcli.records.into import Fields
from tests.program import ROOT
from tests.records import FAILED, WHY, read, said

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
PLAIN = Reading()
AS_JSON = Reading("json", schema={"properties": {"a": {}, "b": {}}})


def put(raw: str, *envelopes: Any, format: str = "jsonl", field: str | None = "F") -> str:
    """The records of `raw` printed with what became of each."""
    how = PLAIN if field else AS_JSON
    printer = into.printer(format, how, field)
    found = read(format, raw.encode())
    assert len(found) == len(envelopes)
    table = found[0].row.table if found and format == "csv" else None
    head = printer.head(table)
    lines = [printer.line(*pair) for pair in zip(found, envelopes, strict=True)]
    return (head + b"".join(lines)).decode()


SAID = json.dumps(WHY) + "}\n"
INTO = [
    ('{"a":1.10,"b":1e400}', said("x"), '{"a":1.10,"b":1e400, "F": "x"}\n'),
    ("{}", said("x"), '{"F": "x"}\n'),
    ("  { }  ", said("x"), '{"F": "x"}\n'),
    ('{"F":1,"b":12345678901234567890}', said("é\n"), '{"F": "é\\n", "b":12345678901234567890}\n'),
    ('{"\\u0046" : [1, {"F":2}] , "b": 2.0}', said("x"), '{"F": "x", "b": 2.0}\n'),
    ('{"a":"}","F_error":"old","F":null}', said("x"), '{"a":"}", "F": "x"}\n'),
    ('{"a":{"F":1}}', FAILED, '{"a":{"F":1}, "F": null, "F_error": ' + SAID),
    ('{"a":"F"}', said(None), '{"a":"F", "F": null}\n'),
    ('{"a":', FAILED, '{"F": null, "F_error": ' + SAID),
    ('"some text"', said("x"), '{"input": "some text", "F": "x"}\n'),
]


@pytest.mark.parametrize(("row", "envelope", "wanted"), INTO)
def test_an_answer_is_put_into_a_row_of_json(row: str, envelope: Any, wanted: str) -> None:
    assert put(row + "\n", envelope) == wanted


@given(st.dictionaries(TEXT, JSON), TEXT, st.booleans(), st.booleans())
def test_a_row_of_json_keeps_all_else(
    row: dict[str, Any], answer: str, ascii: bool, compact: bool
) -> None:
    separators = (",", ":") if compact else None
    line = json.dumps(row, ensure_ascii=ascii, separators=separators)
    for name in ("F", *list(row)[:2]):
        (found,) = read("jsonl", line.encode())
        printed = into.IntoJson(Fields(PLAIN, name)).line(found, said(answer)).decode()
        kept = {n: v for n, v in row.items() if n not in (name, f"{name}_error")}

        assert json.loads(printed) == {**kept, name: answer}
        assert printed.count("\n") == 1
        for member, value in kept.items():
            said_so = [
                json.dumps(each, ensure_ascii=ascii, separators=separators)
                for each in (member, value)
            ]
            assert (":" if compact else ": ").join(said_so) in printed


def test_lines_and_files_become_objects() -> None:
    printer = into.printer("lines", PLAIN, "F")

    assert printer.line(Record(1, "line 1", "text"), said("x")) == b'{"input": "text", "F": "x"}\n'
    assert printer.line(Record(1, "a/b", id="a/b"), said("x")) == b'{"path": "a/b", "F": "x"}\n'
    assert printer.line(Record(2, "line 2", ""), said(None)) == b'{"input": "", "F": null}\n'


def test_an_answer_is_put_into_a_row_of_csv() -> None:
    raw = 'F,id,"x ""y"\r\nold,1,"=1+1"\r\n2\r\n3,"a\nb",\r\n'

    assert put(raw, said("a,b"), FAILED, said("no"), format="csv") == (
        'id,"x ""y",F,F_error\r\n1,=1+1,"a,b",\r\n,,,"server_busy: HTTP 503: ""busy"""\r\n'
        '"a\nb",,no,\r\n'
    )
    assert into.printer("csv", PLAIN, "F").head(None) == b""


def test_a_table_without_rows_has_its_header() -> None:
    (found,) = read("csv", b"a\n1\n")

    assert into.printer("csv", PLAIN, "F").head(found.row.table) == b"a,F,F_error\n"


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_csv_reads_back_what_is_written(rows: list[tuple[str, str]], newline: str) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    printed = put(file.getvalue(), *(said(b) for _, b in rows), format="csv")

    assert list(csv.reader(io.StringIO(printed, newline=""), strict=True)) == [
        ["a", "b", "F", "F_error"], *([a, b, b, ""] for a, b in rows),
    ]  # fmt: skip


def test_fields_of_an_answer_become_fields_of_the_row() -> None:
    answer = said("{}", {"a": 1.5, "c": [True]})

    assert put('{"a":0,"id":1}\n', answer, field=None) == (
        '{"a": 1.5, "id":1, "b": null, "c": [true]}\n'
    )
    assert put('{"id":1}\n', FAILED, field=None) == (
        '{"id":1, "a": null, "b": null, "error": ' + SAID
    )
    assert put("id,a\n1,2\n3,4\n", said("{}", {"b": {"x": 1}, "c": 1}), FAILED, format="csv",
               field=None) == (
        'id,a,b,error\n1,,"{""x"": 1}",\n3,,,"server_busy: HTTP 503: ""busy"""\n'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("format", "how"),
    [("jsonl", PLAIN), ("csv", Reading("json")), ("csv", Reading("json", schema={"type": "x"})),
     ("csv", Reading("json", schema={"properties": {"error": {}}}))],
)  # fmt: skip
def test_fields_that_cannot_be_told_beforehand_are_refused(format: str, how: Reading) -> None:
    with pytest.raises(UsageFailure):
        into.printer(format, how, None)


def test_an_answer_without_fields_is_unusable() -> None:
    told.refuse_no_fields({})
    with pytest.raises(UnusableAnswer):
        told.refuse_no_fields([1])


@pytest.mark.parametrize(
    ("how", "envelope", "wanted"),
    [
        (PLAIN, said("x", {"label": "x"}), "x"),
        (Reading("json"), said('{"a":1}', {"a": 1}), {"a": 1}),
        (Reading("json", get=("a",)), said("1", {"a": 1}), 1),
        (Reading("json"), said("[…]", {"tool_calls": []}), "[…]"),
        (Reading("json"), said(None), None),
    ],
)
def test_the_answer_is_text_or_a_value(how: Reading, envelope: Any, wanted: Any) -> None:
    assert told.value_of(envelope, how) == wanted


@pytest.mark.parametrize(
    ("text", "line", "kept"),
    [
        ("Paris.\n", "Paris.\n", "Paris.\n\0"),
        ("a\r\n\n b\u2028c\x0bd\x85", "a  b c d\n", "a\r\n\n b\u2028c\x0bd\x85\0"),
        ("a\0b", "a\0b\n", "a\ufffdb\0"),
        ("\ud800", "\ufffd\n", "\ufffd\0"),
        (None, "\n", "\0"),
    ],
)
def test_exactly_one_line_a_record(text: str | None, line: str, kept: str) -> None:
    record = Record(1, "line 1", "x")

    assert told.Texts().line(record, said(text)).decode() == line
    assert told.Texts(zero=True).line(record, said(text)).decode() == kept
    assert told.Texts().line(record, {**FAILED, "text": "half"}) == b"\n"


@given(st.text())
def test_any_answer_is_one_line(text: str) -> None:
    line = told.Texts().line(Record(1, "", ""), said(text)).decode()

    assert line.splitlines(keepends=True) == [line]
    assert told.Texts(zero=True).line(Record(1, "", ""), said(text)).count(b"\0") == 1


def test_an_envelope_says_which_record_it_is_of() -> None:
    line = told.Envelopes().line(Record(3, "line 4", id="x"), FAILED)
    value = json.loads(line)

    assert line.startswith(b'{"id": "x", "n": 3, "v": 1, "ok": false')
    assert line.endswith(b"}\n")
    assert value["error"] == FAILED["error"]
    assert schema.complaint(value, ENVELOPE) == ""


ENVELOPE = json.loads((ROOT / "mcli" / "envelope.schema.json").read_text())


PATHS = [
    ("{dir}/{stem}.de{ext}", True, Record(1, "a/b.c.txt"), "a/b.c.de.txt"),
    ("{dir}/{name}.de", True, Record(1, "b"), "./b.de"),
    ("{dir}/{name}.de", True, Record(1, "/b"), "/b.de"),
    ("{dir}/{stem}{ext}", True, Record(1, "../x/.env"), "../x/.env"),
    ("{path}.de", True, Record(1, "../x"), "../x.de"),
    ("out/{path}.de", True, Record(1, "a/b"), "out/a/b.de"),
    ("out/{path}.de", True, Record(1, "../b"), None),
    ("out/{path}.de", True, Record(1, "/b"), None),
    ("out/{dir}/x", True, Record(1, "a/../../b"), None),
    ("out/{stem}", True, Record(1, "a/.."), None),
    ("out/{n}-{{{id}}}.txt", False, Record(7, "line 7", id="a b"), "out/7-{a b}.txt"),
    ("out/{id}", False, Record(1, "line 1"), None),
    ("out/{id}", False, Record(1, "line 1", id="../x"), None),
    ("out/{id}", False, Record(1, "line 1", id=".."), None),
    ("out/.{id}", False, Record(1, "line 1", id="."), None),
    ("out/{id}", False, Record(1, "line 1", id=".bashrc"), None),
    ("out/{id}", False, Record(1, "line 1", id="-rf"), None),
    ("out/x{id}", False, Record(1, "line 1", id="-rf"), "out/x-rf"),
    ("out/{id}", False, Record(1, "line 1", id="a\0"), None),
    ("out/{id}", False, Record(1, "line 1", id="a\nb"), None),
    ("out/{id}", False, Record(1, "line 1", id="a\\b"), None),
    ("out/{id}", False, Record(1, "line 1", id="é" * 128), None),
]


@pytest.mark.parametrize(("template", "files", "record", "wanted"), PATHS)
def test_what_fills_a_template_stays_where_it_says(
    template: str, files: bool, record: Record, wanted: str | None
) -> None:
    made = targets.parse(template, files)
    if wanted is None:
        with pytest.raises(BadInput) as failed:
            made.target(record)
        assert failed.value.slug == "unsafe_name"
    else:
        assert made.target(record) == wanted


@given(st.text(), st.sampled_from(["out/{id}", "out/{id}.txt", "out/a-{id}", "out/{n}{id}"]))
def test_no_id_leads_out_of_the_directory(name: str, template: str) -> None:
    try:
        path = targets.parse(template, False).target(Record(1, "line 1", id=name))
    except BadInput:
        return
    assert targets.alike(path).startswith("out/")
    assert path.count("/") == 1


@pytest.mark.parametrize("template", ["out", "{x}", "{}", "{n", "n}", "{dir}/x", "{n.real}", "{0}"])
def test_a_template_that_is_none_is_refused(template: str) -> None:
    with pytest.raises(UsageFailure):
        targets.parse(template, False)


def test_each_record_has_a_file_of_its_own(tmp_path: Any) -> None:
    taken: set[str] = set()

    def take(path: str) -> bool:
        return path in taken or bool(taken.add(path))

    each = Each(targets.parse(f"{tmp_path}/{{id}}.txt", False), False, take)
    each.check()
    path = each.claim(Record(1, "line 1", id="a"))
    each.write(path, "text")
    assert (tmp_path / "a.txt").read_text() == "text\n"
    with pytest.raises(BadInput) as failed:
        each.claim(Record(2, "line 2", id="a"))
    assert failed.value.slug == "same_target"

    source = tmp_path / "in.txt"
    source.write_text("x")
    same = Each(targets.parse("{dir}/{name}", True), False, lambda _: False)
    with pytest.raises(BadInput):
        same.claim(Record(1, str(source)))
    with pytest.raises(CannotCreate):
        Each(targets.parse(f"{tmp_path}/{{id}}.txt", False), True, lambda _: False).claim(
            Record(1, "line 1", id="a")
        )
    with pytest.raises(CannotCreate):
        Each(targets.parse(f"{tmp_path}/none/{{id}}.txt", False), False, take).check()


def test_a_directory_that_may_not_be_written_is_known_before_anything_is_sent(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # whoever runs the tests may be root
    with pytest.raises(CannotCreate) as failed:
        Each(targets.parse(f"{tmp_path}/{{n}}", False), False, lambda _: False).check()
    assert failed.value.slug == "no_permission"


def request_line(custom_id: str, body: dict[str, Any]) -> str:
    return told.json_text(openai_batch.told(custom_id, body))


BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "top_p": 0.5}


def test_a_request_goes_out_and_comes_in() -> None:
    line = request_line("row-1", {**BODY, "stream": True})
    (found,) = read("openai-batch", line.encode())

    assert line == (
        '{"custom_id": "row-1", "method": "POST", "url": "/v1/chat/completions", "body": '
        '{"model": "m", "messages": [{"role": "user", "content": "hi"}], "top_p": 0.5}}'
    )
    assert (found.id, found.fields) == ("row-1", {"body": BODY})
    request = openai_batch.request_of(BODY)
    assert (request.model, request.messages[0].content) == ("m", "hi")
    assert request.params == {"top_p": 0.5}
    assert into.IntoJson(Fields(PLAIN, "url")).line(found, said("x")).startswith(
        b'{"custom_id": "row-1", "method": "POST", "url": "x", "body"'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"custom_id": 1}, "custom_id is missing, or no text"),
        ({"method": "GET"}, 'method is not "POST"'),
        ({"url": "/v1/embeddings"}, 'url is not "/v1/chat/completions"'),
        ({"body": []}, "body is not an object"),
        ({"body": {**BODY, "model": ""}}, "body.model is not the name of a model"),
        ({"body": {**BODY, "messages": []}}, "body.messages is empty"),
        ({"body": {**BODY, "messages": [{"role": "x"}]}},
         "body: messages[0].role is not one of system, developer, user, assistant, tool"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_request_is_a_failed_record(changed: Any, message: str) -> None:
    good = json.loads(request_line("x", BODY))
    (found,) = read("openai-batch", json.dumps({**good, **changed}).encode())

    assert str(found.failure) == f"line 1: {message}"


def test_a_number_that_no_request_can_have_is_refused() -> None:
    line = request_line("x", BODY).replace("0.5", "1e400")

    assert read("openai-batch", line.encode())[0].failure is not None
