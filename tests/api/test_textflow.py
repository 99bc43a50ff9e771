"""The answer in a model's text is the same however its deltas are cut, and is whole characters."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcli.api.textflow import TextFlow, joined
from tests.api import growth

HIGH, LOW = "\ud83d", "\ude00"

PARTS = ["<think>", "</think>", "<", "th", "ink>", "</", " ", "\n", "a", "é", HIGH, LOW, "😀"]

surrogates = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
texts = st.lists(st.sampled_from(PARTS) | st.characters() | surrogates).map("".join)


def flow(*deltas: str) -> str:
    """The answer in `deltas`."""
    text = TextFlow()
    return "".join([*(text.feed(delta) for delta in deltas), text.close()])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", ""),
        ("Paris.", "Paris."),
        ("  \n", "  \n"),
        ("  Paris.\n", "  Paris.\n"),
        ("<think>a</think>b", "b"),
        ("\n <think>a\nb</think>\n\nc\n", "c\n"),
        ("<think></think>", ""),
        ("<think>never closed", ""),
        ("<think>a</think> \n ", ""),
        ("<think>a</thin</think>b", "b"),
        ("<think>a</think>b<think>c</think>", "b<think>c</think>"),
        ("b <think>a</think>", "b <think>a</think>"),
        ("<thinking>a</thinking>", "<thinking>a</thinking>"),
        ("<thin", "<thin"),
        ("</think>a", "</think>a"),
        ("<", "<"),
    ],
)
def test_a_leading_think_block_is_not_the_answer(text: str, answer: str) -> None:
    assert flow(text) == answer
    assert flow(*text) == answer


@given(texts, st.lists(st.integers(0, 60)))
@example("<think>a</think>b", [3, 9, 12])
@example(HIGH + LOW, [1])
@example(f"<think>x</think> {HIGH}{LOW}", [5, 17, 18])
def test_any_cut_of_the_text_gives_the_same_answer(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    deltas = [text[a:b] for a, b in pairwise(places)]
    assert flow(*deltas) == flow(text)


@pytest.mark.parametrize(
    ("deltas", "answer"),
    [
        ([HIGH, LOW], "😀"),
        ([HIGH + LOW], "😀"),
        (["a" + HIGH, LOW + "b"], "a😀b"),
        ([HIGH, "", LOW], "😀"),
        ([HIGH], "\ufffd"),
        ([LOW], "\ufffd"),
        ([HIGH, "b"], "\ufffdb"),
        ([LOW, HIGH], "\ufffd\ufffd"),
        ([HIGH, HIGH, LOW], "\ufffd😀"),
        (["<think>" + HIGH, "</think>" + LOW], "\ufffd"),
    ],
)
def test_halves_of_a_character_are_joined_or_replaced(deltas: list[str], answer: str) -> None:
    assert flow(*deltas) == answer


@given(texts)
def test_the_answer_can_always_be_printed(text: str) -> None:
    assert not any("\ud800" <= character <= "\udfff" for character in flow(text))


@given(texts)
def test_no_character_is_lost_or_made_up_by_joining(text: str) -> None:
    utf16 = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert joined(text) == utf16


@given(st.text().filter(lambda text: not text.lstrip().startswith("<think>")))
def test_plain_text_is_unchanged(text: str) -> None:
    assert flow(text) == text


@given(st.lists(texts))
def test_text_that_was_given_out_stays(deltas: list[str]) -> None:
    text = TextFlow()
    given_out = ""
    for number, delta in enumerate(deltas):
        given_out += text.feed(delta)
        assert flow(*deltas[: number + 1]).startswith(given_out)


@pytest.mark.parametrize(
    ("start", "delta"),
    [("", " "), ("<think>", "a"), ("<think></think>", " "), ("a", "b")],
    ids=["blanks", "reasoning", "blanks after it", "text"],
)
def test_the_time_for_many_deltas_is_linear(start: str, delta: str) -> None:
    assert growth(lambda count: flow(start, *[delta] * count), 10_000) < 24
