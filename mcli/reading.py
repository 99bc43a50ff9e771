"""CORE: a completion read as what was asked for: text, a label, code or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcli import codefiles, confidence, fences, labels, messages, structured
from mcli.chat import Completion
from mcli.errors import BadReply, Failure, UnusableAnswer
from mcli.fieldpath import Path
from mcli.labels import Label
from mcli.recipe import Kind
from mcli.shapes import frozen


@frozen
class Reading:
    """How the reply is to be read; `labels` belong to kind label, `language`, `files` (several,
    each with its name) and `check` (whether it has to be well formed) to kind code, `schema` (None:
    any value fits) and `get` to kind json. With `tools`, calls are an answer, whatever the kind.

    `several` labels may be named. `vote` tells requests apart that are equal and want an answer
    each.
    """

    kind: Kind = "text"
    labels: tuple[Label, ...] = ()
    language: str = ""
    allow_truncated: bool = False
    schema: Any = None
    get: Path = ()
    several: bool = False
    vote: int = 0
    tools: bool = False
    files: bool = False
    check: bool = False


@frozen
class Answer:
    """What is printed (`text`), and its structured part for the envelope (`data`)."""

    text: str
    data: Any = None


def read(completion: Completion, reading: Reading) -> Answer:
    """The answer in `completion`. Raises UnusableAnswer or BadReply."""
    usable(completion, reading.allow_truncated, reading.tools)
    if completion.calls:
        return _calls(completion)
    if reading.kind == "label":
        return _label(completion, reading)
    if reading.kind == "code":
        return _code(completion.text, reading)
    if reading.kind == "json":
        return _structured(completion.text, reading)
    return Answer(completion.text)


def complaint(failure: Failure, how: Reading) -> str | None:
    """What the model is told of an answer that is worth asking for again; None of any other."""
    if how.kind == "json" and failure.slug in structured.REPAIRABLE:
        return structured.complaint(failure, how.schema)
    if how.kind == "label" and failure.slug == "not_a_label":
        return labels.complaint(how.labels, how.several)
    if how.kind == "code" and failure.slug in fences.REPAIRABLE:
        return fences.complaint(failure, how.files)
    return None


def _label(completion: Completion, reading: Reading) -> Answer:
    if reading.several:
        names = labels.read_several(completion.text, reading.labels)
        return labels_found(names, None, None)
    name = labels.read(completion.text, reading.labels)
    known = confidence.scores(completion, reading.labels, name)
    if known is None:
        return label_found(name, None, None)
    scores = {label.name: known.get(label.name) for label in reading.labels}
    return label_found(name, known[name], scores)


def label_found(name: str, sure: float | None, scores: Mapping[str, float | None] | None) -> Answer:
    """The answer that is one label; how sure it is and the scores of all, None where unknown."""
    return Answer(name, {"label": name, "confidence": sure, "scores": scores})


def labels_found(
    names: Sequence[str], sure: float | None, scores: Mapping[str, float | None] | None
) -> Answer:
    """The answer that is several labels, a line each; `label` is the one, if it is but one."""
    label = names[0] if len(names) == 1 else None
    data = {"label": label, "labels": list(names), "confidence": sure, "scores": scores}
    return Answer("\n".join(names), data)


def _calls(completion: Completion) -> Answer:
    """The calls as a line of JSON; `message` is the turn to go on from."""
    calls = [messages.call_as_sent(call) for call in completion.calls]
    turn = messages.wire(messages.answered(completion))
    return Answer(json.dumps(calls, ensure_ascii=False), {"tool_calls": calls, "message": turn})


def _code(text: str, reading: Reading) -> Answer:
    """Code, or the names of files with the code of each in `data`. What is checked is told later:
    a checker is another process."""
    if not reading.files:
        block = fences.code_in(text, reading.language, reading.allow_truncated)
        return Answer(block.code, _told(block.language, block.code))
    files = codefiles.files_in(text, reading.allow_truncated)
    told = [{"path": file.path, **_told(file.language, file.code)} for file in files]
    return Answer("\n".join(file.path for file in files), {"files": told, "checked": None})


def _told(language: str, code: str) -> dict[str, Any]:
    return {"language": language or None, "code": code, "checked": None}


def _structured(text: str, reading: Reading) -> Answer:
    value = structured.value_in(text)
    structured.fitted(value, reading.schema)
    return Answer(structured.shown(structured.picked(value, reading.get)), value)


def usable(completion: Completion, allow_truncated: bool, tools: bool = False) -> None:
    """Raise unless the model ended of its own accord and said something, or with `tools` called
    some."""
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
    if completion.calls and not tools:
        raise BadReply(
            "unasked_tool_calls", "the model wants to call tools, and none were offered",
            "try another model",
        )  # fmt: skip
    takes_it = allow_truncated and completion.text.strip() and not completion.calls
    if completion.finish_reason == "length" and not takes_it:
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
    if completion.only_reasoning and not completion.calls:
        raise UnusableAnswer(
            "empty_answer",
            "the model gave reasoning and no answer",
            "raise --max-tokens, or change the prompt; --show-reasoning shows it",
        )
    if not completion.text.strip() and not completion.calls:
        raise UnusableAnswer("empty_answer", "the model gave an empty answer", "change the prompt")
