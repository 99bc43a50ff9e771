"""CORE: a closed set of labels, and finding the one that a model's answer means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcli.errors import UnusableAnswer, UsageFailure

SPARE_TOKENS = 32
"""Room beyond the longest label, for a model that wraps its answer in a few words."""

_AROUND = " \t\r\n\"'`*_.,:;!?()[]{}<>«»“”‘’„-–—#"


@dataclass(frozen=True, slots=True)
class Label:
    """A name, spelled as it will be printed, and what it means (or nothing)."""

    name: str
    description: str = ""


def parse(written: Iterable[str]) -> tuple[Label, ...]:
    """`name` or `name=description` each. UsageFailure unless they are two or more and distinct."""
    labels = tuple(_label(word) for word in written)
    seen: set[str] = set()
    for label in labels:
        if not label.name or "\n" in label.name:
            raise UsageFailure("bad_labels", "a label is empty or has a line break")
        if _bare(label.name) in seen:
            raise UsageFailure("bad_labels", f'the label "{label.name}" is given twice')
        seen.add(_bare(label.name))
    if len(labels) < 2:
        raise UsageFailure("bad_labels", "a closed set needs two labels or more")
    return labels


def lines(labels: Sequence[Label]) -> str:
    """The set as the recipe shows it to the model: a line each, with its description."""
    return "\n".join(
        f"- {label.name}: {label.description}" if label.description else f"- {label.name}"
        for label in labels
    )


def token_limit(labels: Sequence[Label]) -> int:
    """Tokens that any answer from the set fits into.

    A byte-level tokenizer never makes more tokens than UTF-8 bytes, so the longest name's
    bytes bound it without counting.
    """
    return max(len(label.name.encode()) for label in labels) + SPARE_TOKENS


def read(answer: str, labels: Sequence[Label]) -> str:
    """The name of the label that `answer` is, or that alone stands in it, spelled as given.

    Raises UnusableAnswer if it names none or more than one.
    """
    bare = _bare(answer)
    for label in labels:
        if _bare(label.name) == bare:
            return label.name
    # Longest first, and each find is taken out, so "very good" does not also count as "good".
    rest, found = answer.casefold(), list[str]()
    for label in sorted(labels, key=lambda label: -len(label.name)):
        word = re.escape(label.name.casefold())
        rest, times = re.subn(rf"(?<!\w){word}(?!\w)", " ", rest)
        if times:
            found.append(label.name)
    if len(found) == 1:
        return found[0]
    problem = f"names {len(found)} labels" if found else "names no label of the set"
    raise UnusableAnswer("not_a_label", f"the answer {problem}", "ask with clearer labels")


def _label(word: str) -> Label:
    name, _, description = word.partition("=")
    return Label(name.strip(), " ".join(description.split()))


def _bare(word: str) -> str:
    return " ".join(word.strip(_AROUND).casefold().split())
