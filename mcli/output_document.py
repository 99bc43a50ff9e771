"""CORE: a recipe's `output`: how the reply is read."""

from __future__ import annotations

from typing import Any, cast, get_args

from mcli import fieldpath, schema, strict
from mcli.errors import ConfigFailure
from mcli.recipe import REPAIRS, Kind, Output
from mcli.said import MOST_REPAIRS
from mcli.strict import Node

_BELONGS = {
    "schema": ("json",),
    "get": ("json",),
    "repair": ("json", "label", "code"),
    "check": ("code",),
}
"""The kinds that a key is for."""
KEYS = ("kind", *_BELONGS)


def read(node: Node) -> Output:
    """The output that `node` describes. Raises ConfigFailure naming file, line and column."""
    fields = strict.mapping(node, KEYS)
    usual = "json" if "schema" in fields else "text"
    kind = cast(
        Kind, strict.optional(fields, "kind", lambda n: strict.choice(n, get_args(Kind)), usual)
    )
    for key, kinds in _BELONGS.items():
        if key in fields and kind not in kinds:
            told = f'"{key}" belongs to output kind {" or ".join(kinds)}'
            raise strict.complaint(fields[key], told)
    return Output(
        kind,
        strict.optional(fields, "schema", _schema, None),
        strict.optional(fields, "get", lambda n: strict.parsed(n, fieldpath.parse), ()),
        strict.optional(fields, "repair", lambda n: strict.whole(n, MOST_REPAIRS), REPAIRS),
        strict.optional(fields, "check", strict.boolean, True),
    )


def _schema(node: Node) -> Any:
    strict.mapping(node)
    wanted = strict.anything(node)
    try:
        schema.check(wanted)
    except ValueError as error:
        raise ConfigFailure("bad_schema", f"{node.place}: {error}") from None
    return wanted
