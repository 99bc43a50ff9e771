"""A completion is an answer only if the model ended of its own accord and said what was asked."""

from __future__ import annotations

import pytest

from mcli import labels, reading
from mcli.chat import Completion, ToolCall
from mcli.errors import BadReply, Failure, UnusableAnswer
from mcli.reading import Answer, Reading
from mcli.shapes import replace

GOOD = Completion("Paris.", "stop", "m")
CODE = Completion("Here:\n```py\nx = 1\n```\n", "stop")
LABELS = Reading("label", labels.parse(["bug", "feature=something new"]))


def failing(completion: Completion, how: Reading = Reading()) -> Failure:  # noqa: B008
    with pytest.raises((UnusableAnswer, BadReply)) as caught:
        reading.read(completion, how)
    return caught.value


@pytest.mark.parametrize("finish", ["stop", None, "because", "tool_calls"])
def test_a_text_is_what_the_model_said(finish: str | None) -> None:
    assert reading.read(replace(GOOD, finish_reason=finish), Reading()) == Answer("Paris.")


CALL = ToolCall("call_1", "weather", "{}")


@pytest.mark.parametrize("text", ["Paris.\n", "  Paris.", "\x1b[31mParis", "```\nx\n```"])
def test_a_text_is_not_touched(text: str) -> None:
    assert reading.read(Completion(text, "stop"), Reading()).text == text


@pytest.mark.parametrize(
    ("completion", "code", "slug"),
    [
        (Completion("", "stop"), 4, "empty_answer"),
        (Completion(" \n\t", "stop"), 4, "empty_answer"),
        (Completion("", None), 4, "empty_answer"),
        (Completion("Par", "length"), 4, "truncated"),
        (Completion("", "length"), 4, "truncated"),
        (Completion("Par", "content_filter"), 4, "content_filtered"),
        (Completion("", "content_filter"), 4, "content_filtered"),
        (Completion("", "stop", refusal="I won't"), 4, "refusal"),
        (Completion("Paris.", "stop", refusal="I won't"), 4, "refusal"),
        (Completion("", "tool_calls", calls=(CALL,)), 76, "unasked_tool_calls"),
        (Completion("Paris.", "stop", calls=(CALL,)), 76, "unasked_tool_calls"),
    ],
)
@pytest.mark.parametrize("how", [Reading(), LABELS, Reading("code")])
def test_what_is_not_an_answer(completion: Completion, code: int, slug: str, how: Reading) -> None:
    failure = failing(completion, how)
    assert (failure.exit_code, failure.slug) == (code, slug)


def test_the_hint_names_the_way_to_take_a_truncated_answer() -> None:
    assert "--allow-truncated" in failing(Completion("Par", "length")).hint


def test_a_truncated_answer_is_taken_where_that_is_allowed() -> None:
    allowed = Reading(allow_truncated=True)
    assert reading.read(Completion("Par", "length"), allowed) == Answer("Par")


@pytest.mark.parametrize(
    "completion",
    [
        Completion("", "length"),
        Completion(" ", "length"),
        Completion("Par", "content_filter"),
        Completion("", "stop"),
        Completion("Par", "length", refusal="no"),
    ],
)
def test_nothing_else_is_taken_with_it(completion: Completion) -> None:
    failing(completion, Reading(allow_truncated=True))


def test_truncated_code_is_taken_where_that_is_allowed() -> None:
    cut = Completion("Here:\n```python\nx = 1\ny =", "length")
    assert failing(cut, Reading("code")).slug == "truncated"
    answer = reading.read(cut, Reading("code", allow_truncated=True))
    assert answer.text == "x = 1\ny ="


def test_a_label_is_spelled_as_it_was_given() -> None:
    answer = reading.read(Completion("**Feature**", "stop"), LABELS)
    assert answer.text == "feature"
    assert answer.data == {"label": "feature", "confidence": None, "scores": None}


def test_another_label_is_not_an_answer() -> None:
    failure = failing(Completion("\x1b[31mpoem", "stop"), LABELS)
    assert (failure.exit_code, failure.slug) == (4, "not_a_label")


def test_code_is_the_block_without_its_fences() -> None:
    answer = reading.read(CODE, Reading("code"))
    assert answer.text == "x = 1"
    assert answer.data == {"language": "py", "code": "x = 1", "checked": None}


def test_a_language_that_was_not_named_is_unknown() -> None:
    answer = reading.read(Completion("```\nx = 1\n```", "stop"), Reading("code"))
    assert answer.data is not None
    assert answer.data["language"] is None


@pytest.mark.parametrize("text", ["I cannot do that.", "```py\nx = 1", "```py\n```"])
def test_an_answer_without_whole_code_is_none(text: str) -> None:
    assert failing(Completion(text, "stop"), Reading("code")).exit_code == 4
