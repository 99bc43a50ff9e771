"""How a label is decided: what is asked for, how votes are counted, what is sure enough."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import ballot, labels, reading
from mcli.ballot import Ballot
from mcli.chat import Message, Request
from mcli.errors import UnusableAnswer, UsageFailure
from mcli.reading import Answer, Reading

ONE = Reading("label", labels.parse(["bug", "idea", "talk"]))
SEVERAL = Reading("label", ONE.labels, several=True)
REQUEST = Request("m", (Message("user", "x"),), {"temperature": 0.0}, frozenset({"temperature"}))


def votes(words: str) -> list[Answer | None]:
    """An answer a word; `-` names no label, and `+` stands between several."""
    return [
        None if word == "-" else reading.label_found(word.replace("+", "\n"), None, None)
        for word in words.split()
    ]


@pytest.mark.parametrize(
    ("words", "label", "confidence"),
    [
        ("bug bug idea", "bug", 2 / 3),
        ("idea bug idea talk", "idea", 0.5),
        ("bug", "bug", 1.0),
        ("bug bug -", "bug", 2 / 3),
        ("bug bug - idea", "bug", 0.5),
    ],
)
def test_the_label_with_more_votes_than_any_other(
    words: str, label: str, confidence: float
) -> None:
    answer = ballot.counted(votes(words), ONE)
    assert answer.text == answer.data["label"] == label
    assert answer.data["confidence"] == pytest.approx(confidence, abs=1e-6)
    assert set(answer.data["scores"]) == {"bug", "idea", "talk"}


@pytest.mark.parametrize("words", ["bug idea", "bug bug idea idea talk", "bug -", "bug idea talk"])
def test_a_tie_decides_nothing(words: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        ballot.counted(votes(words), ONE)
    assert caught.value.slug == "unsure"
    assert "tied" in caught.value.message
    assert caught.value.data["label"] is None


def test_votes_that_mostly_name_no_label_are_no_tie() -> None:
    with pytest.raises(UnusableAnswer) as caught:
        ballot.counted(votes("bug - - -"), ONE)
    assert caught.value.slug == "unsure"
    assert caught.value.message == "3 votes of 4 name no label: bug 1"


def test_no_vote_at_all_is_no_label() -> None:
    for how in (ONE, SEVERAL):
        with pytest.raises(UnusableAnswer) as caught:
            ballot.counted(votes("- -"), how)
        assert caught.value.slug == "not_a_label"


@pytest.mark.parametrize(
    ("words", "names", "confidence"),
    [
        ("bug+idea bug+talk idea", "bug idea", 2 / 3),
        ("talk+bug talk+bug talk", "bug talk", 2 / 3),
        ("bug bug idea -", None, None),
        ("bug+idea+talk", "bug idea talk", 1.0),
    ],
)
def test_several_labels_have_more_than_half_each(
    words: str, names: str | None, confidence: float | None
) -> None:
    if names is None:
        with pytest.raises(UnusableAnswer):
            ballot.counted(votes(words), SEVERAL)
        return
    data = ballot.counted(votes(words), SEVERAL).data
    assert data["labels"] == names.split()
    assert data["label"] == (names if " " not in names else None)
    assert data["confidence"] == pytest.approx(confidence, abs=1e-6)


def test_where_every_vote_has_scores_their_mean_is_the_confidence() -> None:
    scored = [
        reading.label_found("bug", p, {"bug": p, "idea": 1 - p, "talk": None}) for p in (0.9, 0.6)
    ]
    answer = ballot.counted(scored, ONE)
    assert answer.data["scores"] == {"bug": 0.75, "idea": 0.25, "talk": 0.0}
    mixed = ballot.counted([*scored, reading.label_found("bug", None, None)], ONE)
    assert mixed.data["confidence"] == 1.0


@given(st.lists(st.sampled_from(["bug", "idea", "talk", "-"]), min_size=1, max_size=9))
def test_what_wins_is_named_more_often_than_anything_else(words: list[str]) -> None:
    try:
        answer = ballot.counted(votes(" ".join(words)), ONE)
    except UnusableAnswer:
        return
    assert all(words.count(answer.text) > words.count(w) for w in set(words) - {answer.text}), words


@pytest.mark.parametrize(
    ("least", "sure", "slug"),
    [
        (None, None, ""), (None, 0.1, ""), (0.0, None, ""), (0.5, 0.5, ""), (0.5, 0.49, "unsure"),
        (1.0, 1.0, ""), (0.5, None, "no_confidence"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("unsure", [None, "look"])
def test_what_is_sure_enough(
    least: float | None, sure: float | None, slug: str, unsure: str | None
) -> None:
    rules = Ballot(1, least, unsure)
    answer = reading.label_found("bug", sure, None)
    if not slug:
        assert ballot.judged(answer, rules) is answer
        return
    with pytest.raises(UnusableAnswer) as caught:
        ballot.judged(answer, rules)
    assert caught.value.slug == slug
    instead = ballot.undecided(caught.value, rules, ONE)
    assert (instead.text if instead else None) == unsure
    if instead:
        assert instead.data["confidence"] == sure


@pytest.mark.parametrize("slug", ["not_a_label", "truncated", "refusal", "empty_answer"])
def test_what_is_no_answer_is_not_made_one(slug: str) -> None:
    assert ballot.undecided(UnusableAnswer(slug, "no"), Ballot(unsure="look"), ONE) is None


def asked(rules: Ballot = Ballot(), how: Reading = ONE, schema: bool = False, **more: Any) -> Request:  # noqa: B008, E501 # fmt: skip
    request = Request(more.pop("model", "m"), REQUEST.messages, REQUEST.params | more, REQUEST.soft)
    return ballot.asked(request, how, rules, schema)


def test_by_default_it_is_a_plain_question() -> None:
    assert asked() == REQUEST
    assert asked(Ballot(unsure="look")) == REQUEST


def test_log_probabilities_are_asked_for_where_they_are_wanted_and_may_be_left_out() -> None:
    request = asked(Ballot(min_confidence=0.5))
    assert request.params == {"temperature": 0.0, "logprobs": True, "top_logprobs": ballot.TOP}
    assert request.soft == {"temperature", "logprobs", "top_logprobs"}
    own = asked(Ballot(min_confidence=0.5), logprobs=True)
    assert (own.params["logprobs"], "top_logprobs" in own.params) == (True, False)
    assert "logprobs" not in own.soft


def test_votes_leave_the_temperature_of_a_recipe_out_and_keep_a_persons() -> None:
    assert asked(Ballot(votes=3)).params == {}
    mine = Request("m", REQUEST.messages, {"temperature": 0.0})
    assert ballot.asked(mine, ONE, Ballot(votes=3), False).params == {"temperature": 0.0}


def test_a_server_that_is_known_to_is_told_the_choice() -> None:
    form = asked(schema=True).form
    assert form is not None
    assert form.spare
    assert form.schema == labels.schema(ONE.labels, False)
    assert asked(schema=True, how=SEVERAL).form != form


@pytest.mark.parametrize(
    "more",
    [
        {"model": "gpt-4"}, {"model": "gpt-4-turbo"}, {"model": "openai/gpt-3.5-turbo"},
        {"grammar": "root ::= x"}, {"response_format": {"type": "text"}}, {"guided_choice": ["a"]},
        {"structured_outputs": {}},
    ],
)  # fmt: skip
def test_who_is_known_not_to_or_has_a_constraint_is_not(more: dict[str, Any]) -> None:
    assert asked(schema=True, **more).form is None
    assert asked(schema=True, model="gpt-4o-mini").form is not None
    assert asked(schema=True, model="gpt-4.1").form is not None


def test_a_large_set_is_asked_for_in_words() -> None:
    many = Reading("label", labels.parse([f"l{n}" for n in range(ballot.MOST_CHOICES + 1)]))
    assert asked(how=many, schema=True).form is None


@pytest.mark.parametrize("unsure", ["", "  ", "a\nb"])
def test_the_label_for_unsure_is_one(unsure: str) -> None:
    with pytest.raises(UsageFailure):
        ballot.check(Ballot(unsure=unsure), ONE)


def test_log_probabilities_do_not_tell_of_several_labels() -> None:
    with pytest.raises(UsageFailure):
        ballot.check(Ballot(min_confidence=0.5), SEVERAL)
    ballot.check(Ballot(votes=3, min_confidence=0.5), SEVERAL)
