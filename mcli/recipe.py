"""CORE: a recipe, and the messages it makes of variables and data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mcli import placeholders, template
from mcli.cases import Case
from mcli.chat import Message, Role
from mcli.fieldpath import Path
from mcli.variables import Input

Kind = Literal["text", "label", "code", "json"]
DataRule = Literal["required", "optional", "none"]

OURS = frozenset({"data", "label_lines"})
"""Names that a recipe's templates get from us."""

OUR_FIELDS = frozenset({"model", "messages", "stream", "stream_options", "n"})
"""Request fields that have their own flag or that mcli must own to read the reply."""

REPAIRS = 1
"""How often a JSON answer that does not fit is asked for again, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message before rendering; `place` is where its template stands. A `plain` template has
    nothing but `{{name}}`: whatever else looks like Jinja is text."""

    role: Role
    template: str
    place: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of turns that show what is wanted: data, variables that differ, and the answer."""

    data: str
    answer: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Output:
    """How the reply is read. `schema` (a JSON Schema), `get` (the field that is printed) and
    `repair` (how often to ask again) belong to kind json."""

    kind: Kind = "text"
    schema: Any = None
    get: Path = ()
    repair: int = REPAIRS


@dataclass(frozen=True, slots=True)
class Recipe:
    """What turns variables and data into messages, and says how to read the reply."""

    name: str
    turns: tuple[Turn, ...]
    description: str = ""
    model: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    inputs: Mapping[str, Input] = field(default_factory=dict[str, Input])
    data: DataRule = "required"
    examples: tuple[Example, ...] = ()
    output: Output = Output()
    tests: tuple[Case, ...] = ()


def names(turns: Iterable[Turn]) -> dict[str, Turn]:
    """The variables that the templates ask for, each with the first turn that does."""
    found: dict[str, Turn] = {}
    for turn in turns:
        for name in sorted(_names(turn)):
            found.setdefault(name, turn)
    return found


def render(
    recipe: Recipe, values: Mapping[str, Any], data: str, system: str
) -> tuple[Message, ...]:
    """The messages: the recipe's, with `system` (if any) behind its own system messages, and its
    examples before the last user message."""
    messages = [_message(turn, values, data) for turn in recipe.turns]
    if recipe.examples:
        last = max(n for n, turn in enumerate(recipe.turns) if turn.role == "user")
        messages[last:last] = [
            message
            for example in recipe.examples
            for message in _shown(example, recipe.turns[last], values)
        ]
    if system:
        own = 0
        while own < len(messages) and messages[own].role == "system":
            own += 1
        messages.insert(own, Message("system", system))
    return tuple(messages)


def _shown(example: Example, turn: Turn, values: Mapping[str, Any]) -> tuple[Message, Message]:
    asked = _message(turn, {**values, **example.values}, example.data)
    return asked, Message("assistant", example.answer)


def _names(turn: Turn) -> frozenset[str]:
    if turn.plain:
        return placeholders.names(turn.template)
    return template.names(turn.template, turn.place)


def _message(turn: Turn, values: Mapping[str, Any], data: str) -> Message:
    if turn.plain:
        filled = placeholders.fill(turn.template, {**values, placeholders.DATA: data})
        return Message(turn.role, filled)
    return Message(turn.role, template.fill(turn.template, {**values, "data": data}, turn.place))
