"""EDGE (pure): what a reply says beside text.

Tool calls come whole or in deltas that servers number well, badly or not at all; reasoning has
four names (api-contract §3, §4.2). How a turn is sent: `mcli.messages`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from mcli.api import carried
from mcli.api.textflow import joined
from mcli.chat import Token, ToolCall

_IMPOSSIBLE = -9999.0
"""What OpenAI says of a token that is not among the likeliest: as good as never."""

_SIGNED = "extra_content"
"""A field of a call that holds Gemini's signature of its thought, and must come back with it."""


class Calls:
    """The tool calls of a reply, put together from its message or from deltas.

    A delta belongs to the call of its `index`, unless it brings another id: then it begins a new
    one, as some servers number all of them 0; without an index it goes by its id, and without
    either to the last.
    """

    def __init__(self) -> None:
        self._made: list[_Call] = []

    def feed(self, fields: Mapping[str, Any]) -> None:
        """Add what a message or delta says of tools; what is no call at all is a nameless one."""
        told = fields.get("tool_calls") or fields.get("function_call")
        if not told:
            return
        deltas = cast("list[Any]", told) if isinstance(told, list) else [told]
        for place, delta in enumerate(deltas):
            known = cast("dict[str, Any]", delta) if isinstance(delta, dict) else {}
            self._add(known, place if len(deltas) > 1 else None)

    def all(self) -> tuple[ToolCall, ...]:
        """The calls, in the order in which they began; one without an id gets its number."""
        return tuple(
            ToolCall(
                call.id or f"call_{number}", joined(call.name), joined(call.arguments), call.extra
            )
            for number, call in enumerate(self._made, 1)
        )

    def _add(self, delta: dict[str, Any], place: int | None) -> None:
        index, name = delta.get("index"), _text(delta.get("id"))
        if not isinstance(index, int):
            index = None if name else place
        call = self._of(index, name)
        call.id = call.id or name
        if delta.get(_SIGNED) is not None:
            call.extra = {_SIGNED: carried.whole(delta[_SIGNED])}
        inner = delta.get("function") or delta.get("custom") or delta
        function = cast("dict[str, Any]", inner) if isinstance(inner, dict) else {}
        said = _text(function.get("name"))
        if said and said != call.name:
            call.name += said
        arguments = function.get("arguments", function.get("input"))
        if arguments is not None and not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        call.arguments += arguments or ""

    def _of(self, index: int | None, name: str) -> _Call:
        for call in reversed(self._made):
            other = bool(name and call.id and name != call.id)
            if index is not None and call.index == index and not other:
                return call
            if index is None and ((name and call.id == name) or (not name and not other)):
                return call
        self._made.append(_Call(index))
        return self._made[-1]


class _Call:
    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id = self.name = self.arguments = ""
        self.extra: dict[str, Any] = {}


def reasoning(fields: Mapping[str, Any]) -> str:
    """The reasoning in a message or delta, under whatever name; "" if there is none. A character
    may be cut in two, over two deltas."""
    for name in ("reasoning_content", "reasoning"):
        if _text(fields.get(name)):
            return fields[name]
    details = fields.get("reasoning_details")
    found = _texts(details, ("text", "summary"))
    if not found and isinstance(fields.get("content"), list):
        thoughts = [part for part in _dicts(fields["content"]) if part.get("type") == "thinking"]
        found = "".join(
            _text(part.get("thinking")) or _texts(part.get("thinking"), ("text",))
            for part in thoughts
        )
    return found


def tokens(choice: Mapping[str, Any]) -> tuple[Token, ...]:
    """The tokens of a choice with their log-probabilities; nothing where it has none that can be
    understood."""
    given = choice.get("logprobs")
    content = cast("dict[str, Any]", given).get("content") if isinstance(given, dict) else None
    found: list[Token] = []
    for entry in _dicts(content):
        own = _pair(entry)
        if own is None:
            return ()
        top = tuple(filter(None, map(_pair, _dicts(entry.get("top_logprobs")))))
        found.append(Token(*own, top))
    return tuple(found)


def _pair(entry: Mapping[str, Any]) -> tuple[str, float] | None:
    text, logprob = entry.get("token"), entry.get("logprob")
    if not isinstance(text, str) or isinstance(logprob, bool):
        return None
    if not isinstance(logprob, int | float) or logprob > 0:
        return None
    return joined(text), max(float(logprob), _IMPOSSIBLE)


def _texts(value: Any, names: tuple[str, ...]) -> str:
    return "".join(_text(entry.get(name)) for entry in _dicts(value) for name in names)


def _dicts(value: Any) -> list[dict[str, Any]]:
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
