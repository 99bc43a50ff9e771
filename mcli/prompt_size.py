"""EDGE: how many tokens the prompt of a request can have, at most."""

from __future__ import annotations

import json
import math

from mcli import structured
from mcli.chat import Message, Request
from mcli.terms import Terms
from mcli.tokens import chat_format, counting

TOKENS_BESIDE = 8
"""What the chat format adds to a message, at most: 3 or 4 tokens and its role, and once 3 more."""

IMAGE_TOKENS = 5_000
"""A picture at its finest, at most: what OpenAI's tiles and patches (api-contract §8.4) and other
makers' come to, rounded up. Its bytes say nothing of it."""

MANY_IMAGE_TOKENS = 50_000
"""The same of gpt-4o-mini, which counts a picture 33 times for its cheaper tokens: 48,169."""


def bounded(request: Request) -> int:
    """No prompt has more: a token has a byte at least. Costs nothing to know."""
    texts = (message.content for message in request.messages)
    return _beside(request) + sum(map(chat_format.bound, texts))


def counted(request: Request, terms: Terms) -> int:
    """Its tokens by the model's vocabulary; by another one half more, within its bytes."""
    choice = counting.choose(request.model)
    encoding = terms.encoding or choice.encoding
    exact = terms.encoding is not None or not choice.approximate
    total = _beside(request)
    for message in request.messages:
        tokens, most = counting.count(message.content, encoding), chat_format.bound(message.content)
        total += tokens if exact else min(most, math.ceil(tokens * counting.DOUBT))
    return total


def _beside(request: Request) -> int:
    """What the prompt has beside the texts, at most: its turns, pictures, tools, and a schema in
    words, which is how it is sent to a server that takes no other."""
    told = "" if request.form is None else structured.instruction(request.form.schema)
    size = len(json.dumps(dict(request.params))) + chat_format.bound(told)
    size += sum(_attached(message, request.model) for message in request.messages)
    return TOKENS_BESIDE * (len(request.messages) + 1) + size


def _attached(message: Message, model: str) -> int:
    """What hangs on a turn beside its text: pictures by the piece, anything else by its bytes."""
    size = len(message.name or "") + len(message.call_id or "")
    size += sum(len(json.dumps([c.id, c.name, c.arguments])) + TOKENS_BESIDE for c in message.calls)
    for part in message.parts:
        if part.get("type") == "image_url":
            size += MANY_IMAGE_TOKENS if "gpt-4o-mini" in model.lower() else IMAGE_TOKENS
        else:
            size += len(json.dumps(part))
    return size
