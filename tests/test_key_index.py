"""What a journal knows by key, and what makes two records the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import key_index, record_key
from mcli.errors import WriteFailure
from mcli.key_index import DONE, DOUBT, FAILED, RETRYABLE, KeyIndex, Known
from mcli.record import Record
from tests.api import json_like

A, B = "ab" * 32, "cd" * 32
NAMES = "a b id data"


@pytest.fixture
def index() -> Iterator[KeyIndex]:
    with closing(KeyIndex()) as made:
        yield made


def record(n: int = 1, place: str = "line 1", **brings: Any) -> Record:
    return Record(n, place, **brings)


DIFFERENT = [
    record(),
    record(data=""),
    record(data="1"),
    record(id="1"),
    record(fields={}),
    record(fields={"a": 1}),
    record(fields={"a": 1.0}),
    record(fields={"a": "1"}),
    record(fields={"a": True}),
    record(fields={"a": None}),
    record(fields={"b": 1}),
    record(fields={"a": 1}, id="1"),
    record(fields={"a": 1}, data="1"),
    record(fields={"a": 10**30}),
    record(fields={"a": 1e30}),
    record(fields={"a": 0.0}),
    record(fields={"a": -0.0}),
    record(fields={"a": float("nan")}),
    record(fields={"a": "NaN"}),
    record(fields={"a": float("inf")}),
    record(fields={"a": "\u00e9"}),
    record(fields={"a": "e\u0301"}),
    record(fields={"a": "\U0001f600"}),
    record(fields={"a": "\ud83d\ude00"}),
    record(fields={"a": "\\u00e9"}),
    record(fields={"a": []}),
    record(fields={"a": {}}),
    record(fields={"a": ["1"]}),
    record(fields={"a": "", "b": ""}),
]


class TestDigest:
    def test_whatever_a_template_could_tell_apart_is_told_apart(self) -> None:
        assert len({record_key.digest(each) for each in DIFFERENT}) == len(DIFFERENT)

    def test_where_a_record_stands_makes_no_difference(self) -> None:
        one = record(1, "line 1", fields={"a": 1, "b": {"c": 1, "d": 2}}, row={"x": 1})
        other = record(9, "line 9", fields={"b": {"d": 2, "c": 1}, "a": 1}, row={"y": 2})

        assert record_key.digest(one) == record_key.digest(other)
        assert record_key.key(record_key.digest(one), 2) == record_key.digest(one) + ".2"

    def test_it_is_the_same_in_every_version(self) -> None:
        """Another one would make every journal ask and pay again."""
        told = record_key.digest(record(fields={"t": "Zo\u00eb", "n": 1.5}, data="d", id="7"))
        assert told == "a98063c1b6eef045200e4cf2fd3f07884cdb4df39004372e9f08a60fd889793c"

    @pytest.mark.parametrize("value", [{1, 2}, b"x", object()])
    def test_what_is_no_json_is_refused(self, value: Any) -> None:
        with pytest.raises(ValueError, match="is no JSON"):
            record_key.digest(record(fields={"a": value}))

    def test_what_is_nested_too_deeply_is_refused(self) -> None:
        deep: Any = []
        for _ in range(100_000):
            deep = [deep]
        with pytest.raises(ValueError, match="is no JSON"):
            record_key.digest(record(fields={"a": deep}))

    @given(st.dictionaries(st.text(), json_like(NAMES)), st.none() | st.text())
    def test_any_json_has_one(self, fields: dict[str, Any], data: str | None) -> None:
        told = record_key.digest(record(fields=fields, data=data))
        assert len(told) == 64
        assert told == record_key.digest(
            record(2, "x", fields=dict(reversed(fields.items())), data=data)
        )


class TestIndex:
    @pytest.mark.parametrize(
        ("states", "found"),
        [
            ([], None),
            ([DOUBT], Known("doubt", False, 0)),
            ([DOUBT, DONE], Known("done", False, 1)),
            ([DOUBT, FAILED], Known("failed", False, 1)),
            ([DOUBT, RETRYABLE], Known("failed", True, 1)),
            ([DOUBT, RETRYABLE, DOUBT], Known("doubt", False, 2)),
            ([DOUBT, RETRYABLE, DOUBT, DONE], Known("done", False, 3)),
            ([DONE, DOUBT], Known("done", False, 0)),
            ([DONE, FAILED], Known("done", False, 0)),
            ([DONE, DONE], Known("done", False, 1)),
        ],
    )
    def test_the_last_line_counts_but_an_answer_stays(
        self, index: KeyIndex, states: list[int], found: Known | None
    ) -> None:
        index.learn(f"{B}.1", DONE, 77)
        for at, state in enumerate(states):
            index.learn(f"{A}.1", state, at)
        assert index.find(f"{A}.1") == found
        assert index.find(f"{A}.11") is index.find(f"{A}.256") is None

    def test_many_keys(self, index: KeyIndex) -> None:
        digests = [record_key.digest(record(data=str(n))) for n in range(5000)]
        for n, digest in enumerate(digests):
            index.learn(f"{digest}.1", n % 4, n)
        found = [index.find(f"{digest}.1") for digest in digests]
        assert [known.offset for known in found if known] == list(range(5000))

    def test_occurrences_are_counted(self, index: KeyIndex) -> None:
        told = [index.occurrence(digest) for digest in (A, A, B, A, B)]
        assert told == [1, 2, 1, 3, 2]
        for n in range(4, 300):
            assert index.occurrence(A) == n

    def test_an_id_of_two_contents_is_told_with_the_place_of_the_first(
        self, index: KeyIndex
    ) -> None:
        assert index.clash("x", A, "line 3") is None
        assert index.clash("x", A, "line 4") is None
        assert index.clash("x", B, "line 5") == "line 3"
        assert index.clash("y", B, "line 6") is None
        assert index.clash("\ud83d", A, "\udcff:7") is None
        assert index.clash("\ud83d", B, "line 8") == "\udcff:7"

    @pytest.mark.parametrize("call", [
        lambda index: index.find(f"{A}.1"),
        lambda index: index.occurrence(A),
        lambda index: index.clash("x", A, "line 1"),
        lambda index: [index.learn(f"{A}.1", DONE, n) for n in range(2000)],
    ])  # fmt: skip
    def test_a_full_disk_is_a_failure(self, index: KeyIndex, call: Any) -> None:
        index.learn(f"{B}.1", DONE, 0)
        index._database.execute("COMMIT")
        index._database.execute("PRAGMA query_only = ON")  # refuses to write, as a full disk does
        with pytest.raises(WriteFailure, match="cannot keep account of its records"):
            call(index)

    def test_no_temporary_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise sqlite3.OperationalError("unable to open database file")

        monkeypatch.setattr(key_index.sqlite3, "connect", refuse)
        with pytest.raises(WriteFailure, match="unable to open"):
            KeyIndex()
