"""CORE: the path to one field of a JSON value: `.a.b[0]`, or `a` for short."""

from __future__ import annotations

import json
import re
from typing import Any, cast

Path = tuple[str | int, ...]
"""Names of fields and numbers of items, from the outside in; `()` is the whole value."""

_STEP = re.compile(
    r"""  \.? \[ "(?P<quoted>(?:[^"\\]|\\.)*)" \]
         | \.? \[ (?P<item>-?\d{1,9}) \]
         | \. (?P<name>[^.\[\]"]+) """,
    re.VERBOSE,
)


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
        if step["item"] is not None:
            path.append(int(step["item"]))
        elif step["quoted"] is not None:
            path.append(json.loads(f'"{step["quoted"]}"'))
        else:
            path.append(step["name"])
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


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return (
        f".{step}" if re.fullmatch(r"\w+", step) else f".[{json.dumps(step, ensure_ascii=False)}]"
    )
