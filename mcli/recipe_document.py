"""CORE: a recipe's document, read strictly: what it may say, and the place of what it may not."""

from __future__ import annotations

import json
from typing import Any, cast, get_args

from mcli import case_document, fieldpath, params, strict, template, variables
from mcli.chat import Role
from mcli.recipe import (
    OUR_FIELDS,
    OURS,
    REPAIRS,
    DataRule,
    Example,
    Kind,
    Output,
    Recipe,
    Turn,
)
from mcli.said import MOST_REPAIRS
from mcli.strict import Node
from mcli.variables import Input, InputType

KEYS = (
    "description", "extends", "model", "params", "inputs", "data", "messages", "examples",
    "output", "tests",
)  # fmt: skip
INPUT_KEYS = ("type", "default", "required", "help", "values")
OUTPUT_KEYS = ("kind", "schema", "get", "repair")
MERGED = ("params", "inputs")
"""Where a recipe adds to the one it extends, key by key; anything else it replaces."""


def parent(root: Node) -> Node | None:
    """Where the document names the recipe that it extends; None if it stands alone."""
    fields = strict.mapping(root)
    if "extends" in fields and not strict.text(fields["extends"]).strip():
        raise strict.complaint(fields["extends"], "extends needs the name of a recipe")
    return fields.get("extends")


def merged(below: Node, above: Node) -> Node:
    """The document `above` on top of the one it extends, whose tests stay behind with it."""
    inherited = {key: node for key, node in strict.mapping(below).items() if key != "tests"}
    own = {key: node for key, node in strict.mapping(above).items() if key != "extends"}
    for key in MERGED:
        if key in inherited and key in own:
            both = {**strict.mapping(inherited[key]), **strict.mapping(own[key])}
            own[key] = Node(both, own[key].place)
    return Node({**inherited, **own}, above.place)


def read(root: Node, name: str) -> Recipe:
    """The recipe written in `root`. Raises ConfigFailure naming file, line and column."""
    fields = strict.mapping(root, KEYS)
    if "messages" not in fields:
        raise strict.complaint(root, "a recipe needs messages")
    turns = tuple(_turn(node) for node in strict.items(fields["messages"]))
    if not any(turn.role == "user" for turn in turns):
        raise strict.complaint(fields["messages"], "a recipe needs a user message")
    used = {name for turn in turns for name in template.names(turn.template, turn.place)}
    output = strict.optional(fields, "output", _output, Output())
    declared = strict.optional(fields, "inputs", _inputs, None)
    inputs = _undeclared(used, output.kind) if declared is None else declared
    recipe = Recipe(
        name=name,
        turns=turns,
        description=strict.optional(fields, "description", strict.text, ""),
        model=strict.optional(fields, "model", _model, None),
        params=strict.optional(fields, "params", _params, {}),
        inputs=inputs,
        data=cast(DataRule, strict.optional(fields, "data", _data_rule, "required")),
        examples=strict.optional(fields, "examples", lambda n: _examples(n, inputs), ()),
        output=output,
        tests=strict.optional(fields, "tests", lambda n: case_document.read(n, inputs), ()),
    )
    _check(recipe, root, used)
    return recipe


def on_the_spot(source: str) -> Recipe:
    """The recipe whose only message is the template `source`; data that it does not place itself
    stand behind it. Raises ConfigFailure."""
    where = "the template"
    used = template.names(source, where)
    rule: DataRule = "required"
    if "data" not in used:
        rule = "optional"
        source += "{% if data %}\n\n{{ data }}{% endif %}"
    if "label_lines" in used:
        raise strict.complaint(Node(source, where), '"label_lines" belongs to output kind label')
    return Recipe(
        "-e", (Turn("user", source, where),), inputs=_undeclared(set(used), "text"), data=rule
    )


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
    kind = strict.optional(fields, "type", lambda n: strict.choice(n, variables.TYPES), "string")
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
        default = variables.convert(declared, strict.text_or_texts(fields["default"]))
    except ValueError as error:
        raise strict.complaint(fields["default"], f"default: {error}") from None
    return Input(declared.type, default, False, declared.help, declared.values)


def _params(node: Node) -> dict[str, Any]:
    fields = strict.mapping(node)
    for name, child in fields.items():
        if name in OUR_FIELDS:
            raise strict.complaint(child, f'"{name}" cannot be set in params')
    return {name: params.read(name, child) for name, child in fields.items()}


def _data_rule(node: Node) -> str:
    return strict.choice(node, get_args(DataRule))


def _examples(node: Node, inputs: dict[str, Input]) -> tuple[Example, ...]:
    return tuple(_example(child, inputs) for child in strict.items(node))


def _example(node: Node, inputs: dict[str, Input]) -> Example:
    fields = strict.mapping(node, ("data", "vars", "answer"))
    if "answer" not in fields:
        raise strict.complaint(node, "an example needs its answer")
    told = strict.optional(fields, "vars", lambda n: case_document.variables_in(n, inputs), {})
    return Example(
        strict.optional(fields, "data", strict.text, ""),
        _said(fields["answer"]),
        {name: variables.convert(inputs[name], word) for name, word in told.items()},
    )


def _said(node: Node) -> str:
    """What the model is shown to have said: text, or a structure as JSON."""
    if isinstance(node.value, str):
        return node.value
    return json.dumps(strict.anything(node), ensure_ascii=False)


def _output(node: Node) -> Output:
    fields = strict.mapping(node, OUTPUT_KEYS)
    usual = "json" if "schema" in fields else "text"
    kind = cast(
        Kind, strict.optional(fields, "kind", lambda n: strict.choice(n, get_args(Kind)), usual)
    )
    for key in ("schema", "get", "repair"):
        if key in fields and kind != "json":
            raise strict.complaint(fields[key], f'"{key}" belongs to output kind json')
    return Output(
        kind,
        strict.optional(fields, "schema", _schema, None),
        strict.optional(fields, "get", _field, ()),
        strict.optional(fields, "repair", _repairs, REPAIRS),
    )


def _schema(node: Node) -> Any:
    strict.mapping(node)
    return strict.anything(node)


def _field(node: Node) -> fieldpath.Path:
    try:
        return fieldpath.parse(strict.text(node))
    except ValueError as error:
        raise strict.complaint(node, str(error)) from None


def _repairs(node: Node) -> int:
    count = strict.integer(node)
    if not 0 <= count <= MOST_REPAIRS:
        raise strict.complaint(node, f"{count} is not from 0 to {MOST_REPAIRS}")
    return count


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
    kind = recipe.output.kind
    if kind == "label" and recipe.inputs.get("labels", Input()).type != "list":
        raise strict.complaint(root, 'kind label needs an input "labels" of type list')
    if kind != "label" and "label_lines" in used:
        raise strict.complaint(root, '"label_lines" belongs to output kind label')
