"""YAML is plain, small and unambiguous, or it is refused with the place of what is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcli import documents, strict
from mcli.errors import ConfigFailure
from mcli.strict import LARGEST, Node


def value(source: str) -> Any:
    """The document as JSON."""
    return strict.anything(documents.parse(source.encode(), "f.yaml"))


def refusal(source: str | bytes) -> ConfigFailure:
    raw = source if isinstance(source, bytes) else source.encode()
    with pytest.raises(ConfigFailure) as caught:
        documents.parse(raw, "f.yaml")
    assert caught.value.exit_code == 78
    return caught.value


@pytest.mark.parametrize(
    ("source", "place", "says"),
    [
        ("a: &x 1", "1:4", "anchors"),
        ("b: 1\na: *x", "2:4", "anchors"),
        ("a: &x {b: *x}", "1:4", "anchors"),
        ("a: !x 1", "1:4", "tags"),
        ("a: !!str 1", "1:4", "tags"),
        ("! a: 1", "1:1", "tags"),
        ("a: !!python/object/apply:os.system [true]", "1:4", "tags"),
        ("a: !!binary aGk=", "1:4", "tags"),
        ("!!map {a: 1}", "1:1", "tags"),
        ("a: 1\na: 2", "2:1", 'the key "a" stands twice'),
        ('a: 1\nb:\n  c: 1\n  "c": 2', "4:3", 'the key "c" stands twice'),
        ("{a: 1, a: 2}", "1:8", 'the key "a" stands twice'),
        ("a: 1\n---\nb: 2", "2:1", "more than one document"),
        ("a: 1\n...\n---\nb: 2", "3:1", "more than one document"),
        ("? [a]\n: b", "1:3", "a key must be text"),
        ("? {a: b}\n: c", "1:3", "a key must be text"),
    ],
)
def test_what_a_plain_document_does_not_have(source: str, place: str, says: str) -> None:
    assert refusal(source).message.startswith(f"f.yaml:{place}: ")
    assert says in refusal(source).message


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a: b: c", 1),
        ("a:\n\t- b", 2),
        ('a: 1\nb: "x', 2),
        ("a: [1, 2", 1),
        ("a: 1\n}", 2),
        ("a: %x", 1),
        ("a: 1\n b: 2", 2),
        ("- a\nb: 1", 2),
        ('a: "\\q"', 1),
        ('a: "\\ud800"', 1),
        ("a: 1\nb: \x00", 2),
        ("a: 1\nb: \x1b[0m", 2),
        ("a: 1\nb: \ufffe", 2),
    ],
)
def test_a_syntax_error_has_a_line_and_a_column(source: str, line: int) -> None:
    message = refusal(source).message
    assert re.match(rf"f\.yaml:({line}|{line + 1}):\d+: ", message), message
    assert "\n" not in message


@pytest.mark.parametrize("source", ["", "# nothing", "\n\n", "\ufeff"])
def test_an_empty_file_is_no_document(source: str) -> None:
    assert "f.yaml" in refusal(source).message


@pytest.mark.parametrize("raw", [b"a: \xff", "a: é".encode("latin-1"), "a: b".encode("utf-16")])
def test_a_file_that_is_not_utf8_is_told_so(raw: bytes) -> None:
    assert "UTF-8" in refusal(raw).message


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter() -> None:
    raw = "\ufeffa: 1\r\nb: [x, y]\r\n".encode()
    assert strict.anything(documents.parse(raw, "f.yaml")) == {"a": 1, "b": ["x", "y"]}


@pytest.mark.parametrize(
    "source",
    [
        "[" * 100_000,
        "[" * 51 + "]" * 51,
        "{a: " * 51 + "}" * 51,
        "- " * 60 + "a",
        "[" + "a," * 200_000 + "]",
        "a: " + "9" * (1 << 20),
        "x" * (LARGEST + 1),
        "a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]",
    ],
    ids=["open", "lists", "mappings", "dashes", "wide", "digits", "big", "aliases"],
)
def test_a_hostile_document_is_refused(source: str) -> None:
    assert len(refusal(source).message) < 400


def test_a_document_may_be_fifty_deep_and_a_mebibyte_long() -> None:
    assert documents.parse(b"[" * 49 + b"a" + b"]" * 49, "f.yaml")
    assert documents.parse(b"a: " + b"x" * (LARGEST - 3), "f.yaml")


@pytest.mark.parametrize(
    "word",
    ["no", "yes", "on", "off", "n", "1:30", "2024-01-01", "2024-01-01 12:00:00", "0x1F", "0o17",
     "017", "1_000", ".inf", "null", "~", "true", "1e3", "-", "=", "<<"],
)  # fmt: skip
def test_a_word_is_the_text_that_was_written(word: str) -> None:
    node = documents.parse(f"a: {word if word != '-' else '-x'}".encode(), "f.yaml")
    assert strict.text(strict.mapping(node)["a"]).startswith(word)


@pytest.mark.parametrize("key", ["no", "1:30", "null", "1", "<<", "true"])
def test_a_key_is_the_text_that_was_written(key: str) -> None:
    assert list(strict.mapping(documents.parse(f"{key}: 1".encode(), "f.yaml"))) == [key]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a: 1", 1),
        ("a: '1'", "1"),
        ('a: "1"', "1"),
        ("a: |\n  1\n", "1\n"),
        ("a: >-\n  b\n  c", "b c"),
        ("a: b #c", "b"),
        ("a: {{ x }}", None),
        ('a: "{{ x }}"', "{{ x }}"),
        ('a: "\\u00e9\\n"', "é\n"),
        ("a: 你好😀", "你好😀"),
    ],
)
def test_quoted_text_is_never_a_number(source: str, expected: Any) -> None:
    if expected is None:
        refusal(source)
    else:
        assert value(source) == {"a": expected}


def test_a_value_is_complained_about_where_its_key_stands() -> None:
    fields = strict.mapping(documents.parse(b"a: 1\nbb:\n  c: x\n", "f.yaml"))
    assert [node.place for node in fields.values()] == ["f.yaml:1:1", "f.yaml:2:1"]
    assert strict.mapping(fields["bb"])["c"].place == "f.yaml:3:3"


MARKS = ["a", ":", " ", "\n", "-", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">", "'", '"', "%",
         "#", "?", "---", "...", "\t", "  ", "\\", "\r", "1", "é", "<<", "@", "`"]  # fmt: skip
sources = st.text() | st.lists(st.sampled_from(MARKS), max_size=30).map("".join)


def nodes(node: Node) -> list[Node]:
    """A node and everything in it."""
    if isinstance(node.value, str):
        return [node]
    inner = node.value.values() if isinstance(node.value, dict) else node.value
    return [node, *(deep for child in inner for deep in nodes(child))]


@given(sources.map(str.encode) | st.binary())
@example(b"\xff\xfe")
@example(b"%YAML 9.9\n---\na")
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_a_document_or_one_complaint(raw: bytes) -> None:
    try:
        places = [node.place for node in nodes(documents.parse(raw, "f.yaml"))]
    except ConfigFailure as failure:
        places = [failure.message.partition(": ")[0]]
    assert all(re.fullmatch(r"f\.yaml(:\d+:\d+)?", place) for place in places)
