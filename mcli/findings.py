"""CORE: what `recipes check` finds: mistakes, and what is allowed but surely not meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcli import recipe, strict
from mcli.cases import Case
from mcli.errors import Failure
from mcli.expressions import expression
from mcli.recipe import Recipe
from mcli.shapes import frozen, values
from mcli.strict import Node

_PLACE = expression(r"(.*?):(\d+):(\d+)", re.DOTALL)
_TOLD = expression(r"(.*?:\d+:\d+): (.*)", re.DOTALL)
_KINDS_OF_INPUTS = {"label": "labels", "code": "language"}
"""The input that a kind of output uses, whether a template does or not."""


@frozen
class Finding:
    """Something wrong with a file, and where; line and column count from 1, and are 0 where the
    whole file is meant."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""
    slug: str = "bad_document"

    def __lt__(self, other: Finding) -> bool:
        return values(self) < values(other)

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.message}{f' ({self.hint})' if self.hint else ''}"


def of(failure: Failure, path: str) -> Finding:
    """The finding that a failure to read the file `path` is; it may lie in another file, which
    `path` extends."""
    message = failure.message
    if message.startswith(f"{path}: "):
        return Finding(path, 0, 0, message[len(path) + 2 :], failure.hint, failure.slug)
    # A path may itself look like a place, so the one that is known is taken off first.
    known = path if message.startswith(f"{path}:") else ""
    told = _TOLD.fullmatch(message[len(known) :])
    if told is None:
        return Finding(path, 0, 0, message, failure.hint, failure.slug)
    return at(known + told[1], told[2], failure.hint, failure.slug)


def at(place: str, message: str, hint: str = "", slug: str = "bad_document") -> Finding:
    """A finding at a place as documents name it: `path:line:column`."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return Finding(place, 0, 0, message, hint, slug)
    return Finding(found[1], int(found[2]), int(found[3]), message, hint, slug)


def doubts(root: Node, found: Recipe) -> Iterator[Finding]:
    """What a strict reader allows and is surely wrong, in the recipe that `root` is by itself."""
    used = {*recipe.names(found.turns), _KINDS_OF_INPUTS.get(found.output.kind, "")}
    inputs = strict.mapping(root).get("inputs")
    for name, node in strict.mapping(inputs).items() if inputs else ():
        if name not in used:
            message = f'the input "{name}" is used by no template'
            yield at(node.place, message, "use it, or leave it out", "unused_input")
    for case in found.tests:
        yield from _pointless(case, found.output.kind)


def _pointless(case: Case, kind: str) -> Iterator[Finding]:
    if case.expected.label is not None and kind != "label":
        message = f"the test expects a label, and the output is of kind {kind}"
        yield at(case.place, message, "", "pointless_test")
    if case.expected.get and kind != "json":
        message = f"the test expects fields of JSON, and the output is of kind {kind}"
        yield at(case.place, message, "", "pointless_test")
