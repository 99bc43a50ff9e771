"""CORE: the `tests` block of a recipe's document, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcli import fieldpath, params, strict, variables
from mcli.cases import Case, Expected, Words
from mcli.strict import Node
from mcli.variables import Input

KEYS = ("name", "data", "data_file", "vars", "expect")
EXPECTED_KEYS = (
    "equals", "contains", "not_contains", "starts_with", "ends_with", "matches", "label", "get",
    "valid", "max_tokens",
)  # fmt: skip


def read(node: Node, inputs: Mapping[str, Input]) -> tuple[Case, ...]:
    """The tests in `node`, for a recipe with these inputs. Raises ConfigFailure."""
    cases = [_case(child, number, inputs) for number, child in enumerate(strict.items(node), 1)]
    return tuple(cases)


def variables_in(node: Node, inputs: Mapping[str, Input]) -> dict[str, str | tuple[str, ...]]:
    """The variables in `node`, each known and of the type that it was declared with."""
    given: dict[str, str | tuple[str, ...]] = {}
    for name, child in strict.mapping(node).items():
        if name not in inputs:
            hint = strict.did_you_mean(name, inputs)
            raise strict.complaint(child, f'"{name}" is no input of this recipe', hint)
        given[name] = strict.text_or_texts(child)
        try:
            variables.convert(inputs[name], given[name])
        except ValueError as error:
            raise strict.complaint(child, f"{name}: {error}") from None
    return given


def _case(node: Node, number: int, inputs: Mapping[str, Input]) -> Case:
    fields = strict.mapping(node, KEYS)
    if "data" in fields and "data_file" in fields:
        raise strict.complaint(node, "a test has data or a data_file, not both")
    if "expect" not in fields:
        raise strict.complaint(node, "a test needs to expect something")
    given = strict.optional(fields, "vars", lambda n: variables_in(n, inputs), {})
    missing = [name for name, known in inputs.items() if known.required and name not in given]
    if missing:
        raise strict.complaint(node, f"the test lacks {', '.join(missing)}")
    return Case(
        name=strict.optional(fields, "name", strict.text, f"test {number}"),
        place=node.place,
        data=strict.optional(fields, "data", strict.text, ""),
        data_file=strict.optional(fields, "data_file", strict.text, None),
        variables=given,
        expected=_expected(fields["expect"]),
    )


def _expected(node: Node) -> Expected:
    fields = strict.mapping(node, EXPECTED_KEYS)
    if not fields:
        raise strict.complaint(node, "a test needs to expect something")
    words = {
        key: strict.optional(fields, key, _words, ())
        for key in ("contains", "not_contains", "starts_with", "ends_with", "matches")
    }
    return Expected(
        equals=strict.optional(fields, "equals", strict.text, None),
        label=strict.optional(fields, "label", strict.text, None),
        get=strict.optional(fields, "get", _fields, ()),
        valid=strict.optional(fields, "valid", strict.boolean, None),
        max_tokens=strict.optional(fields, "max_tokens", params.count, None),
        **words,
    )


def _words(node: Node) -> Words:
    words = strict.text_or_texts(node)
    words = (words,) if isinstance(words, str) else words
    if not all(words):
        raise strict.complaint(node, "an empty text says nothing of an answer")
    return words


def _fields(node: Node) -> tuple[tuple[fieldpath.Path, Any], ...]:
    told: list[tuple[fieldpath.Path, Any]] = []
    for key, child in strict.mapping(node).items():
        try:
            told.append((fieldpath.parse(key), strict.anything(child)))
        except ValueError as error:
            raise strict.complaint(child, str(error)) from None
    return tuple(told)
