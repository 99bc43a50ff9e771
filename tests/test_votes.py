"""A label that is decided, from outside: what is asked, printed, paid for and recorded."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from tests.faults import scenes as s
from tests.faults.server import FaultyServer, Reply, Scene, Seen
from tests.program import Program

BASE = ("classify", "-l", "bug,idea,talk")


def in_turn(*words: str) -> Scene:
    """A server that gives these answers, one after the other and again."""
    left: Iterator[str] = cycle(words)
    return lambda seen: s.as_json(s.completion(next(left)))


def with_tokens(text: str, **likely: float) -> Reply:
    """An answer of one token, whose log-probability and rivals are given."""
    top = [{"token": word, "logprob": math.log(p), "bytes": None} for word, p in likely.items()]
    content = [{**next(each for each in top if each["token"] == text), "top_logprobs": top}]
    reply = s.completion(text)
    reply["choices"][0]["logprobs"] = {"content": content, "refusal": None}
    return s.as_json(reply)


def refuses(field: str, answer: str, message: str = "is not supported") -> Scene:
    """A server that knows everything but one field."""

    def reply(seen: Seen) -> Reply:
        if field in seen.fields:
            return s.error(400, message=f"'{field}' {message}")
        return s.as_json(s.completion(answer))

    return reply


def test_an_answer_that_is_no_label_is_asked_about_once_more(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(in_turn("Hard to say.", "Idea"))
    told = mcli(*BASE, "--json", stdin=b"x").json
    assert (told["text"], told["attempts"]) == ("idea", 2)
    assert told["warnings"] == ["asked again: the answer is no label of the set"]
    turns = server.requests[1].body["messages"]
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user"]
    assert turns[-1]["content"].endswith("- bug\n- idea\n- talk")

    server.play(in_turn("Hard to say."))
    done = mcli(*BASE, stdin=b"x")
    assert (done.code, done.out, done.slug, len(server.requests)) == (4, "", "not_a_label", 2)


def test_the_votes_are_counted(mcli: Program, server: FaultyServer) -> None:
    server.play(in_turn("bug", "idea", "bug", "talk", "bug"))
    told = mcli(*BASE, "--votes", "5", "--json", stdin=b"x").json
    scores = {"bug": 0.6, "idea": 0.2, "talk": 0.2}
    assert told["data"] == {"label": "bug", "confidence": 0.6, "scores": scores}
    assert told["attempts"] == len(server.requests) == 5
    assert told["usage"]["total_tokens"] == 60
    assert all("temperature" not in seen.body for seen in server.requests)
    assert len({seen.raw for seen in server.requests}) == 1


def test_a_tie_is_no_answer_but_for_the_label_unsure(mcli: Program, server: FaultyServer) -> None:
    server.play(in_turn("bug", "idea"))
    done = mcli(*BASE, "--votes", "2", stdin=b"x")
    assert (done.code, done.out, done.slug) == (4, "", "unsure")
    told = mcli(*BASE, "--votes", "2", "--json", stdin=b"x").json
    assert (told["attempts"], told["error"]["charged"]) == (2, "yes")
    assert told["data"]["scores"] == {"bug": 0.5, "idea": 0.5, "talk": 0.0}
    flags = ("--votes", "2", "--unsure", "look here", "--expect", "look here")
    done = mcli(*BASE, *flags, stdin=b"x")
    assert (done.code, done.out, done.err) == (0, "look here\n", "")


def test_a_vote_that_cannot_be_used_counts_for_nothing(mcli: Program, server: FaultyServer) -> None:
    def scene(seen: Seen) -> Reply:
        word = "talk" if len(server.requests) > 1 else "???"
        return s.as_json(s.completion(word, finish="stop" if word == "talk" else "length"))

    server.play(scene)
    told = mcli(*BASE, "--votes", "3", "--json", stdin=b"x").json
    assert (told["text"], told["data"]["confidence"]) == ("talk", 0.666667)
    assert told["attempts"] == 3
    assert any("is none: the answer hit the token limit" in warning for warning in told["warnings"])


def test_a_vote_that_fails_fails_the_whole(mcli: Program, server: FaultyServer) -> None:
    def scene(seen: Seen) -> Reply:
        return s.error(401) if len(server.requests) == 2 else s.as_json(s.completion("bug"))

    server.play(scene)
    done = mcli(*BASE, "--votes", "3", "--unsure", "look", "--json", stdin=b"x")
    assert (done.code, done.json["error"]["slug"]) == (77, "auth")
    assert done.json["error"]["charged"] == "yes"


def test_votes_beyond_a_cap_are_refused_before_the_first(
    mcli: Program, server: FaultyServer
) -> None:
    done = mcli(*BASE, "--votes", "3", "--max-requests", "2", stdin=b"x")
    assert (done.code, done.slug, server.requests) == (77, "max_requests", [])


def test_each_vote_has_a_seed_of_its_own_where_there_is_one(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(in_turn("bug"))
    assert mcli(*BASE, "--votes", "3", "--seed", "7", "-t", "0.4", stdin=b"x").out == "bug\n"
    assert sorted(seen.body["seed"] for seen in server.requests) == [7, 8, 9]
    assert {seen.body["temperature"] for seen in server.requests} == {0.4}


def test_votes_are_kept_and_replayed_one_by_one(mcli: Program, server: FaultyServer) -> None:
    server.play(in_turn("bug", "bug", "idea"))
    flags = (*BASE, "--votes", "3", "--json")
    recorded = mcli(*flags, "--record", "tape", stdin=b"x").json["data"]
    server.play(in_turn("bug", "bug", "idea"))
    kept = mcli(*flags, "--cache", "1h", stdin=b"x").json["data"]
    server.play(s.error(500))
    assert mcli(*flags, "--cache", "1h", stdin=b"x").json["data"] == kept == recorded
    assert mcli(*flags, "--replay", "tape", stdin=b"x").json["data"] == recorded
    assert recorded["confidence"] == 0.666667
    assert server.requests == []


def test_log_probabilities_say_how_sure_it_is(mcli: Program, server: FaultyServer) -> None:
    server.play(with_tokens("bug", bug=0.6, idea=0.2, Talk=0.05, banana=0.15))
    told = mcli(*BASE, "--min-confidence", "0.7", "--json", stdin=b"x").json
    assert told["data"]["label"] == "bug"
    assert told["data"]["confidence"] == pytest.approx(0.6 / 0.85, abs=1e-6)
    assert sum(told["data"]["scores"].values()) == pytest.approx(1.0, abs=1e-5)
    assert server.requests[0].body["logprobs"] is True

    done = mcli(*BASE, "--min-confidence", "0.75", stdin=b"x")
    assert (done.code, done.out, done.slug) == (4, "", "unsure")
    done = mcli(*BASE, "--min-confidence", "0.75", "--unsure", "look", stdin=b"x")
    assert (done.code, done.out, done.err) == (0, "look\n", "")


def test_a_server_without_them_leaves_it_unknown(mcli: Program, server: FaultyServer) -> None:
    server.play(in_turn("bug"))
    done = mcli(*BASE, "--min-confidence", "0.5", stdin=b"x")
    assert (done.code, done.out, done.slug) == (4, "", "no_confidence")
    assert mcli(*BASE, "--min-confidence", "0", stdin=b"x").out == "bug\n"
    told = mcli(*BASE, "--min-confidence", "0.5", "--unsure", "look", "--json", stdin=b"x").json
    assert told["data"] == {"label": "look", "confidence": None, "scores": None}
    assert told["warnings"][0].startswith("unsure: ")


@pytest.mark.parametrize("message", ["is not supported", "must be at most 5"])
@pytest.mark.parametrize("field", ["logprobs", "top_logprobs"])
def test_a_server_that_refuses_them_is_asked_without(
    mcli: Program, server: FaultyServer, field: str, message: str
) -> None:
    server.play(refuses(field, "bug", message))
    told = mcli(*BASE, "--min-confidence", "0", "--json", stdin=b"x").json
    assert (told["text"], told["attempts"]) == ("bug", 2)
    assert told["warnings"] == ["log-probabilities left out: the server refuses them"]
    assert not {"logprobs", "top_logprobs"} & set(server.requests[1].body)


def test_without_any_of_it_nothing_is_asked_that_was_not_before(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(in_turn("bug"))
    assert mcli(*BASE, "--json", stdin=b"x").code == 0
    assert set(server.requests[0].body) == {"model", "messages", "temperature"}


@pytest.mark.parametrize("answer", ['{"label": "idea"}', "idea", '"Idea"'])
def test_a_server_that_can_is_told_the_choice(
    mcli: Program, server: FaultyServer, answer: str
) -> None:
    mcli.point_at(server.base_url, strict_schema="true")
    server.play(in_turn(answer))
    assert mcli(*BASE, "-m", "gpt-4o", stdin=b"x").out == "idea\n"
    wanted: dict[str, Any] = server.requests[0].body["response_format"]["json_schema"]
    assert wanted["strict"] is True
    assert wanted["schema"]["properties"]["label"]["enum"] == ["bug", "idea", "talk"]
    mcli(*BASE, "-m", "gpt-4o", "--base-url", server.base_url.replace("127.0.0.1", "localhost"),
         stdin=b"x")  # fmt: skip
    assert "response_format" not in server.requests[-1].body, "another server is not known"


def test_one_that_refuses_it_is_asked_in_words(mcli: Program, server: FaultyServer) -> None:
    mcli.point_at(server.base_url, strict_schema="true")
    server.play(refuses("response_format", "bug"))
    told = mcli(*BASE, "-m", "gpt-4o", "--json", stdin=b"x").json
    assert (told["text"], told["attempts"]) == ("bug", 2)
    assert told["warnings"] == ["asked in words alone: the server refuses json_schema"]
    first, second = (seen.body for seen in server.requests)
    del first["response_format"]
    assert first == second


def test_several_labels_are_lines(mcli: Program, server: FaultyServer) -> None:
    server.play(in_turn("talk, bug"))
    argv = (*BASE, "--multi")
    assert mcli(*argv, stdin=b"x").out == "bug\ntalk\n"
    data = mcli(*argv, "--json", stdin=b"x").json["data"]
    assert data == {
        "label": None, "labels": ["bug", "talk"], "confidence": None, "scores": None,
    }  # fmt: skip
    assert mcli(*argv, "--expect", "idea,talk", stdin=b"x").code == 0
    done = mcli(*argv, "--expect", "idea", stdin=b"x")
    assert (done.code, done.out) == (1, "bug\ntalk\n")
    system = server.requests[0].body["messages"][0]["content"]
    assert "every label of the list that fits" in system
    run = ("run", "classify", "-D", "labels=bug,idea,talk", "-D", "multi=true")
    assert mcli(*run, stdin=b"x").out == "bug\ntalk\n"


@pytest.mark.parametrize("answer", ["none", "[]", "bug, chore"])
def test_none_at_all_is_no_answer(mcli: Program, server: FaultyServer, answer: str) -> None:
    server.play(in_turn(answer))
    done = mcli(*BASE, "--multi", stdin=b"x")
    expected = (0, "bug\n", 1) if "bug" in answer else (4, "", 2)
    assert (done.code, done.out, len(server.requests)) == expected


def test_aliases_from_a_file(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "set").write_text("# kinds\nbug | defect, or fault = it is broken\nidea\n")
    server.play(in_turn("Defect, or fault."))
    argv = ("classify", "--labels-file", "set", "--expect", "bug")
    assert (mcli(*argv, stdin=b"x").code, mcli(*argv, stdin=b"x").out) == (0, "bug\n")
    system = server.requests[0].body["messages"][0]["content"]
    assert system.endswith("- bug: it is broken\n- idea")


@pytest.mark.parametrize(
    ("flags", "slug"),
    [
        (("--votes", "0"), "usage"), (("--votes", "101"), "usage"),
        (("--min-confidence", "1.1"), "usage"), (("--min-confidence", "nan"), "usage"),
        (("--unsure", " "), "bad_labels"), (("--expect", "look"), "bad_labels"),
        (("--multi", "--min-confidence", "0.5"), "bad_flag"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(
    mcli: Program, server: FaultyServer, flags: tuple[str, ...], slug: str
) -> None:
    done = mcli(*BASE, *flags, stdin=b"x")
    assert (done.code, done.slug, server.requests) == (2, slug, [])


def test_a_recipe_says_how_often_a_label_is_asked_for(mcli: Program, server: FaultyServer) -> None:
    recipe = {
        "inputs": {"labels": {"type": "list", "required": True}},
        "messages": [{"user": "{{ label_lines }} {{ data }}"}],
        "output": {"kind": "label", "repair": 2},
    }
    (mcli.home / "r.yaml").write_text(json.dumps(recipe))
    server.play(in_turn("well"))
    done = mcli("run", "./r.yaml", "-D", "labels=a1,b1", stdin=b"x")
    assert (done.code, done.slug, len(server.requests)) == (4, "not_a_label", 3)


@pytest.mark.parametrize(("flag", "names"), [("", ["bug"]), ("--multi", ["bug", "talk"])])
@pytest.mark.slow
def test_the_sandbox_chooses_the_same_in_words_and_by_a_schema(
    mcli: Program, flag: str, names: list[str]
) -> None:
    config = mcli.configure("")
    ask = f"echo 'a bug, bug, and talk' | mcli classify -l bug,idea,talk {flag}"
    known = 'profiles: {sandbox: {base_url: "%s", strict_schema: true}}'
    script = f"{ask}\nprintf '{known}' \"$MCLI_BASE_URL\" > '{config}'\n{ask}\n{ask} --dry-run"
    (mcli.home / "script").write_text(script)
    lines = mcli.shell("mcli sandbox -- bash script").out.split("{", 1)
    assert lines[0].split() == names * 2
    assert "json_schema" in lines[1]
