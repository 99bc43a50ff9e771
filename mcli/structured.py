"""CORE: the JSON value in a model's answer, held against its schema."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from mcli import fences, fieldpath, schema
from mcli.errors import Failure, UnusableAnswer
from mcli.expressions import expression

_START = expression(r"[{\[]")
_HALF = expression(r"\\u[dD][89a-fA-F]")
REPAIRABLE = frozenset({"not_json", "schema_mismatch", "missing_field"})
"""The slugs of answers that are worth asking for again, with what is wrong with them."""


def value_in(answer: str) -> Any:
    """The JSON value that `answer` is, that its only code block is, or that it ends with.

    A value is never guessed or mended. Raises UnusableAnswer.
    """
    for text in _candidates(answer.strip().removeprefix("\ufeff")):
        try:
            return _whole_characters(
                json.loads(text, parse_constant=_refuse, parse_float=_finite), text
            )
        except (ValueError, RecursionError):
            continue
    raise UnusableAnswer("not_json", "the answer is not JSON", "ask for JSON in the prompt")


def fitted(value: Any, wanted: Any) -> None:
    """Raise UnusableAnswer unless `value` fits the schema `wanted` (None: any value fits)."""
    if wanted is None:
        return
    if problem := schema.complaint(value, wanted):
        raise UnusableAnswer(
            "schema_mismatch", f"the answer does not fit its schema: {problem}",
            "raise --repair, or ask more clearly",
        )  # fmt: skip


def picked(value: Any, path: fieldpath.Path) -> Any:
    """The field at `path`. Raises UnusableAnswer if there is none."""
    try:
        return fieldpath.pick(value, path)
    except fieldpath.Missing as missing:
        raise UnusableAnswer("missing_field", f"the answer has no {missing}") from None


def shown(value: Any) -> str:
    """How a value is printed: a text as it is, anything else as JSON on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def complaint(failure: Failure, wanted: Any) -> str:
    """What the model is told about an answer that is asked for again."""
    told = f"That answer cannot be used: {failure.message}.\n"
    if wanted is not None:
        told += f"{instruction(wanted)}\n"
    return told + "Answer again, with the whole corrected JSON value and nothing else."


def instruction(wanted: Any) -> str:
    """The prompt that asks for JSON, for servers that have no other way to be asked."""
    if wanted is None:
        return "Answer with one JSON value and nothing else: no code fence, no remark."
    return (
        "Answer with one JSON value and nothing else: no code fence, no remark. "
        f"It must fit this JSON Schema:\n{json.dumps(wanted, ensure_ascii=False)}"
    )


def _candidates(answer: str) -> list[str]:
    candidates = [answer]
    blocks = [block.code for block in fences.blocks_in(answer, allow_open=True)]
    if len(blocks) == 1:
        candidates += blocks
    elif not blocks and (start := _START.search(answer)):
        candidates.append(answer[start.start() :])
    return candidates


def _whole_characters(value: Any, text: str) -> Any:
    """The value that `text` says, with U+FFFD for half a character, which no UTF-8 can say."""
    if not _HALF.search(text):
        return value
    told = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
    return json.loads(told.decode("utf-16-le", "replace"))


def _finite(digits: str) -> float:
    """The number; `1e400` is none that JSON could say again."""
    value = float(digits)
    if abs(value) == float("inf"):
        raise ValueError(f"{digits} is too large")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
