"""CORE: a completion read as what was asked for: text, a label, code or JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcli import fences, labels, structured
from mcli.chat import Completion
from mcli.errors import BadReply, Failure, UnusableAnswer
from mcli.fieldpath import Path
from mcli.labels import Label
from mcli.recipe import Kind


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reply is to be read; `labels` belong to kind label, `language` to kind code,
    `schema` (None: any value fits) and `get` to kind json."""

    kind: Kind = "text"
    labels: tuple[Label, ...] = ()
    language: str = ""
    allow_truncated: bool = False
    schema: Any = None
    get: Path = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is printed (`text`), and its structured part for the envelope (`data`)."""

    text: str
    data: Any = None


def read(completion: Completion, reading: Reading) -> Answer:
    """The answer in `completion`. Raises UnusableAnswer or BadReply."""
    usable(completion, reading.allow_truncated)
    if reading.kind == "label":
        name = labels.read(completion.text, reading.labels)
        return Answer(name, {"label": name, "confidence": None, "scores": None})
    if reading.kind == "code":
        block = fences.code_in(completion.text, reading.language, reading.allow_truncated)
        data = {"language": block.language or None, "code": block.code, "checked": None}
        return Answer(block.code, data)
    if reading.kind == "json":
        return _structured(completion.text, reading)
    return Answer(completion.text)


def complaint(failure: Failure, how: Reading) -> str | None:
    """What the model is told of an answer that is worth asking for again; None of any other."""
    if how.kind == "json" and failure.slug in structured.REPAIRABLE:
        return structured.complaint(failure, how.schema)
    return None


def _structured(text: str, reading: Reading) -> Answer:
    value = structured.value_in(text)
    structured.fitted(value, reading.schema)
    return Answer(structured.shown(structured.picked(value, reading.get)), value)


def usable(completion: Completion, allow_truncated: bool) -> None:
    """Raise unless the model ended of its own accord and said something."""
    if completion.refusal:
        raise UnusableAnswer(
            "refusal", f"the model refused: {completion.refusal}", "change the prompt"
        )
    if completion.finish_reason == "content_filter":
        raise UnusableAnswer(
            "content_filtered",
            "the answer was cut by a content filter",
            "change the prompt or the model",
        )
    if completion.calls:
        raise BadReply(
            "unasked_tool_calls", "the model wants to call tools, and none were offered",
            "try another model",
        )  # fmt: skip
    if completion.finish_reason == "length" and not (allow_truncated and completion.text.strip()):
        if completion.only_reasoning:
            raise UnusableAnswer(
                "truncated",
                "the token limit was reached before the answer began: there is only reasoning",
                "raise --max-tokens, which counts reasoning too",
            )
        raise UnusableAnswer(
            "truncated",
            "the answer hit the token limit",
            "raise --max-tokens, or take it as it is with --allow-truncated",
        )
    if completion.only_reasoning:
        raise UnusableAnswer(
            "empty_answer",
            "the model gave reasoning and no answer",
            "raise --max-tokens, or change the prompt; --show-reasoning shows it",
        )
    if not completion.text.strip():
        raise UnusableAnswer("empty_answer", "the model gave an empty answer", "change the prompt")
