"""CORE: what an endpoint can do: a small request for each ability, and what the answer proves.

What is asked for is what nobody would answer by chance: a server that does not know a field, and
leaves it alone, is told from one that obeys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mcli import schema
from mcli.chat import Completion, Message, Request
from mcli.doctor.finding import Check, Support, failed
from mcli.errors import Failure
from mcli.shapes import field, frozen

MOST_TOKENS = 64
"""Tokens of an answer: what is asked for takes ten, and a model that thinks first is cut here."""

_LIMITS = ("max_tokens", "max_completion_tokens")
_UNCLEAR = "ask for it by hand, or probe another model"
_REFUSED = ("bad_request", "not_found", "server_refused")
"""The slugs of a server that does not take a request; others say nothing of what it can do."""


@frozen
class Seen:
    """A completion, whether it came as events, and the request as the server took it."""

    completion: Completion
    is_stream: bool
    taken: Request


Verdict = tuple[Support, str]
Judge = Callable[[Seen], Verdict]


@frozen
class Probe:
    """One request, what its answer says of each ability, by name, and what to do without it."""

    prompt: str
    judges: Mapping[str, Judge]
    without: Mapping[str, str]
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stream: bool = False


def request(probe: Probe, model: str, params: Mapping[str, Any]) -> Request:
    """The request of a probe, with the parameters that are in force for all commands."""
    fields = {**params, limit(params): MOST_TOKENS, **probe.params}
    return Request(model, (Message("user", probe.prompt),), fields, stream=probe.stream)


def limit(params: Mapping[str, Any]) -> str:
    """What the limit of an answer is called there; newer models take the second name alone."""
    return next((name for name in reversed(_LIMITS) if name in params), _LIMITS[0])


def judged(probe: Probe, seen: Seen) -> list[Check]:
    """A check for each ability that the answer says something of."""
    found: list[Check] = []
    for name, judge in probe.judges.items():
        support, told = judge(seen)
        found.append(_check(probe, name, support, told))
    return found


def refused(probe: Probe, failure: Failure) -> list[Check]:
    """The same where there is no answer."""
    if COMPLETION in probe.judges:
        return [failed(COMPLETION, failure)]
    support: Support = "no" if failure.slug in _REFUSED else "unclear"
    return [
        _check(probe, name, support, failure.message, failure.slug, failure.hint)
        for name in probe.judges
    ]


def _check(
    probe: Probe, name: str, support: Support, told: str, slug: str = "", hint: str = ""
) -> Check:
    words = {"yes": "supported", "no": "not supported", "unclear": "unclear"}[support]
    message = f"{words}: {told}"
    if support == "yes":
        return Check(name, "ok", message, support=support)
    instead = probe.without[name] if support == "no" else hint or _UNCLEAR
    return Check(name, "warning", message, instead, slug, support)


def _answers(seen: Seen) -> Verdict:
    said = seen.completion
    if said.text.strip():
        return "yes", f"{said.model or seen.taken.model} answers"
    return "unclear", _nothing(said)


def _streams(seen: Seen) -> Verdict:
    if seen.is_stream:
        return "yes", "the answer came in pieces"
    return "no", "the answer came whole"


def _counts(seen: Seen) -> Verdict:
    if not seen.is_stream:
        return "unclear", "there was no stream"
    if "stream_options" not in seen.taken.params:
        return "no", "stream_options is refused"
    if seen.completion.usage is None:
        return "no", "none came"
    return "yes", "it came at the end"


def _is_json(seen: Seen) -> Verdict:
    value = _value(seen.completion.text)
    if isinstance(value, dict):
        return "yes", "an object came"
    if seen.completion.finish_reason == "length":
        return "unclear", _nothing(seen.completion)
    return "no", "it is taken, and what came is no JSON object"


def _is_held(seen: Seen) -> Verdict:
    value = _value(seen.completion.text)
    if value is not _NO_JSON and not schema.complaint(value, SCHEMA):
        return "yes", "the answer was held to a schema"
    if seen.completion.finish_reason == "length":
        return "unclear", _nothing(seen.completion)
    return "no", "it is taken, and what came does not fit"


def _is_weighed(seen: Seen) -> Verdict:
    if seen.completion.tokens:
        return "yes", f"{len(seen.completion.tokens)} tokens came with theirs"
    if not seen.completion.text.strip():
        return "unclear", _nothing(seen.completion)
    return "no", "it is taken, and none came"


def _calls(seen: Seen) -> Verdict:
    if any(call.name == TOOL for call in seen.completion.calls):
        return "yes", "the tool was called"
    if not (seen.completion.text.strip() or seen.completion.calls):
        return "unclear", _nothing(seen.completion)
    return "unclear", "it is taken, and the model did not call the tool"


def _nothing(said: Completion) -> str:
    if said.only_reasoning:
        return f"the model thought for {MOST_TOKENS} tokens, and said nothing"
    return "the answer was cut" if said.finish_reason == "length" else "the answer is empty"


_NO_JSON = object()


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON


COMPLETION = "completion"
TOOL = "note_word"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"pelican": {"type": "string", "enum": ["north-7", "south-9"]}},
    "required": ["pelican"],
    "additionalProperties": False,
}
"""What no model says unless it is held to it."""

_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
_FUNCTION = {"name": TOOL, "description": "Note a word.", "parameters": _PARAMETERS}
_STRICT = {"name": "answer", "strict": True, "schema": SCHEMA}

PROBES = (
    Probe(
        "Say ok.", {COMPLETION: _answers}, {COMPLETION: "ask it something: mcli ask hi"},
    ),
    Probe(
        "Count from 1 to 5.", {"stream": _streams, "stream-usage": _counts},
        {
            "stream": "nothing: answers are shown when they are whole",
            "stream-usage": "nothing: what a stream cost is then not known",
        },
        {"stream_options": {"include_usage": True}}, stream=True,
    ),
    Probe(
        "Say hello. (This is not about JSON.)", {"json-mode": _is_json},
        {"json-mode": "nothing: JSON is asked for in words, and checked here"},
        {"response_format": {"type": "json_object"}},
    ),
    Probe(
        "Say hello.", {"json-schema": _is_held},
        {"json-schema": "nothing: JSON is asked for more loosely, and checked here"},
        {"response_format": {"type": "json_schema", "json_schema": _STRICT}},
    ),
    Probe(
        "Say ok.", {"logprobs": _is_weighed},
        {"logprobs": "let classify count votes: --votes 5"},
        {"logprobs": True, "top_logprobs": 2},
    ),
    Probe(
        f"Call {TOOL} with the word pelican.", {"tools": _calls},
        {"tools": "take another model for ask --tool"},
        {"tools": [{"type": "function", "function": _FUNCTION}]},
    ),
)  # fmt: skip
"""In their order; the first must be answered, or nothing is known of the others."""
