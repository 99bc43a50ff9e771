"""CORE: the tokens of a request as JSON: its messages, their images, and its tools.

Texts count as `chat_format` has it. For tools the rule is `num_tokens_for_tools` of the same page;
a call of a tool counts as its name, its arguments and three, for which nothing is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mcli.errors import BadInput
from mcli.shapes import field, mutable
from mcli.tokens import attachments, images
from mcli.tokens.chat_format import PER_CALL, PER_MESSAGE, PER_NAME, PER_REPLY, Measure

_PROPERTIES, _PROPERTY, _ENUM, _ITEM, _TOOLS = 3, 3, -3, 3, 12


@mutable
class Count:
    """The tokens found so far, and what about them is an estimate, each said once."""

    model: str
    measure: Measure
    where: str
    tokens: int = 0
    estimates: list[str] = field(default_factory=list[str])

    def doubt(self, what: str) -> None:
        """Remember that something is an estimate."""
        if what not in self.estimates:
            self.estimates.append(what)

    def fail(self, place: str, wanted: str) -> BadInput:
        """What to raise for a value that is not what it must be."""
        return BadInput("bad_messages", f"{self.where}: {place} is not {wanted}")


def parse(text: str, where: str) -> Any:
    """The JSON in `text`. BadInput with line and column if it is none."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        message = f"{where}: not JSON at {place}: {error.msg.lower()}"
        raise BadInput("bad_messages", message) from None
    except (ValueError, RecursionError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else str(error)
        if why.startswith("Exceeds the limit"):  # Python's, with advice for a programmer
            why = "a number has more than 4,300 digits"
        raise BadInput("bad_messages", f"{where}: not JSON: {why}") from None


def count(document: Any, counted: Count) -> None:
    """Add what a messages array has, or an object with `messages` and perhaps `tools`.

    Raises BadInput, with the place, for anything else.
    """
    messages, tools = document, None
    if isinstance(document, dict):
        messages, tools = document.get("messages"), document.get("tools")  # pyright: ignore
    counted.tokens += PER_REPLY
    for n, message in enumerate(_list(messages, "messages", counted)):
        _message(_object(message, f"messages[{n}]", counted), f"messages[{n}]", counted)
    if tools is not None:
        _tools(_list(tools, "tools", counted), counted)


def _message(message: dict[str, Any], place: str, counted: Count) -> None:
    _text(message.get("role"), f"{place}.role", counted)
    counted.tokens += PER_MESSAGE + (PER_NAME if "name" in message else 0)
    for key, value in message.items():
        if isinstance(value, str):
            counted.tokens += counted.measure(value)
        elif key == "content" and value is not None:
            for n, part in enumerate(_list(value, f"{place}.content", counted)):
                at = f"{place}.content[{n}]"
                _part(_object(part, at, counted), at, counted)
        elif key == "tool_calls" and value is not None:
            for n, call in enumerate(_list(value, f"{place}.{key}", counted)):
                _call(_object(call, f"{place}.{key}[{n}]", counted), f"{place}.{key}[{n}]", counted)


def _part(part: dict[str, Any], place: str, counted: Count) -> None:
    kind = _text(part.get("type"), f"{place}.type", counted)
    if kind in ("text", "refusal"):
        counted.tokens += counted.measure(_text(part.get(kind), f"{place}.{kind}", counted))
    elif kind == "image_url":
        image = _object(part.get("image_url"), f"{place}.image_url", counted)
        url = _text(image.get("url"), f"{place}.image_url.url", counted)
        _image(url, str(image.get("detail") or "auto"), counted)
    else:
        counted.doubt(f'a part of type "{kind}" is not counted')


def _image(url: str, detail: str, counted: Count) -> None:
    rule = images.rule(counted.model)
    counted.doubt("images are counted by the published formulas")
    if rule is None:
        counted.doubt("how this model counts images is not published: counted as by gpt-4o")
    size = None
    if url[:5].lower() == "data:":
        size = images.measured(attachments.head(url))
    else:
        counted.doubt("an image with an address is not fetched: counted as the largest")
    if size is None and url[:5].lower() == "data:":
        counted.doubt("an image whose size cannot be read is counted as the largest")
    counted.tokens += (rule or images.UNKNOWN).cost(size, detail)


def _call(call: dict[str, Any], place: str, counted: Count) -> None:
    counted.doubt("calls of tools are counted by a guess")
    function = _object(call.get("function"), f"{place}.function", counted)
    counted.tokens += PER_CALL
    for key in ("name", "arguments"):
        counted.tokens += counted.measure(
            _text(function.get(key), f"{place}.function.{key}", counted)
        )


def _tools(tools: list[Any], counted: Count) -> None:
    name = counted.model.lower().rpartition("/")[2]
    older = name.startswith(("gpt-3.5", "gpt-4")) and not name.startswith(("gpt-4o", "gpt-4."))
    for n, value in enumerate(tools):
        tool = _object(value, f"tools[{n}]", counted)
        function = _object(tool.get("function"), f"tools[{n}].function", counted)
        title = _text(function.get("name"), f"tools[{n}].function.name", counted)
        counted.tokens += (10 if older else 7) + _line(counted, title, function)
        parameters: Any = function.get("parameters") or {}
        at = f"tools[{n}].function.parameters"
        _parameters(_object(parameters, at, counted), at, counted)
    if tools:
        counted.doubt("tools are counted by the published formula for gpt-4o and older models")
        counted.tokens += _TOOLS


def _parameters(schema: dict[str, Any], place: str, counted: Count) -> None:
    properties = _object(schema.get("properties") or {}, f"{place}.properties", counted)
    counted.tokens += _PROPERTIES if properties else 0
    for key, value in properties.items():
        found = _object(value, f"{place}.properties.{key}", counted)
        counted.tokens += _PROPERTY + _line(counted, f"{key}:{found.get('type', '')}", found)
        if isinstance(found.get("enum"), list):
            counted.tokens += _ENUM + sum(
                _ITEM + counted.measure(str(item)) for item in found["enum"]
            )
        rest = {name: found[name] for name in found.keys() - {"type", "description", "enum"}}
        if rest:  # a schema inside, for which there is no rule
            counted.tokens += counted.measure(json.dumps(rest, ensure_ascii=False, sort_keys=True))


def _line(counted: Count, title: str, told: dict[str, Any]) -> int:
    description = told.get("description")
    words = description if isinstance(description, str) else ""
    return counted.measure(f"{title}:{words.removesuffix('.')}")


def _object(value: Any, place: str, counted: Count) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise counted.fail(place, "an object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _list(value: Any, place: str, counted: Count) -> list[Any]:
    if not isinstance(value, list):
        raise counted.fail(place, "a list" if place != "messages" else "a list of messages")
    return value  # pyright: ignore[reportUnknownVariableType]


def _text(value: Any, place: str, counted: Count) -> str:
    if not isinstance(value, str):
        raise counted.fail(place, "a text")
    return value


def _no_constant(word: str) -> Iterable[object]:
    raise ValueError(f"{word} is no number")
