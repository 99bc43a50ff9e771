"""Conversations from outside: a thread that grows by turns, and messages that a script keeps."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scenes import as_json, completion, cut, error, ok
from tests.faults.server import End, FaultyServer, Reply, Seen
from tests.program import KEY, Program, Result
from tests.scripting.page import missing

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}

TURN = b'{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}'


def say(mcli: Program, words: str, *flags: str, **more: Any) -> Result:
    return mcli("ask", words, "--thread", "t", *flags, **more)


def turns(mcli: Program, name: str = "t") -> list[list[str]]:
    """What was said in each turn of the file."""
    lines = (mcli.home / name).read_text().splitlines()
    return [[message["content"] for message in json.loads(line)["messages"]] for line in lines]


def sent(server: FaultyServer, at: int = -1) -> list[dict[str, Any]]:
    """The messages of a request, without the recipe's own."""
    return [told for told in server.requests[at].fields["messages"] if told["role"] != "system"]


def echo(seen: Seen) -> Reply:
    """A server that says which question it was."""
    told = ok(f"re: {seen.fields['messages'][-1]['content']}")
    return told if isinstance(told, Reply) else told(seen)


class TestThread:
    def test_it_goes_on_where_it_ended(self, mcli: Program, server: FaultyServer) -> None:
        server.play(echo)
        assert say(mcli, "one").out == "re: one\n"
        assert say(mcli, "two").out == "re: two\n"

        assert turns(mcli) == [["one", "re: one"], ["two", "re: two"]]
        assert [message["content"] for message in sent(server)] == ["one", "re: one", "two"]
        assert [m["role"] for m in server.requests[-1].fields["messages"]] == [
            "system", "user", "assistant", "user",
        ]  # fmt: skip

    def test_the_answer_does_not_go_into_it(self, mcli: Program, server: FaultyServer) -> None:
        """`>> t` would put it behind the turn, and the next call would find damage."""
        say(mcli, "one")
        before = (mcli.home / "t").read_bytes()
        told = mcli.shell("mcli ask -n two --thread t >> t")

        assert (told.code, told.slug, len(server.requests)) == (2, "bad_flag", 1)
        assert (mcli.home / "t").read_bytes() == before
        assert mcli.shell("mcli ask -n two --thread t >> other").code == 0

    def test_a_turn_that_ends_in_calls_is_not_kept_and_that_is_told(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        say(mcli, "one")
        (mcli.home / "tool.json").write_text('{"name": "weather"}')
        server.play(as_json(completion(None, "tool_calls", tool_calls=[CALL])))
        told = say(mcli, "two", "--tool", "tool.json", "--json")

        assert (told.code, told.json["data"]["tool_calls"]) == (0, [CALL])
        assert told.json["warnings"] == [
            "this turn is not in the conversation: it ends in calls of tools"
        ]
        assert turns(mcli) == [["one", "Paris."]]

    def test_it_is_its_owner_s_alone(self, mcli: Program) -> None:
        say(mcli, "hi")

        assert (mcli.home / "t").stat().st_mode & 0o777 == 0o600

    def test_data_and_what_was_sent_of_them_are_in_it(self, mcli: Program) -> None:
        say(mcli, "What is it?", stdin=b"a letter")

        assert turns(mcli) == [["What is it?\n\na letter", "Paris."]]

    def test_a_system_message_is_of_the_call_and_not_kept(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        say(mcli, "one", "-s", "be brief")
        say(mcli, "two")

        assert "be brief" not in (mcli.home / "t").read_text()
        assert "be brief" not in json.dumps(server.requests[-1].fields)

    def test_the_last_turns_are_sent_and_all_are_kept(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        for words in ("one", "two", "three"):
            say(mcli, words)
        say(mcli, "four", "--keep-turns", "1")

        assert [message["content"] for message in sent(server)] == ["three", "Paris.", "four"]
        say(mcli, "five", "--keep-turns", "0")
        assert [message["content"] for message in sent(server)] == ["five"]
        assert [turn[0] for turn in turns(mcli)] == ["one", "two", "three", "four", "five"]

    @pytest.mark.parametrize(
        "flags", [["--json"], ["--stream"], ["-q"], ["-o", "out"], ["--cache", "1h"]]
    )
    @pytest.mark.sweep
    def test_however_it_is_printed_the_turn_is_kept(self, mcli: Program, flags: list[str]) -> None:
        assert say(mcli, "hi", *flags).code == 0

        assert turns(mcli) == [["hi", "Paris."]]

    def test_an_answer_from_the_cache_is_a_turn(self, mcli: Program, server: FaultyServer) -> None:
        for name in ("t", "u"):
            assert mcli("ask", "hi", "--thread", name, "--cache", "1h").code == 0

        assert turns(mcli, "u") == [["hi", "Paris."]]
        assert len(server.requests) == 1

    def test_a_conversation_is_recorded_and_replayed(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play(echo)
        for words in ("one", "two"):
            say(mcli, words, "--record", "tape")
        first = (mcli.home / "t").read_bytes()
        (mcli.home / "t").unlink()
        server.close()

        assert [say(mcli, words, "--replay", "tape").code for words in ("one", "two")] == [0, 0]
        assert (mcli.home / "t").read_bytes() == first

    def test_a_dry_run_shows_the_conversation_and_writes_nothing(self, mcli: Program) -> None:
        assert [m["role"] for m in say(mcli, "one", "--dry-run").json["body"]["messages"]] == [
            "system", "user",
        ]  # fmt: skip
        assert not (mcli.home / "t").exists()
        say(mcli, "one")
        shown = say(mcli, "two", "--dry-run").json["body"]["messages"]

        assert [message["content"] for message in shown[1:]] == ["one", "Paris.", "two"]
        assert turns(mcli) == [["one", "Paris."]]

    def test_what_was_asked_again_is_one_turn(self, mcli: Program, server: FaultyServer) -> None:
        server.play([ok("no JSON"), ok('{"a": 1}')])
        assert say(mcli, "one", "--get", "a").out == "1\n"

        assert turns(mcli) == [["one", '{"a": 1}']]

    def test_a_window_that_is_full_names_the_flag_that_helps(self, mcli: Program) -> None:
        more = ("ask", "more", "--thread", "t", "-m", "small")
        mcli.configure(
            "profile: t\nprofiles:\n  t: {base_url: 'http://127.0.0.1:1', key: none}\n"
            "models:\n  small: {window: 200, max_output: 50, encoding: cl100k_base}\n"
        )
        turn = {"messages": [
            {"role": "user", "content": "word " * 60}, {"role": "assistant", "content": "ok"},
        ]}  # fmt: skip
        (mcli.home / "t").write_text(f"{json.dumps(turn)}\n" * 4)
        before = (mcli.home / "t").read_bytes()
        done, kept = mcli(*more), mcli(*more, "--keep-turns", "1", "--dry-run")

        assert (done.code, done.slug) == (65, "context_length")
        assert "--keep-turns N" in done.err
        assert kept.code == 0
        assert (mcli.home / "t").read_bytes() == before

    def test_a_server_that_finds_it_too_long_names_it_too(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play([ok(), error(400, name="context_length_exceeded")])
        say(mcli, "one")
        done = say(mcli, "two", "--keep-turns", "5")

        assert (done.code, done.slug) == (65, "context_length")
        assert "a smaller --keep-turns" in done.err


class TestATurnThatFails:
    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("scene", "code"),
        [
            (ok("cut", finish="length"), 4),
            (ok("  "), 4),
            (ok("x", finish="content_filter"), 4),
            (error(400), 69),
            (error(401), 77),
            (cut(End.FIN), 75),
            (as_json(completion(None, "tool_calls", tool_calls=[CALL])), 76),
        ],
    )
    @pytest.mark.parametrize("flags", [[], ["--stream"], ["--json"]])
    def test_it_is_not_in_the_file(
        self, mcli: Program, server: FaultyServer, scene: Any, code: int, flags: list[str]
    ) -> None:
        server.play(scene)
        assert say(mcli, "one", "--retries", "0", *flags).code == code
        assert not (mcli.home / "t").exists()
        (mcli.home / "t").write_bytes(TURN)

        assert say(mcli, "one", "--retries", "0", *flags).code == code
        assert (mcli.home / "t").read_bytes() == TURN

    def test_what_is_taken_as_it_is_is_kept(self, mcli: Program, server: FaultyServer) -> None:
        server.play(ok("half", finish="length"))
        assert say(mcli, "one", "--allow-truncated").code == 0

        assert turns(mcli) == [["one", "half"]]

    def test_a_field_that_is_missing_is_no_turn(self, mcli: Program, server: FaultyServer) -> None:
        server.play(ok('{"a": 1}'))

        assert say(mcli, "one", "--get", "b", "--repair", "0").code == 4
        assert not (mcli.home / "t").exists()


class TestFile:
    def test_a_torn_line_is_taken_away_by_the_next_turn(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        say(mcli, "one")
        whole = (mcli.home / "t").read_bytes()
        (mcli.home / "t").write_bytes(whole + whole[:50])
        server.play(error(400))
        say(mcli, "two")
        assert (mcli.home / "t").read_bytes() == whole + whole[:50]
        server.play(ok("Rome."))
        say(mcli, "two")

        assert turns(mcli) == [["one", "Paris."], ["two", "Rome."]]

    def test_damage_is_named_and_nothing_is_asked_or_changed(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        say(mcli, "one")
        damaged = (mcli.home / "t").read_bytes() + b"notes\n" + (mcli.home / "t").read_bytes()
        (mcli.home / "t").write_bytes(damaged)
        done = say(mcli, "two")

        assert (done.code, done.slug) == (65, "bad_thread")
        assert "t:2: this is no turn of a conversation: it is not JSON" in done.err
        assert (mcli.home / "t").read_bytes() == damaged
        assert len(server.requests) == 1

    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("no/t", "no_directory"), ("d", "is_directory"), ("d/", "is_directory"),
            ("fifo", "cannot_create"), ("/dev/null", "cannot_create"), ("x" * 300, "cannot_create"),
            ("f/t", "cannot_create"), ("", "bad_flag"), ("-", "bad_flag"),
        ],
    )  # fmt: skip
    def test_what_can_be_no_thread_is_known_before_a_request(
        self, mcli: Program, server: FaultyServer, name: str, slug: str
    ) -> None:
        (mcli.home / "d").mkdir()
        (mcli.home / "f").touch()
        os.mkfifo(mcli.home / "fifo")
        for flags in ([], ["--dry-run"]):
            done = mcli("ask", "hi", "--thread", name, *flags)
            assert (done.code, done.slug) == (2 if slug == "bad_flag" else 73, slug)

        assert server.requests == []

    def test_the_file_behind_a_link_is_added_to(self, mcli: Program) -> None:
        (mcli.home / "d").mkdir()
        (mcli.home / "t").symlink_to("d/real")
        for words in ("one", "two"):
            assert say(mcli, words).code == 0

        assert (mcli.home / "t").is_symlink()
        assert len(turns(mcli, "d/real")) == 2

    def test_a_dangling_link_stays_where_nothing_was_said(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        (mcli.home / "t").symlink_to("real")
        server.play(error(400))
        say(mcli, "one")

        assert (mcli.home / "t").is_symlink()
        assert not (mcli.home / "real").exists()

    def test_a_file_that_an_editor_replaced_is_not_written_over(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        say(mcli, "one")
        path = mcli.home / "t"

        def edits(seen: Seen) -> Reply:
            path.with_name("draft").write_bytes(path.read_bytes())
            path.with_name("draft").replace(path)
            return echo(seen)

        server.play(edits)
        done = say(mcli, "two", "--json")

        assert (done.code, done.json["error"]["slug"]) == (74, "write_failed")
        assert (done.json["text"], done.json["error"]["charged"]) == ("re: two", "yes")
        assert turns(mcli) == [["one", "Paris."]]

    def test_a_full_disk_keeps_the_turns_that_were_there(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        say(mcli, "one")
        before = (mcli.home / "t").read_bytes()
        server.play(ok("long " * 1000))
        limited = mcli.shell("ulimit -f 1; mcli ask two --thread t")

        assert (limited.code, limited.slug, limited.out) == (74, "write_failed", "")
        assert (mcli.home / "t").read_bytes() == before

    def test_a_key_is_not_in_it(self, mcli: Program, server: FaultyServer) -> None:
        server.play(ok(f"your key is {KEY}"))
        assert say(mcli, f"my key is {KEY}").out == f"your key is {KEY}\n"

        assert turns(mcli) == [["my key is ***", "your key is ***"]]

    @pytest.mark.parametrize(
        "argv",
        [
            ("ask", "hi", "--keep-turns", "1"),
            ("ask", "hi", "--thread", "t", "--messages", "m"),
            ("ask", "hi", "--thread", "t", "--keep-turns", "x"),
            ("ask", "hi", "--thread", "t", "-o", "./t"),
            ("ask", "hi", "--thread", "t", "-o", "hard"),
            ("ask", "hi", "--thread", "t", "--record", "t"),
        ],
    )
    def test_flags_that_do_not_go_together(self, mcli: Program, argv: tuple[str, ...]) -> None:
        (mcli.home / "t").write_bytes(TURN)
        (mcli.home / "hard").hardlink_to(mcli.home / "t")

        assert mcli(*argv).code == 2
        assert (mcli.home / "t").read_bytes() == TURN


class TestSideBySide:
    def test_who_waits_too_long_says_so(self, mcli: Program, server: FaultyServer) -> None:
        say(mcli, "one")
        with (mcli.home / "t").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            done = say(mcli, "two", "--timeout", "1")

        assert (done.code, done.slug) == (75, "thread_busy")
        assert len(server.requests) == 1

    @pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.slow)])
    def test_every_turn_is_kept_and_each_has_seen_those_before(
        self, mcli: Program, server: FaultyServer, count: int
    ) -> None:
        server.play(echo)
        running = [
            subprocess.Popen(
                mcli.argv("ask", f"number {n}", "--thread", "t"), env=mcli.env, cwd=mcli.home,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            ) for n in range(count)
        ]  # fmt: skip
        assert [process.wait(60) for process in running] == [0] * count

        said = turns(mcli)
        assert sorted(turn[0] for turn in said) == sorted(f"number {n}" for n in range(count))
        assert all(turn[1] == f"re: {turn[0]}" for turn in said)
        for at, seen in enumerate(server.requests):
            before = [words for turn in said[:at] for words in turn]
            assert [m["content"] for m in seen.fields["messages"][1:]] == [*before, said[at][0]]

    @pytest.mark.slow
    @pytest.mark.skipif(missing("strace"), reason="strace is not installed")
    @pytest.mark.parametrize("call", ["openat", "flock", "write", "fdatasync", "fsync", "unlink"])
    def test_killed_at_any_moment_it_goes_on(self, mcli: Program, call: str) -> None:
        """SQLite's loop: killed at the first call of that kind on the file, the second, and on."""
        for when in range(1, 20):
            path = Path(mcli.home / "t")
            had = len(turns(mcli)) if path.exists() else 0
            inject = f"inject={call}:signal=KILL:when={when}"
            starter = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(path), "-e", inject]
            done = mcli.started([*starter], "ask", f"number {when}", "--thread", "t")
            assert done.code in (0, -signal.SIGKILL)
            assert done.code or done.out == "Paris.\n"
            after = mcli("ask", "after", "--thread", "t")
            assert after.code == 0
            assert len(turns(mcli)) in (had + 1, had + 2)
            if done.code == 0:
                assert len(turns(mcli)) == had + 2
                return


class TestMessages:
    def messages(self, mcli: Program, *told: Any) -> None:
        (mcli.home / "m").write_text(json.dumps(told))

    def test_they_are_sent_as_they_are(self, mcli: Program, server: FaultyServer) -> None:
        told = [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {}}]},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "content": "rain", "tool_call_id": "c1"},
        ]
        self.messages(mcli, *told)

        assert mcli("ask", "--messages", "m").out == "Paris.\n"
        assert server.requests[-1].fields["messages"] == told

    def test_prompt_and_data_are_the_last_turn(self, mcli: Program, server: FaultyServer) -> None:
        self.messages(mcli, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"})
        (mcli.home / "f").write_text("data")
        mcli("ask", "more", "--messages", "m", "-f", "f", "-s", "be brief", stdin=b"not data")

        assert server.requests[-1].fields["messages"] == [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "more\n\ndata"},
        ]

    def test_stdin_is_the_messages_where_a_dash_says_so(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        told = [{"role": "user", "content": "hi"}]

        assert mcli("ask", "--messages", "-", stdin=json.dumps(told).encode()).code == 0
        assert server.requests[-1].fields["messages"] == told
        twice = mcli("ask", "--messages", "-", "-f", "-", stdin=b"[]")
        assert (twice.code, twice.slug) == (2, "stdin_twice")

    @pytest.mark.parametrize(
        ("raw", "code", "slug", "says"),
        [
            (b"", 66, "empty_input", "empty"),
            (b"[]", 66, "empty_input", "nothing to ask"),
            (b"{", 65, "bad_messages", "line 1, column 2"),
            (b'[{"role": "user"}]', 65, "bad_messages", "m: messages[0].content is missing"),
            (b'[{"role": "user", "content": "\\ud800"}]', 65, "bad_messages", "half a character"),
            (b'["' + b"\xff" + b'"]', 65, "bad_encoding", "byte 2"),
        ],
    )
    def test_a_mistake_is_named_before_a_request(
        self, mcli: Program, server: FaultyServer, raw: bytes, code: int, slug: str, says: str
    ) -> None:
        (mcli.home / "m").write_bytes(raw)
        done = mcli("ask", "--messages", "m")

        assert (done.code, done.slug, server.requests) == (code, slug, [])
        assert says in done.err

    def test_a_file_that_is_missing(self, mcli: Program) -> None:
        done = mcli("ask", "hi", "--messages", "nothing")

        assert (done.code, done.slug) == (66, "unreadable")

    @pytest.mark.parametrize("calls", [[CALL], None])
    def test_the_message_of_an_envelope_goes_back_in(
        self, mcli: Program, server: FaultyServer, calls: Any
    ) -> None:
        self.messages(mcli, {"role": "user", "content": "hi"})
        said = {"tool_calls": calls} if calls else {}
        server.play([as_json(completion("Let me see.", "stop", **said)), ok("done")])
        first = mcli("ask", "--messages", "m", "--json").json["message"]
        more = [{"role": "tool", "content": "21", "tool_call_id": "c1"}] if calls else []
        self.messages(mcli, {"role": "user", "content": "hi"}, first, *more)

        assert mcli("ask", "--messages", "m").out == "done\n"
        assert server.requests[-1].fields["messages"] == [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "Let me see.", **said},
            *more,
        ]

    def test_the_message_is_null_where_no_model_spoke(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play(error(400))

        assert mcli("ask", "hi", "--json").json["message"] is None
        assert mcli("config", "show", "--json").json["message"] is None
