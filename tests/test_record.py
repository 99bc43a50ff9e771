"""`--record` and `--replay` from outside: what was seen once is seen again, with nothing there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults import scenes
from tests.faults.scenes import DONE, as_json, chunked, completion, deltas, error, ok, stream_ok
from tests.faults.server import End, FaultyServer, Reply, Scene, Seen
from tests.program import KEY, Program, Result
from tests.scripting.page import need

CODE = "Here:\n```python\nprint(1)\n```\n"
MODELS = as_json({"data": [{"id": "one", "context_length": 10}, {"id": "two"}]})

CUT_PAGE = Reply((scenes.head(400, {"Content-Length": "100"}), b"a proxy's page", End.FIN))
"""Of an error the status is enough."""


@pytest.fixture
def away(mcli: Program, tmp_path: Path) -> Program:
    """The program on another machine: no key, another host that nobody may call, same recording."""
    program = Program(tmp_path / "away")
    program.env["MCLI_BASE_URL"] = "https://api.invalid/v1"
    program.env["MCLI_MODEL"] = "gpt-4"
    return program


def tape(program: Program) -> Path:
    return program.home / "tape.jsonl"


def lines(program: Program) -> list[Any]:
    raw = tape(program).read_bytes()
    assert raw.endswith(b"\n") or not raw
    return [json.loads(line) for line in raw.splitlines()]


def record(program: Program, *argv: str, stdin: bytes | None = None) -> Result:
    return program(*argv, "--record", "tape.jsonl", stdin=stdin)


def replay(program: Program, source: Program, *argv: str, stdin: bytes | None = None) -> Result:
    return program(*argv, "--replay", str(tape(source)), stdin=stdin)


def alike(one: Result, two: Result) -> bool:
    """Whether both ran alike: of a failure line the words count, of an envelope all but time."""
    if one.out.startswith("{") and two.out.startswith("{"):
        first, second = one.json, two.json
        for told in (first, second):
            told.pop("elapsed_s")
        return (first, one.code) == (second, two.code)
    words = [each.err.rpartition(" [")[0] for each in (one, two)]
    return (one.stdout, one.code, words[0]) == (two.stdout, two.code, words[1])


class TestWhatWasSeenIsSeenAgain:
    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("argv", "scene"),
        [
            (("ask", "hi"), ok("Paris.\r\nAnd \x1b[1m more é😀\u2028")),
            (("ask", "hi"), ok("\ud83d\ude00 and a half \ud800")),
            (("ask", "hi", "--json"), ok("Paris.")),
            (("ask", "hi", "--stream"), stream_ok(["Par", "is", "."])),
            (("ask", "hi", "--stream"), chunked(*deltas("a", "b"), kind="text/plain")),
            (("ask", "hi", "--stream"), as_json(completion("unasked"))),
            (("classify", "-l", "yes,no", "--expect", "no", "--json"), ok("Yes!")),
            (("classify", "-l", "yes,no"), ok("I cannot say")),
            (("codegen", "one", "--lang", "python", "--json"), ok(CODE)),
            (("ask", "hi", "--json"), ok("cut", finish="length")),
            (("ask", "hi", "--json"), ok("   ")),
            (("ask", "hi", "--json"), error(400, "invalid_request_error", None, "bad é\x1b[1m")),
            (("ask", "hi", "--json"), error(404, headers={"x-request-id": "req_7"})),
            (("ask", "hi", "--json"), error(503, headers={"x-should-retry": "false"})),
            (("ask", "hi", "--json", "--retries", "0"), error(429, headers={"Retry-After": "30"})),
            (("ask", "hi", "--json"), CUT_PAGE),
            (("ask", "hi", "--json"), scenes.redirect(302, "https://other.test/")),
            (("ask", "hi"), scenes.html()),
            (("ask", "hi", "--json"), as_json({"error": {"message": "no", "code": 400}})),
            (("ask", "hi", "--json", "--retries", "0"), as_json({"choices": []})),
            (("ask", "hi", "--json"), scenes.encoded(scenes.gzipped(scenes.dumps(completion())))),
            (("models",), MODELS),
            (("models", "--json"), MODELS),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
    )
    def test_byte_for_byte(
        self, mcli: Program, server: FaultyServer, argv: tuple[str, ...], scene: Scene
    ) -> None:
        server.play(scene)
        seen = record(mcli, *argv, stdin=b"the text")
        asked = len(server.requests)
        again = replay(mcli, mcli, *argv, stdin=b"the text")

        assert alike(seen, again), (seen, again)
        assert len(server.requests) == asked == len(lines(mcli))
        assert asked == (2 if b"[not_a_label" in seen.stderr else 1)  # what is no label

    def test_on_a_machine_without_key_configuration_or_network(
        self, mcli: Program, away: Program, server: FaultyServer
    ) -> None:
        seen = record(mcli, "ask", "hi")
        again = replay(away, mcli, "ask", "hi")

        assert alike(seen, again), again
        assert len(server.requests) == 1

    def test_a_retried_failure_is_the_last_reply_alone(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        wait = {"retry-after-ms": "1"}
        server.play([error(503, headers=wait), error(429, headers=wait)])
        seen = record(mcli, "ask", "hi", "--retries", "2")
        again = replay(mcli, mcli, "ask", "hi", "--retries", "2")

        assert len(server.requests) == 3
        assert [line["reply"]["status"] for line in lines(mcli)] == [429]
        assert (seen.slug, again.slug) == ("rate_limited", "rate_limited")
        assert "attempts=3" in seen.err
        assert "attempts=1" in again.err

    def test_a_success_after_failures_is_recorded_alone(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play([error(503, headers={"retry-after-ms": "1"}), scenes.hangup(), ok("Paris.")])
        record(mcli, "ask", "hi")

        assert [line["reply"]["status"] for line in lines(mcli)] == [200]
        assert replay(mcli, mcli, "ask", "hi", "--json").json["attempts"] == 1

    def test_an_adapted_request_is_a_request_of_its_own(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        def choose(seen: Seen) -> Reply:
            refused = "max_tokens" in seen.fields
            return error(400, message="max_tokens unknown") if refused else as_json(completion())

        server.play(choose)
        argv = ("ask", "hi", "--max-tokens", "9", "--json")
        seen, again = record(mcli, *argv), replay(mcli, mcli, *argv)

        assert sorted(line["reply"]["status"] for line in lines(mcli)) == [200, 400]
        assert alike(seen, again)
        assert again.json["attempts"] == 2

    @pytest.mark.sweep
    @pytest.mark.parametrize("kind", ["text/event-stream", "text/plain"])
    @pytest.mark.parametrize("flags", [("--stream", "--no-stream"), ("--no-stream", "--stream")])
    def test_how_it_travels_makes_no_difference(
        self, mcli: Program, server: FaultyServer, flags: tuple[str, str], kind: str
    ) -> None:
        streamed = chunked(*deltas("Par", "is"), DONE, kind=kind)
        server.play(scenes.by_wire(as_json(completion("Paris")), streamed))
        record(mcli, "ask", "hi", flags[0])

        assert replay(mcli, mcli, "ask", "hi", flags[1]).out == "Paris\n"
        assert replay(mcli, mcli, "ask", "hi", "--json").json["text"] == "Paris"


class TestWhatIsNotWholeIsNotRecorded:
    @pytest.mark.sweep
    @pytest.mark.parametrize(
        "scene",
        [
            scenes.cut(End.FIN),
            scenes.cut(End.RST),
            chunked(*deltas("Hel", finish=None)),
            scenes.hangup(),
        ],
        ids=["fin", "rst", "no end of the answer", "no reply"],
    )
    @pytest.mark.parametrize("stream", ["--stream", "--no-stream"])
    def test_a_cut_reply(
        self, mcli: Program, server: FaultyServer, scene: Scene, stream: str
    ) -> None:
        server.play(scene)
        done = record(mcli, "ask", "hi", stream, "--retries", "0")

        if done.slug == "not_json":
            assert len(lines(mcli)) == 1  # a stream that nobody asked for, which came whole
        else:
            assert done.code == 75
            assert not tape(mcli).exists()

    def test_a_cut_reply_takes_the_place_of_the_whole_one_before(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play([error(429, headers={"retry-after-ms": "1"}), scenes.hangup()])
        done = record(mcli, "ask", "hi", "--retries", "1")

        assert done.slug == "disconnected"
        assert not tape(mcli).exists()

    def test_a_deadline(self, mcli: Program, server: FaultyServer) -> None:
        server.play(Reply((scenes.head(200), End.STALL)))
        done = record(mcli, "ask", "hi", "--timeout", "1s")

        assert done.slug == "deadline"
        assert not tape(mcli).exists()

    def test_an_answer_whose_reader_failed(self, mcli: Program) -> None:
        done = mcli.shell("mcli ask hi --stream --record tape.jsonl > /dev/full")

        assert done.code == 74
        assert not tape(mcli).exists()


class TestTheFile:
    def test_a_line_is_there_for_a_person_to_read(self, mcli: Program) -> None:
        record(mcli, "ask", "grüß Gott")
        text = tape(mcli).read_text()

        assert text.startswith('{"v":1,"request":{"path":"/chat/completions","body":{"messages":[')
        assert '"content":"grüß Gott"' in text
        assert (
            '"reply":{"status":200,"headers":{"content-type":"application/json"},"json":{' in text
        )
        assert "127.0.0.1" not in text

    def test_it_adds_and_keeps_the_order_of_the_requests(self, mcli: Program) -> None:
        for prompt in "cab":
            record(mcli, "ask", prompt)
        asked = [line["request"]["body"]["messages"][-1]["content"] for line in lines(mcli)]

        assert asked == ["a", "b", "c"]

    @pytest.mark.slow
    def test_recording_the_same_anew_gives_the_same_file(self, mcli: Program) -> None:
        files: list[bytes] = []
        for order in ("abc", "cba"):
            tape(mcli).unlink(missing_ok=True)
            for prompt in order:
                record(mcli, "ask", prompt, "--stream")
            files.append(tape(mcli).read_bytes())

        assert files[0] == files[1]

    def test_the_same_request_again_is_its_next_reply(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play([ok("one"), ok("two")])
        record(mcli, "ask", "hi")
        record(mcli, "ask", "hi")
        said = [line["reply"]["json"]["choices"][0]["message"]["content"] for line in lines(mcli)]

        assert said == ["one", "two"]
        assert replay(mcli, mcli, "ask", "hi").out == "one\n"  # each process begins anew

    def test_a_new_one_is_private_and_an_old_one_keeps_its_mode(self, mcli: Program) -> None:
        record(mcli, "ask", "a")
        assert tape(mcli).stat().st_mode & 0o777 == 0o600
        tape(mcli).chmod(0o644)
        record(mcli, "ask", "b")
        assert tape(mcli).stat().st_mode & 0o777 == 0o644
        assert len(lines(mcli)) == 2

    def test_the_target_of_a_link_is_written(self, mcli: Program) -> None:
        (mcli.home / "real.jsonl").touch()
        tape(mcli).symlink_to("real.jsonl")
        record(mcli, "ask", "hi")

        assert tape(mcli).is_symlink()
        assert len((mcli.home / "real.jsonl").read_bytes().splitlines()) == 1

    def test_the_key_is_not_in_it_even_if_the_server_repeats_it(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        for scene in (
            ok(f"your key is {KEY}"),
            stream_ok(["your key is ", KEY[:9], KEY[9:]]),
            error(401, message=f"wrong key: {KEY}", headers={"x-request-id": KEY}),
        ):
            server.play(scene)
            record(mcli, "ask", "hi")
            record(mcli, "ask", "hi", "--stream")
        raw = tape(mcli).read_text()

        assert len(lines(mcli)) == 6
        assert KEY not in raw
        assert KEY[:9] not in raw
        assert "your key is ***" in raw

    @pytest.mark.slow
    def test_many_at_once_lose_nothing(self, mcli: Program) -> None:
        running = [
            subprocess.Popen(
                mcli.argv("ask", f"number {n:02}", "--record", "tape.jsonl"),
                env=mcli.env, cwd=mcli.home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            ) for n in range(20)
        ]  # fmt: skip
        assert [process.wait(60) for process in running] == [0] * 20
        asked = [line["request"]["body"]["messages"][-1]["content"] for line in lines(mcli)]

        assert asked == [f"number {n:02}" for n in range(20)]
        assert [path.name for path in mcli.home.iterdir() if path.name.startswith(".mcli")] == []

    @pytest.mark.slow
    def test_killed_at_any_moment_it_is_whole(self, mcli: Program) -> None:
        record(mcli, "ask", "before")
        for step in range(8):
            process = subprocess.Popen(
                mcli.argv("ask", f"number {step}", "--record", "tape.jsonl"),
                env=mcli.env, cwd=mcli.home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            until = time.monotonic() + 0.1 + 0.07 * step
            while time.monotonic() < until and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert "before" in {
                line["request"]["body"]["messages"][-1]["content"] for line in lines(mcli)
            }
        assert record(mcli, "ask", "after").code == 0
        assert replay(mcli, mcli, "ask", "after").code == 0


class TestAFileThatCannotBe:
    @pytest.mark.parametrize(
        ("path", "slug"),
        [
            ("missing/tape.jsonl", "no_directory"),
            (".", "is_directory"),
            ("/dev/null", "cannot_create"),
            ("/dev/stdout", "cannot_create"),
            ("x" * 300, "cannot_create"),
        ],
    )
    def test_is_73_before_anything_is_sent(
        self, mcli: Program, server: FaultyServer, path: str, slug: str
    ) -> None:
        done = mcli("ask", "hi", "--record", path)

        assert (done.code, done.slug, done.out) == (73, slug, "")
        assert server.connections == 0

    def test_in_a_directory_that_may_not_be_written(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        (mcli.home / "closed").mkdir(0o500)
        command = "mcli ask hi --record closed/tape.jsonl"
        if os.geteuid() == 0:  # who may write anywhere, but not on a read-only disk
            need("unshare", "-m", "true")
            command = f"unshare -m sh -c 'mount -t tmpfs -o ro none closed && {command}'"
        done = mcli.shell(command)

        assert (done.code, done.slug, server.connections) == (73, "no_permission", 0)

    def test_a_full_disk_is_74_and_the_envelope_has_what_was_paid_for(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play(ok("x" * 20_000))
        limit = "ulimit -f 8; "  # 8 blocks of 1024 bytes
        done = mcli.shell(f"{limit} mcli ask hi --json --record tape.jsonl")
        text = mcli.shell(f"{limit} mcli ask hi --record tape.jsonl")

        assert (done.code, done.json["error"]["slug"]) == (74, "write_failed")
        assert (done.json["text"], done.json["error"]["charged"]) == ("x" * 20_000, "yes")
        assert (text.code, text.slug, text.out) == (74, "write_failed", "")
        assert lines(mcli) == []
        assert [path.name for path in mcli.home.iterdir() if path.name.startswith(".mcli")] == []

    def test_one_that_is_no_recording_is_78_and_left_alone(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        tape(mcli).write_text("my notes\n")
        done = record(mcli, "ask", "hi")

        assert (done.code, done.slug) == (78, "bad_recording")
        assert "tape.jsonl:1: " in done.err
        assert tape(mcli).read_text() == "my notes\n"
        assert server.connections == 0


class TestReplay:
    def test_it_opens_no_socket(self, mcli: Program, server: FaultyServer) -> None:
        need("strace", "-o", "/dev/null", "true")  # which a container may forbid
        record(mcli, "ask", "hi")
        server.close()
        traced = ["strace", "-f", "-o", "calls", "-e", "trace=socket,connect,sendto"]
        mcli.env |= {"MCLI_BASE_URL": "https://api.invalid/v1", "https_proxy": "http://p.invalid"}
        done = mcli.started(traced, "ask", "hi", "--replay", "tape.jsonl")

        assert (done.code, done.out) == (0, "Paris.\n")
        calls = (mcli.home / "calls").read_text().splitlines()
        assert [call for call in calls if "exited with" not in call] == []

    def test_it_needs_no_network(self, mcli: Program) -> None:
        need("unshare", "-rn", "true")
        record(mcli, "ask", "hi")
        done = mcli.started(["unshare", "-rn"], "ask", "hi", "--replay", "tape.jsonl")

        assert (done.code, done.out, done.err) == (0, "Paris.\n", "")

    @pytest.mark.parametrize("argv", [("ask", "hi", "--stream"), ("models",)])
    def test_a_bad_proxy_or_certificate_is_nothing_to_it(
        self, mcli: Program, away: Program, server: FaultyServer, argv: tuple[str, ...]
    ) -> None:
        server.play(MODELS if argv == ("models",) else ok())
        record(mcli, *argv)
        away.env |= {"SSL_CERT_FILE": "/nowhere", "ALL_PROXY": "socks5://nowhere", "TEST_KEY": ""}

        assert replay(away, mcli, *argv).code == 0

    def test_a_key_command_is_not_run(self, mcli: Program) -> None:
        record(mcli, "ask", "hi")
        mcli.configure(
            "profile: t\nprofiles:\n  t:\n    base_url: https://api.invalid/v1\n    model: gpt-4\n"
            "    key: {command: [touch, ran]}\n"
        )

        assert replay(mcli, mcli, "ask", "hi").out == "Paris.\n"
        assert not (mcli.home / "ran").exists()

    def test_a_miss_names_the_nearest_and_what_differs(self, mcli: Program) -> None:
        record(mcli, "ask", "What is the capital of France?")
        record(mcli, "ask", "Name a cat")
        done = replay(mcli, mcli, "ask", "What is the capital of Italy?")

        assert (done.code, done.slug, done.out) == (78, "not_recorded", "")
        assert (
            'in the nearest, line 2, messages[1].content "What is the capital of France?" is now '
            '"What is the capital of Italy?": record it with --record'
        ) in done.err

    def test_a_miss_is_harmless_to_show(self, mcli: Program) -> None:
        record(mcli, "ask", "one\x1b[2J\n\ntwo " + "long " * 5_000)
        done = replay(mcli, mcli, "ask", "one\x1b[2J\n\nthree " + "long " * 5_000)

        assert done.slug == "not_recorded"
        assert "\x1b" not in done.err
        assert len(done.err) < 600

    @pytest.mark.parametrize(
        ("content", "code", "slug", "words"),
        [
            (None, 66, "unreadable", "no such file"),
            ("", 78, "not_recorded", "nor to any other to /chat/completions"),
            ("{}\n", 78, "bad_recording", "tape.jsonl:1: "),
            ('\n{"v":1', 78, "bad_recording", "tape.jsonl:2: this is no line of a recording"),
            ('{"v":2}', 78, "bad_recording", "it is of version 2, not 1"),
        ],
    )
    def test_a_file_that_does_not_serve(
        self, mcli: Program, content: str | None, code: int, slug: str, words: str
    ) -> None:
        if content is not None:
            tape(mcli).write_text(content)
        done = replay(mcli, mcli, "ask", "hi", "--json")

        assert (done.code, done.json["error"]["slug"]) == (code, slug)
        assert words in done.err

    def test_a_file_from_a_checkout_with_other_line_ends_serves(self, mcli: Program) -> None:
        record(mcli, "ask", "hi")
        tape(mcli).write_bytes(tape(mcli).read_bytes().replace(b"\n", b"\r\n\r\n"))

        assert replay(mcli, mcli, "ask", "hi").out == "Paris.\n"

    def test_it_loads_no_http(self, mcli: Program) -> None:
        from tests.startup.start import loaded

        record(mcli, "ask", "hi")
        found = loaded(mcli, "ask", "hi", "--replay", "tape.jsonl")

        assert found & {"httpx2", "httpcore2", "tiktoken", "rich"} == set()


class TestFlagsAndVariables:
    @pytest.mark.slow
    def test_variables_do_for_a_whole_script(self, mcli: Program, server: FaultyServer) -> None:
        script = "for n in 1 2 3; do mcli ask -n $n; done; mcli ask -n 1"
        server.play([ok("a"), ok("b"), ok("c"), ok("d")])
        seen = mcli.shell(script, MCLI_RECORD="tape.jsonl")
        server.close()
        again = mcli.shell(script, MCLI_REPLAY="tape.jsonl")

        assert seen.out == "a\nb\nc\nd\n"
        assert again.out == "a\nb\nc\na\n"  # a process of its own gets the first again

    @pytest.mark.parametrize(
        ("argv", "env", "code"),
        [
            (("--record", "a", "--replay", "b"), {}, 2),
            (("--record", "-"), {}, 2),
            (("--replay", ""), {}, 2),
            ((), {"MCLI_RECORD": "a", "MCLI_REPLAY": "b"}, 78),
            ((), {"MCLI_REPLAY": "-"}, 78),
        ],
    )
    def test_what_makes_no_sense(
        self, mcli: Program, argv: tuple[str, ...], env: dict[str, str], code: int
    ) -> None:
        done = mcli("ask", "hi", *argv, **env)

        assert (done.code, done.out) == (code, "")

    def test_a_flag_wins_over_the_other_ones_variable(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        assert mcli("ask", "hi", "--record", "tape.jsonl", MCLI_REPLAY="none").code == 0
        assert mcli("ask", "hi", "--replay", "tape.jsonl", MCLI_RECORD="no/file").code == 0
        assert mcli("ask", "hi", MCLI_RECORD="", MCLI_REPLAY="").code == 0
        assert len(server.requests) == 2

    def test_config_show_says_where_they_came_from(self, mcli: Program) -> None:
        told = mcli("config", "show", "--json", "--cache", "1h", MCLI_RECORD="x").json["data"]

        assert told["record"] == {"value": "x", "origin": "MCLI_RECORD"}
        assert told["replay"] == {"value": None, "origin": "default"}
        assert told["cache"] == {"value": 3600.0, "origin": "--cache"}

    def test_a_dry_run_records_and_replays_nothing(self, mcli: Program) -> None:
        for flag in ("--record", "--replay"):
            assert mcli("ask", "hi", "--dry-run", flag, "no/file").code == 0
