"""EDGE: what the sandbox answers: the right shape, and honest about where it comes from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mcli import labels, schema
from mcli.labels import Label
from mcli.sandbox import choosing, facts, snippets, values
from mcli.sandbox.prompts import Prompt, Rejected, Turn

_QUOTED = 60
"""Characters of the last message that the answer repeats."""


def answer(prompt: Prompt, prompt_tokens: int) -> str:
    """The whole answer, before any limit or stop. Raises Rejected for a schema nothing fits."""
    if prompt.form == "json_schema":
        return _fitting(prompt)
    if prompt.form == "json_object":
        note = {"source": "mcli sandbox", "note": _note(prompt, prompt_tokens)}
        return json.dumps(note, ensure_ascii=False)
    system = prompt.system()
    if known := choosing.labels(system):
        return "\n".join(_chosen(prompt, known))
    if snippets.FILES_MARK in system:
        return snippets.files(snippets.language(system), prompt.task())
    if snippets.MARK in system:
        return snippets.block(snippets.language(system), prompt.task())
    return _note(prompt, prompt_tokens)


def call(prompt: Prompt) -> tuple[str, str] | None:
    """The call that a person's word leads to where tools are offered, its name and its arguments;
    none once there are results. Raises Rejected for parameters that nothing fits."""
    if prompt.tool is None or prompt.turns[-1].role != "user":
        return None
    where = "tools[0].function.parameters"
    wanted = prompt.tool.parameters
    return prompt.tool.name, _value(prompt, wanted, where, [*(wanted.get("properties") or {})])


def _fitting(prompt: Prompt) -> str:
    where = "response_format.json_schema.schema"
    return _value(prompt, prompt.schema, where, facts.wanted(prompt.system()))


def _value(prompt: Prompt, wanted: Any, where: str, fields: list[str]) -> str:
    """A value that fits the schema `wanted`, as JSON, with what the task says of these fields."""
    try:
        made: Any = _labelled(prompt) or facts.found(prompt.task(), fields)
        if not made or schema.complaint(made, wanted):
            made = values.fitting(wanted, prompt.task())
        if problem := schema.complaint(made, wanted):
            raise ValueError(problem)
        return json.dumps(made, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        message = f"the sandbox finds no value for the schema: {problem}"
        raise Rejected(message, where, code="invalid_schema") from None


def _labelled(prompt: Prompt) -> dict[str, Any]:
    """The labels in the shape that `classify` asks for; nothing where it lists none."""
    known = choosing.labels(prompt.system())
    if not known:
        return {}
    names = _chosen(prompt, known)
    several = choosing.SEVERAL in prompt.system()
    return {labels.KEYS: names} if several else {labels.KEY: names[0]}


def _chosen(prompt: Prompt, known: Sequence[Label]) -> list[str]:
    if choosing.SEVERAL in prompt.system():
        return choosing.choose_several(prompt.task(), known)
    return [choosing.choose(prompt.task(), known)]


def _note(prompt: Prompt, prompt_tokens: int) -> str:
    roles = [turn.role for turn in prompt.turns]
    shown = ", ".join(roles if len(roles) <= 8 else [*roles[:8], "…"])
    sent = f"{_counted(len(roles), 'message')} ({shown})"
    tokens = _counted(prompt_tokens, "token")
    return (
        f"This is the mcli sandbox, not a model. It was sent {sent}, {tokens}. "
        f"{_glimpse(prompt.turns[-1])}"
    )


def _glimpse(turn: Turn) -> str:
    start = " ".join(turn.text[: _QUOTED * 8].split())
    whole = len(turn.text) <= _QUOTED * 8 and len(start) <= _QUOTED
    shown = start if whole else start[:_QUOTED].rstrip() + "…"
    attached = f" It has {_counted(turn.attachments, 'attachment')}." if turn.attachments else ""
    if not start:
        return f"The last one has no text.{attached}"
    return f"The last one {'says' if whole else 'begins'}: “{shown}”.{attached}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
