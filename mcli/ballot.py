"""CORE: how a label is decided: how it is asked for, how votes are counted, what is sure enough.

Votes are several answers to one question (self-consistency, Wang et al. 2022, arXiv:2203.11171).
They differ only where the model may pick its words, so a recipe's own temperature, 0 in `classify`,
is left out of a vote: the server's default holds, which is 1 by the API's reference, unless a
person says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mcli import labels, reading
from mcli.chat import Form, Request
from mcli.errors import UnusableAnswer, UsageFailure
from mcli.expressions import expression
from mcli.reading import Answer, Reading
from mcli.shapes import frozen, replace

TOP = 20
"""Likeliest tokens that are asked for: the most that the API's reference allows."""

MOST_CHOICES = 250
"""Labels up to which a schema is asked for: beyond, OpenAI bounds the length of all their names."""

_CONSTRAINTS = expression(r"response_format|grammar|structured_outputs|guided_\w+|json_schema")
"""Fields by which a person constrains the answer, under the names of several servers."""

_WITHOUT_SCHEMA = expression(r"(.*/)?(gpt-(3\.5|4)|o1-(mini|preview))(-.*)?")
"""Models of OpenAI that know no strict schema: those from before `gpt-4o`."""


@frozen
class Ballot:
    """How a label is decided: by so many votes, and how sure (0 to 1) it must be; what is not
    decided becomes the label `unsure`, where there is one."""

    votes: int = 1
    min_confidence: float | None = None
    unsure: str | None = None


def check(ballot: Ballot, how: Reading) -> None:
    """UsageFailure for what does not go together, or is no label."""
    if ballot.unsure is not None and (not ballot.unsure.strip() or "\n" in ballot.unsure):
        raise UsageFailure("bad_labels", "--unsure is blank or has a line break")
    if how.several and ballot.min_confidence is not None and ballot.votes < 2:
        raise UsageFailure(
            "bad_flag", "--min-confidence with --multi needs --votes",
            "log-probabilities tell of one label, not of several",
        )  # fmt: skip


def asked(request: Request, how: Reading, ballot: Ballot, strict_schema: bool) -> Request:
    """The request for a label: held to the set where the server is known to do so
    (`strict_schema`), with log-probabilities where they are of use."""
    params, soft = dict(request.params), set(request.soft)
    if ballot.votes > 1 and "temperature" in soft:
        del params["temperature"]
    wants = ballot.min_confidence is not None and ballot.votes == 1
    if wants and "logprobs" not in params:
        params |= {"logprobs": True, "top_logprobs": TOP}
        soft |= {"logprobs", "top_logprobs"}
    form = None
    if (
        strict_schema
        and len(how.labels) <= MOST_CHOICES
        and not any(map(_CONSTRAINTS.fullmatch, params))
        and not _WITHOUT_SCHEMA.fullmatch(request.model)
    ):
        form = Form(labels.schema(how.labels, how.several), spare=True)
    return replace(request, params=params, soft=frozenset(soft), form=form)


def counted(answers: Sequence[Answer | None], how: Reading) -> Answer:
    """The answer of several votes, of which None is one that named no label.

    A label has won when it has more votes than any other and more than named none; of several
    labels each has that more than half of the votes name. Scores are shares of the votes.
    Raises UnusableAnswer for a tie, or where no vote names a label.
    """
    named = [answer.text.split("\n") for answer in answers if answer is not None]
    if not named:
        raise UnusableAnswer("not_a_label", "no vote names a label", "ask with clearer labels")
    count = Counter(name for names in named for name in names)
    shares = {label.name: round(count[label.name] / len(answers), 6) for label in how.labels}
    if how.several:
        won = [name for name in shares if count[name] * 2 > len(answers)]
        if not won:
            raise _unsure("no label has more than half of the votes", count, None, shares)
        return reading.labels_found(won, min(shares[name] for name in won), shares)
    (best, most), *others = count.most_common()
    nameless = len(answers) - len(named)
    if most < nameless:
        raise _unsure(f"{nameless} votes of {len(answers)} name no label", count, None, shares)
    if most <= max([nameless, *(votes for _, votes in others)]):
        raise _unsure("the votes are tied", count, None, shares)
    scores = _mean(answers) or shares
    return reading.label_found(best, scores[best], scores)


def judged(answer: Answer, ballot: Ballot) -> Answer:
    """`answer`, if it is sure enough. Raises UnusableAnswer."""
    least, data = ballot.min_confidence, answer.data
    sure: float | None = data["confidence"]
    if not least or (sure is not None and sure >= least):
        return answer
    if sure is None:
        raise UnusableAnswer(
            "no_confidence",
            "how sure the model is cannot be told: the server gives no log-probabilities",
            "take votes instead: --votes 5",
        )
    shown = " and ".join(answer.text.split("\n"))
    why = f'the confidence in "{shown}" is {sure:.2f}, and {least:g} is wanted'
    raise _unsure(why, None, sure, data["scores"])


def undecided(failure: UnusableAnswer, ballot: Ballot, how: Reading) -> Answer | None:
    """The label `unsure` in place of a failure to decide; None where there is none, or the answer
    is useless for another reason."""
    if ballot.unsure is None or failure.slug not in ("unsure", "no_confidence"):
        return None
    told: Mapping[str, Any] = failure.data or {}
    sure, scores = told.get("confidence"), told.get("scores")
    found = reading.label_found(ballot.unsure, sure, scores)
    return reading.labels_found([ballot.unsure], sure, scores) if how.several else found


def _mean(answers: Sequence[Answer | None]) -> dict[str, float | None] | None:
    """The mean score of each label, where every vote has its own by log-probabilities."""
    known = [answer.data["scores"] for answer in answers if answer is not None]
    if len(known) < len(answers) or not all(known):
        return None
    return {
        name: round(sum(scores[name] or 0.0 for scores in known) / len(known), 6)
        for name in known[0]
    }


def _unsure(
    why: str, count: Counter[str] | None, sure: float | None, scores: Mapping[str, float | None]
) -> UnusableAnswer:
    votes = ", ".join(f"{name} {number}" for name, number in (count or Counter()).most_common())
    failure = UnusableAnswer(
        "unsure", f"{why}{f': {votes}' if votes else ''}", "say what to print then: --unsure LABEL"
    )
    failure.data = {"label": None, "confidence": sure, "scores": scores}
    return failure
