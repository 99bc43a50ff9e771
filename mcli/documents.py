"""EDGE: YAML text to strict nodes; the only owner of yaml.

The events are looked at before anything is built, so an alias bomb, a deep nest or a tag costs
nothing. What comes out is text with places; `strict` decides what it means.
"""

from __future__ import annotations

from typing import Any

import yaml

from mcli.errors import ConfigFailure
from mcli.strict import LARGEST, Node

_DEEPEST = 50
_MOST_NODES = 100_000

# libyaml's loader is four times as fast; the pure one is there where wheels lack it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_yaml: Any = yaml  # its functions have no types


def parse(raw: bytes, name: str) -> Node:
    """The single document in `raw`, whose places are called `name:line:column`.

    Raises ConfigFailure for anything but plain YAML: syntax errors, tags, anchors, aliases,
    duplicate keys, more than one document, more than 1 MiB, deeper than 50 levels.
    """
    if len(raw) > LARGEST:
        raise ConfigFailure("bad_document", f"{name}: larger than 1 MiB")
    try:
        source = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigFailure(
            "bad_document", f"{name}: not UTF-8 at byte {error.start}", "save it as UTF-8"
        ) from None
    try:
        _scan(source, name)
        root = _yaml.compose(source, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _syntax_failure(error, name, source) from None
    if root is None:
        raise ConfigFailure("bad_document", f"{name}: the file is empty")
    return _node(root, name)


def problem(source: str) -> str:
    """What is wrong with YAML of any kind: documents, anchors and tags are all well. Nothing if
    nothing is. RecursionError where it is nested deeper than can be told."""
    depth = 0
    try:
        for event in _yaml.parse(source, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise RecursionError
        for _ in _yaml.compose_all(source, Loader=_Loader):  # knows what an alias stands for
            pass
    except yaml.YAMLError as error:
        message = _syntax_failure(error, "the answer", source).message
        return message.removeprefix("the answer:").removeprefix(" ")
    return ""


def _scan(source: str, name: str) -> None:
    """Refuse what a plain document does not need, before any of it is built."""
    depth = nodes = documents = 0
    for event in _yaml.parse(source, Loader=_Loader):
        where = _place(name, event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigFailure("bad_document", f"{where}: anchors and aliases are not allowed")
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if getattr(event, "tag", None):
                raise ConfigFailure("bad_document", f"{where}: tags are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > _DEEPEST or nodes > _MOST_NODES:
            raise ConfigFailure("bad_document", f"{where}: nested too deep or too large")
        if documents > 1:
            raise ConfigFailure("bad_document", f"{where}: more than one document")


def _node(node: Any, name: str) -> Node:
    place = _place(name, node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return Node(_fields(node, name), place)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(child, name) for child in node.value], place)
    return Node(node.value, place, plain=not node.style)


def _fields(node: yaml.MappingNode, name: str) -> dict[str, Node]:
    fields: dict[str, Node] = {}
    for key, child in node.value:
        where = _place(name, key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigFailure("bad_document", f"{where}: a key must be text")
        if key.value in fields:
            raise ConfigFailure("bad_document", f'{where}: the key "{key.value}" stands twice')
        # The place of a value is that of its key: it is what a person looks for.
        value = _node(child, name)
        fields[key.value] = Node(value.value, where, value.plain)
    return fields


def _syntax_failure(error: yaml.YAMLError, name: str, source: str) -> ConfigFailure:
    mark = getattr(error, "problem_mark", None)
    where = _place(name, mark) if mark else name
    problem = getattr(error, "problem", None) or "not valid YAML"
    odd = None if mark else _UNPRINTABLE.search(source)
    if odd is not None:
        lines = source[: odd.start()].split("\n")
        where = f"{name}:{len(lines)}:{len(lines[-1]) + 1}"
        problem = f"the character U+{ord(odd[0]):04X} is not allowed"
    return ConfigFailure("bad_document", f"{where}: {' '.join(str(problem).split())}")


def _place(name: str, mark: Any) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}"
