"""CORE: the tests that a recipe brings along: what is put in, and what the answer must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mcli import fieldpath, redaction, schema, structured
from mcli.fieldpath import Path
from mcli.shapes import field, frozen

Words = tuple[str, ...]
_LONGEST = 80
"""Characters of an answer, or of what was expected, that a complaint shows."""


@frozen
class Expected:
    """What must hold of an answer; whatever is None or empty is not asked.

    `matches` are regular expressions found somewhere in the text; `get` are fields of the
    structured answer, with their values; `valid` of False wants an answer that cannot be used;
    `max_tokens` bounds the completion, as the server counted it. `loosely` looks at the model's
    own words whatever the output is, and passes over their case, as GitHub Models did.
    """

    equals: str | None = None
    contains: Words = ()
    not_contains: Words = ()
    starts_with: Words = ()
    ends_with: Words = ()
    matches: Words = ()
    label: str | None = None
    get: tuple[tuple[Path, Any], ...] = ()
    valid: bool | None = None
    max_tokens: int | None = None
    loosely: bool = False


@frozen
class Case:
    """One test: its data or the file that holds them, its variables as a person would write them,
    and what is expected. `place` is where it stands; `unchecked` are the judges that it names and
    mcli does not have."""

    name: str
    place: str
    data: str = ""
    data_file: str | None = None
    variables: Mapping[str, str | tuple[str, ...]] = field(
        default_factory=dict[str, "str | tuple[str, ...]"]
    )
    expected: Expected = Expected()
    unchecked: Words = ()


@frozen
class Outcome:
    """What came of a test: the answer as it is printed and its structure, or the `problem` that
    makes it unusable; the model's own `words`; and the tokens of the completion, if counted."""

    text: str
    data: Any = None
    words: str = ""
    problem: str = ""
    tokens: int | None = None


def unmet(expected: Expected, outcome: Outcome) -> list[str]:
    """What was expected and did not come, a sentence each; nothing if the test is passed."""
    return [*_validity(expected, outcome), *_texts(expected, outcome), *_facts(expected, outcome)]


def _validity(expected: Expected, outcome: Outcome) -> Iterator[str]:
    if expected.valid is False and not outcome.problem:
        yield f"expected an answer that cannot be used, got {_quoted(outcome.text)}"
    if expected.valid is not False and outcome.problem:
        yield f"the answer cannot be used: {redaction.excerpt(outcome.problem)}"


def _texts(expected: Expected, outcome: Outcome) -> Iterator[str]:
    """White space around the answer is set aside: a text in YAML likes to end with a line break."""
    if outcome.problem and expected.valid is not False:
        return
    said = outcome.words if expected.loosely or outcome.problem else outcome.text
    said = said.strip()
    got = f"got {_quoted(said)}"
    if expected.equals is not None and said != expected.equals.strip():
        yield f"expected {_quoted(expected.equals)}, {got}"
    fold: Callable[[str], str] = str.casefold if expected.loosely else str
    text = fold(said)
    for word in expected.contains:
        if fold(word) not in text:
            yield f"expected {_quoted(word)} in it, {got}"
    for word in expected.not_contains:
        if fold(word) in text:
            yield f"expected no {_quoted(word)} in it, {got}"
    for word in expected.starts_with:
        if not text.startswith(fold(word.lstrip())):
            yield f"expected {_quoted(word)} at its start, {got}"
    for word in expected.ends_with:
        if not text.endswith(fold(word.rstrip())):
            yield f"expected {_quoted(word)} at its end, {got}"
    for pattern in expected.matches:
        if not _found(pattern, said):
            yield f"expected a match of {_quoted(pattern)}, {got}"


def _facts(expected: Expected, outcome: Outcome) -> Iterator[str]:
    if expected.label is not None and not outcome.problem and outcome.text != expected.label:
        yield f"expected the label {_quoted(expected.label)}, got {_quoted(outcome.text)}"
    for path, value in expected.get:
        if not outcome.problem and (told := _field(outcome.data, path, value)):
            yield told
    if expected.max_tokens is not None:
        if outcome.tokens is None:
            yield f"expected at most {expected.max_tokens} tokens, which the server did not count"
        elif outcome.tokens > expected.max_tokens:
            yield f"expected at most {expected.max_tokens} tokens, got {outcome.tokens}"


def _field(data: Any, path: Path, value: Any) -> str:
    where, wanted = fieldpath.write(path), _quoted(structured.shown(value))
    try:
        found = fieldpath.pick(data, path)
    except fieldpath.Missing:
        return f"expected {where} to be {wanted}, and there is none"
    # JSON's own equality: 1 is 1.0, and is not true.
    if schema.complaint(found, {"const": value}):
        return f"expected {where} to be {wanted}, got {_quoted(structured.shown(found))}"
    return ""


def _found(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`, in linear or at least bounded time: Rust's engine."""
    return not schema.complaint(text, {"pattern": pattern})


def _quoted(text: str) -> str:
    return f'"{redaction.excerpt(text, _LONGEST)}"'
