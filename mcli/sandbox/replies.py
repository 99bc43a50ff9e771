"""EDGE: a prompt's reply, in the shapes of the Chat Completions API."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from mcli.sandbox import certainty
from mcli.sandbox.answers import answer, call
from mcli.sandbox.prompts import Prompt, Rejected
from mcli.shapes import frozen
from mcli.tokens import counting

MODELS = ("sandbox", "gpt-4", "gpt-4o", "gpt-4o-mini", "gpt-5")

# The same request gets the same reply to the byte, so that a recording of it does not change.
_CREATED = 1_735_689_600

_CONTEXT_LENGTH = 128_000
_WORDS_A_CHUNK = 4

# The published overhead of the chat format: three tokens a message, three before the answer.
_PER_MESSAGE = 3
_PER_REPLY = 3

_KINDS = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "permission_denied"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    500: ("server_error", "internal_error"),
    503: ("server_error", "overloaded"),
}


@frozen
class Reply:
    """A whole answer: what is said, why it ends, and its usage; or the call of a tool, its name and
    its arguments."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    call: tuple[str, str] | None = None

    def usage(self) -> dict[str, int]:
        """The three counts, under the API's names."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


def reply(prompt: Prompt) -> Reply:
    """Answer a prompt, cut at its stops and its limit. Raises Rejected as `answer` does."""
    encoding = counting.choose(prompt.model).encoding
    prompt_tokens = _PER_REPLY + sum(
        _PER_MESSAGE + counting.count(turn.role, encoding) + counting.count(turn.text, encoding)
        for turn in prompt.turns
    )
    called = call(prompt)
    if called is not None:
        tokens = sum(counting.count(word, encoding) for word in called)
        return Reply("", "tool_calls", prompt_tokens, tokens, called)
    text = answer(prompt, prompt_tokens)
    ends = [text.find(stop) for stop in prompt.stop if stop in text]
    text = text[: min(ends, default=len(text))]
    tokens = counting.count(text, encoding)
    if prompt.limit is not None and tokens > prompt.limit:
        text = counting.cut(text, encoding, prompt.limit)
        return Reply(text, "length", prompt_tokens, prompt.limit)
    return Reply(text, "stop", prompt_tokens, tokens)


def whole(prompt: Prompt, said: Reply, raw: bytes) -> dict[str, Any]:
    """The body of a reply that is not streamed; `raw` is the request that it answers."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text, "refusal": None}
    if said.call is not None:
        message |= {"content": None, "tool_calls": [_call(said.call, raw)]}
    choice = {
        "index": 0,
        "message": message,
        "logprobs": _weighed(prompt, said.text),
        "finish_reason": said.finish_reason,
    }
    return {
        **_head(prompt, raw, "chat.completion"),
        "choices": [choice],
        "usage": said.usage(),
    }


def chunks(prompt: Prompt, said: Reply, raw: bytes) -> Iterator[dict[str, Any]]:
    """The same reply as the events of a stream, without the `[DONE]` that ends it."""
    head = _head(prompt, raw, "chat.completion.chunk")
    tail: dict[str, Any] = {"usage": None} if prompt.include_usage else {}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if said.call is not None:
        deltas.append({"tool_calls": [{"index": 0, **_call(said.call, raw)}]})
    for delta in deltas:
        yield {**head, "choices": [_chunk_choice(delta, None)], **tail}
    for piece, weighed in _pieces(prompt, said.text):
        yield {**head, "choices": [_chunk_choice({"content": piece}, None, weighed)], **tail}
    yield {**head, "choices": [_chunk_choice({}, said.finish_reason)], **tail}
    if prompt.include_usage:
        yield {**head, "choices": [], "usage": said.usage()}


def models() -> dict[str, Any]:
    """What `GET /models` lists."""
    data = [
        {
            "id": name,
            "object": "model",
            "created": _CREATED,
            "owned_by": "mcli-sandbox",
            "context_length": _CONTEXT_LENGTH,
        }
        for name in MODELS
    ]
    return {"object": "list", "data": data}


def error(problem: Rejected) -> dict[str, Any]:
    """OpenAI's error object."""
    usual = "server_error" if problem.status >= 500 else "invalid_request_error"
    kind, code = _KINDS.get(problem.status, (usual, None))
    fields = {
        "message": problem.message,
        "type": kind,
        "param": problem.param,
        "code": problem.code or code,
    }
    return {"error": fields}


def rehearsed(status: int) -> Rejected:
    """The error that `--fail` asked for."""
    headers = {"Retry-After": "1"} if status == 429 else {}
    return Rejected(f"the sandbox rehearses a {status}", status=status, headers=headers)


def _head(prompt: Prompt, raw: bytes, kind: str) -> dict[str, Any]:
    name = f"chatcmpl-sandbox-{hashlib.sha256(raw).hexdigest()[:16]}"
    return {"id": name, "object": kind, "created": _CREATED, "model": prompt.model}


def _call(called: tuple[str, str], raw: bytes) -> dict[str, Any]:
    name, arguments = called
    function = {"name": name, "arguments": arguments}
    mark = f"call_sandbox_{hashlib.sha256(raw).hexdigest()[:8]}"
    return {"id": mark, "type": "function", "function": function}


def _chunk_choice(
    delta: dict[str, Any], finish_reason: str | None, weighed: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": weighed, "finish_reason": finish_reason}


def _weighed(prompt: Prompt, text: str) -> dict[str, Any] | None:
    """The log-probabilities of an answer, if they are wanted."""
    if prompt.top_logprobs is None:
        return None
    encoding = counting.choose(prompt.model).encoding
    return {"content": certainty.weighed(text, encoding, prompt.top_logprobs), "refusal": None}


def _pieces(prompt: Prompt, text: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The text in pieces of some words each, or of some tokens with their log-probabilities;
    joined, they are the text again."""
    weighed = _weighed(prompt, text)
    if weighed is None:
        words = re.findall(r"\s*\S+|\s+", text)
        for n in range(0, len(words), _WORDS_A_CHUNK):
            yield "".join(words[n : n + _WORDS_A_CHUNK]), None
        return
    tokens = weighed["content"]
    for n in range(0, len(tokens), _WORDS_A_CHUNK):
        some = tokens[n : n + _WORDS_A_CHUNK]
        yield "".join(each["token"] for each in some), {**weighed, "content": some}
