"""Tools, from outside: what is offered, what calls become, and commands that answer them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import documents, toolset
from mcli.chat import ToolCall
from mcli.errors import ConfigFailure
from mcli.toolset import Tool
from tests.faults.scenes import as_json, completion, ok
from tests.faults.server import FaultyServer
from tests.program import KEY, Program

WEATHER = """
name: weather
description: The weather of a city
parameters: {city: string, "days?": integer}
"""
SENT = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
ROME = {"city": "Rome"}


def called(*calls: tuple[str, Any], say: str | None = None, finish: str = "tool_calls") -> Any:
    """A reply that calls tools: their names and arguments."""
    told = [
        {
            "id": f"c{n}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": given if isinstance(given, str) else json.dumps(given),
            },
        }
        for n, (name, given) in enumerate(calls, 1)
    ]
    return as_json(completion(say, finish, tool_calls=told))


@pytest.fixture
def folder(mcli: Program) -> Path:
    (mcli.home / "weather.yaml").write_text(WEATHER)
    return mcli.home


def with_command(folder: Path, body: str, name: str = "tool.sh", interpreter: str = "sh") -> None:
    """A recipe whose tool is answered by a script beside it."""
    (folder / name).write_text(body)
    (folder / "r.yaml").write_text(
        "data: optional\nmessages: [{user: 'Weather? {{ data }}'}]\n"
        "tools:\n  - name: weather\n    parameters: {city: string}\n"
        f"    command: [{interpreter}, {name}]\n"
    )


ALLOWED = ("run", "./r.yaml", "--allow-tool", "weather")


def result(server: FaultyServer, n: int = -1) -> str:
    """What the model was told last."""
    return server.requests[n].body["messages"][-1]["content"]


class TestOffering:
    FORMS = (
        WEATHER,
        json.dumps(SENT, indent="\t"),
        json.dumps([SENT]),
        json.dumps({"tools": [SENT]}),
        f"- {json.dumps(SENT)}",
    )

    @pytest.mark.sweep
    @pytest.mark.parametrize("text", FORMS)
    def test_a_definition_in_any_form(self, mcli: Program, server: FaultyServer, text: str) -> None:
        server.play(ok("Sunny."))
        (mcli.home / "t").write_text(text)
        assert mcli("ask", "Weather?", "--tool", "t").out == "Sunny.\n"
        assert server.requests[0].body["tools"] == [SENT]

    def test_several_files(self, mcli: Program, server: FaultyServer, folder: Path) -> None:
        server.play(ok("Sunny."))
        (folder / "b.yaml").write_text("- name: b\n- name: c\n")
        mcli("ask", "Weather?", "--tool", "weather.yaml", "--tool", "b.yaml")
        offered = server.requests[0].body["tools"]
        assert [tool["function"]["name"] for tool in offered] == ["weather", "b", "c"]
        assert offered[1]["function"]["parameters"] == {"type": "object", "properties": {}}

    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "empty"),
            ("[]", "there is no tool"),
            ("{", "t:"),
            ("name: a b", "t:1:1: the name of a tool is"),
            ("description: x", "a tool needs a name"),
            ("name: a\nparameter: {}", 'unknown key "parameter": did you mean "parameters"?'),
            ("name: a\nparameters: {x: text}", 'unknown value "text"'),
            ("name: a\nparameters: {type: object, properties: 5}", "t:2:1:"),
            ("- name: a\n- name: a", 'the tool "a" stands twice'),
            ('[{"type": "custom", "function": {"name": "a"}}]', "only tools of type function"),
            ("name: a\ncommand: ls -l", "expected a list"),
            ("name: a\ncommand: []", "a command is a list"),
            ("name: a\ncommand: [/bin/ls]", "is not below the directory"),
            ("name: a\ncommand: [sh, ../x]", "is not below the directory"),
        ],
    )
    def test_what_is_no_definition_is_refused(
        self, mcli: Program, server: FaultyServer, text: str, says: str
    ) -> None:
        (mcli.home / "t").write_text(text)
        told = mcli("ask", "Weather?", "--tool", "t")
        assert told.code == 78
        assert says in told.err.replace("…", "")
        assert server.requests == []

    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("flags", "says"),
        [
            (("--allow-tool", "wether"), 'did you mean "weather"?'),
            (("--allow-tool", "weather"), "has no command"),
            (("--max-steps", "3"), "belongs to --allow-tool"),
            (("--max-steps", "0"), "is not a whole number from 1"),
        ],
    )
    def test_a_permission_for_nothing(
        self, mcli: Program, folder: Path, flags: Sequence[str], says: str
    ) -> None:
        told = mcli("ask", "Weather?", "--tool", "weather.yaml", *flags)
        assert told.code == 2
        assert says in told.err

    def test_a_missing_file(self, mcli: Program) -> None:
        assert mcli("ask", "Weather?", "--tool", "none.yaml").code == 66


class TestCalls:
    def test_calls_are_the_answer(self, mcli: Program, server: FaultyServer, folder: Path) -> None:
        server.play(called(("weather", ROME), ("weather", {"city": "Oslo"}), say="I look."))
        told = mcli("ask", "Weather?", "--tool", "weather.yaml")
        calls = json.loads(told.out)
        assert (told.code, told.err, told.out.count("\n")) == (0, "", 1)
        assert [json.loads(call["function"]["arguments"])["city"] for call in calls] == [
            "Rome",
            "Oslo",
        ]
        data = mcli("ask", "Weather?", "--tool", "weather.yaml", "--json").json["data"]
        assert data["tool_calls"] == calls
        assert data["message"] == {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": calls,
        }

    def test_without_arguments(self, mcli: Program, server: FaultyServer) -> None:
        (mcli.home / "t").write_text("name: now")
        server.play(called(("now", "")))
        assert mcli("ask", "Time?", "--tool", "t").code == 0

    def test_calls_are_an_answer_whatever_the_kind(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        server.play(called(("weather", ROME)))
        (folder / "r.yaml").write_text(
            "messages: [{user: '{{ data }}'}]\noutput: {schema: {type: object}}\n"
            "tools: [{name: weather, parameters: {city: string}}]\n"
        )
        told = mcli("run", "./r.yaml", "--json", stdin=b"x").json
        assert told["data"]["tool_calls"][0]["id"] == "c1"

    def test_nothing_offered_nothing_taken(self, mcli: Program, server: FaultyServer) -> None:
        server.play(called(("weather", ROME)))
        assert mcli("ask", "Weather?").slug == "unasked_tool_calls"

    def test_calls_that_were_cut(self, mcli: Program, server: FaultyServer, folder: Path) -> None:
        server.play(called(("weather", ROME), finish="length"))
        told = mcli("ask", "Weather?", "--tool", "weather.yaml", "--allow-truncated")
        assert (told.code, told.slug) == (4, "truncated")

    WRONG = (
        ("nothing", {}, 'there is no tool "nothing": use weather'),
        ("weather", "{", "not valid JSON"),
        ("weather", "[]", "do not fit"),
        ("weather", {}, "do not fit"),
        ("weather", {"city": "Rome", "extra": 1}, "do not fit"),
        ("weather", '{"city": NaN}', "not valid JSON"),
        ("weather", '{"city": "\\ud83d"}', "not valid JSON: it has half a character"),
        ("weather", '{"city": %s}' % ("9" * 5000), "not valid JSON: a number is too long"),
        ("weather", '{"city": 1e999}', "not valid JSON: it has a number that is too large"),
        ("weather", "[" * 100_000, "the arguments"),
        ("weather", json.dumps({"city": "x" * (1 << 20)}), "more than 1,048,576"),
        ("wea\nther\x1b[31m", {}, "there is no tool"),
    )

    @pytest.mark.sweep
    @pytest.mark.parametrize(("name", "given", "says"), WRONG)
    def test_a_wrong_call_is_asked_for_once_more(
        self, mcli: Program, server: FaultyServer, folder: Path, name: str, given: Any, says: str
    ) -> None:
        server.play([called((name, given), ("weather", ROME)), called(("weather", ROME))])
        told = mcli("ask", "Weather?", "--tool", "weather.yaml", "-m", "cheap", "--json").json

        assert (told["ok"], told["attempts"], len(server.requests)) == (True, 2, 2)
        told_model = server.requests[1].body["messages"][-2:]
        assert says in told_model[0]["content"]
        assert "\x1b" not in told_model[0]["content"]
        assert "call again" in told_model[1]["content"]
        assert [m["tool_call_id"] for m in told_model] == ["c1", "c2"]
        assert told["steps"][0]["results"][0]["exit_status"] is None

        server.play(called((name, given)))
        told = mcli("ask", "Weather?", "--tool", "weather.yaml", "-m", "cheap")
        assert (told.code, told.slug) == (4, "bad_tool_call")

    def test_too_many_at_once(self, mcli: Program, server: FaultyServer, folder: Path) -> None:
        server.play(called(*[("weather", ROME)] * 33))
        told = mcli("ask", "Weather?", "--tool", "weather.yaml")
        assert (told.code, told.slug) == (4, "bad_tool_call")

    def test_they_are_recorded_and_cached(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        server.play(called(("weather", ROME)))
        argv = ("ask", "Weather?", "--tool", "weather.yaml")
        first = mcli(*argv, "--record", "tape.jsonl")
        assert mcli(*argv, "--replay", "tape.jsonl").out == first.out
        assert mcli(*argv, "--cache", "1h").out == first.out
        assert mcli(*argv, "--cache", "1h").out == first.out
        assert len(server.requests) == 2


class TestCommands:
    def test_a_command_answers_and_the_model_goes_on(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        with_command(folder, 'read line; echo "got $line in $(basename "$PWD")"')
        server.play([called(("weather", ROME)), ok("Sunny.")])
        told = mcli(*ALLOWED, "--json").json

        assert told["text"] == "Sunny."
        assert (told["attempts"], told["usage"]["total_tokens"]) == (2, 24)
        turn, tool = server.requests[1].body["messages"][-2:]
        assert turn["tool_calls"][0]["function"]["name"] == "weather"
        assert turn["content"] is None
        said = f"got {json.dumps(ROME)} in {folder.name}\n"
        assert tool == {"role": "tool", "tool_call_id": "c1", "content": said}
        (step,) = told["steps"]
        assert step["tool_calls"] == turn["tool_calls"]
        assert step["results"] == [
            {"tool_call_id": "c1", "name": "weather", "content": said, "exit_status": 0}
        ]

    def test_it_is_recorded_with_its_results(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        with_command(folder, "echo cloudless")
        server.play([called(("weather", ROME)), ok("Sunny.")])
        mcli(*ALLOWED, "--record", "tape.jsonl")
        assert "cloudless" in (folder / "tape.jsonl").read_text()
        assert mcli(*ALLOWED, "--replay", "tape.jsonl").out == "Sunny.\n"

    def test_calls_of_a_turn_run_side_by_side_in_order(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        # Each waits for the other, so one after the other they would never end.
        (folder / "a").mkdir()
        meet = (
            "read line; case $line in *Rome*) me=r you=o;; *) me=o you=r;; esac\n"
            "touch a/$me; while ! test -e a/$you; do sleep 0.02; done; echo $me"
        )
        with_command(folder, meet)
        server.play([called(("weather", ROME), ("weather", {"city": "Oslo"})), ok("Sunny.")])
        assert mcli(*ALLOWED, "--timeout", "30").out == "Sunny.\n"
        told = server.requests[1].body["messages"][-2:]
        assert [message["content"] for message in told] == ["r\n", "o\n"]

    def test_what_the_provider_signed_goes_back(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        with_command(folder, "cat")
        made = {"name": "weather", "arguments": json.dumps(ROME)}
        signed = {"google": {"thought_signature": "c2ln"}}
        call = {"id": "a", "type": "function", "function": made, "extra_content": signed}
        server.play([as_json(completion(None, "tool_calls", tool_calls=[call])), ok("Sunny.")])
        told = mcli(*ALLOWED, "--json").json
        assert server.requests[1].body["messages"][-2]["tool_calls"] == [call]
        assert told["steps"][0]["tool_calls"] == [call]

        server.play(as_json(completion(None, "tool_calls", tool_calls=[call])))
        argv = ("ask", "hi", "--tool", "weather.yaml", "--json", "--cache", "1h")
        (folder / "weather.yaml").write_text(WEATHER)
        for _ in range(2):
            assert mcli(*argv).json["message"]["tool_calls"] == [call]

    def test_calls_with_one_id_are_answered_one_by_one(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        """Some servers call each of them `call_0`: both run, and an answer says which it is of."""
        with_command(folder, "cat")
        calls = [
            {"id": "a", "type": "function", "function": {"name": "weather", "arguments": told}}
            for told in (json.dumps(ROME), '{"city": "Oslo"}')
        ]
        server.play([as_json(completion(None, "tool_calls", tool_calls=calls)), ok("Sunny.")])
        assert mcli(*ALLOWED).out == "Sunny.\n"
        turn, *told = server.requests[1].body["messages"][-3:]
        assert [message["content"] for message in told] == [json.dumps(ROME), '{"city": "Oslo"}']
        assert [m["tool_call_id"] for m in told] == [c["id"] for c in turn["tool_calls"]]
        assert len({m["tool_call_id"] for m in told}) == 2

    def test_without_permission_nothing_runs(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        with_command(folder, "touch ran")
        server.play(called(("weather", ROME)))
        told = mcli("run", "./r.yaml", "--json")
        assert (told.code, told.json["error"]["slug"]) == (77, "tool_not_allowed")
        assert told.json["error"]["charged"] == "yes"
        assert "sh tool.sh" in told.json["error"]["message"]
        assert told.json["error"]["hint"] == "allow it with --allow-tool weather"
        assert not (folder / "ran").exists()
        assert mcli("recipes", "test", "r.yaml").code == 0

    def test_a_definition_in_a_file_may_have_a_command(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        below = folder / "tools"
        below.mkdir()
        (below / "t.yaml").write_text(f"{WEATHER}command: [./say]\n")
        (below / "say").write_text("#!/bin/sh\necho from $(basename $PWD)\n")
        (below / "say").chmod(0o755)
        server.play([called(("weather", ROME)), ok("Sunny.")])
        argv = ("ask", "Weather?", "--tool", "tools/t.yaml", "--allow-tool", "weather")
        told = mcli(*argv, "-v")
        assert told.out == "Sunny.\n"
        assert result(server) == "from tools\n"
        assert "tool weather: " in told.err
        assert "/tools/say" in told.err

    def test_rounds_end(self, mcli: Program, server: FaultyServer, folder: Path) -> None:
        with_command(folder, "echo x")
        server.play(called(("weather", ROME)))
        told = mcli(*ALLOWED, "--json")
        assert (told.code, told.json["error"]["slug"]) == (4, "too_many_steps")
        assert (told.json["attempts"], len(told.json["steps"])) == (6, 5)
        told = mcli(*ALLOWED, "--max-steps", "1", "--json").json
        assert (told["attempts"], len(told["steps"])) == (2, 1)

    def test_a_failure_after_a_round_tells_the_round(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        with_command(folder, "echo x")
        server.play([called(("weather", ROME)), ok("")])
        told = mcli(*ALLOWED, "--json").json
        assert told["error"]["slug"] == "empty_answer"
        assert (told["attempts"], len(told["steps"])) == (2, 1)

    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ("echo no >&2; exit 3", ["failed with status 3", "no"]),
            ("echo part; kill -9 $$", ["signal 9", "part"]),
            ("printf 'a\\377\\033[31mb\\000'", ["a\ufffd\x1b[31mb\0"]),
            ("exec <&-; echo deaf", ["deaf\n"]),
            ("sleep 60 & echo forked", ["forked\n"]),
            ("(trap '' HUP; sleep 60) & disown 2>/dev/null; exec >&-; exit 0", [""]),
            ("yes | head -c 1000000000", ["more than 65,536 bytes", "y\ny\n"]),
            ("yes >&2", ["was ended"]),
        ],
    )
    def test_whatever_a_command_does_the_model_is_told(
        self, mcli: Program, server: FaultyServer, folder: Path, body: str, says: list[str]
    ) -> None:
        with_command(folder, body)
        server.play([called(("weather", ROME)), ok("Sunny.")])
        assert mcli(*ALLOWED, "-m", "cheap", "--timeout", "40").out == "Sunny.\n"
        for words in says:
            assert words in result(server)
        assert len(result(server)) < 70_000

    def test_it_sees_no_key(self, mcli: Program, server: FaultyServer, folder: Path) -> None:
        with_command(folder, "env")
        server.play([called(("weather", ROME)), ok("Sunny.")])
        told = mcli(
            *ALLOWED, MCLI_API_KEY="sk-other-canary-77777777", AWS_TOKEN="canary", LC_ALL="C"
        )
        assert told.out == "Sunny.\n"
        names = {line.partition("=")[0] for line in result(server).splitlines()}
        assert names <= {"PATH", "HOME", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"}
        assert "canary" not in result(server)

    def test_a_key_in_its_output_goes_nowhere(
        self, mcli: Program, server: FaultyServer, folder: Path
    ) -> None:
        with_command(folder, f"echo {KEY}")
        server.play([called(("weather", ROME)), ok("Sunny.")])
        told = mcli(*ALLOWED, "--json")
        assert KEY not in result(server) + told.out

    def test_the_deadline_ends_it(self, mcli: Program, server: FaultyServer, folder: Path) -> None:
        with_command(folder, "echo $$ > pid; sleep 600 & wait")
        server.play(called(("weather", ROME)))
        told = mcli(*ALLOWED, "--timeout", "2", "--json").json
        assert told["error"]["slug"] == "deadline"
        assert told["error"]["charged"] == "yes"
        assert gone(int((folder / "pid").read_text()))

    @pytest.mark.sweep
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_too(
        self, mcli: Program, server: FaultyServer, folder: Path, number: signal.Signals
    ) -> None:
        with_command(folder, "sleep 600 & echo $$ > pid.part; mv pid.part pid; wait")
        server.play(called(("weather", ROME)))
        process = subprocess.Popen(
            mcli.argv(*ALLOWED), env=mcli.env, cwd=folder, stdin=subprocess.DEVNULL
        )
        until(lambda: (folder / "pid").exists())
        process.send_signal(number)
        assert process.wait(30) == -number
        assert gone(int((folder / "pid").read_text()))


class TestFiles:
    """The files that a command names."""

    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("command", "says"),
        [
            ("[./out]", "leads out"),
            ("[sh, out]", "leads out"),
            ("[sh, up/secret]", "leads out"),
            ("[./none]", "is not there"),
            ("[./plain]", "is not there, or not executable"),
            ("[sh, fifo]", "not a regular file"),
            ("[no-such-program-at-all]", 'no program "no-such-program-at-all" is on the PATH'),
        ],
    )
    def test_they_lie_below_the_recipe(
        self, mcli: Program, server: FaultyServer, command: str, says: str
    ) -> None:
        folder = mcli.home / "prompts"
        folder.mkdir()
        (mcli.home / "secret").write_text("#!/bin/sh\n")
        (folder / "out").symlink_to("../secret")
        (folder / "up").symlink_to("..")
        (folder / "plain").write_text("x")
        os.mkfifo(folder / "fifo")
        recipe = f"messages: [{{user: x}}]\ndata: none\ntools: [{{name: t, command: {command}}}]\n"
        (folder / "r.yaml").write_text(recipe)
        told = mcli("run", "prompts/r.yaml", "--allow-tool", "t")
        assert (told.code, told.slug) == (78, "bad_tool")
        assert says in told.err
        assert "prompts/r.yaml:3:" in told.err
        assert server.requests == []

    def test_a_program_of_the_working_directory_is_none_of_the_path(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        (mcli.home / "evil").write_text("#!/bin/sh\ntouch ran\n")
        (mcli.home / "evil").chmod(0o755)
        (mcli.home / "t").write_text("name: t\ncommand: [evil]\n")
        path = f".:{mcli.env['PATH']}"
        told = mcli("ask", "x", "--tool", "t", "--allow-tool", "t", PATH=path)
        assert told.slug == "bad_tool"


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(group: int) -> bool:
    """Whether nothing of a process group is left, at last."""

    def none() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    until(none)
    return True


def test_the_sandbox_calls_and_then_answers(mcli: Program) -> None:
    with_command(mcli.home, "echo cloudless")
    told = mcli("sandbox", "--", *mcli.argv(*ALLOWED, "--json", "--no-stdin")).json
    assert "cloudless" in told["text"]
    (step,) = told["steps"]
    assert json.loads(step["tool_calls"][0]["function"]["arguments"]).keys() == {"city"}
    offered = ("ask", "city: Rome", "-n", "--tool", "r.json")
    (mcli.home / "r.json").write_text(json.dumps(SENT["function"]))
    calls = json.loads(mcli("sandbox", "--", *mcli.argv(*offered)).out)
    assert json.loads(calls[0]["function"]["arguments"]) is not None


TOOL = Tool("t", "", "", {"type": "object", "properties": {"a": {"type": "integer"}}})


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_arguments_are_right_or_wrong(arguments: str) -> None:
    told = toolset.problem(ToolCall("1", "t", arguments), [TOOL])
    assert told or isinstance(toolset.arguments(ToolCall("1", "t", arguments)), dict)


@given(st.text())
def test_any_text_is_tools_or_a_complaint(text: str) -> None:
    try:
        tools = toolset.read_file(documents.parse(text.encode("utf-8", "replace"), "t"))
    except ConfigFailure:
        return
    assert tools
