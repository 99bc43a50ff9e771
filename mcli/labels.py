"""CORE: a closed set of labels, and finding the one that a model's answer means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcli.errors import UnusableAnswer, UsageFailure

_SHORT = 3
"""Letters below which a label may be any word of a sentence."""

_DENIAL = re.compile(
    r"n['’]t\b|\b(?:not|no|non|never|cannot|neither|nor|without|hardly|rather than|anything but|"
    r"nicht|kein\w*|ne|pas|jamais|nunca|não)\b|[不没非无]",
    re.IGNORECASE,
)
"""Words that turn the label beside them into its opposite."""

_AROUND = " \t\r\n\"'`*_.,:;!?()[]{}<>«»“”‘’„-–—#…。、！？，；：「」『』（）《》"


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
        if _folded(label.name) in seen:
            raise UsageFailure("bad_labels", f'the label "{label.name}" is given twice')
        seen.add(_folded(label.name))
    if len(labels) < 2:
        raise UsageFailure("bad_labels", "a closed set needs two labels or more")
    return labels


def lines(labels: Sequence[Label]) -> str:
    """The set as the recipe shows it to the model: a line each, with its description."""
    return "\n".join(
        f"- {label.name}: {label.description}" if label.description else f"- {label.name}"
        for label in labels
    )


def read(answer: str, labels: Sequence[Label]) -> str:
    """The name of the label that `answer` is, or that alone stands in it, spelled as given.

    Raises UnusableAnswer if it names none or more than one, or denies what it names.
    """
    for reduced in (_folded, _bare):
        wanted = reduced(answer)
        same = [label.name for label in labels if wanted and reduced(label.name) == wanted]
        if len(same) == 1:
            return same[0]
    found, rest = _standing_in(answer.casefold(), labels)
    if _DENIAL.search(rest):
        found = []
    if len(found) == 1:
        return found[0]
    problem = f"names {len(found)} labels" if found else "is no label of the set"
    raise UnusableAnswer("not_a_label", f"the answer {problem}", "ask with clearer labels")


def _standing_in(answer: str, labels: Sequence[Label]) -> tuple[list[str], str]:
    """The labels that stand in a sentence as words of their own, and the sentence without them.

    Longest first, and each find is taken out, so "very good" does not also count as "good". A
    label of one or two letters may be any word, so it counts only where a verdict stands: at the
    end, behind a colon, a quote or an "is".
    """
    found: list[str] = []
    for label in sorted(labels, key=lambda label: -len(label.name)):
        word = rf"(?<![\w+#./-]){re.escape(label.name.casefold())}(?![\w+#/-]|[.,]\d)"
        if len(label.name) < _SHORT:
            word = rf"""(?:[:"'`*“‘]\s*|\bis\s+){word}["'`*”’.!\s]*$"""
        answer, times = re.subn(word, " ", answer)
        if times:
            found.append(label.name)
    return found, answer


def _label(word: str) -> Label:
    name, _, description = word.partition("=")
    return Label(name.strip(), " ".join(description.split()))


def _folded(word: str) -> str:
    return " ".join(word.casefold().split())


def _bare(word: str) -> str:
    """Without the quotes, stops and emphasis that models put around a label."""
    return _folded(word.strip(_AROUND))
