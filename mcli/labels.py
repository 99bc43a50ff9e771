"""CORE: a closed set of labels, and finding the one, or those, that a model's answer means."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from mcli import structured
from mcli.errors import UnusableAnswer, UsageFailure
from mcli.expressions import expression
from mcli.shapes import frozen

_SHORT = 3
"""Letters below which a label may be any word of a sentence."""

MOST_READ = 100_000
"""Characters of an answer beyond which no label is looked for: no verdict is that long."""

_DENIAL = expression(
    r"n['’]t\b|\b(?:not|no|non|never|cannot|neither|nor|without|hardly|scarcely|barely|unlikely|"
    r"doubt\w*|except|excluding|instead of|far from|anything but|(?:rather|other) than|"
    r"(?:wrong|incorrect) to|false|untrue|nicht|kein\w*|weder|ohne|falsch|ne|pas|jamais|sans|faux|"
    r"nunca|sin|falso|não|sem)\b|[不没非无]|[✗✘✖❌☐🚫]|\[ \]",
    re.IGNORECASE,
)
"""Words and marks that turn the label beside them into its opposite."""

AROUND = " \t\r\n\"'`*_.,:;!?()[]{}<>«»“”‘’„-–—#…。、！？，；：「」『』（）《》"
"""What models put around a label."""


_BETWEEN = (
    expression(r"[\n,;、，；]"),
    expression(r"[\n,;、，；/]|\s(?:and|und|et|y|e|&|\+)\s", re.IGNORECASE),
)
"""What stands between the labels of an answer that names several: surely, or likely."""

KEY, KEYS = "label", "labels"
"""The field of a JSON answer that holds the label, or the list of them."""


@frozen
class Label:
    """A name, spelled as it will be printed, what it means (or nothing), and other words by which
    a model may call it, which are never printed."""

    name: str
    description: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """The words that are read as this label."""
        return (self.name, *self.aliases)


def parse(written: Iterable[str]) -> tuple[Label, ...]:
    """`name`, `name=description` or `name | alias | alias = description` each.

    UsageFailure unless they are two or more, and all their words distinct.
    """
    labels = tuple(_label(word) for word in written)
    seen: set[str] = set()
    for label in labels:
        for word in label.spellings:
            if not word or "\n" in word:
                raise UsageFailure("bad_labels", "a label is empty or has a line break")
            if _folded(word) in seen:
                raise UsageFailure("bad_labels", f'the label "{word}" is given twice')
            seen.add(_folded(word))
    if len(labels) < 2:
        raise UsageFailure("bad_labels", "a closed set needs two labels or more")
    return labels


def in_file(text: str) -> tuple[str, ...]:
    """The labels of a file, a line each, as `parse` reads them; a blank line, and one that begins
    with `#`, is none."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def lines(labels: Sequence[Label]) -> str:
    """The set as the recipe shows it to the model: a line each, with its description."""
    return "\n".join(
        f"- {label.name}: {label.description}" if label.description else f"- {label.name}"
        for label in labels
    )


def read(answer: str, labels: Sequence[Label]) -> str:
    """The name of the label that `answer` is, or that alone stands in it, spelled as given: as
    text, or as the field `label` of JSON.

    Raises UnusableAnswer if it names none or more than one, or denies what it names.
    """
    told = _field(answer, KEY)
    if (ticked := _ticked(told, labels)) is not None:
        found = ticked
    elif isinstance(told, bool | int):
        found = _same(json.dumps(told), labels)
    else:
        found = _named(told if isinstance(told, str) else answer, labels)
    if len(found) != 1:
        raise _none_of_the_set(found)
    return found[0]


def read_several(answer: str, labels: Sequence[Label]) -> tuple[str, ...]:
    """The names of the labels that `answer` lists, in the order of the set: a line each, with
    commas between them, in a sentence, or in the field `labels` of JSON.

    Raises UnusableAnswer if it names none, something else, or denies what it names.
    """
    told = _field(answer, KEYS)
    if isinstance(told, list):
        words = [word for word in cast("list[Any]", told) if isinstance(word, str)]
        found = _each(words, labels) if len(words) == len(cast("list[Any]", told)) else []
    elif (ticked := _ticked(told, labels)) is not None:
        found = ticked
    else:
        same = _same(answer, labels)
        ways = (same if len(same) == 1 else [], *(_each(b.split(answer), labels) for b in _BETWEEN))
        found = next(filter(None, ways), None) or _in_a_sentence(answer, labels, every=True)
    if not found:
        raise _none_of_the_set(found)
    return tuple(label.name for label in labels if label.name in found)


def complaint(labels: Sequence[Label], several: bool) -> str:
    """What the model is told about an answer that is no label, when it is asked again."""
    wanted = (
        "every label of the list that fits, at least one, one a line"
        if several
        else "one label of the list"
    )
    return (
        f"That answer cannot be used. Answer again, with {wanted}, spelled exactly as it stands "
        f"there, and nothing else. The list:\n{lines(labels)}"
    )


def schema(labels: Sequence[Label], several: bool) -> dict[str, Any]:
    """The JSON Schema of an answer, as strict as the strictest server wants it."""
    one: dict[str, Any] = {"type": "string", "enum": [label.name for label in labels]}
    key, value = (KEYS, {"type": "array", "items": one}) if several else (KEY, one)
    return {
        "type": "object",
        "properties": {key: value},
        "required": [key],
        "additionalProperties": False,
    }


def _none_of_the_set(found: Sequence[str]) -> UnusableAnswer:
    problem = f"names {len(found)} labels" if found else "is no label of the set"
    return UnusableAnswer("not_a_label", f"the answer {problem}", "ask with clearer labels")


def _field(answer: str, key: str) -> Any:
    """What a JSON answer says under `key`, or all of it if it is no object with that; None of any
    other answer. Raises UnusableAnswer for one that is too long to be a verdict."""
    if len(answer) > MOST_READ:
        raise _none_of_the_set([])
    if not any(mark in answer for mark in "{["):
        return None
    try:
        value = structured.value_in(answer)
    except UnusableAnswer:
        return None
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    return "" if key in fields and fields[key] is None else fields.get(key, fields)


def _ticked(told: Any, labels: Sequence[Label]) -> list[str] | None:
    """The labels that are true in an object such as `{"bug": true, "wish": false}`; none where its
    labels are anything but true or false; None of what is no object, or has no label as a key."""
    if not isinstance(told, dict):
        return None
    fields = cast("Mapping[str, Any]", told)
    names = {key: same for key in fields if len(same := _same(key, labels)) == 1}
    if not names:
        return None
    if len(names) < len(fields) or not all(isinstance(value, bool) for value in fields.values()):
        return []
    return [name for key, same in names.items() for name in same if fields[key]]


def _named(answer: str, labels: Sequence[Label]) -> list[str]:
    """The labels that an answer names."""
    same = _same(answer, labels)
    return same if len(same) == 1 else _in_a_sentence(answer, labels)


def _same(answer: str, labels: Sequence[Label]) -> list[str]:
    """The labels that an answer is, white space, case and then marks around it aside."""
    same: list[str] = []
    for reduced in (_folded, _bare):
        wanted = reduced(answer)
        same = [
            label.name
            for label in labels
            if wanted and wanted in [reduced(word) for word in label.spellings]
        ]
        if len(same) == 1:
            break
    return same


def _each(pieces: Sequence[str], labels: Sequence[Label]) -> list[str]:
    """The labels that the pieces are, each of which must be one."""
    found: list[str] = []
    for piece in pieces:
        if _bare(piece):
            same = _same(piece, labels)
            if len(same) != 1:
                return []
            found += same
    return found


def _in_a_sentence(answer: str, labels: Sequence[Label], every: bool = False) -> list[str]:
    """The labels that stand in a sentence; none where it has a denial, nor, where `every` one is
    wanted, a word that may be a label or just a word."""
    found, rest = _standing_in(_composed(answer), labels)
    if _DENIAL.search(rest):
        return []
    if every and set(re.findall(r"\w+", rest)) & {
        _composed(word) for label in labels for word in label.spellings if len(word) < _SHORT
    }:
        return []
    return found


def _standing_in(answer: str, labels: Sequence[Label]) -> tuple[list[str], str]:
    """The labels that stand in a sentence as words of their own, and the sentence without them.

    Longest first, and each find is taken out, so "very good" does not also count as "good". A
    label of one or two letters may be any word, so it counts only where a verdict stands: at the
    end, behind a colon, a quote or an "is".
    """
    found: dict[str, None] = {}
    words = [(word, label.name) for label in labels for word in label.spellings]
    for said, name in sorted(words, key=lambda pair: -len(pair[0])):
        if (wanted := _composed(said)) not in answer:
            continue
        word = rf"(?<![\w+#./-]){re.escape(wanted)}(?![\w+#/-]|[.,]\d)"
        if len(said) < _SHORT:
            word = rf"""(?:[:"'`*“‘]\s*|\bis\s+){word}["'`*”’.!\s]*$"""
        answer, times = re.subn(word, " ", answer)
        if times:
            found[name] = None
    return list(found), answer


def _label(word: str) -> Label:
    names, _, description = word.partition("=")
    name, *aliases = (part.strip() for part in names.split("|"))
    return Label(name, " ".join(description.split()), tuple(aliases))


def _folded(word: str) -> str:
    return " ".join(_composed(word).split())


def _composed(text: str) -> str:
    """The same for all ways to write it: in any case, its accents apart or not."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _bare(word: str) -> str:
    """Without the quotes, stops and emphasis that models put around a label; the sign of a number
    stays, so that -1 is not 1, and so does a box that is not ticked."""
    if "[ ]" in word:
        return _folded(word)
    inner = word.strip(AROUND)
    before = word[: word.find(inner)]
    signed = inner[:1].isdigit() and before.endswith(("-", "–", "."))
    return _folded(before[-1] + inner if signed else inner)
