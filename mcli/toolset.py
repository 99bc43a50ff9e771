"""CORE: tools that a model is offered, read strictly, and what is wrong with a call of one.

A definition is OpenAI's (`{type: function, function: {name, description, parameters}}`) or the
short form `{name, description, parameters}`, whose parameters may be names with their types alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, cast

from mcli import messages, redaction, schema, strict
from mcli.chat import ToolCall
from mcli.errors import ConfigFailure
from mcli.expressions import expression
from mcli.shapes import frozen
from mcli.strict import Complaints, Node

MOST_TOOLS = 128
"""What OpenAI takes in a request."""

MOST_CALLS = 32
"""Calls of one turn."""

LONGEST_ARGUMENTS = 1 << 20
"""Characters of a call's arguments."""

KEYS = ("name", "description", "parameters", "strict", "command")
TYPES = ("string", "integer", "number", "boolean", "array", "object")
_NAME = expression(r"[A-Za-z0-9_-]{1,64}")
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}}


@frozen
class Tool:
    """A tool: what it is called, what it takes (a JSON Schema), and the program that answers a call
    of it, if one does. `place` is where it is written, `folder` the directory of that file where
    the place does not tell it."""

    name: str
    place: str
    description: str = ""
    parameters: Any = None
    strict: bool = False
    command: tuple[str, ...] = ()
    folder: str | None = None

    def as_sent(self) -> dict[str, Any]:
        """The tool in the API's words."""
        told: dict[str, Any] = {"name": self.name}
        if self.description:
            told["description"] = self.description
        told["parameters"] = self.parameters
        if self.strict:
            told["strict"] = True
        return {"type": "function", "function": told}


def read(node: Node, complaints: Complaints = strict.STRICT) -> tuple[Tool, ...]:
    """The tools in a list. Raises ConfigFailure with the place of a mistake."""
    checker = schema.Checker()
    nodes = strict.items(node, MOST_TOOLS)
    tools = complaints.each(nodes, lambda child: _tool(child, checker))
    seen: set[str] = set()
    for tool in tools:
        if tool.name in seen:
            told = f'the tool "{tool.name}" stands twice'
            complaints.add(strict.complaint(Node("", tool.place), told))
        seen.add(tool.name)
    return tuple(tools)


def read_file(root: Node) -> tuple[Tool, ...]:
    """The tools in a document: one, a list of them, or a list under `tools` as in a request."""
    if isinstance(root.value, dict):
        if "tools" not in root.value:
            return (_tool(root, schema.Checker()),)
        root = strict.mapping(root, ("tools",))["tools"]
    tools = read(root)
    if not tools:
        raise strict.complaint(root, "there is no tool")
    return tools


def problem(call: ToolCall, tools: Iterable[Tool]) -> str:
    """What is wrong with a call, in words for the model; nothing if it can be run."""
    known = {tool.name: tool for tool in tools}
    if call.name not in known:
        return f'there is no tool "{redaction.excerpt(call.name, 64)}": use {", ".join(known)}'
    if len(call.arguments) > LONGEST_ARGUMENTS:
        return f"the arguments have more than {LONGEST_ARGUMENTS:,} characters"
    try:
        given = arguments(call)
        wrong = schema.complaint(given, known[call.name].parameters)
    except RecursionError:
        return "the arguments are nested too deep"
    except ValueError as error:
        return f"the arguments are not valid JSON: {error}"
    return f"the arguments do not fit: {wrong}" if wrong else ""


def problems(calls: Sequence[ToolCall], tools: Iterable[Tool]) -> list[str]:
    """For each call what is wrong with it."""
    if len(calls) > MOST_CALLS:
        return [f"more than {MOST_CALLS} calls in one turn"] * len(calls)
    tools = tuple(tools)
    return [problem(call, tools) for call in calls]


def arguments(call: ToolCall) -> Any:
    """The arguments of a call; none at all are an empty object. Raises ValueError."""
    if not call.arguments.strip():
        return {}
    try:
        value = json.loads(call.arguments, parse_constant=_no_constant)
        messages.sayable(value)
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # of Python's own there is one, about digits
        why = str(error)
        raise ValueError("a number is too long" if why.startswith("Exceeds") else why) from None
    return value


def _tool(node: Node, checker: schema.Checker) -> Tool:
    fields = strict.mapping(node)
    if "function" in fields:
        outer = strict.mapping(node, ("type", "function", "command"))
        if strict.optional(outer, "type", strict.text, "function") != "function":
            raise strict.complaint(outer["type"], "only tools of type function are known")
        inner = strict.mapping(outer["function"], [key for key in KEYS if key != "command"])
        fields = {**inner, **{k: v for k, v in outer.items() if k == "command"}}
    else:
        fields = strict.mapping(node, KEYS)
    if "name" not in fields:
        raise strict.complaint(node, "a tool needs a name")
    name = strict.text(fields["name"])
    if not _NAME.fullmatch(name):
        told = "the name of a tool is 1 to 64 letters, digits, _ and -"
        raise strict.complaint(fields["name"], told)
    return Tool(
        name,
        node.place,
        strict.optional(fields, "description", strict.text, ""),
        strict.optional(fields, "parameters", lambda n: _parameters(n, checker), _NOTHING),
        strict.optional(fields, "strict", strict.boolean, False),
        strict.optional(fields, "command", _command, ()),
    )


def _parameters(node: Node, checker: schema.Checker) -> Any:
    """A JSON Schema of an object, or names with the type or the schema of each."""
    fields = strict.mapping(node)
    told = fields["type"].value if "type" in fields else None
    wanted = strict.anything(node) if told == "object" else _short(fields)
    try:
        checker.check(wanted)
    except ValueError as error:
        raise ConfigFailure("bad_schema", f"{node.place}: {error}") from None
    return wanted


def _short(fields: dict[str, Node]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for key, node in fields.items():
        name = key.removesuffix("?")
        if not isinstance(node.value, str):
            strict.mapping(node)
            properties[name] = strict.anything(node)
        else:
            properties[name] = {"type": strict.choice(node, TYPES)}
        if name == key:
            required.append(name)
    bare: dict[str, Any] = {"type": "object", "properties": properties}
    return {**bare, "required": required, "additionalProperties": False}


def _command(node: Node) -> tuple[str, ...]:
    """The program and its arguments. What is outside the recipe's directory is not named."""
    words = tuple(strict.text(child) for child in strict.items(node, 1000))
    if not words or not words[0].strip():
        raise strict.complaint(node, "a command is a list: the program, and its arguments")
    for word in words:
        if "\0" in word:
            raise strict.complaint(node, "a command holds a NUL character")
        if word.startswith("/") or ".." in word.split("/"):
            told = f'"{word[:60]}" is not below the directory of the file that names it'
            raise strict.complaint(node, told, "a program of the PATH is named without a /")
    return words


def node_of(value: Any, place: str) -> Node:
    """A JSON value as a node, each at its path behind `place`."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return Node({k: node_of(v, f"{place}.{k}") for k, v in fields.items()}, place)
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        return Node([node_of(v, f"{place}[{n}]") for n, v in enumerate(entries)], place)
    if isinstance(value, str):
        return Node(value, place)
    return Node(json.dumps(value), place, plain=True)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number")
