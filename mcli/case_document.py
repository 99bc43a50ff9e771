"""CORE: the `tests` block of a recipe's document, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcli import fieldpath, params, schema, strict, variables
from mcli.cases import Case, Expected, Words
from mcli.strict import Complaints, Node
from mcli.variables import Input

KEYS = ("name", "data", "data_file", "vars", "expect")
EXPECTED_KEYS = (
    "equals", "contains", "not_contains", "starts_with", "ends_with", "matches", "label", "get",
    "valid", "max_tokens",
)  # fmt: skip


Inputs = Mapping[str, Input] | None
"""A recipe's inputs; None where they are not known, because they cannot be read."""


def read(node: Node, inputs: Inputs, complaints: Complaints = strict.STRICT) -> tuple[Case, ...]:
    """The tests in `node`, for a recipe with these inputs."""
    required = [name for name, input in (inputs or {}).items() if input.required]
    patterns = schema.Patterns()

    def case(told: tuple[int, Node]) -> Case:
        fields, given = _given(told[1], inputs, required)
        return _case(told[1], told[0], fields, given, patterns)

    return tuple(complaints.each(enumerate(strict.items(node), 1), case))


def variables_in(node: Node, inputs: Inputs) -> dict[str, str | tuple[str, ...]]:
    """The variables in `node`, each known and of the type that it was declared with."""
    given: dict[str, str | tuple[str, ...]] = {}
    for name, child in strict.mapping(node).items():
        if inputs is None:
            given[name] = strict.text_or_texts(child)
            continue
        if name not in inputs:
            hint = strict.did_you_mean(name, inputs)
            raise strict.complaint(child, f'"{name}" is no input of this recipe', hint)
        given[name] = strict.text_or_texts(child)
        try:
            variables.convert(inputs[name], given[name])
        except ValueError as error:
            raise strict.complaint(child, f"{name}: {error}") from None
    return given


def _given(
    node: Node, inputs: Inputs, required: list[str]
) -> tuple[dict[str, Node], dict[str, str | tuple[str, ...]]]:
    """The fields of a test, and its variables, which are all that it needs."""
    fields = strict.mapping(node, KEYS)
    if "data" in fields and "data_file" in fields:
        raise strict.complaint(node, "a test has data or a data_file, not both")
    if "expect" not in fields:
        raise strict.complaint(node, "a test needs to expect something")
    given = strict.optional(fields, "vars", lambda n: variables_in(n, inputs), {})
    missing = [name for name in required if name not in given]
    if missing:
        raise strict.complaint(node, f"the test lacks {', '.join(missing)}")
    return fields, given


def _case(
    node: Node,
    number: int,
    fields: dict[str, Node],
    given: dict[str, str | tuple[str, ...]],
    patterns: schema.Patterns,
) -> Case:
    return Case(
        name=strict.optional(fields, "name", strict.text, f"test {number}"),
        place=node.place,
        data=strict.optional(fields, "data", strict.text, ""),
        data_file=strict.optional(fields, "data_file", strict.text, None),
        variables=given,
        expected=_expected(fields["expect"], patterns),
    )


def _expected(node: Node, known: schema.Patterns) -> Expected:
    fields = strict.mapping(node, EXPECTED_KEYS)
    if not fields:
        raise strict.complaint(node, "a test needs to expect something")

    def words(key: str) -> Words:
        return strict.optional(fields, key, _words, ())

    return Expected(
        equals=strict.optional(fields, "equals", strict.text, None),
        contains=words("contains"),
        not_contains=words("not_contains"),
        starts_with=words("starts_with"),
        ends_with=words("ends_with"),
        matches=strict.optional(fields, "matches", lambda n: _patterns(n, known), ()),
        label=strict.optional(fields, "label", strict.text, None),
        get=strict.optional(fields, "get", _fields, ()),
        valid=strict.optional(fields, "valid", strict.boolean, None),
        max_tokens=strict.optional(fields, "max_tokens", params.count, None),
    )


def _words(node: Node) -> Words:
    words = strict.text_or_texts(node)
    words = (words,) if isinstance(words, str) else words
    if not all(words):
        raise strict.complaint(node, "an empty text says nothing of an answer")
    return words


def _patterns(node: Node, known: schema.Patterns) -> Words:
    patterns = _words(node)
    for pattern in patterns:
        try:
            readable = known.take(pattern)
        except ValueError as error:
            raise strict.complaint(node, str(error)) from None
        if not readable:
            shown = " ".join(pattern.split())[:60]
            raise strict.complaint(node, f'"{shown}" is no regular expression, or too large')
    return patterns


def _fields(node: Node) -> tuple[tuple[fieldpath.Path, Any], ...]:
    told: list[tuple[fieldpath.Path, Any]] = []
    for key, child in strict.mapping(node).items():
        try:
            told.append((fieldpath.parse(key), strict.anything(child)))
        except ValueError as error:
            raise strict.complaint(child, str(error)) from None
    return tuple(told)
