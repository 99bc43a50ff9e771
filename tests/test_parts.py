"""Text of any length, from outside: asked about in parts, and the answers until one remains."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mcli.tokens import counting
from tests.faults.scenes import error, ok, stream_ok
from tests.faults.server import FaultyServer, Reply, Seen
from tests.program import Program

CHUNK = ("--chunk-tokens", "200")


def book(paragraphs: int = 40) -> str:
    """Paragraphs of about 30 tokens, each with its number."""
    said = "The river rose by a metre in the night, and the town moved its boats to the upper bank."
    return "".join(f"Number {n}. {said}\n\n" for n in range(paragraphs))


def asked(server: FaultyServer) -> list[str]:
    """The data of every request, in the order in which they came."""
    return [seen.body["messages"][-1]["content"] for seen in server.requests]


def echo(seen: Seen) -> Reply:
    """A summary: the first two words of what it is about."""
    words = " ".join(seen.body["messages"][-1]["content"].split()[:2])
    scene = stream_ok([words]) if seen.body.get("stream") else ok(words)
    return scene(seen) if callable(scene) else scene


@pytest.fixture
def long(mcli: Program, server: FaultyServer) -> Program:
    (mcli.home / "book.txt").write_text(book())
    server.play(echo)
    return mcli


def test_all_of_a_long_text_is_asked_about_in_parts_within_the_chunk(
    long: Program, server: FaultyServer
) -> None:
    told = long("summarize", "book.txt", *CHUNK, "--json").json

    parts = [data for data in asked(server) if "river" in data]
    assert (
        sorted(parts, key=lambda part: int(part.split()[1].strip("."))) == parts or len(parts) > 1
    )
    assert sorted("".join(parts).split("\n\n")) == sorted(book().split("\n\n"))
    assert all(counting.count(data, "cl100k_base") <= 200 for data in asked(server))
    assert asked(server)[-1].startswith("Number 0.\n\nNumber ")
    assert told["text"] == "Number 0."
    assert told["attempts"] == len(server.requests)
    assert told["usage"]["total_tokens"] == 12 * len(server.requests)


def test_the_summaries_are_put_together_by_a_recipe_of_their_own(
    long: Program, server: FaultyServer
) -> None:
    long("summarize", "book.txt", *CHUNK, "--focus", "boats", "-s", "Be brief.")

    first, last = (server.requests[n].body["messages"] for n in (0, -1))
    assert "was cut into parts" not in first[0]["content"]
    assert "was cut into parts" in last[0]["content"]
    assert all("boats" in messages[0]["content"] for messages in (first, last))
    assert all(messages[1]["content"] == "Be brief." for messages in (first, last))


def test_what_fits_is_one_request(long: Program, server: FaultyServer) -> None:
    long("summarize", "book.txt")
    long("summarize", "book.txt", "--chunk-tokens", "4000")
    assert len(server.requests) == 2


def test_the_window_of_the_model_says_how_long_a_part_is(
    long: Program, server: FaultyServer
) -> None:
    config = (long.home / ".config/mcli/config.yaml").read_text()
    long.configure(config + "models: {gpt-4: {window: 1000, max_output: 100}}\n")

    assert long("summarize", "book.txt").code == 0
    assert len(server.requests) == 3
    prompts = [seen.body["messages"] for seen in server.requests]
    for messages in prompts:
        text = "".join(message["content"] for message in messages)
        assert counting.count(text, "cl100k_base") + 4 * len(messages) + 3 <= 900


def test_of_an_unknown_vocabulary_every_byte_is_a_token(
    long: Program, server: FaultyServer
) -> None:
    long("summarize", "book.txt", "-m", "nobody-knows-it", "--chunk-tokens", "1000")
    assert all(len(data.encode()) <= 1000 for data in asked(server))
    assert len(server.requests) > 4


def test_there_are_levels_until_one_remains(long: Program, server: FaultyServer) -> None:
    (long.home / "book.txt").write_text(book(400))
    told = long("summarize", "book.txt", "--chunk-tokens", "100", "--json").json

    merges = [data for data in asked(server) if "river" not in data]
    assert len(merges) > 3
    assert (told["ok"], told["text"]) == (True, "Number 0.")


def test_only_the_last_answer_is_shown_as_it_comes(long: Program, server: FaultyServer) -> None:
    result = long("summarize", "book.txt", *CHUNK, "--stream")
    assert (result.out, result.err) == ("Number 0.\n", "")
    assert [bool(seen.body.get("stream")) for seen in server.requests].count(True) == 1
    assert server.requests[-1].body["stream"] is True


def test_answers_that_do_not_get_shorter_end_it(long: Program, server: FaultyServer) -> None:
    server.play(ok("word " * 180))
    result = long("summarize", "book.txt", *CHUNK)
    assert (result.code, result.out, result.slug) == (4, "", "not_shrinking")
    assert len(server.requests) < 20

    told = long("summarize", "book.txt", *CHUNK, "--json").json
    assert told["error"]["charged"] == "yes"
    assert told["attempts"] == len(server.requests) // 2


def test_a_part_that_fails_fails_the_whole_with_its_cause(
    long: Program, server: FaultyServer
) -> None:
    def scene(seen: Seen) -> Reply:
        refused = error(400, message="no such thing")
        if "Number 20." in seen.body["messages"][-1]["content"]:
            return refused(seen) if callable(refused) else refused
        return echo(seen)

    server.play(scene)
    told = long("summarize", "book.txt", *CHUNK, "--json").json

    failure = told["error"]
    assert (failure["exit_code"], failure["charged"]) == (69, "yes")
    assert failure["message"].startswith("part 3 of 5: ")
    assert "no such thing" in failure["message"]
    assert told["attempts"] == len(server.requests)
    assert not any("cut into parts" in seen.raw.decode() for seen in server.requests)


def test_after_a_failure_nothing_new_is_begun(long: Program, server: FaultyServer) -> None:
    (long.home / "book.txt").write_text(book(400))
    server.play(error(401))
    assert long("summarize", "book.txt", *CHUNK).code == 77
    assert len(server.requests) <= 8


def test_parts_are_recorded_replayed_and_kept(long: Program, server: FaultyServer) -> None:
    first = long("summarize", "book.txt", *CHUNK, "--record", "tape", "--json").json
    assert len((long.home / "tape").read_text().splitlines()) == len(server.requests)

    sent = len(server.requests)
    again = long("summarize", "book.txt", *CHUNK, "--replay", "tape", "--json").json
    assert again["text"] == first["text"]
    assert len(server.requests) == sent

    long("summarize", "book.txt", *CHUNK, "--cache", "1h")
    kept = long("summarize", "book.txt", *CHUNK, "--cache", "1h", "--json").json
    assert (kept["cached"], kept["attempts"]) == (True, 0)
    assert len(server.requests) == 2 * sent


def test_a_failed_run_begins_again_where_it_failed_with_a_cache(
    long: Program, server: FaultyServer
) -> None:
    def scene(seen: Seen) -> Reply:
        busy = error(503)
        if "Number 39." in seen.body["messages"][-1]["content"]:
            return busy(seen) if callable(busy) else busy
        return echo(seen)

    server.play(scene)
    flags = (*CHUNK, "--cache", "1h", "--retries", "0")
    assert long("summarize", "book.txt", *flags).code == 75
    server.play(echo)
    assert long("summarize", "book.txt", *flags).code == 0
    assert len(server.requests) == 2


def test_a_dry_run_says_what_it_would_take(long: Program, server: FaultyServer) -> None:
    config = (long.home / ".config/mcli/config.yaml").read_text()
    long.configure(config + "models: {gpt-4: {input_usd: 10, output_usd: 30}}\n")
    told = long("summarize", "book.txt", *CHUNK, "--dry-run").json

    assert server.requests == []
    assert told["body"]["messages"][-1]["content"].startswith("Number 0.")
    estimate = told["estimate"]
    assert estimate["parts"] == 5
    assert estimate["requests"] >= 6
    assert estimate["prompt_tokens"] > counting.count(book(), "cl100k_base")
    tokens = (estimate["prompt_tokens"], estimate["completion_tokens"])
    assert estimate["cost_usd"] == pytest.approx(tokens[0] * 1e-5 + tokens[1] * 3e-5)
    assert "estimate" not in long("summarize", "book.txt", "--dry-run").json


def test_a_recipe_of_one_s_own_puts_together_by_itself(long: Program, server: FaultyServer) -> None:
    config = (long.home / ".config/mcli/config.yaml").read_text()
    long.configure(config + "models: {gpt-4: {window: 600, max_output: 100}}\n")
    (long.home / "r.yaml").write_text("fit: parts\nmessages: [{user: 'Shorten: {{ data }}'}]\n")

    assert long("run", "./r.yaml", "book.txt").out == "Shorten: Shorten:\n"
    assert all(data.startswith("Shorten: ") for data in asked(server))
    assert len(server.requests) > 2


@pytest.mark.parametrize("flag", [("--fit", "head"), ("--fit", "tail")])
def test_fit_cuts_instead(long: Program, server: FaultyServer, flag: tuple[str, str]) -> None:
    config = (long.home / ".config/mcli/config.yaml").read_text()
    long.configure(config + "models: {gpt-4: {window: 600, max_output: 100}}\n")

    told = long("summarize", "book.txt", *flag, "--json").json
    assert len(server.requests) == 1
    assert ("Number 0." in asked(server)[0]) == (flag[1] == "head")
    assert "cut to" in told["warnings"][0]


def test_a_system_message_that_leaves_no_room_is_told(long: Program, server: FaultyServer) -> None:
    config = (long.home / ".config/mcli/config.yaml").read_text()
    long.configure(config + "models: {gpt-4: {window: 100}}\n")
    result = long("summarize", "book.txt")
    assert (result.code, result.slug) == (65, "context_length")
    assert server.requests == []


def test_parts_belong_to_text(mcli: Program) -> None:
    recipe: dict[str, Any] = {
        "fit": "parts",
        "inputs": {"labels": {"type": "list"}},
        "messages": [{"user": "{{ data }}"}],
        "output": {"kind": "label"},
    }
    path: Path = mcli.home / "r.yaml"
    path.write_text(json.dumps(recipe))
    assert mcli("recipes", "check", "r.yaml").code == 1
    assert mcli("run", "./r.yaml", "-D", "labels=a", stdin=b"x").slug == "bad_document"


def test_progress_is_for_a_terminal(long: Program) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        long.argv("summarize", "book.txt", *CHUNK),
        env=long.env,
        cwd=long.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=follower,
        timeout=60,
        check=True,
    )
    os.close(follower)
    seen = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
        while piece := os.read(leader, 1 << 16):
            seen += piece
    os.close(leader)
    assert done.stdout == b"Number 0.\n"
    assert b"/5" in seen
    assert seen.endswith(b"\r\x1b[2K"), "the bar is gone when it ends"


@pytest.mark.slow
def test_a_book_of_three_megabytes_through_the_sandbox(mcli: Program) -> None:
    (mcli.home / "book.txt").write_text(book(33_000))
    words = "sandbox -- mcli summarize book.txt --chunk-tokens 20000 --record tape --json"
    result = mcli.shell(f"mcli {words}")

    told = result.json
    assert (result.code, told["ok"], result.err) == (0, True, "")
    lines = [json.loads(line) for line in (mcli.home / "tape").read_text().splitlines()]
    data = [line["request"]["body"]["messages"][-1]["content"] for line in lines]
    assert max(counting.count(part, "o200k_base") for part in data) <= 20_000
    parts = [part for part in data if part.startswith("Number")]
    assert len("".join(parts)) == len(book(33_000)) > 3_000_000
    assert told["attempts"] == len(lines)
