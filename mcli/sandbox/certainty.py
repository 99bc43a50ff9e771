"""EDGE: the log-probabilities of an answer: it is always the same, so each token was certain."""

from __future__ import annotations

from typing import Any

from mcli.tokens import engine

_CERTAIN = 0.0
"""The natural logarithm of 1."""


def weighed(text: str, encoding: str, top: int) -> list[dict[str, Any]]:
    """The tokens of `text` in the API's shape; joined they are the text. A character of several
    tokens belongs to the last of them. `top` likeliest ones were asked for, and there is one."""
    plain = engine.plain(text, encoding)
    tokens = engine.encode(plain, encoding)
    ends = [engine.reach(tokens[: n + 1], encoding) for n in range(len(tokens))]
    owns = [_token(plain[first:last]) for first, last in zip([0, *ends], ends, strict=False)]
    return [{**own, "top_logprobs": [own] if top else []} for own in owns]


def _token(word: str) -> dict[str, Any]:
    return {"token": word, "logprob": _CERTAIN, "bytes": list(word.encode())}
