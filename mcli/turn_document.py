"""CORE: the `messages` of a recipe's document, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from mcli import strict, template
from mcli.chat import Role
from mcli.expressions import expression
from mcli.recipe import MOST_TURNS, Turn, written
from mcli.strict import Complaints, Node
from mcli.variables import Input

_NAMED = expression(r"\{\{\s*([^\W\d]\w*)\s*\}\}")
_BETWEEN = "\n\n"
"""What stands between the texts of a message that is a list."""


def read(node: Node, complaints: Complaints) -> tuple[Turn, ...]:
    """The messages in `node`, one of which is the user's."""
    nodes = strict.items(node, MOST_TURNS)
    turns = tuple(complaints.each(nodes, _turn))
    # A message that cannot be read may be the user's.
    if len(turns) == len(nodes) and not any(turn.role == "user" for turn in turns):
        complaints.add(strict.complaint(node, "a recipe needs a user message"))
    return turns


def check(turns: tuple[Turn, ...], inputs: Mapping[str, Input], complaints: Complaints) -> None:
    """Complain of an image that stands as text, and of anything else that stands as an image."""
    for turn in turns:
        here = Node("", turn.place)
        for name in turn.images:
            if name in inputs and inputs[name].type != "image":
                told = f'"{name}" stands as an image, and is of type {inputs[name].type}'
                complaints.add(strict.complaint(here, told))
        for name in sorted(written(turn)):
            if name in inputs and inputs[name].type == "image":
                told = f'"{name}" is an image, which is no text'
                hint = f'place it with - image: "{{{{ {name} }}}}"'
                complaints.add(strict.complaint(here, told, hint))


def _turn(node: Node) -> Turn:
    fields = strict.mapping(node, ("system", "user", "assistant"))
    if len(fields) != 1:
        raise strict.complaint(node, "a message is one of system, user or assistant")
    ((role, body),) = fields.items()
    if isinstance(body.value, list):
        if role != "user":
            raise strict.complaint(body, "only a message of the user holds images: expected text")
        return _several(body)
    template.names(strict.text(body), body.place)
    return Turn(cast(Role, role), strict.text(body), body.place)


def _several(body: Node) -> Turn:
    """A message that is a list: texts, and the images behind them."""
    texts: list[str] = []
    images: list[str] = []
    for item in strict.items(body, MOST_TURNS):
        if isinstance(item.value, dict):
            images.append(_image(item))
            continue
        if images:
            raise strict.complaint(item, "the texts of a message stand before its images")
        template.names(strict.text(item), item.place)
        texts.append(strict.text(item))
    if not images:
        raise strict.complaint(body, "a list holds the images of a message: expected text")
    return Turn("user", _BETWEEN.join(texts), body.place, images=tuple(images))


def _image(item: Node) -> str:
    fields = strict.mapping(item, ("image",))
    if "image" not in fields:
        raise strict.complaint(item, "expected text or an image")
    node = fields["image"]
    named = _NAMED.fullmatch(strict.text(node).strip())
    if named is None:
        hint = 'an image comes from an input: "{{ name }}"'
        raise strict.complaint(node, "expected the name of an input of type image", hint)
    return named[1]
