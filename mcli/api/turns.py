"""EDGE (pure): what a reply says beside text.

Tool calls come whole or in deltas that servers number well, badly or not at all; reasoning has
four names (api-contract §3, §4.2). How a turn is sent: `mcli.messages`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from mcli import messages
from mcli.api.textflow import joined
from mcli.chat import Token, ToolCall

_UNREAD = "extra_content"
"""Where Gemini puts its `thought_signature` (api-contract §6)."""

_IMPOSSIBLE = -9999.0
"""What OpenAI says of a token that is not among the likeliest: as good as never."""


class Calls:
    """The tool calls of a reply, put together from its message or from deltas.

    A delta belongs to the call of its `index`, unless it brings another id: then it begins a new
    one, as some servers number all of them 0; without an index it goes by its id, and without
    either to the last.
    """

    def __init__(self) -> None:
        self._made: list[_Call] = []

    def feed(self, fields: Mapping[str, Any]) -> None:
        """Add what a delta says of tools; what is no call at all is a nameless one."""
        deltas = _told(fields)
        for place, delta in enumerate(deltas):
            index, name = delta.get("index"), _text(delta.get("id"))
            if not isinstance(index, int):
                index = None if name or len(deltas) == 1 else place
            self._add(self._of(index, name), delta)

    def whole(self, fields: Mapping[str, Any]) -> None:
        """Add the calls of a message that came whole: each entry is one, whatever its number and
        its id, which some servers give to all of them."""
        for delta in _told(fields):
            self._made.append(_Call(None))
            self._add(self._made[-1], delta)

    def all(self) -> tuple[ToolCall, ...]:
        """The calls, in the order in which they began; one without an id, or with that of one
        before it, gets its number: each is answered by its id."""
        given = {call.id for call in self._made}
        seen: set[str] = set()
        found: list[ToolCall] = []
        for number, call in enumerate(self._made, 1):
            name = call.id
            while not name or name in seen or (name != call.id and name in given):
                name, number = f"call_{number}", number + 1
            seen.add(name)
            found.append(ToolCall(name, joined(call.name), joined(call.arguments), call.extra))
        return tuple(found)

    def _add(self, call: _Call, delta: dict[str, Any]) -> None:
        call.id = call.id or _text(delta.get("id"))
        call.extra = _signed(delta) or call.extra
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


def _told(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The calls in a message or delta; an empty one for what is none."""
    told = fields.get("tool_calls") or fields.get("function_call")
    entries = cast("list[Any]", told) if isinstance(told, list) else [told] if told else []
    return [cast("dict[str, Any]", e) if isinstance(e, dict) else {} for e in entries]


def _signed(delta: dict[str, Any]) -> dict[str, Any]:
    """What of a call goes back unread; nothing where UTF-8 cannot say it."""
    extra = delta.get(_UNREAD)
    with suppress(ValueError):
        messages.sayable(extra)
        return {_UNREAD: extra} if extra and isinstance(extra, dict) else {}
    return {}


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
