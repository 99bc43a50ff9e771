"""What a later round of a conversation with tools holds: the turn as it came, within the window."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcli.api.assembly import Assembly
from mcli.api.carried import Carried
from mcli.api.sse import Event
from mcli.chat import Completion, ToolCall
from mcli.messages import answered, wire
from tests.faults.scenes import Scene, as_json, chunk, completion, error, ok
from tests.faults.server import FaultyServer, Reply, Seen
from tests.program import Program
from tests.test_tools import ALLOWED, called, with_command

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
ROME = CALL | {"function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
DETAILS = [
    {"type": "reasoning.text", "text": "First Rome.", "signature": "s1", "index": 0},
    {"type": "reasoning.encrypted", "data": "abc=", "index": 1},
]
CARRIED: list[dict[str, Any]] = [
    {"reasoning_content": "The city\nis Rome."},
    {"reasoning_content": ""},
    {"reasoning": "The city", "reasoning_details": DETAILS},
]


def told(server: FaultyServer) -> dict[str, Any]:
    """The turn of the assistant in the last request."""
    (turn,) = (m for m in server.requests[-1].body["messages"] if m["role"] == "assistant")
    return turn


class TestWhatCameWithTheCalls:
    @pytest.mark.parametrize("fields", CARRIED, ids=["deepseek", "empty", "openrouter"])
    def test_it_goes_back_as_it_came(
        self, mcli: Program, server: FaultyServer, fields: dict[str, Any]
    ) -> None:
        with_command(mcli.home, "echo dry")
        reply = as_json(completion(None, "tool_calls", tool_calls=[ROME], **fields))
        server.play([reply, ok("Dry.")])

        assert mcli(*ALLOWED).out == "Dry.\n"
        assert told(server) == {
            "role": "assistant", "content": None, "tool_calls": [ROME], **fields,
        }  # fmt: skip

    def test_a_server_that_demands_it_is_content(self, mcli: Program, server: FaultyServer) -> None:
        with_command(mcli.home, "echo dry")
        first = as_json(completion(None, "tool_calls", tool_calls=[ROME], reasoning_content="Hm"))

        def deepseek(seen: Seen) -> Reply:
            turns = [m for m in seen.body["messages"] if m.get("tool_calls")]
            scene: Scene = first if not turns else ok("Dry.")
            if any("reasoning_content" not in turn for turn in turns):
                scene = error(400)
            return scene if isinstance(scene, Reply) else scene(seen)

        server.play(deepseek)
        assert (mcli(*ALLOWED).code, len(server.requests)) == (0, 2)

    def test_what_nobody_sent_nobody_gets(self, mcli: Program, server: FaultyServer) -> None:
        with_command(mcli.home, "echo dry")
        server.play([called(("weather", {"city": "Rome"})), ok("Dry.")])
        mcli(*ALLOWED)
        assert told(server).keys() == {"role", "content", "tool_calls"}

    def test_a_signature_goes_back_with_its_call(self, mcli: Program, server: FaultyServer) -> None:
        with_command(mcli.home, "echo dry")
        signed = ROME | {"extra_content": {"google": {"thought_signature": "AbC="}}}
        server.play([as_json(completion(None, "tool_calls", tool_calls=[signed])), ok("Dry.")])
        mcli(*ALLOWED)
        assert told(server)["tool_calls"] == [signed]

    def test_a_script_has_it_in_message(self, mcli: Program, server: FaultyServer) -> None:
        (mcli.home / "t").write_text("name: weather\n")
        reply = completion(None, "tool_calls", tool_calls=[CALL], reasoning_content="Hm")
        server.play(as_json(reply))
        ask = ("ask", "x", "--tool", "t", "--json", "--cache", "1h")
        fresh, kept = mcli(*ask).json, mcli(*ask).json

        assert fresh["message"]["reasoning_content"] == "Hm"
        assert (kept["cached"], kept["message"]) == (True, fresh["message"])
        assert fresh["data"]["message"] == fresh["message"]
        (mcli.home / "chat.json").write_text(
            json.dumps([
                {"role": "user", "content": "x"}, fresh["message"],
                {"role": "tool", "tool_call_id": "c1", "content": "dry"},
            ])
        )  # fmt: skip
        mcli("ask", "-n", "--messages", "chat.json", "--tool", "t")
        assert told(server) == fresh["message"]

    def test_reasoning_before_an_answer_stays_here(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play(as_json(completion("Paris.", reasoning_content="Hm")))
        assert "reasoning_content" not in mcli("ask", "x", "--json").json["message"]


def test_deltas_are_put_together() -> None:
    pieces: list[dict[str, Any]] = [
        {"reasoning_content": "The ", "reasoning_details": [DETAILS[0] | {"text": "First"}]},
        {"reasoning_details": [DETAILS[0] | {"text": " Rome.", "signature": None}]},
        {"reasoning_content": "city", "reasoning_details": [DETAILS[1]]},
        {"tool_calls": [{"index": 0, **ROME}]},
    ]
    stream = Assembly({}, "here")
    for piece in (*(chunk(**one) for one in pieces), chunk(finish="tool_calls")):
        stream.add(Event("message", json.dumps(piece)))

    carried = {"reasoning_content": "The city", "reasoning_details": DETAILS}
    assert stream.completion().carried == carried


def test_what_is_odd_is_carried_as_far_as_it_can_be_said() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    kept = Carried()
    kept.feed({"reasoning_content": None, "reasoning": 5, "reasoning_details": "no"})
    kept.feed({"reasoning_details": [7, {"text": "\ud83d", "more": deep}]})
    kept.feed({"reasoning_content": "\ud83d"})
    kept.feed({"reasoning_content": "\ude00"})

    found = kept.all()
    assert found["reasoning_content"] == "😀"
    json.dumps(found, ensure_ascii=False).encode()
    turn = wire(
        answered(Completion("", "tool_calls", calls=(ToolCall("1", "f", "{}"),), carried=found))
    )
    assert turn["reasoning_details"] == found["reasoning_details"]


@pytest.fixture
def small(mcli: Program) -> Program:
    path = mcli.home / ".config/mcli/config.yaml"
    path.write_text(path.read_text() + "models: {gpt-4: {window: 500, max_output: 100}}\n")
    with_command(mcli.home, "yes rain | head -n 900")
    return mcli


class TestTheWindow:
    def test_a_round_that_no_longer_fits_is_not_sent(
        self, small: Program, server: FaultyServer
    ) -> None:
        server.play([called(("weather", {"city": "Rome"})), ok("Dry.")])
        done = small(*ALLOWED, "--json")

        told = done.json
        assert (done.code, done.slug, len(server.requests)) == (65, "context_length", 1)
        assert "gpt-4 takes 500" in done.err
        assert "let the tools tell less" in told["error"]["hint"]
        assert (told["error"]["charged"], told["attempts"]) == ("yes", 1)
        assert (told["usage"]["total_tokens"], len(told["steps"])) == (12, 1)
        assert told["cost_usd"] is not None

    def test_a_round_that_fits_is(self, small: Program, server: FaultyServer) -> None:
        with_command(small.home, "yes rain | head -n 90")
        server.play([called(("weather", {"city": "Rome"})), ok("Dry.")])
        assert (small(*ALLOWED).code, len(server.requests)) == (0, 2)

    def test_one_of_an_unknown_window_is_the_server_s_to_refuse(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        with_command(mcli.home, "yes rain | head -n 9000")
        server.play([called(("weather", {"city": "Rome"})), ok("Dry.")])
        assert (mcli(*ALLOWED, "-m", "nobody-knows").code, len(server.requests)) == (0, 2)
