"""EDGE: what the sandbox answers: the right shape, and honest about where it comes from."""

from __future__ import annotations

import json
from typing import Any

from mcli import schema
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
    if labels := choosing.labels(system):
        return choosing.choose(prompt.task(), labels)
    if snippets.FILES_MARK in system:
        return snippets.files(snippets.language(system), prompt.task())
    if snippets.MARK in system:
        return snippets.block(snippets.language(system), prompt.task())
    return _note(prompt, prompt_tokens)


def _fitting(prompt: Prompt) -> str:
    try:
        made: Any = facts.found(prompt.task(), facts.wanted(prompt.system()))
        if not made or schema.complaint(made, prompt.schema):
            made = values.fitting(prompt.schema, prompt.task())
        if problem := schema.complaint(made, prompt.schema):
            raise ValueError(problem)
        return json.dumps(made, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Rejected(
            f"the sandbox finds no value for the schema: {problem}",
            "response_format.json_schema.schema",
            code="invalid_schema",
        ) from None


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
