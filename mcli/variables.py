"""CORE: a recipe's inputs: declared with a type, given as text, bound all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mcli import strict
from mcli.errors import UsageFailure
from mcli.shapes import frozen

InputType = Literal["string", "integer", "number", "boolean", "list", "enum", "file", "image"]

TYPES = ("string", "integer", "number", "boolean", "list", "enum", "file", "image")

FROM_FLAGS = ("file", "image")
"""Types whose value names a file, which only a person may do."""

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")

Given = Mapping[str, str | list[str] | tuple[str, ...]]
"""Variables as a person wrote them: text, a list of texts where a name was given more than
once, or a tuple of items that are already apart."""


@frozen
class Input:
    """A declared variable of a recipe. `values` are the words an enum may take."""

    type: InputType = "string"
    default: Any = None
    required: bool = False
    help: str = ""
    values: tuple[str, ...] = ()


def bind(inputs: Mapping[str, Input], given: Given, recipe: str) -> dict[str, Any]:
    """The variables with their types, defaults filled in; `recipe` is its name, for complaints.

    Raises UsageFailure that names everything missing, unknown or ill-typed at once.
    """
    wrong = [
        f'unknown variable "{name}" ({strict.did_you_mean(name, inputs)})'
        if inputs
        else f'unknown variable "{name}" (the recipe takes none)'
        for name in given
        if name not in inputs
    ]
    values: dict[str, Any] = {}
    missing: list[str] = []
    for name, declared in inputs.items():
        if name not in given:
            values[name] = declared.default
            if declared.required:
                missing.append(name)
            continue
        if declared.required and not any(word.strip() for word in given[name]):
            wrong.append(f"{name} is blank")  # "$UNSET"
            continue
        try:
            values[name] = convert(declared, given[name])
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    if missing:
        wrong.insert(0, f"missing: {', '.join(missing)}")
    if wrong:
        message = f'the recipe "{recipe}" cannot be filled in: {"; ".join(wrong)}'
        raise UsageFailure("bad_variables", message, "give variables with -D NAME=VALUE")
    return values


def convert(declared: Input, given: str | list[str] | tuple[str, ...]) -> Any:
    """The text of a variable as its declared type; ValueError says what was expected."""
    if declared.type == "list":
        return _list(given)
    if not isinstance(given, str):
        raise ValueError("takes one value")
    if declared.type == "integer":
        return _whole(given)
    if declared.type == "number":
        return _finite(given)
    if declared.type == "boolean":
        return _truth(given)
    if declared.type == "enum" and given not in declared.values:
        raise ValueError(f'"{given}" is not one of {", ".join(declared.values)}')
    return given


def _list(given: str | list[str] | tuple[str, ...]) -> list[str]:
    if isinstance(given, tuple):
        return list(given)
    pieces = [given] if isinstance(given, str) else given
    return [word.strip() for piece in pieces for word in piece.split(",") if word.strip()]


def _whole(word: str) -> int:
    try:
        return int(_plain(word))
    except ValueError:
        raise ValueError(f'"{word[:40]}" is not a whole number') from None


def _finite(word: str) -> float:
    try:
        value = float(_plain(word))
    except ValueError:
        value = float("nan")
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f'"{word[:40]}" is not a number')
    return value


def _truth(word: str) -> bool:
    if word.lower() in _TRUE:
        return True
    if word.lower() in _FALSE:
        return False
    raise ValueError(f'"{word[:40]}" is not true or false')


def _plain(word: str) -> str:
    """A number as JSON and people write it; Python knows `1_000` and other scripts' digits too."""
    if not word.isascii() or "_" in word:
        raise ValueError
    return word
