"""How sure a model is of a label: by the tokens that tell it from the others, and only by those."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import confidence, labels, reading
from mcli.chat import Completion, Token
from mcli.reading import Reading

SET = labels.parse(["positive|glad", "negative", "neutral"])
PAIR = labels.parse(["very good", "very bad", "very"])


def token(text: str, p: float, **top: float) -> Token:
    """A token and its probability, and those of others; `_` stands for a blank."""
    likely = {text: p, **{word.replace("_", " "): q for word, q in top.items()}}
    return Token(text, math.log(p), tuple((word, math.log(q)) for word, q in likely.items()))


def said(*tokens: Token, text: str | None = None) -> Completion:
    whole = "".join(each.text for each in tokens) if text is None else text
    return Completion(whole, "stop", tokens=tokens)


@pytest.mark.parametrize(
    ("tokens", "name", "expected"),
    [
        ([token("positive", 0.6, negative=0.3)],
         "positive", {"positive": 2 / 3, "negative": 1 / 3}),
        ([token("Positive", 0.4, positive=0.2, _NEGATIVE=0.2)],
         "positive", {"positive": 0.75, "negative": 0.25}),
        ([token("pos", 0.6, neg=0.2), token("itive", 1.0)],
         "positive", {"positive": 0.75, "negative": 0.25}),
        ([token("positive", 0.5, glad=0.25, neutral=0.25)],
         "positive", {"positive": 0.75, "neutral": 0.25}),
        ([token("gl", 0.5, neg=0.5), token("ad", 1.0)],
         "positive", {"positive": 0.5, "negative": 0.5}),
        ([token("positive", 0.5, banana=0.5)], "positive", {"positive": 1.0}),
        ([token("positive", 0.5, ne=0.5)],
         "positive", {"positive": 0.5, "negative": 0.25, "neutral": 0.25}),
        ([token('"', 1.0), token("negative", 0.9, positive=0.1), token('"', 1.0)],
         "negative", {"negative": 0.9, "positive": 0.1}),
        ([token("It is", 1.0), token(" negative", 0.8, _positive=0.2)],
         "negative", {"negative": 0.8, "positive": 0.2}),
        ([token('{"label', 1.0), token('":"', 1.0), token("neg", 0.6, pos=0.4),
          token('ative"}', 1.0)], "negative", {"negative": 0.6, "positive": 0.4}),
        ([token("ne", 0.8, pos=0.2), token("gative", 0.5, utral=0.5)],
         "negative", {"negative": 0.4, "neutral": 0.4, "positive": 0.2}),
        ([token("positive", 0.5, positively=0.3, negative=0.2)],
         "positive", {"positive": 5 / 7, "negative": 2 / 7}),
        ([token("<think>positive?</think>", 1.0), token("negative", 0.7, positive=0.3)],
         "negative", {"negative": 0.7, "positive": 0.3}),
    ],
)  # fmt: skip
def test_the_mass_of_each_label(tokens: list[Token], name: str, expected: dict[str, float]) -> None:
    text = None if "think" not in tokens[0].text else name
    found = confidence.scores(said(*tokens, text=text), SET, name)
    assert found == {label: pytest.approx(p, abs=1e-6) for label, p in expected.items()}


@pytest.mark.parametrize(
    ("tokens", "name", "expected"),
    [
        ([token("very", 1.0), token(" good", 0.7, _bad=0.3)],
         "very good", {"very good": 0.7, "very bad": 0.3}),
        ([token("very", 0.9, good=0.1), token(".", 0.5, _good=0.3, _bad=0.2)],
         "very", {"very": 0.5, "very good": 0.3, "very bad": 0.2}),
        ([token("very", 1.0)], "very", {"very": 1.0}),
    ],
)  # fmt: skip
def test_a_shared_beginning_tells_nothing(
    tokens: list[Token], name: str, expected: dict[str, float]
) -> None:
    found = confidence.scores(said(*tokens), PAIR, name)
    assert found == {label: pytest.approx(p, abs=1e-6) for label, p in expected.items()}


@pytest.mark.parametrize(
    "completion",
    [
        Completion("positive", "stop"),
        said(token("positive", 0.5), text="something else"),
        said(token("pos\ufffd", 0.5), token("itive", 0.5), text="positive"),
    ],
)
def test_what_the_tokens_do_not_tell_is_unknown(completion: Completion) -> None:
    assert confidence.scores(completion, SET, "positive") is None


def test_a_label_of_which_nothing_was_likely_has_no_score() -> None:
    completion = said(token("positive", 0.9, negative=0.1))
    answer = reading.read(completion, Reading("label", SET))
    assert answer.data == {
        "label": "positive",
        "confidence": 0.9,
        "scores": {"positive": 0.9, "negative": 0.1, "neutral": None},
    }


words = st.sampled_from(["positive", "neg", "ative", "ne", " ", '"', "utral", "glad", "x", "{"])
tokens_of = st.lists(st.builds(token, words, st.floats(0.01, 1.0)), max_size=6)


@given(tokens_of, st.sampled_from([label.name for label in SET]))
def test_scores_are_shares_of_the_set(tokens: list[Token], name: str) -> None:
    found = confidence.scores(said(*tokens), SET, name)
    if found is not None:
        assert sum(found.values()) == pytest.approx(1.0, abs=1e-5)
        assert name in found
        assert set(found) <= {label.name for label in SET}
