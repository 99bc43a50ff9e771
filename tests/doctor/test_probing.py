"""`mcli doctor --probe` from outside: six requests, and what each answer is taken to prove."""

from __future__ import annotations

import json

import pytest

from tests.doctor.looking import ABILITIES, by_probe, called, endpoint, lines, streamed
from tests.faults.scenes import Scene, as_json, completion, error, hangup, ok
from tests.faults.server import End, FaultyServer, Reply, Seen
from tests.program import KEY, Program

PARAM = error(400, message="unknown parameter")


@pytest.fixture
def able(mcli: Program, server: FaultyServer) -> Program:
    """A program whose endpoint can do everything."""
    server.play(endpoint(answer=by_probe()))
    return mcli


def test_all_is_supported_and_said_beforehand(able: Program, server: FaultyServer) -> None:
    done = able("doctor", "--probe")
    told = lines(done)

    assert done.code == 0
    assert {name: told[name][0] for name in ABILITIES} == dict.fromkeys(ABILITIES, "ok"), done.out
    assert done.err.count("\n") == 1
    assert done.err.startswith(f"mcli: --probe sends 6 requests to 127.0.0.1:{server.port}: about ")
    assert "at most 384 in the answers of gpt-4, at most 0." in done.err
    assert [seen.method for seen in server.requests] == ["GET", *["POST"] * 6]
    assert all(seen.fields["max_tokens"] == 64 for seen in server.requests[1:])
    assert KEY not in done.out + done.err


def test_without_it_nothing_is_asked_of_a_model(able: Program, server: FaultyServer) -> None:
    done = able("doctor")

    assert [seen.method for seen in server.requests] == ["GET"]
    assert not set(ABILITIES) & set(lines(done))


NO_FORM = error(400, message="response_format is not known")
NO_TOOLS = error(404, message="no endpoints that support tool use")
ANSWERS: list[tuple[str, str, Scene, str, str]] = [
    ("whole", "stream", as_json(completion("1 2 3")), "no", "the answer came whole"),
    ("no-stream", "stream", PARAM, "no", "HTTP 400: unknown parameter [bad_request]"),
    ("prose", "json_object", ok("Hello."), "no", "what came is no JSON object"),
    ("refused", "json_object", PARAM, "no", "[bad_request]"),
    ("cut", "json_object", ok('{"he', "length"), "unclear", "the answer was cut"),
    ("loose", "json_schema", ok('{"pelican": "hello"}'), "no", "does not fit"),
    ("refused-schema", "json_schema", NO_FORM, "no", "[bad_request]"),
    ("busy", "json_schema", error(503), "unclear", "[server_busy]"),
    ("none", "logprobs", ok(), "no", "none came"),
    ("words", "tools", ok("I cannot."), "unclear", "did not call the tool"),
    ("other", "tools", called("something_else"), "unclear", "did not call the tool"),
    ("refused-tools", "tools", NO_TOOLS, "no", "[not_found]"),
]  # fmt: skip
NAMES = {"json_object": "json-mode", "json_schema": "json-schema"}


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("word", "scene", "support", "says"),
    [row[1:] for row in ANSWERS],
    ids=[row[0] for row in ANSWERS],
)
def test_what_an_answer_proves(
    mcli: Program, server: FaultyServer, word: str, scene: Scene, support: str, says: str
) -> None:
    server.play(endpoint(answer=by_probe(**{word: scene})))
    done = mcli("doctor", "--probe", "--json", MCLI_RETRIES="0")
    told = {check["name"]: check for check in done.json["checks"]}
    check = told[NAMES.get(word, word)]

    assert (done.code, check["status"], check["support"]) == (0, "warning", support)
    slug = f" [{check['slug']}]" if check["slug"] else ""
    assert says in check["message"] + slug
    assert check["hint"]
    others = [told[name]["support"] for name in ABILITIES if not name.startswith(check["name"])]
    assert set(others) == {"yes"}


def test_usage_that_does_not_come_with_a_stream(mcli: Program, server: FaultyServer) -> None:
    refusal = error(400, message="stream_options is not known")

    def stubborn(seen: Seen) -> Reply:
        return refusal if "stream_options" in seen.fields else streamed(usage=False)

    for scene, says in (
        (streamed(usage=False), "none came"),
        (stubborn, "stream_options is refused"),
    ):
        server.play(endpoint(answer=by_probe(stream=scene)))
        told = lines(mcli("doctor", "--probe"))
        assert told["stream"][0] == "ok"
        assert told["stream-usage"][:2] == ["warning", f"not supported: {says}"]


def test_a_newer_model_refuses_the_limit_s_name_once(mcli: Program, server: FaultyServer) -> None:
    refusal = error(400, message="max_tokens is not supported: use max_completion_tokens")

    def newer(seen: Seen) -> Reply:
        scene = refusal if "max_tokens" in seen.fields else by_probe()
        return scene if isinstance(scene, Reply) else scene(seen)

    server.play(endpoint(answer=newer))
    told = lines(mcli("doctor", "--probe"))

    assert {told[name][0] for name in ABILITIES} == {"ok"}
    assert len(server.requests) == 8


def test_a_model_that_thinks_for_all_its_tokens_proves_nothing(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(endpoint(answer=as_json(completion("", "length", reasoning_content="hm"))))
    told = mcli("doctor", "--probe", "--json").json["checks"]
    support = {check["name"]: check["support"] for check in told}

    assert support.pop("stream") == "no"
    assert {support[name] for name in ABILITIES if name in support} == {"unclear"}


def test_what_a_model_does_not_answer_is_a_problem_and_the_end(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(endpoint(answer=error(404, name="model_not_found", message="no such model")))
    done = mcli("doctor", "--probe")
    told = lines(done)

    assert (done.code, told["completion"][0]) == (1, "problem")
    assert told["completion"][1].endswith("[not_found]")
    assert "stream" not in told
    assert len(server.requests) == 2


def test_a_cap_a_budget_and_the_ledger_hold(able: Program, server: FaultyServer) -> None:
    path = able.home / ".config/mcli/config.yaml"
    capped = able("doctor", "--probe", "--max-requests", "2")
    sent = len(server.requests)
    path.write_text(path.read_text() + "budget: {usd: 0.000001, per: day}\n")
    beyond = able("doctor", "--probe")

    assert sent == 3
    assert lines(capped)["stream"][0] == "ok"
    assert lines(capped)["json-mode"][:2] == [
        "warning", "unclear: --max-requests allows 2, and this would make 3 [max_requests]",
    ]  # fmt: skip
    assert lines(beyond)["completion"][1].endswith("[budget]")
    assert len(server.requests) == 4
    by = able("usage", "--by", "command", "--json").json
    assert "doctor" in json.dumps(by["data"])


@pytest.mark.slow
def test_a_probe_that_hangs_ends_in_time(mcli: Program, server: FaultyServer) -> None:
    server.play(endpoint(answer=by_probe(json_object=hangup(End.STALL))))
    done = mcli("doctor", "--probe", "--timeout", "2")
    told = lines(done)

    assert told["json-mode"][:2] == ["warning", "unclear: no complete answer within 2s [deadline]"]
    assert (told["stream"][0], done.code) == ("ok", 0)


@pytest.mark.slow
def test_the_environment_s_time_is_for_all(mcli: Program, server: FaultyServer) -> None:
    server.play(endpoint(answer=by_probe(ask=hangup(End.STALL))))
    told = lines(mcli("doctor", "--probe", MCLI_TIMEOUT="2"))

    assert told["completion"][:2] == ["problem", "no complete answer within 2s [deadline]"]


def test_a_recording_answers_no_probe(able: Program, server: FaultyServer) -> None:
    done = able("doctor", "--probe", MCLI_REPLAY="tape.jsonl")

    assert (done.code, done.slug, server.connections) == (2, "bad_flag", 0)


def test_nothing_is_recorded(able: Program) -> None:
    able("doctor", "--probe", MCLI_RECORD=str(able.home / "tape.jsonl"))

    assert not (able.home / "tape.jsonl").exists()
