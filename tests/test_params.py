"""`--param` from outside: every field of the API arrives as it was typed; several answers (`n`)."""

from __future__ import annotations

from typing import Any

import pytest

from mcli import terms
from mcli.terms import Terms
from tests.faults.scenes import as_json, by_wire, chunked, completion, deltas, ok
from tests.faults.server import FaultyServer, Scene
from tests.program import Program


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("presence_penalty=0.5", 0.5),
        ("frequency_penalty=-2", -2),
        ('logit_bias={"1734": -100, "5": 1.5}', {"1734": -100, "5": 1.5}),
        ("reasoning_effort=low", "low"),
        ("verbosity=high", "high"),
        ('stop=["END", "\\n\\n"]', ["END", "\n\n"]),
        ("stop=END", "END"),
        ("logprobs=true", True),
        ("top_logprobs=5", 5),
        ("max_completion_tokens=64", 64),
        ("user=me", "me"),
        ("service_tier=flex", "flex"),
        ('metadata={"run": "7"}', {"run": "7"}),
        ('prediction={"type": "content", "content": "x"}', {"type": "content", "content": "x"}),
        ('thinking={"type": "disabled"}', {"type": "disabled"}),
        ("top_k=40", 40),
        ("seed=null", None),
        ("tag=007", "007"),
        ('word="5"', "5"),
        ("empty=", ""),
        ("formula=a=b", "a=b"),
        ("price=１２", "１２"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_field_arrives_as_it_was_typed(
    mcli: Program, server: FaultyServer, pair: str, value: Any
) -> None:
    done = mcli("ask", "hi", "--param", pair)

    assert (done.code, done.err) == (0, "")
    body = server.requests[0].body
    assert body[pair.partition("=")[0]] == value
    assert type(body[pair.partition("=")[0]]) is type(value)
    assert set(body) == {"model", "messages", pair.partition("=")[0]}


def several(*texts: str, ends: str = "stop") -> Scene:
    """As many choices, the last first: servers do not promise an order."""
    reply = completion(texts[0])
    for index, text in enumerate(texts[1:], 1):
        choice = completion(text, ends)["choices"][0] | {"index": index}
        reply["choices"].insert(0, choice)
    return as_json(reply)


def test_of_several_answers_the_first_is_printed_and_the_envelope_has_all(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(several("Paris.", "Rome.", "<think>hm</think>Oslo.", ends="length"))
    done, told = (mcli("ask", "hi", "--param", "n=3", *more) for more in ((), ("--json",)))

    assert (done.code, done.out, done.err) == (0, "Paris.\n", "")
    assert server.requests[0].body["n"] == 3
    assert told.json["text"] == "Paris."
    assert told.json["choices"] == [
        {"text": "Paris.", "finish_reason": "stop"},
        {"text": "Rome.", "finish_reason": "length"},
        {"text": "Oslo.", "finish_reason": "length"},
    ]


def test_one_answer_is_no_choice(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", "hi", "--json").json["choices"] is None
    server.play(several("Paris."))
    assert mcli("ask", "hi", "--json", "--param", "n=2").json["choices"] is None


def test_a_choice_that_is_none_is_left_out(mcli: Program, server: FaultyServer) -> None:
    reply = completion("Paris.")
    good = completion("Rome.")["choices"][0] | {"index": 4}
    odd: list[Any] = [None, 5, {"index": 1}, {"index": "2", "message": {}}, {"message": "x"}]
    odd.append(completion(7)["choices"][0] | {"index": 3})
    reply["choices"] += [*odd, good]
    server.play(as_json(reply))

    told = mcli("ask", "hi", "--json", "--max-tokens", "9", "--param", "n=9").json
    assert [choice["text"] for choice in told["choices"]] == ["Paris.", "Rome."]


def test_several_answers_do_not_stream(mcli: Program, server: FaultyServer) -> None:
    server.play(by_wire(several("a", "b"), chunked(*deltas("streamed"))))
    assert mcli("ask", "hi", "--param", "n=2", "--stream").out == "a\n"
    assert "stream" not in server.requests[0].body


def test_the_cache_keeps_all_of_them(mcli: Program, server: FaultyServer) -> None:
    server.play(several("a", "b"))
    argv = ("ask", "hi", "--param", "n=2", "--cache", "1h", "--json")
    first, again = mcli(*argv).json, mcli(*argv).json

    assert (len(server.requests), again["cached"]) == (1, True)
    assert again["choices"] == first["choices"]


def test_each_of_them_is_paid_for(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("Paris."))
    argv = ("ask", "hi", "-m", "gpt-4", "--max-tokens", "1000", "--max-cost", "0.1")

    assert mcli(*argv).code == 0
    refused = mcli(*argv, "--param", "n=2")
    assert (refused.code, refused.slug, len(server.requests)) == (77, "max_cost", 1)
    priced = Terms(input_usd=1.0, output_usd=10.0)
    assert terms.worst(1, {"n": 3, "max_tokens": 2}, priced) == 61.0


@pytest.mark.parametrize("word", ["0", "129", "-1", "1.5", "true", "many", "[1]", '"2"'])
def test_no_other_number_of_answers(mcli: Program, server: FaultyServer, word: str) -> None:
    done = mcli("ask", "hi", "--param", f"n={word}")

    assert (done.code, done.slug, server.requests) == (2, "bad_flag", [])
