"""EDGE: how many tokens the prompt of a request can have, at most."""

from __future__ import annotations

import json
import math

from mcli import structured
from mcli.chat import Message, Request
from mcli.terms import Terms
from mcli.tokens import attachments, chat_format, counting

TOKENS_BESIDE = 8
"""What the chat format adds to a message, at most: 3 or 4 tokens and its role, and once 3 more."""


def bounded(request: Request, known: Terms) -> int:
    """No prompt has more: a token has a byte at least. Costs nothing to know."""
    texts = (message.content for message in request.messages)
    return _beside(request, known) + sum(map(chat_format.bound, texts))


def counted(request: Request, known: Terms, alone: bool) -> int:
    """Its tokens by the model's vocabulary; by another one half more, within its bytes, as also
    where it is not `alone`: others may answer."""
    choice = counting.choose(request.model)
    encoding = known.encoding or choice.encoding
    exact = alone and (known.encoding is not None or not choice.approximate)
    total = _beside(request, known)
    for message in request.messages:
        tokens, most = counting.count(message.content, encoding), chat_format.bound(message.content)
        total += tokens if exact else min(most, math.ceil(tokens * counting.DOUBT))
    return total


def _beside(request: Request, known: Terms) -> int:
    """What the prompt has beside the texts, at most: its turns, attachments, tools, and a schema in
    words, which is how it is sent to a server that takes no other."""
    told = "" if request.form is None else structured.instruction(request.form.schema)
    params = len(json.dumps(dict(request.params))) if request.params else len("{}")
    size = params + chat_format.bound(told)
    size += sum(map(_called, request.messages)) + _attached(request, known)
    return TOKENS_BESIDE * (len(request.messages) + 1) + size


def _called(message: Message) -> int:
    """The names, the calls and the further fields of a turn."""
    size = len(json.dumps(dict(message.extra))) if message.extra else 0
    size += len(message.name or "") + len(message.call_id or "")
    calls = (
        json.dumps([call.id, call.name, call.arguments, dict(call.extra)]) for call in message.calls
    )
    return size + sum(len(call) + TOKENS_BESIDE for call in calls)


def _attached(request: Request, known: Terms) -> int:
    """Images, sound and files: together no more than the window holds."""
    parts = (part for message in request.messages for part in message.parts)
    most = sum(attachments.most(part, request.model) for part in parts)
    return most if known.window is None else min(most, known.window)
