"""CORE: a recipe's text and its variables to the text that is sent; the only owner of minijinja.

Templates are a small part of Jinja: `if`, `for`, `{{ … }}`, comparisons, and filters that cannot
make much out of little. The source is read token by token before the engine sees it, since the
engine has more: calls, lists, arithmetic and deep nests, with which a hostile recipe could exhaust
the machine. A value is inserted once and never read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from mcli.errors import ConfigFailure, UsageFailure
from mcli.expressions import expression

if TYPE_CHECKING:
    import minijinja

TAGS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
FILTERS = frozenset(
    {
        "capitalize", "default", "first", "join", "last", "length", "lower", "round",
        "sort", "title", "tojson", "trim", "unique", "upper",
    }
)  # fmt: skip
RESERVED = frozenset({"loop", "self"})
"""Names that mean something to the engine."""

LARGEST = 64 << 20
"""Characters that one template may come to."""

_MOST_BLOCKS = 500
_MOST_TOKENS = 60
_DEEPEST = 16

_FUEL = 100_000
"""Steps of one rendering; a loop over a few thousand labels takes a quarter of it."""
_FUEL_PER_CHARACTER = 1 / 6
"""The engine takes a step for every 64 bytes it touches: enough to place each value a few times."""

_OPENING = expression(r"\{([{%#])[-+]?")
_COMMENT = expression(r".*?#\}", re.DOTALL)
_TOKEN = expression(
    r"""\s*(?:
        (?P<end>[-+]?[}%]\})
      | (?P<string>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
      | (?P<name>[^\W\d]\w*)
      | (?P<number>\d{1,15}(?:\.\d{1,15})?)
      | (?P<mark>==|!=|<=|>=|[<>|(),.])
    )""",
    re.DOTALL | re.VERBOSE,
)
_TESTS = frozenset({"defined", "none", "undefined"})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "elif"})
"""Words behind which a parenthesis groups, where behind a name it would call."""

Token = tuple[str, str]


def check(source: str, where: str) -> None:
    """Refuse whatever is not the small language described above: ConfigFailure."""
    depth = 0
    for number, tokens in enumerate(_blocks(source, where)):
        if number >= _MOST_BLOCKS:
            _refuse(where, "the template is too long")
        tag = tokens[0][1] if tokens and tokens[0][0] == "tag" else ""
        depth += (tag in ("if", "for")) - (tag in ("endif", "endfor"))
        if depth > _DEEPEST:
            _refuse(where, "the template is nested too deep")
        _check_expression(tokens, where)
        _check_comparisons(tokens, where)


def names(source: str, where: str = "template") -> frozenset[str]:
    """The variables that `source` asks for. ConfigFailure if it is not a template of ours."""
    if not _is_template(source):
        return frozenset()
    check(source, where)
    try:
        return frozenset(_environment(_FUEL).undeclared_variables_in_str(source))
    except RuntimeError as error:  # minijinja's TemplateError is one
        raise _failure(error, where) from None


def fill(source: str, values: Mapping[str, Any], where: str) -> str:
    """`source` with `values` in their places.

    Raises UsageFailure for a variable that has no value, ConfigFailure for anything else.
    """
    if not _is_template(source):
        return source
    _checked(source, where)
    size = sum(len(value) for value in values.values() if isinstance(value, str))
    environment = _environment(_FUEL + int(size * _FUEL_PER_CHARACTER))
    try:
        # As globals they are taken over once; as arguments, at each place that names them.
        for name, value in values.items():
            environment.add_global(name, _plain(value))
        return environment.render_str(source)
    except RuntimeError as error:
        raise _failure(error, where) from None


@lru_cache(16)
def _checked(source: str, where: str) -> None:
    """`check`, once for all records that a template is filled in for."""
    check(source, where)


def _is_template(source: str) -> bool:
    return any(mark in source for mark in ("{{", "{%", "{#"))


def _blocks(source: str, where: str) -> Iterator[list[Token]]:
    """The tokens of each block; a tag's name is the first token of its block."""
    position = 0
    while opening := _OPENING.search(source, position):
        position = opening.end()
        if opening[1] == "#":
            closing = _COMMENT.match(source, position)
            if closing is None:
                _refuse(where, "a comment is not closed")
            position = closing.end()
            continue
        tokens: list[Token] = []
        while True:
            found = _TOKEN.match(source, position)
            if found is None:
                near = " ".join(source[position : position + 20].split())
                _refuse(where, f'"{near}" is not allowed in a template, or not closed')
            position = found.end()
            kind = str(found.lastgroup)
            if kind == "end":
                break
            text = found[kind]
            if not tokens and opening[1] == "%":
                kind = "tag"
                if text not in TAGS:
                    _refuse(where, f'the tag "{text[:40]}" is not allowed')
            tokens.append((kind, text))
            if len(tokens) > _MOST_TOKENS:
                _refuse(where, "the template is too long")
        yield tokens


def _check_expression(tokens: list[Token], where: str) -> None:
    """Filters are of the list, nothing is called, and only `loop` has parts."""
    before: Token = ("", "")
    filtering = False
    for kind, text in tokens:
        if before == ("mark", "|"):
            if text not in FILTERS:
                _refuse(where, f'the filter "{text[:40]}" is not allowed', sorted(FILTERS))
            filtering = True
        elif (kind, text) == ("mark", "("):
            if not filtering and _is_value(before):
                _refuse(where, f"{before[1][:40]}(…) is a call, and calls are not allowed")
            filtering = False
        elif before == ("name", "is") or (before == ("name", "not") and text in _TESTS):
            if text not in _TESTS and text != "not":
                _refuse(where, f'"is {text[:40]}" is not allowed', sorted(_TESTS))
        elif (kind, text) == ("mark", "."):
            if before != ("name", "loop"):
                _refuse(where, f"{before[1][:40]}.… : only loop has parts")
        else:
            filtering = False
        before = (kind, text)


def _is_value(token: Token) -> bool:
    """Whether something ends with `token`, which a parenthesis behind it would call."""
    kind, text = token
    return kind in ("string", "number") or text == ")" or (kind == "name" and text not in _WORDS)


def _check_comparisons(tokens: list[Token], where: str) -> None:
    """One side is written out: comparing two long values again and again costs no fuel."""
    for before, (kind, text), after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        literal = "string" in (before[0], after[0]) or "number" in (before[0], after[0])
        if kind == "mark" and text in _COMPARISONS and not literal:
            _refuse(where, f"{text} compares with a text or a number that is written out")


def _environment(fuel: int) -> minijinja.Environment:
    import minijinja  # 25 ms, and many recipes have no variables

    written = 0

    def shown(value: Any) -> Any:
        """The value as text, counted: this is where a bomb would go off."""
        nonlocal written
        text = _as_text(value)
        written += len(text)
        if written > LARGEST:
            raise RuntimeError("the rendered text is over 64 MiB")
        return text

    environment = minijinja.Environment(
        fuel=fuel,
        undefined_behavior="strict",
        pycompat=False,
        keep_trailing_newline=True,
        finalizer=shown,
    )
    for name in ("debug", "dict", "namespace", "range"):
        environment.remove_global(name)
    return environment


def _plain(value: Any) -> Any:
    """The value as the engine keeps it exactly: it knows no integer beyond 64 bits."""
    return str(value) if isinstance(value, int) and abs(value) >> 63 else value


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
        name = missing[1]
        return UsageFailure(
            "missing_variable", f'the variable "{name}" has no value', f"give -D {name}=…"
        )
    return ConfigFailure("bad_template", f"{where}: {text}")


def _refuse(where: str, what: str, known: list[str] | None = None) -> NoReturn:
    hint = f"known: {', '.join(known)}" if known else ""
    raise ConfigFailure("bad_template", f"{where}: {' '.join(what.split())}", hint)
