"""`--fallback` from outside: who is asked, in which order, when not, and what is told of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcli import fallback
from mcli.chat import Request
from tests.faults.scenes import (
    as_json,
    chunked,
    completion,
    deltas,
    error,
    ok,
)  # fmt: skip
from tests.faults.server import End, FaultyServer, Reply, Scene, Seen
from tests.program import Program

BUSY = error(503, message="overloaded")


def each(**scenes: Scene) -> Scene:
    """What each model says, by its name; the model is called what it was asked as."""

    def choose(seen: Seen) -> Reply:
        scene = scenes[seen.body["model"]]
        return scene if isinstance(scene, Reply) else scene(seen)

    return choose


def asked(server: FaultyServer) -> list[str]:
    return [seen.body["model"] for seen in server.requests]


ASK = ("ask", "hi", "-m", "a", "--fallback", "b", "--fallback", "c", "--retries", "0")


def test_a_model_that_answers_is_the_only_one(mcli: Program, server: FaultyServer) -> None:
    told = mcli(*ASK, "--json").json

    assert (asked(server), told["warnings"], told["model"]) == (["a"], [], "test-model")
    assert "fallback_models" not in server.requests[0].body


def test_the_next_is_asked_where_one_is_busy(mcli: Program, server: FaultyServer) -> None:
    answer = completion("Paris.")
    answer.pop("model")
    server.play(each(a=BUSY, b=BUSY, c=as_json(answer)))
    done, told = mcli(*ASK), mcli(*ASK, "--json", "-v")

    assert (done.code, done.out, done.err) == (0, "Paris.\n", "")
    assert asked(server) == ["a", "b", "c"] * 2
    envelope = told.json
    assert (envelope["attempts"], envelope["model"]) == (3, "c")
    assert [line[:9] for line in envelope["warnings"]] == ["a failed ", "b failed "]
    assert "overloaded" in envelope["warnings"][0]
    assert envelope["warnings"][0].endswith(": trying b")
    assert ": trying b" in told.err
    assert "model=c " in told.err


def test_each_has_its_own_retries(mcli: Program, server: FaultyServer) -> None:
    soon = error(429, headers={"retry-after-ms": "1"})
    server.play(each(a=soon, b=soon, c=ok("Paris.")))
    told = mcli(*ASK, "--retries", "1", "--json").json

    assert asked(server) == ["a", "a", "b", "b", "c"]
    assert told["attempts"] == 5


def test_the_last_failure_is_the_command_s(mcli: Program, server: FaultyServer) -> None:
    server.play(each(a=BUSY, b=error(429), c=error(504)))
    done = mcli(*ASK, "--json")

    told = done.json
    assert (done.code, told["error"]["status"], told["attempts"]) == (75, 504, 3)
    assert len(told["warnings"]) == 2


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("scene", "code"),
    [(error(400), 69), (error(404), 69), (error(401), 77), (error(402), 77),
     (as_json(b"{}"), 76), (ok("cut", finish="length"), 4)],
    ids=["400", "404", "401", "402", "no reply", "no answer"],
)  # fmt: skip
def test_what_is_no_75_is_the_end(
    mcli: Program, server: FaultyServer, scene: Scene, code: int
) -> None:
    server.play(each(a=scene))
    first = mcli(*ASK).code
    server.play(each(a=BUSY, b=scene))
    second = mcli(*ASK, "--json")

    assert (first, second.code) == (code, code)
    assert second.json["attempts"] == 2
    assert asked(server) == ["a", "b"]


def test_nobody_else_is_asked_once_something_was_shown(mcli: Program, server: FaultyServer) -> None:
    cut = chunked(*deltas("Par", finish=None), end=(End.FIN,))
    server.play(each(a=cut, b=ok("Rome.")))
    done = mcli(*ASK, "--stream")

    assert (done.code, done.out, asked(server)) == (75, "Par", ["a"])
    whole = mcli(*ASK, "--no-stream")
    assert (whole.code, whole.out) == (0, "Rome.\n")


def test_a_deadline_is_for_all_of_them(mcli: Program, server: FaultyServer) -> None:
    server.play(each(a=Reply((End.STALL,)), b=ok("Rome.")))
    done = mcli(*ASK, "--timeout", "1")

    assert (done.code, done.slug, asked(server)) == (75, "deadline", ["a"])


def test_a_re_ask_goes_on_with_the_model_that_answers(mcli: Program, server: FaultyServer) -> None:
    server.play(each(a=BUSY, b=ok("no JSON")))
    done = mcli(*ASK, "--get", ".", "--json")

    assert (done.code, asked(server)) == (4, ["a", "b", "b"])
    assert done.json["attempts"] == 3


def test_aliases_hold_and_nobody_is_asked_twice(mcli: Program, server: FaultyServer) -> None:
    path = mcli.home / ".config" / "mcli" / "config.yaml"
    path.write_text(path.read_text() + "aliases: {fast: b, main: a}\n")
    server.play(BUSY)
    argv = ("ask", "hi", "-m", "main", "--retries", "0")
    mcli(*argv, *("--fallback", "fast", "--fallback", "b", "--fallback", "a"))

    assert asked(server) == ["a", "b"]
    assert mcli(*argv, "--fallback", " ").slug == "bad_flag"


@pytest.mark.parametrize(
    "argv", [("classify", "-l", "Paris,Rome"), ("run", "-e", "hi"), ("summarize",)], ids=" ".join
)
def test_every_command_that_asks_a_model_has_it(
    mcli: Program, server: FaultyServer, argv: tuple[str, ...]
) -> None:
    server.play(each(a=BUSY, b=ok("Paris.")))
    done = mcli(*argv, "-m", "a", "--fallback", "b", "--retries", "0", stdin=b"text")

    assert (done.code, asked(server)) == (0, ["a", "b"])


MODELS = """\
models:
  a: {window: 1000, input_usd: 1, output_usd: 1}
  small: {window: 20, input_usd: 1, output_usd: 1}
  dear: {window: 1000, input_usd: 1000, output_usd: 1000}
  unknown: {window: 1000}
  cheap: {input_usd: 1, output_usd: 1}
"""


@pytest.fixture
def priced(mcli: Program, server: FaultyServer) -> Program:
    path = mcli.home / ".config" / "mcli" / "config.yaml"
    path.write_text(path.read_text() + MODELS)
    return mcli


PAID = ("ask", "-m", "a", "--retries", "0", "--max-tokens", "100", "--json")


def test_one_whose_window_is_too_small_is_left_out(priced: Program, server: FaultyServer) -> None:
    server.play(each(a=BUSY, b=ok("Paris.")))
    told = priced(*PAID, "word " * 100, "--fallback", "small", "--fallback", "b").json

    assert asked(server) == ["a", "b"]
    assert told["warnings"][0].startswith("small was not asked: the request has about ")


def test_each_costs_what_it_costs(priced: Program, server: FaultyServer) -> None:
    server.play(each(a=BUSY, dear=ok("Paris.")))
    told = priced(*PAID, "hi", "--fallback", "dear").json
    capped = priced(*PAID, "hi", "--fallback", "dear", "--max-cost", "0.1").json
    blind = priced(*PAID, "hi", "--fallback", "unknown", "--max-cost", "0.1")

    assert told["cost_usd"] == pytest.approx(0.012)
    assert (capped["error"]["slug"], capped["attempts"]) == ("server_busy", 1)
    assert capped["warnings"][1].startswith("dear was not asked: this may cost ")
    assert (blind.code, blind.json["error"]["slug"]) == (78, "unknown_price")
    assert asked(server) == ["a", "dear", "a"]


def test_a_cap_leaves_one_out_and_the_next_is_asked(priced: Program, server: FaultyServer) -> None:
    server.play(each(a=BUSY, b=BUSY, cheap=ok("Paris.")))
    argv = (*PAID, "hi", "--fallback", "dear", "--fallback", "cheap", "--max-cost", "0.1")
    told = priced(*argv).json
    few = priced(*PAID, "hi", "--fallback", "b", "--fallback", "cheap", "--max-requests", "1")

    assert (told["text"], told["attempts"], told["model"]) == ("Paris.", 2, "test-model")
    assert told["warnings"][0].startswith("a failed (")
    assert told["warnings"][2].startswith("a failed (")
    assert told["warnings"][2].endswith("): trying cheap")
    assert (few.code, few.json["error"]["slug"], few.json["attempts"]) == (75, "server_busy", 1)
    assert asked(server) == ["a", "cheap", "a"]


def test_an_answer_of_another_is_not_kept_as_the_first_s(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(each(a=BUSY, b=ok("Rome.")))
    assert mcli(*ASK, "--cache", "1h").out == "Rome.\n"
    server.play(each(a=ok("Paris.")))
    assert mcli(*ASK, "--cache", "1h").out == "Paris.\n"


def test_a_replay_asks_the_same_models(mcli: Program, server: FaultyServer) -> None:
    server.play(each(a=BUSY, b=ok("Rome.")))
    recorded = mcli(*ASK, "--record", "tape", "--json").json
    server.close()
    replayed = mcli(*ASK, "--replay", "tape", "--json").json

    assert (replayed["text"], replayed["attempts"]) == ("Rome.", 2)
    assert replayed["warnings"] == recorded["warnings"]


# -- MegaLLM tries them itself


def sent(mcli: Program, *argv: str) -> dict[str, Any]:
    return json.loads(mcli("ask", "hi", *argv, "--dry-run").out)["body"]


FALLBACK = ("--fallback", "b", "--fallback", "c")


def test_megallm_is_told_of_them(mcli: Program) -> None:
    assert sent(mcli, "--profile", "megallm", *FALLBACK)["fallback_models"] == ["b", "c"]
    assert "fallback_models" not in sent(mcli, "--profile", "megallm")
    beta = ("--base-url", "https://beta.megallm.io/v1")
    assert sent(mcli, *beta, *FALLBACK)["fallback_models"] == ["b", "c"]
    for other in ("https://notmegallm.io/v1", "https://megallm.io.example/v1"):
        assert "fallback_models" not in sent(mcli, "--base-url", other, *FALLBACK)


def test_one_way_to_name_them(mcli: Program, server: FaultyServer) -> None:
    """Of the two, --param silently put the other out of action."""
    told = mcli("ask", "hi", *FALLBACK, "--param", 'fallback_models=["z"]')
    assert (told.code, told.slug, server.requests) == (2, "bad_flag", [])


@pytest.fixture
def megallm(mcli: Program, server: FaultyServer) -> Program:
    mcli.configure(
        f"profiles: {{megallm: {{base_url: {server.base_url}, key: none, retries: 0}}}}\n{MODELS}"
    )
    return mcli


def test_who_answered_is_told(megallm: Program, server: FaultyServer) -> None:
    server.play(as_json(completion("Rome.") | {"model": "dear"}))
    told = megallm(*PAID, "hi", "--fallback", "dear").json

    assert server.requests[0].body["fallback_models"] == ["dear"]
    assert told["model"] == "dear"
    assert told["warnings"] == ["the server had dear answer in place of a"]
    assert told["cost_usd"] == pytest.approx(0.012)


def test_it_is_asked_once_and_costs_at_most_what_the_dearest_costs(
    megallm: Program, server: FaultyServer
) -> None:
    server.play(BUSY)
    busy = megallm(*PAID, "hi", "--fallback", "dear")
    assert (busy.code, asked(server)) == (75, ["a"])
    refused = megallm(*PAID, "hi", "--fallback", "dear", "--max-cost", "0.01")
    assert (refused.json["error"]["slug"], len(server.requests)) == ("max_cost", 1)


@pytest.mark.parametrize(
    ("named", "model"),
    [
        ("gpt-4", "gpt-4"), ("gpt-4-0613", "gpt-4"), ("gpt-4o", None), ("c", "c"),
        ("c-20251001", "c"), ("c-2025-10-01", "c"), ("c-4-1", None), ("vendor/c", None),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_the_model_that_answered(named: str | None, model: str | None) -> None:
    request = Request("gpt-4", (), {"fallback_models": ["c", 5]})
    assert fallback.answering(request, named) == model
    assert fallback.answering(Request("gpt-4", ()), named) == "gpt-4"
