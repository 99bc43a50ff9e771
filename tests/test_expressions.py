from __future__ import annotations

import re
from typing import Any

import pytest

from mcli import expressions
from mcli.expressions import expression


def test_it_finds_what_the_compiled_one_finds() -> None:
    late, compiled = expression("a(.)", re.IGNORECASE), re.compile("a(.)", re.IGNORECASE)

    for _ in range(2):  # the first use compiles it
        assert late.findall("Ab ac") == compiled.findall("Ab ac") == ["b", "c"]
    assert late.sub("x", "Ab") == "x"
    assert expression(rb"\d").search(b"a1")


def test_nothing_is_compiled_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []
    plain = re.compile

    def compile(*told: Any) -> Any:
        compiled.append(told)
        return plain(*told)

    monkeypatch.setattr(expressions.re, "compile", compile)
    late = expression("b")
    wider = expression(f"{late.pattern}|c")
    assert compiled == []
    assert late.match("b")
    assert late.match("a") is None
    assert wider.fullmatch("c")
    assert compiled == [("b", 0), ("b|c", 0)]


def test_a_wrong_one_is_an_error_with_its_first_use() -> None:
    with pytest.raises(re.error):
        expression("(").match("")
