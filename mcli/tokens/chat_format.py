"""CORE: what the chat format adds to the tokens of the texts in a request.

The rule is that of `num_tokens_from_messages` in OpenAI's cookbook (How_to_count_tokens_with_
tiktoken): three tokens a message, the values of its text fields, one for a name, and three for the
answer that begins. Other servers frame with about as many.
What is no text is weighed by `attachments`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mcli.chat import Message
from mcli.tokens import attachments

PER_MESSAGE = 3
PER_NAME = 1
PER_REPLY = 3
PER_CALL = 3
"""For a call of a tool, beside its name and arguments; nothing is published."""

Measure = Callable[[str], int]
"""How many tokens a text has, or at most has."""

Weigh = Callable[[Mapping[str, Any]], int]
"""How many tokens a part that is no text has, or at most has."""


def of_messages(messages: Sequence[Message], measure: Measure, weigh: Weigh | None = None) -> int:
    """The tokens of a prompt made of these messages; their parts count as `weigh` says."""
    total = PER_REPLY
    for message in messages:
        total += PER_MESSAGE + PER_CALL * len(message.calls) + sum(map(measure, _texts(message)))
        if weigh is not None:
            total += sum(weigh(part) for part in message.parts if part.get("type") != "text")
    return total


def _texts(message: Message) -> Iterator[str]:
    yield from (message.role, message.content, message.name or "")
    for call in message.calls:
        yield from (call.name, call.arguments)
    for part in message.parts:
        text = part.get("text") if part.get("type") == "text" else None
        yield text if isinstance(text, str) else ""


def messages_bound(messages: Sequence[Message], model: str = "") -> int:
    """A number of tokens that a prompt made of these messages cannot pass, without a tokenizer."""
    return of_messages(messages, bound, lambda part: attachments.most(part, model))


def bound(text: str) -> int:
    """A number of tokens that a text cannot pass: its bytes, because a token has one at least."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogatepass"))
