"""EDGE: how many tokens the prompt of a request can have, at most."""

from __future__ import annotations

import json
import math

from mcli import structured
from mcli.chat import Request
from mcli.terms import Terms
from mcli.tokens import counting

TOKENS_BESIDE = 8
"""What the chat format adds to a message, at most: 3 or 4 tokens and its role, and once 3 more."""

GUESS = 1.25
"""How many times its count by another vocabulary a text is taken to have, at most."""


def bounded(request: Request) -> int:
    """No prompt has more: a token has a byte at least. Costs nothing to know."""
    return _beside(request) + sum(_bytes(message.content) for message in request.messages)


def counted(request: Request, terms: Terms) -> int:
    """Its tokens by the model's vocabulary; by another one a quarter more, within its bytes."""
    choice = counting.choose(request.model)
    encoding = terms.encoding or choice.encoding
    exact = terms.encoding is not None or not choice.approximate
    total = _beside(request)
    for message in request.messages:
        tokens = counting.count(message.content, encoding)
        total += tokens if exact else min(_bytes(message.content), math.ceil(tokens * GUESS))
    return total


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _beside(request: Request) -> int:
    """What there is beside the texts, at most: turns, a schema, tools."""
    told = "" if request.form is None else structured.instruction(request.form.schema)
    fields = len(json.dumps(dict(request.params)))
    return TOKENS_BESIDE * (len(request.messages) + 2) + fields + _bytes(told)
