"""CORE: what the chat format adds to the tokens of the texts in a request.

The rule is that of `num_tokens_from_messages` in OpenAI's cookbook (How_to_count_tokens_with_
tiktoken): three tokens a message, the values of its text fields, one for a name, and three for the
answer that begins. Other servers frame with about as many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mcli.chat import Message

PER_MESSAGE = 3
PER_NAME = 1
PER_REPLY = 3

Measure = Callable[[str], int]
"""How many tokens a text has, or at most has."""


def of_messages(messages: Sequence[Message], measure: Measure) -> int:
    """The tokens of a prompt made of these messages."""
    return PER_REPLY + sum(PER_MESSAGE + sum(map(measure, _texts(message))) for message in messages)


def _texts(message: Message) -> Iterator[str]:
    yield from (message.role, message.content, message.name or "")
    for call in message.calls:
        yield from (call.name, call.arguments)
    for part in message.parts:
        text = part.get("text")
        yield text if isinstance(text, str) else ""


def messages_bound(messages: Sequence[Message]) -> int:
    """A number of tokens that a prompt made of these messages cannot pass, without a tokenizer."""
    return of_messages(messages, bound)


def bound(text: str) -> int:
    """A number of tokens that a text cannot pass: its bytes, because a token has one at least."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogatepass"))
