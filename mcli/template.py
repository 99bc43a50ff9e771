"""CORE: a recipe's text and its variables to the text that is sent; the only owner of minijinja.

Templates are Jinja syntax of a small kind: `if`, `for`, `{{ … }}` and a list of filters that
cannot make much out of little. A value is inserted once and never read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcli.errors import ConfigFailure, UsageFailure

if TYPE_CHECKING:
    import minijinja

TAGS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
FILTERS = frozenset(
    {
        "capitalize", "default", "first", "join", "last", "length", "lower", "round",
        "sort", "title", "tojson", "trim", "unique", "upper",
    }
)  # fmt: skip
LARGEST = 64 << 20
"""Characters that one template may come to."""

_FUEL = 100_000
"""Steps of one rendering; a loop over a few thousand labels takes a tenth of it."""

_BLOCK = re.compile(r"\{#.*?(?:#\}|\Z)|\{([{%])[-+]?(.*?)(?:[-+]?[}%]\}|\Z)", re.DOTALL)
_LITERAL = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_FILTER = re.compile(r"\|\s*(\w*)")
_GROWING = re.compile(r"[~*+]|\(")
"""Operators that make text longer, and calls: neither is needed to place a variable."""


def check(source: str, where: str) -> None:
    """Refuse tags, filters and operators that could make much out of little: ConfigFailure."""
    for block in _BLOCK.finditer(source):
        if block[1] is None:
            continue
        body = _LITERAL.sub("''", block[2])
        tag = body.split(None, 1)[0] if block[1] == "%" and body.strip() else None
        if tag is not None and tag not in TAGS:
            raise ConfigFailure("bad_template", f'{where}: the tag "{tag}" is not allowed')
        for name in _FILTER.findall(body):
            if name not in FILTERS:
                raise ConfigFailure(
                    "bad_template",
                    f'{where}: the filter "{name}" is not allowed',
                    f"known: {', '.join(sorted(FILTERS))}",
                )
        if _GROWING.search(re.sub(r"\|\s*\w+\s*\(", "| ", body)):
            raise ConfigFailure("bad_template", f"{where}: ~ * + and calls are not allowed here")


def names(source: str) -> frozenset[str]:
    """The variables that `source` asks for."""
    if not _is_template(source):
        return frozenset()
    return frozenset(_environment([]).undeclared_variables_in_str(source))


def fill(source: str, values: Mapping[str, Any], where: str) -> str:
    """`source` with `values` in their places.

    Raises UsageFailure for a variable that has no value, ConfigFailure for anything else.
    """
    if not _is_template(source):
        return source
    check(source, where)
    environment = _environment([0])
    try:
        return environment.render_str(source, None, **values)
    except ConfigFailure:
        raise
    except RuntimeError as error:  # minijinja's TemplateError is one
        raise _failure(error, where) from None


def _is_template(source: str) -> bool:
    return any(mark in source for mark in ("{{", "{%", "{#"))


def _environment(written: list[int]) -> minijinja.Environment:
    import minijinja  # 25 ms, and many recipes have no variables

    def shown(value: Any) -> Any:
        """The value as text, counted: this is where a bomb would go off."""
        text = _as_text(value)
        written[0] += len(text)
        if written[0] > LARGEST:
            raise ConfigFailure("bad_template", "the rendered text is over 64 MiB")
        return text

    environment = minijinja.Environment(
        fuel=_FUEL,
        undefined_behavior="strict",
        pycompat=False,
        keep_trailing_newline=True,
        finalizer=shown,
    )
    for name in ("debug", "dict", "namespace", "range"):
        environment.remove_global(name)
    return environment


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(_as_text(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return "" if value is None else str(value)


def _failure(error: RuntimeError, where: str) -> ConfigFailure | UsageFailure:
    text = str(error).splitlines()[0].replace(" (in <string>:", " (line ")
    missing = re.search(r"`(\w+)` is undefined", text)
    if missing:
        return UsageFailure(
            "missing_variable",
            f'the variable "{missing[1]}" has no value',
            f"give -D {missing[1]}=…",
        )
    return ConfigFailure("bad_template", f"{where}: {text}")
