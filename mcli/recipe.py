"""CORE: a recipe, and the messages it makes of variables and data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from mcli import placeholders, template
from mcli.cases import Case
from mcli.chat import Message, Role
from mcli.errors import ConfigFailure
from mcli.expressions import expression
from mcli.fieldpath import Path
from mcli.shapes import field, frozen, replace
from mcli.toolset import Tool
from mcli.variables import Input

Kind = Literal["text", "label", "code", "json"]
DataRule = Literal["required", "optional", "none"]
Fit = Literal["fail", "head", "tail", "middle", "parts"]
"""What becomes of data that the model's window does not take: nothing, a part of it, or all of it
in parts."""

OURS = frozenset({"data", "label_lines"})
"""Names that a recipe's templates get from us."""

OUR_FIELDS = frozenset({"model", "messages", "stream", "stream_options", "n"})
"""Request fields that have their own flag or that mcli must own to read the reply."""

REPAIRS = 1
"""How often an answer that does not fit is asked for again, unless somebody says otherwise."""

MOST_TURNS = 1000
"""Messages of a recipe, and examples: more would keep the machine busy, and no model reads them."""

_ROOM = 8 << 20
_TIMES = 8
"""What texts may come to: so many characters, and so many times all that is put in."""
_WORD = expression(r"[^\W\d]\w*")


@frozen
class Turn:
    """A message before rendering; `place` is where its template stands. A `plain` template has
    nothing but `{{name}}`: whatever else looks like Jinja is text. `images` are the inputs whose
    images stand behind the text."""

    role: Role
    template: str
    place: str
    plain: bool = False
    images: tuple[str, ...] = ()


@frozen
class Example:
    """A pair of turns that show what is wanted: data, variables that differ, and the answer."""

    data: str
    answer: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@frozen
class Output:
    """How the reply is read. `schema` (a JSON Schema) and `get` (the field that is printed) belong
    to kind json, `check` (whether it must be well formed) to kind code, and `repair` (how often to
    ask again) to these and to kind label."""

    kind: Kind = "text"
    schema: Any = None
    get: Path = ()
    repair: int = REPAIRS
    check: bool = True


@frozen
class Recipe:
    """What turns variables and data into messages, and says how to read the reply."""

    name: str
    turns: tuple[Turn, ...]
    description: str = ""
    model: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    inputs: Mapping[str, Input] = field(default_factory=dict[str, Input])
    data: DataRule = "required"
    fit: Fit = "fail"
    examples: tuple[Example, ...] = ()
    output: Output = Output()
    tests: tuple[Case, ...] = ()
    tools: tuple[Tool, ...] = ()


def names(turns: Iterable[Turn]) -> dict[str, Turn]:
    """The variables that the messages ask for, each with the first turn that does."""
    found: dict[str, Turn] = {}
    for turn in turns:
        for name in (*sorted(written(turn)), *turn.images):
            found.setdefault(name, turn)
    return found


def render(
    recipe: Recipe, values: Mapping[str, Any], data: str, system: str
) -> tuple[Message, ...]:
    """The messages: the recipe's, with `system` (if any) behind its own system messages, and its
    examples before the last user message."""
    room = Room(_length(data) + sum(map(_length, values.values())))
    # An image is no text, and may be longer than all of them.
    pictures: dict[str, Any] = {n: v for n, v in values.items() if isinstance(v, Mapping)}
    values = {name: value for name, value in values.items() if name not in pictures}
    messages = [_message(turn, values, data, room) for turn in recipe.turns]
    for place, turn in enumerate(recipe.turns):
        shown = tuple(pictures[name] for name in turn.images if name in pictures)
        if shown:
            messages[place] = replace(messages[place], parts=shown)
    if recipe.examples:
        last = max(n for n, turn in enumerate(recipe.turns) if turn.role == "user")
        # A recipe may declare far more than this one template names.
        named = _WORD.findall(recipe.turns[last].template)
        used = {name: values[name] for name in named if name in values}
        messages[last:last] = [
            message
            for example in recipe.examples
            for message in _shown(example, recipe.turns[last], used, room)
        ]
    if system:
        own = 0
        while own < len(messages) and messages[own].role == "system":
            own += 1
        messages.insert(own, Message("system", system))
    return tuple(messages)


class Room:
    """What is left of the characters that texts may come to, into which `size` characters are put:
    a long value can be asked for thousands of times."""

    def __init__(self, size: int) -> None:
        self.left = _ROOM + _TIMES * size

    def take(self, text: str, place: str) -> str:
        """`text`, if there is room for it."""
        self.left -= len(text)
        if self.left < 0:
            raise ConfigFailure("bad_template", f"{place}: what is put in is repeated too often")
        return text

    def fill(self, source: str, values: Mapping[str, Any], place: str) -> str:
        """The placeholders of `source` filled in, if there is room for it."""
        try:
            return self.take(placeholders.fill(source, values, max(self.left, 0)), place)
        except ValueError as error:
            raise ConfigFailure("bad_template", f"{place}: {error}") from None


def _length(value: Any) -> int:
    if isinstance(value, (list, tuple)):
        return sum(map(_length, cast("list[Any]", value)))
    return len(value) if isinstance(value, str) else 0


def _shown(
    example: Example, turn: Turn, values: Mapping[str, Any], room: Room
) -> tuple[Message, Message]:
    asked = _message(turn, {**values, **example.values}, example.data, room)
    return asked, Message("assistant", example.answer)


def written(turn: Turn) -> frozenset[str]:
    """The variables that the template of a turn asks for."""
    if turn.plain:
        return placeholders.names(turn.template)
    return template.names(turn.template, turn.place)


def _message(turn: Turn, values: Mapping[str, Any], data: str, room: Room) -> Message:
    if turn.plain:
        told = {**values, placeholders.DATA: data}
        return Message(turn.role, room.fill(turn.template, told, turn.place))
    named = {name: values[name] for name in _WORD.findall(turn.template) if name in values}
    text = template.fill(turn.template, {**named, "data": data}, turn.place)
    return Message(turn.role, room.take(text, turn.place))
