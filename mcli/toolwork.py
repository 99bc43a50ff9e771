"""SHELL: a conversation with tools, until the answer is there, or the calls are the answer.

Calls that are wrong are told to the model, those that may run are run, and what came of them goes
back.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence

from mcli import (
    asking,
    deadline,
    fitting,
    messages,
    offspring,
    output,
    prices,
    redaction,
    toolrun,
    toolset,
)
from mcli.asking import Send
from mcli.chat import Exchange, Message, Request, Step, ToolCall, ToolResult
from mcli.errors import Failure, NotAllowed, UnusableAnswer
from mcli.plan import Plan
from mcli.reading import Answer
from mcli.said import Said
from mcli.shapes import replace
from mcli.toolbox import Toolbox

NOT_RUN = "not run, because another call of this turn is wrong: call again"
_TOO_MUCH = "let the tools tell less, or use another model"


async def ask(
    request: Request, planned: Plan, send: Send, said: Said, limit: tuple[float, float]
) -> tuple[Answer, Exchange]:
    """The answer to `request`, which may be calls; `limit` is the deadline on the monotonic clock,
    and how long that was in all.

    Raises UnusableAnswer for calls that stay wrong or do not end, NotAllowed for one whose command
    nobody allowed. Every failure counts what was sent and tells the steps before it.
    """
    box, repair = planned.toolbox, planned.recipe.output.repair
    spent: Exchange | None = None
    mended, rounds = False, 0
    while True:
        try:
            answer, exchange = await asking.ask(request, planned.reading, repair, send, limit=limit)
        except Failure as failure:
            raise asking.counted(failure, spent) from None
        spent = asking.added(spent, exchange)
        calls = exchange.completion.calls
        with asking.paid(spent):
            wrong = toolset.problems(calls, box.tools)
            if any(wrong):
                step = _corrected(calls, wrong, mended)
                mended = True
                spent = replace(spent, warnings=(*spent.warnings, f"asked again: {_first(wrong)}"))
            elif not calls or not _runnable(calls, box):
                return answer, spent
            else:
                if rounds >= box.most_steps:
                    raise UnusableAnswer(
                        "too_many_steps",
                        f"after {box.most_steps} rounds of calls the model wants more",
                        "raise --max-steps, or change the prompt",
                    )
                rounds += 1
                step = await _results(calls, box, said, limit)
        spent = replace(spent, steps=(*spent.steps, step))
        with asking.paid(spent):
            request = _again(exchange, step, planned)


def _corrected(calls: Sequence[ToolCall], wrong: list[str], mended: bool) -> Step:
    """What the model is told of calls that cannot be run, once."""
    if mended:
        raise UnusableAnswer(
            "bad_tool_call",
            f"the model calls tools wrongly, also when it is told: {_first(wrong)}",
            "describe the tool better, or try another model",
        )
    return tuple(
        ToolResult(call, f"error: {told}" if told else NOT_RUN)
        for call, told in zip(calls, wrong, strict=True)
    )


def _first(wrong: list[str]) -> str:
    return next(filter(None, wrong))


def _runnable(calls: Sequence[ToolCall], box: Toolbox) -> bool:
    """Whether commands answer for all calls. Raises NotAllowed if one of them may not run."""
    known = {tool.name: tool for tool in box.tools}
    for call in calls:
        command = known[call.name].command
        if command and call.name not in box.commands:
            raise NotAllowed(
                "tool_not_allowed",
                f'the model calls the tool "{call.name}", whose command nobody allowed to run: '
                f"{redaction.excerpt(shlex.join(command), 120)}",
                f"allow it with --allow-tool {call.name}",
            )
    return all(call.name in box.commands for call in calls)


async def _results(
    calls: Sequence[ToolCall], box: Toolbox, said: Said, limit: tuple[float, float]
) -> Step:
    """What came of calls that are run side by side, in their order."""

    async def one(call: ToolCall) -> ToolResult:
        command = box.commands[call.name]
        tell = output.note if said.verbose else output.terminal_note
        tell(f"tool {call.name}: {shlex.join(command.argv)}")
        outcome = await toolrun.run(command, call.arguments.strip() or "{}")
        if said.verbose:
            output.note(
                f"tool {call.name}: status {outcome.status}, {len(outcome.text)} characters"
            )
        return ToolResult(call, redaction.redact(outcome.text), outcome.status)

    at, limit_s = limit
    try:
        with offspring.leashed():
            async with asyncio.timeout_at(at):
                return tuple(await asyncio.gather(*map(one, calls)))
    except TimeoutError:
        raise deadline.out_of_time(limit_s, "the tools were not done") from None


def _again(exchange: Exchange, step: Step, planned: Plan) -> Request:
    """The conversation so far, the calls, and what came of them. Raises BadInput if it is longer
    than the window of the model."""
    turn = messages.answered(exchange.completion)
    told = (Message("tool", result.content, call_id=result.call.id) for result in step)
    request = replace(
        exchange.request, messages=(*exchange.request.messages, turn, *told), warnings=()
    )
    known = prices.find(request.model, planned.settings.models)
    fitting.refuse_grown(request, known, _TOO_MUCH)
    return request
