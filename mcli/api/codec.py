"""EDGE (pure): a Request to the body that is sent, a reply's bytes to a Completion."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from mcli import __version__
from mcli.api import forms, turns, verdicts
from mcli.api.carried import Carried
from mcli.api.textflow import TextFlow, joined
from mcli.chat import Choice, Completion, Request, Usage
from mcli.errors import BadInput, BadReply, Failure, Recovery, TryAgain
from mcli.messages import wire

FINISH = {
    "stop": "stop end_turn stop_sequence eos eos_token complete end",
    "length": "length max_tokens max_output_tokens model_length token_limit",
    "tool_calls": "tool_calls tool_use function_call",
    "content_filter": "content_filter content_filtered refusal safety recitation blocklist "
    "prohibited_content spii language other sensitive guardrail_intervened error_toxic",
    "error": "error network_error malformed_function_call abort aborted "
    "insufficient_system_resource",
}
"""What servers call the ends of an answer (api-contract §3), by the name we give them."""

_NORMAL = {word: name for name, words in FINISH.items() for word in words.split()}


def headers(key: str | None, streams: bool) -> dict[str, str]:
    """The headers we send: what we can read, unpacked, and the key if there is one."""
    bearer = {"Authorization": f"Bearer {key}"} if key else {}
    return {
        "Accept": "text/event-stream" if streams else "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": f"mcli/{__version__}",
        **bearer,
    }


def body_of(request: Request) -> dict[str, Any]:
    """The JSON body: model and messages, and nothing that nobody asked for."""
    messages = request.messages
    fields: dict[str, Any] = {}
    if request.form is not None:
        messages, fields = forms.asked(request.form, messages)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [wire(message) for message in messages],
        **fields,
        **request.params,
    }
    if request.stream:
        body["stream"] = True
    return body


def encode(request: Request) -> bytes:
    """The body as bytes. BadInput for text that UTF-8 or JSON cannot say."""
    try:
        return json.dumps(body_of(request), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise BadInput(
            "bad_encoding", "an argument is not valid UTF-8", "convert it first"
        ) from None
    except ValueError:
        raise BadInput("bad_number", "a parameter is not a finite number") from None


def parse(raw: bytes, headers: Mapping[str, str], host: str) -> Any:
    """The JSON value of a whole reply. BadReply for anything else."""
    bare = raw.removeprefix(b"\xef\xbb\xbf").strip()
    if not bare:
        raise spoilt("empty_reply", f"{host} sent an empty reply")
    if bare[:1] not in (b"{", b"["):
        raise verdicts.not_json(headers, bare, host)
    try:
        return value_of(bare.decode())
    except UnicodeDecodeError:
        raise spoilt("bad_encoding", f"the reply of {host} is not UTF-8") from None
    except (ValueError, RecursionError):
        raise spoilt("bad_json", f"the reply of {host} is not valid JSON, or was cut") from None


def value_of(text: str) -> Any:
    """The JSON value that `text` is, read as kindly for a stream as for a whole reply: control
    characters may stand in strings, and what is no finite number is None. Raises ValueError or
    RecursionError.
    """
    return json.loads(text, strict=False, parse_constant=_nothing, parse_float=_finite)


def decode(raw: bytes, headers: Mapping[str, str], host: str) -> Completion:
    """The completion in a whole reply. Raises the Failure that anything else means."""
    value = parse(raw, headers, host)
    raise_error_in(value, headers)
    choice = first_choice(value)
    if choice is None:
        raise spoilt("wrong_shape", f"the reply of {host} has no choices")
    fields = _message_of(choice)
    if fields is None:
        raise spoilt("wrong_shape", f"the reply of {host} has no message")
    flow, calls, kept = TextFlow(), turns.Calls(), Carried()
    text = flow.feed(content_of(fields)) + flow.close()
    calls.whole(fields)
    kept.feed(fields)
    found = calls.all()
    completion = Completion(
        text=text,
        finish_reason=finish_of(choice),
        model=text_or_none(value.get("model")),
        usage=usage_of(value.get("usage")),
        refusal=text_or_none(fields.get("refusal")),
        reasoning=joined(turns.reasoning(fields)) or flow.thought,
        calls=found,
        tokens=turns.tokens(choice),
        others=_others(value, choice),
        carried=kept.all() if found else {},
    )
    refuse_broken(completion)
    return completion


def raise_error_in(value: Any, headers: Mapping[str, str]) -> None:
    """Raise the Failure of an error that came with status 200, as a whole reply or in a stream.

    An error that says nothing is none where there are choices, be it without any.
    """
    fields = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if "choices" in fields and not fields.get("error"):
        return
    told = verdicts.error_in(value)
    if told is not None:
        raise verdicts.of_error_in_ok(told, headers)


def refuse_broken(completion: Completion) -> None:
    """Raise if the provider itself says that it broke off."""
    if completion.finish_reason == "error":
        raise TryAgain(
            "model_error", "the provider broke the answer off", "run it again later",
            recovery=Recovery.CHARGED,
        )  # fmt: skip


def first_choice(value: Any) -> dict[str, Any] | None:
    """The choice with index 0, or None."""
    choices = cast("dict[str, Any]", value).get("choices") if isinstance(value, dict) else None
    if not isinstance(choices, list):
        return None
    for choice in cast("list[Any]", choices):
        if isinstance(choice, dict) and cast("dict[str, Any]", choice).get("index", 0) in (0, None):
            return cast("dict[str, Any]", choice)
    return None


def _others(value: Any, first: dict[str, Any]) -> tuple[Choice, ...]:
    """The choices beside `first`, in the order of their index; what is none is left out."""
    found: dict[int, Choice] = {}
    for choice in cast("list[Any]", value["choices"]):
        fields = cast("dict[str, Any]", choice) if isinstance(choice, dict) else {}
        index, message = fields.get("index"), _message_of(fields)
        if fields is first or message is None or not isinstance(index, int) or index < 1:
            continue
        flow = TextFlow()
        with suppress(BadReply):
            text = flow.feed(content_of(message)) + flow.close()
            found.setdefault(index, Choice(text, finish_of(fields)))
    return tuple(found[index] for index in sorted(found))


def _message_of(choice: dict[str, Any]) -> dict[str, Any] | None:
    message = choice.get("message")
    return cast("dict[str, Any]", message) if isinstance(message, dict) else None


def content_of(message: dict[str, Any]) -> str:
    """The text of a message or delta: text, nothing, or a list of parts of which text counts."""
    content = message.get("content")
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise spoilt("wrong_shape", f"the content is a {type(content).__name__}, not text")
    return "".join(_part(part) for part in cast("list[Any]", content))


def finish_of(choice: dict[str, Any]) -> str | None:
    """Why the answer ended, in our words; an unknown reason stays as it is, none is None."""
    reason = choice.get("finish_reason")
    if not isinstance(reason, str) or not reason:
        return None
    if reason.lower().startswith("image_"):
        return "content_filter"
    return _NORMAL.get(reason.lower(), joined(reason))


def usage_of(value: Any) -> Usage | None:
    """The usage a server sent; what is missing or makes no sense is None."""
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    cached = _count(_detail(fields, "prompt_tokens_details", "cached_tokens"))
    return Usage(
        _count(fields.get("prompt_tokens")),
        _count(fields.get("completion_tokens")),
        _count(fields.get("total_tokens")),
        _count(fields.get("prompt_cache_hit_tokens")) if cached is None else cached,  # DeepSeek
        _count(_detail(fields, "completion_tokens_details", "reasoning_tokens")),
    )


def text_or_none(value: Any) -> str | None:
    """A text that says something, or None."""
    return joined(value) if isinstance(value, str) and value else None


def spoilt(slug: str, message: str) -> Failure:
    """A reply that began with 200 and cannot be used; it was most likely paid for."""
    hint = "run it again; if it stays, check the base URL"
    return BadReply(slug, message, hint, recovery=Recovery.CHARGED)


def _nothing(constant: str) -> None:
    """NaN and its like, which are not JSON: unknown."""


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if abs(value) != float("inf") else None


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    fields = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
    text = fields.get("text")
    return text if fields.get("type") in ("text", "output_text") and isinstance(text, str) else ""


def _detail(fields: dict[str, Any], group: str, name: str) -> Any:
    details = fields.get(group)
    return cast("dict[str, Any]", details).get(name) if isinstance(details, dict) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def model_ids(value: Any) -> list[dict[str, Any]]:
    """The entries of a list of models: `data`, `models`, or the bare list; each has an `id`."""
    entries: Any = value
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        entries = next(
            (fields[n] for n in ("data", "models") if isinstance(fields.get(n), list)), None
        )
    if not isinstance(entries, list):
        raise spoilt("wrong_shape", "the reply has no list of models")
    found = (_entry(entry) for entry in cast("list[Any]", entries))
    return [entry for entry in found if entry is not None]


def _entry(entry: Any) -> dict[str, Any] | None:
    if isinstance(entry, str):
        return {"id": entry}
    if not isinstance(entry, dict):
        return None
    fields = cast("dict[str, Any]", entry)
    name = fields.get("id") or fields.get("name")
    return {**fields, "id": re.sub(r"\s+", " ", joined(name))} if isinstance(name, str) else None
