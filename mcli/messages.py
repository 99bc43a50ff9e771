"""CORE: messages as the Chat Completions API words them: written, and read strictly.

What is read and written again is the same, but for a field that is null, which is left out: so a
conversation goes through a script and comes back, whatever its roles and further fields.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast, get_args

from mcli import redaction
from mcli.chat import Completion, Message, Role, ToolCall
from mcli.shapes import replace

ROLES: tuple[Role, ...] = get_args(Role)


def wire(message: Message) -> dict[str, Any]:
    """A message as it is sent: plain text wherever it is nothing else, as all servers take it."""
    content: Any = message.content
    if message.parts:
        text = [{"type": "text", "text": content}] if content else []
        content = [*text, *(dict(part) for part in message.parts)]
    elif message.calls and not content:
        content = None
    told: dict[str, Any] = {"role": message.role, "content": content}
    if message.name is not None:
        told["name"] = message.name
    if message.calls:
        told["tool_calls"] = [call_as_sent(call) for call in message.calls]
    if message.call_id is not None:
        told["tool_call_id"] = message.call_id
    return {**told, **message.extra}


def call_as_sent(call: ToolCall) -> dict[str, Any]:
    """A tool call in the API's words."""
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function, **call.extra}


def answered(completion: Completion) -> Message:
    """The assistant's turn that a completion is; its reasoning is part of it only beside calls."""
    extra: dict[str, Any] = dict(completion.carried)
    if completion.refusal:
        extra |= {"refusal": redaction.redact(completion.refusal)}
        if not completion.text:
            extra["content"] = None
    return Message("assistant", completion.text, calls=completion.calls, extra=extra)


def read_all(value: Any) -> tuple[Message, ...]:
    """The messages of an array. Raises ValueError, with the place, for anything else."""
    if not isinstance(value, list):
        named = isinstance(value, dict) and "messages" in value
        raise ValueError("it is no array of messages" + (" (jq .messages makes one)" * named))
    entries = cast("list[Any]", value)
    found = tuple(read(entry, f"messages[{n}]") for n, entry in enumerate(entries))
    sayable(value)
    return found


def sayable(value: Any) -> None:
    """Raise ValueError for text or numbers that JSON in UTF-8 cannot say."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise ValueError("it has half a character (a lone surrogate)") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError:
        raise ValueError("it has a number that is too large") from None


def read(value: Any, place: str) -> Message:
    """The message in a JSON value. Raises ValueError that names `place` and what is wrong there."""
    given = {name: inner for name, inner in _object(value, place).items() if inner is not None}
    if given.get("tool_calls") == []:
        del given["tool_calls"]  # a list without any, as some servers reply
    role = given.get("role")
    if role not in ROLES:
        raise ValueError(f"{place}.role is not one of {', '.join(ROLES)}")
    call_id = _optional(given, "tool_call_id", place)
    if role == "tool" and call_id is None:
        raise ValueError(f"{place}.tool_call_id is missing")
    content, parts = _content(given, place)
    name = _optional(given, "name", place)
    message = Message(role, content, parts, _calls(given, place), call_id, name)
    given.setdefault("content", None)
    told = wire(message)
    extra = {name: said for name, said in given.items() if name not in told or told[name] != said}
    return replace(message, extra=extra)


def _content(given: dict[str, Any], place: str) -> tuple[str, tuple[dict[str, Any], ...]]:
    """The text of a message, and the parts behind it; a text is the first part, if it is only
    that."""
    content = given.get("content")
    if isinstance(content, str):
        return content, ()
    if content is None:
        if given["role"] != "assistant" or not given.keys() - {"role", "name"}:
            raise ValueError(f"{place}.content is missing")
        return "", ()
    if not isinstance(content, list) or not content:
        raise ValueError(f"{place}.content is neither a text nor a list of parts")
    parts = [
        _part(part, f"{place}.content[{n}]") for n, part in enumerate(cast("list[Any]", content))
    ]
    first = parts[0]
    if len(parts) > 1 and first.keys() == {"type", "text"} and first["text"]:
        return first["text"], tuple(parts[1:])
    return "", tuple(parts)


def _part(value: Any, place: str) -> dict[str, Any]:
    part = _object(value, place)
    if _text(part.get("type"), f"{place}.type") == "text":
        _text(part.get("text"), f"{place}.text")
    return part


def _calls(given: dict[str, Any], place: str) -> tuple[ToolCall, ...]:
    for name, owner in (("tool_calls", "assistant"), ("tool_call_id", "tool")):
        if given.get(name) and given["role"] != owner:
            raise ValueError(f"{place}.{name} belongs to a message of the {owner}")
    calls = given.get("tool_calls", [])
    if not isinstance(calls, list):
        raise ValueError(f"{place}.tool_calls is not a list")
    return tuple(
        _call(call, f"{place}.tool_calls[{n}]") for n, call in enumerate(cast("list[Any]", calls))
    )


def _call(value: Any, place: str) -> ToolCall:
    """A call of a function, or of a `custom` tool, whose input is any text."""
    call = _object(value, place)
    kind, argued = ("custom", "input") if "custom" in call else ("function", "arguments")
    inner = _object(call.get(kind), f"{place}.{kind}")
    return ToolCall(
        _text(call.get("id"), f"{place}.id"),
        _text(inner.get("name"), f"{place}.{kind}.name"),
        _text(inner.get(argued), f"{place}.{kind}.{argued}"),
    )


def leading(messages: Sequence[Message], roles: Sequence[str]) -> int:
    """How many messages at the beginning have one of these roles."""
    at = 0
    while at < len(messages) and messages[at].role in roles:
        at += 1
    return at


def _optional(given: dict[str, Any], name: str, place: str) -> str | None:
    return _text(given[name], f"{place}.{name}") if name in given else None


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is not an object")
    return cast("dict[str, Any]", value)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{place} is not a text")
    return value
