"""EDGE (pure): what an assistant's turn that calls tools takes back to the server as it came.

DeepSeek refuses such a turn without its `reasoning_content`, be it empty (400), and OpenRouter
wants its `reasoning_details` in their order. A turn that calls nothing takes none of it back: the
old deepseek-reasoner refuses it there, and the newer ones do not look at it (api-contract §6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mcli.api.textflow import joined

_TEXTS = ("reasoning_content", "reasoning")
_DETAILS = "reasoning_details"
_GROWING = ("text", "summary", "data")
"""Fields of a detail that come in pieces."""
_DEEPEST = 32
"""How deep lists and objects lie in one another; those that are in use go to 3."""


class Carried:
    """These fields of a message, put together from it or from deltas."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._details: list[dict[str, Any]] = []

    def feed(self, fields: Mapping[str, Any]) -> None:
        """Add what a message or delta has of them; a null is nothing."""
        for name in _TEXTS:
            if isinstance(fields.get(name), str):
                self._texts.setdefault(name, []).append(fields[name])
        details = fields.get(_DETAILS)
        for detail in cast("list[Any]", details) if isinstance(details, list) else []:
            if isinstance(detail, dict):
                self._detail(cast("dict[str, Any]", detail))

    def all(self) -> dict[str, Any]:
        """The fields as they are sent; none that did not come."""
        found: dict[str, Any] = {name: "".join(texts) for name, texts in self._texts.items()}
        if self._details:
            found[_DETAILS] = self._details
        return whole(found)

    def _detail(self, new: dict[str, Any]) -> None:
        """A detail, or more of the last one, which has its type and number."""
        last = self._details[-1] if self._details else {}
        if new.get("index") is None or any(new.get(n) != last.get(n) for n in ("index", "type")):
            self._details.append(dict(new))
            return
        for name, value in new.items():
            if name in _GROWING and isinstance(value, str) and isinstance(last.get(name), str):
                last[name] += value
            elif value is not None:
                last[name] = value


def whole(value: Any, depth: int = 0) -> Any:
    """A JSON value with its texts as UTF-8 can say them, and nothing where it is too deep."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return joined(value)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {joined(name): whole(inner, depth + 1) for name, inner in fields.items()}
    if isinstance(value, list):
        return [whole(inner, depth + 1) for inner in cast("list[Any]", value)]
    return value
