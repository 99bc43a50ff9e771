"""CORE: the path to one field of a JSON value: `.a.b[0]`, or `a` for short."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from mcli.expressions import expression

Path = tuple[str | int, ...]
"""Names of fields and numbers of items, from the outside in; `()` is the whole value."""

_STEP = expression(
    r"""\.? \[ (?P<inside> -?\d{1,9} | "(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*" ) \]
      | \.  (?P<name> [^.\[\]"]+ )""",
    re.VERBOSE,
)
"""A number or a JSON string in brackets, or a name behind a dot."""


class Missing(Exception):
    """The value has no such field."""


def parse(text: str) -> Path:
    """The path that `text` writes, as jq would: `.a.b[0]`, `.["a b"]`, `.` for the whole value.

    Raises ValueError if it is none.
    """
    written = text.strip()
    if written == ".":
        return ()
    rest = written if written[:1] in (".", "[") else "." + written
    path: list[str | int] = []
    position = 0
    while position < len(rest):
        step = _STEP.match(rest, position)
        if step is None:
            raise ValueError(f'"{text[:60]}" is not the path of a field, as .a.b[0] is')
        position = step.end()
        path.append(step["name"] if step["inside"] is None else _inside(step["inside"]))
    return tuple(path)


def pick(value: Any, path: Path) -> Any:
    """What stands at `path` in `value`. Raises Missing; an item may be counted from the end."""
    for step in path:
        try:
            if isinstance(step, int) and isinstance(value, list):
                value = cast("list[Any]", value)[step]
            elif isinstance(step, str) and isinstance(value, dict):
                value = cast("dict[str, Any]", value)[step]
            else:
                raise Missing(write(path))
        except (IndexError, KeyError):
            raise Missing(write(path)) from None
    return value


def write(path: Path) -> str:
    """The path as `parse` reads it."""
    return "".join(_step(step) for step in path) or "."


def _inside(text: str) -> str | int:
    return json.loads(text) if text.startswith('"') else int(text)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return (
        f".{step}" if re.fullmatch(r"\w+", step) else f".[{json.dumps(step, ensure_ascii=False)}]"
    )
