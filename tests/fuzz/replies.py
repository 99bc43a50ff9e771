"""Fuzz target: any reply is a completion or one failure, whole and as a stream alike.

An input is a reply as one would write it down: a line with the status, lines of headers, a blank
line and the body. The body is read as a whole reply and as a stream, whatever the headers say.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import atheris

with atheris.instrument_imports(include=["mcli"]):
    from mcli.api import codec, retry, verdicts
    from mcli.api.assembly import Assembly
    from mcli.api.sse import Event, EventTooLarge, Framer
    from mcli.chat import Completion, Usage
    from mcli.errors import ExitCode, Failure, Recovery
    from mcli.redaction import visible
    from mcli.shapes import replace, values

HOST = "api.test"
CODES = {65, 69, 75, 76, 77, 78}
"""The exit codes that a reply may lead to."""

DONE = Event("", "[DONE]")
Outcome = Completion | Failure
Headers = Mapping[str, str]


def split(raw: bytes) -> tuple[int, Headers, bytes]:
    """Status, headers and body of an input; what is no number is 200."""
    head, _, body = raw.partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return int(status) if status.isascii() and status.isdigit() else 200, headers, body


def outcome(read: Callable[[], Outcome]) -> Outcome:
    """What reading comes to; anything but a completion or a failure is a find."""
    try:
        return read()
    except Failure as failure:
        return failure


def assemble(events: list[Event], headers: Headers) -> Completion:
    """The completion in the events of a stream."""
    assembly = Assembly(headers, HOST)
    shown = ""
    for event in events:
        shown += assembly.add(event)
        if assembly.done:
            break
    completion = assembly.completion()
    assert shown + assembly.rest() == completion.text, "what was shown is not the answer"
    assert any(map(ends, events)), "an answer without its end"
    return completion


def ends(event: Event) -> bool:
    """Whether an event names the end of an answer."""
    if event.data.strip().startswith("[DONE]"):
        return True
    chunk = json.loads(event.data, strict=False)
    choices = chunk.get("choices")
    finishes = (
        [choice.get("finish_reason") for choice in choices if isinstance(choice, dict)]
        if isinstance(choices, list)
        else []
    )
    return any(isinstance(finish, str) and finish for finish in finishes)


def events_of(body: bytes) -> list[Event]:
    """The events of a stream, up to where it is spoilt."""
    framer = Framer()
    events: list[Event] = []
    with suppress(UnicodeDecodeError, EventTooLarge):
        for piece in (body[:20], body[20:]):
            events.extend(framer.feed(piece))
        events.extend(framer.close())
    return events


def check_completion(completion: Completion) -> None:
    for text in (completion.text, completion.finish_reason, completion.model, completion.refusal):
        (text or "").encode()
    assert completion.finish_reason != "error", "what the provider broke off is no answer"
    counts = values(completion.usage) if completion.usage else ()
    assert all(count is None or count >= 0 for count in counts)


def check_failure(failure: Failure) -> None:
    assert type(failure) in Failure.__subclasses__()
    assert failure.exit_code in CODES, failure.exit_code
    assert (failure.exit_code is ExitCode.TRY_AGAIN) or failure.recovery is not Recovery.NOT_SENT
    assert failure.slug.replace("_", "").isalpha(), failure.slug
    assert failure.hint, failure.slug
    for text in (failure.message, failure.request_id or "-"):
        assert text, "a failure without words"
        assert len(text) < 600, len(text)
        assert visible(text) == text, ascii(text)
        assert "\n" not in text
        text.encode()
    check_wait(failure.wait)


def check_wait(wait: float | None) -> None:
    assert wait is None or 0 < wait < math.inf, wait


def check_outcome(found: Outcome) -> None:
    check_failure(found) if isinstance(found, Failure) else check_completion(found)


def check_alike(whole: Outcome, body: bytes, headers: Headers) -> None:
    """Assert that a whole reply means the same as the one event of a stream."""
    if isinstance(whole, Failure) and whole.status is None:
        return  # of the wrong shape for a whole reply, which a chunk may be
    chunk = Event("", body.removeprefix(b"\xef\xbb\xbf").strip().decode())
    streamed = outcome(lambda: assemble([chunk, DONE], headers))
    if isinstance(whole, Failure):
        assert isinstance(streamed, Failure)
        assert (streamed.slug, streamed.message) == (whole.slug, whole.message)
    elif not has_delta(chunk):
        usage = whole.usage if whole.usage != Usage() else None
        assert streamed == replace(whole, usage=usage, others=())  # one answer alone streams


def has_delta(chunk: Event) -> bool:
    """Whether the choice has a delta, of which whole replies know nothing."""
    choice: Any = codec.first_choice(json.loads(chunk.data, strict=False))
    return bool(choice.get("delta"))


def check(raw: bytes) -> None:
    """Assert all of it for one reply."""
    status, headers, body = split(raw)
    check_wait(retry.wait_asked(headers))
    check_failure(verdicts.of_status(status, headers, body, HOST))
    whole = outcome(lambda: codec.decode(body, headers, HOST))
    check_outcome(whole)
    check_outcome(outcome(lambda: assemble(events_of(body), headers)))
    check_alike(whole, body, headers)
    with suppress(Failure):
        for entry in codec.model_ids(codec.parse(body, headers, HOST)):
            entry["id"].encode()


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
