"""CORE: a recipe's document, read strictly: what it may say, and the place of what it may not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, cast, get_args

from mcli import (
    case_document,
    input_document,
    output_document,
    params,
    strict,
    template,
    toolset,
    turn_document,
    variables,
)
from mcli.case_document import Inputs
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
from mcli.variables import Input

T = TypeVar("T")
D = TypeVar("D")

KEYS = (
    "description", "extends", "model", "params", "inputs", "data", "messages", "examples",
    "output", "fit", "tools", "tests",
)  # fmt: skip
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
    turns = part("messages", lambda n: turn_document.read(n, complaints), ())
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
        tools=part("tools", lambda n: toolset.read(n, complaints), ()),
        tests=part("tests", lambda n: case_document.read(n, inputs, complaints), ()),
    )
    if inputs is not None:
        _check_names(recipe, used, complaints)
        turn_document.check(turns, recipe.inputs, complaints)
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


def _inputs(
    fields: Mapping[str, Node],
    used: Mapping[str, Turn],
    output: Output | None,
    complaints: Complaints,
) -> dict[str, Input] | None:
    """The inputs, as they are declared or else as the templates use them; None where a mistake
    leaves open what they are called."""
    if "inputs" in fields:
        return complaints.spare(lambda: input_document.read(fields["inputs"], complaints), None)
    if complaints.kept or output is None:
        return None
    pictures = {name for name, turn in used.items() if name in turn.images}
    return _undeclared(used, output.kind, pictures)


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
        strict.text_or_json(fields["answer"]),
        {name: variables.convert(inputs[name], word) for name, word in told.items() if inputs},
    )


def _undeclared(
    used: Collection[str], kind: Kind, pictures: Collection[str] = ()
) -> dict[str, Input]:
    """A recipe without `inputs` takes the variables that its messages use."""
    labels = {"labels": Input("list", required=True)} if kind == "label" else {}
    return {
        name: Input("image" if name in pictures else "string", required=True)
        for name in sorted(set(used) - OURS)
    } | labels


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
    if recipe.fit == "parts" and recipe.tools:
        told = '"fit: parts" puts texts together, and calls of tools are none'
        complaints.add(strict.complaint(root, told))
    if kind != "label" and "label_lines" in used:
        complaints.add(strict.complaint(root, '"label_lines" belongs to output kind label'))
