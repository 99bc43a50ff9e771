"""An engine that proves that the seam of a batch is plain: its other side gets nothing but lines
of OpenAI's Batch API as text, and gives nothing but bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from mcli.api import codec
from mcli.chat import Exchange, Request
from mcli.engine import Outcome, Task
from mcli.errors import Failure
from mcli.records import openai_batch

MOMENT_S = 5.0
"""How long the other side waits for one more line before it begins."""

Replies = list[tuple[str, bytes]]
"""What each line is called, and the bytes of the reply to it."""


def other_side(text: str) -> Replies:
    """What becomes of the lines `text`, the last first: all that it knows is in them."""
    return [_replied(json.loads(line)) for line in reversed(text.splitlines())]


def _replied(line: Any) -> tuple[str, bytes]:
    assert (line["method"], line["url"]) == ("POST", openai_batch.URL)
    messages = line["body"]["messages"]
    if messages[0]["content"] == "fail":
        return line["custom_id"], b'{"error": {"message": "overloaded", "type": "server_error"}}'
    asked_again = len(messages) > 1
    number = messages[0]["content"].split()[-1]
    said = number if asked_again or "badly" not in messages[0]["content"] else f"it is {number}, or"
    message = {"role": "assistant", "content": said}
    reply = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return line["custom_id"], json.dumps(reply).encode()


class Elsewhere:
    """Collects what comes until nothing more does for a moment, and has it done elsewhere.
    `rounds` are the texts that went out."""

    def __init__(self) -> None:
        self.rounds: list[str] = []

    async def run(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[Outcome]:
        """The outcomes of `tasks`, a round after the other."""
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        asked: dict[str, Request] = {}

        async def take() -> None:
            async for task in tasks:
                asked[task.id] = task.request
                told = openai_batch.told(task.id, codec.body_of(task.request))
                lines.put_nowait(json.dumps(told))
            lines.put_nowait(None)

        taking = asyncio.ensure_future(take())
        try:
            while (line := await lines.get()) is not None:
                text = line + await _more(lines)
                self.rounds.append(text)
                for name, raw in other_side(text):
                    yield _outcome(name, raw, asked.pop(name))
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)


async def _more(lines: asyncio.Queue[str | None]) -> str:
    """What comes within a moment of what came before."""
    text = ""
    while True:
        try:
            line = await asyncio.wait_for(lines.get(), MOMENT_S)
        except TimeoutError:
            return text
        if line is None:
            lines.put_nowait(None)
            return text
        text += f"\n{line}"


def _outcome(name: str, raw: bytes, request: Request) -> Outcome:
    try:
        return Outcome(name, Exchange(codec.decode(raw, {}, "elsewhere"), 1, request))
    except Failure as failure:
        return Outcome(name, failure=failure)
