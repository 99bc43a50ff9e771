"""CORE: a recipe's document, read strictly: what it may say, and the place of what it may not."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, TypeVar, cast, get_args

from mcli import case_document, output_document, params, strict, template, variables
from mcli.case_document import Inputs
from mcli.chat import Role
from mcli.recipe import (
    MOST_TURNS,
    OUR_FIELDS,
    OURS,
    DataRule,
    Example,
    Fit,
    Kind,
    Output,
    Recipe,
    Turn,
    names,
)
from mcli.strict import Complaints, Node
from mcli.variables import Input, InputType

T = TypeVar("T")
D = TypeVar("D")

KEYS = (
    "description", "extends", "model", "params", "inputs", "data", "messages", "examples",
    "output", "fit", "tests",
)  # fmt: skip
INPUT_KEYS = ("type", "default", "required", "help", "values")
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


def read(root: Node, name: str, complaints: Complaints = strict.STRICT) -> Recipe:
    """The recipe written in `root`. Raises ConfigFailure naming file, line and column; where
    `complaints` are kept, the recipe is what could be read of it."""
    fields = strict.mapping(root, KEYS, complaints)

    def part(key: str, read: Callable[[Node], T], absent: D) -> T | D:
        return complaints.spare(lambda: strict.optional(fields, key, read, absent), absent)

    if "messages" not in fields:
        complaints.add(strict.complaint(root, "a recipe needs messages"))
    turns = part("messages", lambda n: _turns(n, complaints), ())
    used = names(turns)
    output = complaints.spare(
        lambda: strict.optional(fields, "output", output_document.read, Output()), None
    )
    inputs = _inputs(fields, used, output, complaints)
    recipe = Recipe(
        name=name,
        turns=turns,
        description=part("description", strict.text, ""),
        model=part("model", _model, None),
        params=part("params", lambda n: _params(n, complaints), dict[str, Any]()),
        inputs=inputs or {},
        data=cast(DataRule, part("data", _data_rule, "required")),
        fit=cast(Fit, part("fit", _fit, "fail")),
        examples=part("examples", lambda n: _examples(n, inputs, complaints), ()),
        output=output or Output(),
        tests=part("tests", lambda n: case_document.read(n, inputs, complaints), ()),
    )
    if inputs is not None:
        _check_names(recipe, used, complaints)
        if output is not None:
            _check(recipe, root, used, complaints)
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


def _turns(node: Node, complaints: Complaints) -> tuple[Turn, ...]:
    nodes = strict.items(node, MOST_TURNS)
    turns = tuple(complaints.each(nodes, _turn))
    # A message that cannot be read may be the user's.
    if len(turns) == len(nodes) and not any(turn.role == "user" for turn in turns):
        complaints.add(strict.complaint(node, "a recipe needs a user message"))
    return turns


def _turn(node: Node) -> Turn:
    fields = strict.mapping(node, ("system", "user", "assistant"))
    if len(fields) != 1:
        raise strict.complaint(node, "a message is one of system, user or assistant")
    ((role, body),) = fields.items()
    template.names(strict.text(body), body.place)
    return Turn(cast(Role, role), strict.text(body), body.place)


def _inputs(
    fields: Mapping[str, Node], used: Collection[str], output: Output | None, complaints: Complaints
) -> dict[str, Input] | None:
    """The inputs, as they are declared or else as the templates use them; None where a mistake
    leaves open what they are called."""
    if "inputs" in fields:
        return complaints.spare(lambda: _declared(fields["inputs"], complaints), None)
    return None if complaints.kept or output is None else _undeclared(used, output.kind)


def _declared(node: Node, complaints: Complaints) -> dict[str, Input]:
    def named(name: str, child: Node) -> Input:
        if not name.isidentifier() or name in OURS | template.RESERVED:
            raise strict.complaint(child, f'"{name}" cannot be the name of an input')
        return _input(child)

    # What is unreadable may have any value.
    return {
        name: complaints.spare(partial(named, name, child), Input("list"))
        for name, child in strict.mapping(node).items()
    }


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


def _params(node: Node, complaints: Complaints) -> dict[str, Any]:
    return dict(complaints.each(strict.mapping(node).items(), _param))


def _param(field: tuple[str, Node]) -> tuple[str, Any]:
    name, node = field
    if name in OUR_FIELDS:
        raise strict.complaint(node, f'"{name}" cannot be set in params')
    return name, params.read(name, node)


def _data_rule(node: Node) -> str:
    return strict.choice(node, get_args(DataRule))


def _fit(node: Node) -> str:
    return strict.choice(node, get_args(Fit))


def _examples(node: Node, inputs: Inputs, complaints: Complaints) -> tuple[Example, ...]:
    return tuple(
        complaints.each(strict.items(node, MOST_TURNS), lambda child: _example(child, inputs))
    )


def _example(node: Node, inputs: Inputs) -> Example:
    fields = strict.mapping(node, ("data", "vars", "answer"))
    if "answer" not in fields:
        raise strict.complaint(node, "an example needs its answer")
    told = strict.optional(fields, "vars", lambda n: case_document.variables_in(n, inputs), {})
    return Example(
        strict.optional(fields, "data", strict.text, ""),
        _said(fields["answer"]),
        {name: variables.convert(inputs[name], word) for name, word in told.items() if inputs},
    )


def _said(node: Node) -> str:
    """What the model is shown to have said: text, or a structure as JSON."""
    if isinstance(node.value, str):
        return node.value
    return json.dumps(strict.anything(node), ensure_ascii=False)


def _undeclared(used: Collection[str], kind: Kind) -> dict[str, Input]:
    """A recipe without `inputs` takes the variables that its templates use."""
    labels = {"labels": Input("list", required=True)} if kind == "label" else {}
    return {name: Input(required=True) for name in sorted(set(used) - OURS)} | labels


def _check_names(recipe: Recipe, used: Mapping[str, Turn], complaints: Complaints) -> None:
    for name, turn in used.items():
        if name not in recipe.inputs and name not in OURS:
            hint = strict.did_you_mean(name, recipe.inputs)
            told = f'"{name}" is used but not declared in inputs'
            complaints.add(strict.complaint(Node("", turn.place), told, hint))


def _check(recipe: Recipe, root: Node, used: Collection[str], complaints: Complaints) -> None:
    """What only shows when the whole recipe is known; `used` are the names in its templates."""
    if recipe.data == "none" and "data" in used:
        told = 'the templates use "data", which "data: none" excludes'
        complaints.add(strict.complaint(root, told))
    kind = recipe.output.kind
    if kind == "label" and recipe.inputs.get("labels", Input()).type != "list":
        told = 'kind label needs an input "labels" of type list'
        complaints.add(strict.complaint(root, told))
    if recipe.fit == "parts" and kind != "text":
        told = '"fit: parts" puts texts together, so it belongs to output kind text'
        complaints.add(strict.complaint(root, told))
    if kind != "label" and "label_lines" in used:
        complaints.add(strict.complaint(root, '"label_lines" belongs to output kind label'))
