from __future__ import annotations

import pytest

from mcli.labels import Label, lines
from mcli.sandbox.choosing import choose, choose_several, labels

MOODS = (Label("positive"), Label("negative"), Label("neutral"))


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("Labels:\n- a\n- b", (Label("a"), Label("b"))),
        ("Sort.\n\n  Labels:  \n- a: one thing\n- b\n\n- c", (Label("a", "one thing"), Label("b"))),
        ("Labels:\n- a: b: c\n- d:e\nDone.\n- f", (Label("a", "b: c"), Label("d:e"))),
        ("Labels:\n- two words: why\n- für Öl", (Label("two words", "why"), Label("für Öl"))),
        ("Labels:\r\n- a\r\n- b\r\n", (Label("a"), Label("b"))),
        ("Labels: a, b", ()),
        ("Labels:\n\n- a", ()),
        ("- a\n- b", ()),
        ("", ()),
    ],
)
def test_labels_are_read_from_the_system_message(system: str, expected: tuple[Label, ...]) -> None:
    assert labels(system) == expected


def test_what_the_core_writes_is_read_back() -> None:
    written = (Label("bug", "something is broken"), Label("feature request"), Label("größe"))
    assert labels(f"Pick one.\nLabels:\n{lines(written)}\n\nBe brief.") == written


@pytest.mark.parametrize(
    ("text", "choices", "expected"),
    [
        ("This is a BUG!", (Label("feature"), Label("bug")), "bug"),
        ("debugging", (Label("x", "to debug"), Label("y", "who is debugging")), "y"),
        ("a feature_request", (Label("bug"), Label("feature-request")), "feature-request"),
        ("my invoice", (Label("tech"), Label("money", "an invoice or a refund")), "money"),
        ("money, not tech's", (Label("tech", "money money"), Label("money")), "tech"),
        ("the sky", (Label("no"), Label("blue", "the colour of the sky")), "blue"),
        ("I love it, works great", MOODS, "positive"),
        ("it fails with an error", MOODS, "negative"),
        ("delivered on Tuesday", MOODS, "neutral"),
        ("not positive but I hate it", MOODS, "positive"),
    ],
)
def test_a_label_is_chosen_for_a_reason(
    text: str, choices: tuple[Label, ...], expected: str
) -> None:
    assert choose(text, choices) == expected


def test_without_a_reason_the_text_decides_and_always_the_same() -> None:
    choices = tuple(Label(name) for name in ("red", "green", "blue"))
    texts = [f"number {n}" for n in range(60)]
    first = [choose(text, choices) for text in texts]
    assert first == [choose(text, choices) for text in texts]
    assert set(first) == {"red", "green", "blue"}
    # Written down, so that it is the same on every machine and in every run.
    assert first[:4] == ["green", "blue", "green", "red"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("negative, and then positive", ["positive", "negative"]),
        ("it is neutral", ["neutral"]),
        ("I love it", ["positive"]),
    ],
)
def test_several_labels_are_those_mentioned_or_else_the_one(text: str, expected: list[str]) -> None:
    assert choose_several(text, MOODS) == expected
