"""CORE: the `inputs` of a recipe's document, read strictly."""

from __future__ import annotations

from functools import partial
from typing import cast

from mcli import strict, template, variables
from mcli.recipe import OURS
from mcli.strict import Complaints, Node
from mcli.variables import Input, InputType

KEYS = ("type", "default", "required", "help", "values")


def read(node: Node, complaints: Complaints) -> dict[str, Input]:
    """The declared inputs by name; what is unreadable may have any value."""

    def named(name: str, child: Node) -> Input:
        if not name.isidentifier() or name in OURS | template.RESERVED:
            raise strict.complaint(child, f'"{name}" cannot be the name of an input')
        return _input(child)

    return {
        name: complaints.spare(partial(named, name, child), Input("list"))
        for name, child in strict.mapping(node).items()
    }


def _input(node: Node) -> Input:
    fields = strict.mapping(node, KEYS)
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
    if declared.required or kind in variables.FROM_FLAGS:
        raise strict.complaint(fields["default"], "this input cannot have a default")
    try:
        default = variables.convert(declared, strict.text_or_texts(fields["default"]))
    except ValueError as error:
        raise strict.complaint(fields["default"], f"default: {error}") from None
    return Input(declared.type, default, False, declared.help, declared.values)
