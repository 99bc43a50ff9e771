"""CORE: a recipe, read strictly, and the messages it makes of variables and data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from mcli import params, strict, template
from mcli.chat import Message, Role
from mcli.errors import UsageFailure
from mcli.strict import Node

Kind = Literal["text", "label", "code"]
DataRule = Literal["required", "optional", "none"]
InputType = Literal["string", "integer", "number", "boolean", "list", "enum", "file"]

KEYS = ("description", "model", "params", "inputs", "data", "messages", "output")
INPUT_KEYS = ("type", "default", "required", "help", "values")
INPUT_TYPES = ("string", "integer", "number", "boolean", "list", "enum", "file")
OURS = frozenset({"data", "label_lines"})
"""Names that a recipe's templates get from us."""

OUR_FIELDS = frozenset({"model", "messages", "stream", "stream_options", "n"})
"""Request fields that have their own flag or that mcli must own to read the reply."""

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")

Given = Mapping[str, str | list[str] | tuple[str, ...]]
"""Variables as a person wrote them: text, a list of texts where a name was given more than
once, or a tuple of items that are already apart."""


@dataclass(frozen=True, slots=True)
class Input:
    """A declared variable of a recipe. `values` are the words an enum may take."""

    type: InputType = "string"
    default: Any = None
    required: bool = False
    help: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A message before rendering; `place` is where its template stands."""

    role: Role
    template: str
    place: str


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
    kind: Kind = "text"


def from_document(root: Node, name: str) -> Recipe:
    """The recipe written in `root`. Raises ConfigFailure naming file, line and column."""
    fields = strict.mapping(root, KEYS)
    if "messages" not in fields:
        raise strict.complaint(root, "a recipe needs messages")
    turns = tuple(_turn(node) for node in strict.items(fields["messages"]))
    if not any(turn.role == "user" for turn in turns):
        raise strict.complaint(fields["messages"], "a recipe needs a user message")
    used = {name for turn in turns for name in template.names(turn.template, turn.place)}
    declared = strict.optional(fields, "inputs", _inputs, None)
    kind: Kind = strict.optional(fields, "output", _kind, cast(Kind, "text"))
    recipe = Recipe(
        name=name,
        turns=turns,
        description=strict.optional(fields, "description", strict.text, ""),
        model=strict.optional(fields, "model", _model, None),
        params=strict.optional(fields, "params", _params, {}),
        inputs=_undeclared(used, kind) if declared is None else declared,
        data=cast(DataRule, strict.optional(fields, "data", _data_rule, "required")),
        kind=kind,
    )
    _check(recipe, root, used)
    return recipe


def bind(recipe: Recipe, given: Given) -> dict[str, Any]:
    """The recipe's variables with their types, defaults filled in.

    Raises UsageFailure that names everything missing, unknown or ill-typed at once.
    """
    wrong = [
        f'unknown variable "{name}" ({strict.did_you_mean(name, recipe.inputs)})'
        if recipe.inputs
        else f'unknown variable "{name}" (the recipe takes none)'
        for name in given
        if name not in recipe.inputs
    ]
    values: dict[str, Any] = {}
    missing: list[str] = []
    for name, declared in recipe.inputs.items():
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
        message = f'the recipe "{recipe.name}" cannot be filled in: {"; ".join(wrong)}'
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


def render(
    recipe: Recipe, values: Mapping[str, Any], data: str, system: str
) -> tuple[Message, ...]:
    """The messages: the recipe's, with `system` (if any) behind its own system messages."""
    values = {**values, "data": data}
    messages = [
        Message(turn.role, template.fill(turn.template, values, turn.place))
        for turn in recipe.turns
    ]
    if system:
        own = 0
        while own < len(messages) and messages[own].role == "system":
            own += 1
        messages.insert(own, Message("system", system))
    return tuple(messages)


def _model(node: Node) -> str:
    if not strict.text(node).strip():
        raise strict.complaint(node, "the model is blank")
    return strict.text(node)


def _turn(node: Node) -> Turn:
    fields = strict.mapping(node, ("system", "user", "assistant"))
    if len(fields) != 1:
        raise strict.complaint(node, "a message is one of system, user or assistant")
    ((role, body),) = fields.items()
    return Turn(cast(Role, role), strict.text(body), body.place)


def _inputs(node: Node) -> dict[str, Input]:
    inputs: dict[str, Input] = {}
    for name, child in strict.mapping(node).items():
        if not name.isidentifier() or name in OURS | template.RESERVED:
            raise strict.complaint(child, f'"{name}" cannot be the name of an input')
        inputs[name] = _input(child)
    return inputs


def _input(node: Node) -> Input:
    fields = strict.mapping(node, INPUT_KEYS)
    kind = strict.optional(fields, "type", lambda n: strict.choice(n, INPUT_TYPES), "string")
    words = strict.optional(fields, "values", strict.items, [])
    declared = Input(
        type=cast(InputType, kind),
        required=strict.optional(fields, "required", strict.boolean, False),
        help=strict.optional(fields, "help", strict.text, ""),
        values=tuple(strict.text(word) for word in words),
    )
    if (kind == "enum") != bool(declared.values):
        raise strict.complaint(node, "an enum, and nothing else, needs its values")
    if "default" not in fields:
        return declared
    if declared.required or kind == "file":
        raise strict.complaint(fields["default"], "this input cannot have a default")
    try:
        default = convert(declared, _written(fields["default"]))
    except ValueError as error:
        raise strict.complaint(fields["default"], f"default: {error}") from None
    return Input(declared.type, default, False, declared.help, declared.values)


def _written(node: Node) -> str | tuple[str, ...]:
    if isinstance(node.value, list):
        return tuple(strict.text(child) for child in node.value)
    return strict.text(node)


def _params(node: Node) -> dict[str, Any]:
    fields = strict.mapping(node)
    for name, child in fields.items():
        if name in OUR_FIELDS:
            raise strict.complaint(child, f'"{name}" cannot be set in params')
    return {name: params.read(name, child) for name, child in fields.items()}


def _data_rule(node: Node) -> str:
    return strict.choice(node, ("required", "optional", "none"))


def _kind(node: Node) -> Kind:
    fields = strict.mapping(node, ("kind",))
    word = strict.optional(fields, "kind", lambda n: strict.choice(n, _KINDS), "text")
    return cast(Kind, word)


_KINDS = ("text", "label", "code")


def _undeclared(used: set[str], kind: Kind) -> dict[str, Input]:
    """A recipe without `inputs` takes the variables that its templates use."""
    labels = {"labels": Input("list", required=True)} if kind == "label" else {}
    return {name: Input(required=True) for name in sorted(used - OURS)} | labels


def _check(recipe: Recipe, root: Node, used: set[str]) -> None:
    """What only shows when the whole recipe is known; `used` are the names in its templates."""
    unknown = used - set(recipe.inputs) - OURS
    if unknown:
        name = min(unknown)
        hint = strict.did_you_mean(name, recipe.inputs)
        raise strict.complaint(root, f'"{name}" is used but not declared in inputs', hint)
    if recipe.data == "none" and "data" in used:
        raise strict.complaint(root, 'the templates use "data", which "data: none" excludes')
    if recipe.kind == "label" and recipe.inputs.get("labels", Input()).type != "list":
        raise strict.complaint(root, 'kind label needs an input "labels" of type list')
    if recipe.kind != "label" and "label_lines" in used:
        raise strict.complaint(root, '"label_lines" belongs to output kind label')


def _list(given: str | list[str] | tuple[str, ...]) -> list[str]:
    if isinstance(given, tuple):
        return list(given)
    pieces = [given] if isinstance(given, str) else given
    return [word.strip() for piece in pieces for word in piece.split(",") if word.strip()]


def _whole(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise ValueError(f'"{word[:40]}" is not a whole number') from None


def _finite(word: str) -> float:
    try:
        value = float(word)
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
