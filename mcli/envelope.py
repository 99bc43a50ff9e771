"""CORE: the JSON envelope of `--json`, version 1. Its schema is `envelope.schema.json`.

Fields are only ever added. What is unknown is null, never invented. `text`, `data`, `message`,
`reasoning` and `choices` are the model's words, and stay as they are; what else a server says is
told without secrets.
"""

from __future__ import annotations

from typing import Any

from mcli import messages, redaction
from mcli.chat import Completion, Exchange, Step, Usage
from mcli.errors import ExitCode, Failure
from mcli.reading import Answer
from mcli.shapes import names

VERSION = 1

_COUNTS = names(Usage)


def of_answer(
    answer: Answer, exchange: Exchange, recipe: str, elapsed_s: float, verdict: bool | None = None
) -> dict[str, Any]:
    """The envelope of a completion; `verdict` is the outcome of a check that was asked for."""
    return {
        "v": VERSION,
        "ok": True,
        **({} if verdict is None else {"verdict": verdict}),
        "text": answer.text,
        "data": answer.data,
        "message": _message(exchange.completion),
        **_reply(exchange.completion, exchange.cost_usd),
        **_effort(exchange.attempts, elapsed_s, exchange.request_id, exchange.cached),
        **_steps(exchange.steps),
        "recipe": recipe,
        "warnings": list(exchange.warnings),
    }


def of_data(
    data: Any,
    elapsed_s: float,
    verdict: bool | None = None,
    attempts: int = 0,
    cost_usd: float | None = None,
) -> dict[str, Any]:
    """The envelope of a command whose result is in `data`; what it asked models cost so much."""
    return {
        "v": VERSION,
        "ok": True,
        **({} if verdict is None else {"verdict": verdict}),
        "text": None,
        "data": data,
        "message": None,
        **_reply(None, cost_usd),
        **_effort(attempts, elapsed_s, None),
        "recipe": None,
        "warnings": [],
    }


def of_failure(failure: Failure) -> dict[str, Any]:
    """The envelope of a failure; `text` is what the model did say, if it said anything."""
    completion = failure.completion
    return {
        "v": VERSION,
        "ok": False,
        "error": {
            "slug": failure.slug,
            "message": failure.message,
            "hint": failure.hint or None,
            "exit_code": int(failure.exit_code),
            "retryable": failure.exit_code is ExitCode.TRY_AGAIN,
            "status": failure.status,
            "charged": failure.charged,
        },
        "text": completion.text if completion else None,
        "data": failure.data,
        "message": _message(completion),
        **_reply(completion, failure.cost_usd),
        **_effort(failure.attempts, failure.elapsed_s, failure.request_id),
        **_steps(failure.steps),
        "recipe": failure.recipe,
        "warnings": list(failure.warnings),
    }


def _message(completion: Completion | None) -> dict[str, Any] | None:
    """The assistant's turn as it is sent again, so that a script can go on from it."""
    return None if completion is None else messages.wire(messages.answered(completion))


def _reply(completion: Completion | None, cost_usd: float | None) -> dict[str, Any]:
    usage = completion.usage if completion else None
    answers = [completion, *completion.others] if completion and completion.others else []
    choices = [{"text": one.text, "finish_reason": _name(one.finish_reason)} for one in answers]
    return {
        "reasoning": completion.reasoning or None if completion else None,
        "choices": choices or None,
        "finish_reason": _name(completion.finish_reason if completion else None),
        "model": _name(completion.model if completion else None),
        "usage": _counted(usage) if usage else None,
        "cost_usd": None if cost_usd is None else round(cost_usd, 12),
    }


def _counted(usage: Usage) -> dict[str, Any]:
    """What `as_dict` gives, which would copy each number."""
    return {name: getattr(usage, name) for name in _COUNTS}


def _effort(
    attempts: int, elapsed_s: float | None, request_id: str | None, cached: bool = False
) -> dict[str, Any]:
    return {
        "attempts": attempts,
        "elapsed_s": None if elapsed_s is None else round(elapsed_s, 3),
        "cached": cached,
        "request_id": _name(request_id),
    }


def _steps(steps: tuple[Step, ...]) -> dict[str, Any]:
    """The calls of tools that were answered, round by round; no field if there were none."""
    told = [
        {
            "tool_calls": [messages.call_as_sent(result.call) for result in step],
            "results": [
                {
                    "tool_call_id": result.call.id,
                    "name": result.call.name,
                    "content": result.content,
                    "exit_status": result.status,
                }
                for result in step
            ],
        }
        for step in steps
    ]
    return {"steps": told} if told else {}


def _name(told: str | None) -> str | None:
    """What a server calls something, which may be as long and as odd as it likes."""
    return None if told is None else redaction.redact(told)
