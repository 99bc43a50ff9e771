"""What the tests of `doctor` share: an endpoint by its two calls, and the lines by their names."""

from __future__ import annotations

import time
from email.utils import formatdate

from mcli.doctor import probes
from tests.faults.scenes import (
    DONE,
    Scene,
    as_json,
    chunk,
    chunked,
    completion,
    deltas,
    event,
    ok,
)
from tests.faults.server import Reply, Seen
from tests.program import Result


def listing(*models: str, astray_s: float = 0.0) -> Reply:
    """A list of models from a server whose clock is so many seconds ahead."""
    headers = {"Date": formatdate(time.time() + astray_s, usegmt=True)}
    return as_json({"data": [{"id": name} for name in models]}, headers=headers)


def endpoint(models: Scene | None = None, answer: Scene | None = None) -> Scene:
    """`models` for GET, `answer` for POST."""

    def choose(seen: Seen) -> Reply:
        scene = (models or listing("gpt-4")) if seen.method == "GET" else (answer or ok())
        return scene if isinstance(scene, Reply) else scene(seen)

    return choose


def by_probe(**scenes: Scene) -> Scene:
    """A scene for each probe, by the word that only its request has: `stream`, `json_object`,
    `json_schema`, `logprobs`, `tools`, else `ask`; all but those given succeed."""

    def choose(seen: Seen) -> Reply:
        form = (seen.fields.get("response_format") or {}).get("type")
        name = form or next((n for n in ("stream", "logprobs", "tools") if n in seen.fields), "ask")
        scene = {**GOOD, **scenes}[name]
        return scene if isinstance(scene, Reply) else scene(seen)

    return choose


def lines(done: Result) -> dict[str, list[str]]:
    """Each line's status, message and hint, by its name."""
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert {len(row) for row in rows} == {4}
    assert all(row[3] for row in rows if row[0] != "ok"), "something is not well: what to do?"
    return {name: [status, *rest] for status, name, *rest in rows}


def weighed(text: str = "ok") -> Reply:
    """An answer whose one token comes with its log-probability."""
    told = completion(text)
    told["choices"][0]["logprobs"] = {"content": [{"token": text, "logprob": -0.1}]}
    return as_json(told)


def called(name: str = probes.TOOL) -> Reply:
    """The call of a tool."""
    function = {"name": name, "arguments": '{"word": "pelican"}'}
    calls = [{"id": "c1", "type": "function", "function": function}]
    return as_json(completion(None, "tool_calls", tool_calls=calls))


def streamed(usage: bool = True) -> Reply:
    """A stream, with the usage at its end."""
    counts = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    tail = [event({**chunk(), "choices": [], "usage": counts})] if usage else []
    return chunked(*deltas("1 2", " 3"), *tail, DONE)


GOOD: dict[str, Scene] = {
    "ask": ok("ok"), "stream": streamed(), "json_object": ok('{"hello": 1}'),
    "json_schema": ok('{"pelican": "north-7"}'), "logprobs": weighed(), "tools": called(),
}  # fmt: skip
ABILITIES = [name for probe in probes.PROBES for name in probe.judges]
