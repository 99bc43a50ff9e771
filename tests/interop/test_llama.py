"""mcli against llama.cpp: its tokens, its sampling, its stream, its errors.

The model's weights are random, so an answer left to itself never ends and means nothing: what must
hold is the contract. A grammar, which the server imposes on the model, makes it say a given text,
token by token and to its end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks import labels
from tests.program import KEY, Program

from .conftest import MODEL, WINDOW, Llama, pointed_at, serving

pytestmark = pytest.mark.interop

STEADY = ("-t", "0", "--seed", "7")
RECIPE = """\
description: Say what a text is about.
params: {temperature: 0}
inputs: {tone: {type: string, default: dry}}
messages:
  - system: You are {{ tone }}.
  - system: Answer in a word.
  - user: "{{ data }}"
"""
COMMANDS = {
    "ask": (("ask", "What is the capital of France?"), "Paris, 世界 🙂", "Paris, 世界 🙂"),
    "summarize": (("summarize", "--points", "2"), "- one\n- two", "- one\n- two"),
    "classify": (("classify", "-l", "Good,Bad"), '"good."', "Good"),
    "codegen": (("codegen", "print 1", "--lang", "python"), "```python\nprint(1)\n```", "print(1)"),
    "run": (("run", "./topic.yaml", "-D", "tone=brief"), "sea", "sea"),
}
"""A command, what the model is made to say, and what is printed of it."""


@pytest.fixture
def mcli(mcli: Program) -> Program:
    """The program, with a recipe of its own at hand."""
    (mcli.home / "topic.yaml").write_text(RECIPE)
    return mcli


def saying(text: str) -> tuple[str, str]:
    """Flags that make the model say `text` and then end."""
    return choosing(json.dumps(text, ensure_ascii=False))


def choosing(rule: str) -> tuple[str, str]:
    """Flags that keep the model to a rule of llama.cpp's grammar."""
    return "--param", f"grammar=root ::= {rule}"


@pytest.mark.parametrize(
    "how", [(), ("--stream",), ("--no-stream",)], ids=["default", "stream", "whole"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_whole_answer_is_printed(mcli: Program, command: str, how: tuple[str, ...]) -> None:
    argv, said, printed = COMMANDS[command]
    result = mcli(*argv, *saying(said), *how, stdin=b"The sea is blue.")
    assert (result.code, result.out, result.err) == (0, f"{printed}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_envelope_of_a_whole_answer(mcli: Program, command: str) -> None:
    argv, said, printed = COMMANDS[command]
    result = mcli(*argv, *saying(said), "--json", stdin=b"The sea is blue.")
    envelope = result.json
    assert (result.code, result.err, envelope["ok"]) == (0, "", True)
    assert (envelope["text"], envelope["finish_reason"]) == (printed, "stop")
    assert (envelope["model"], envelope["attempts"]) == (MODEL, 1)
    assert envelope["warnings"] == []
    usage = envelope["usage"]
    assert usage["prompt_tokens"] > len("The sea is blue.")
    assert usage["completion_tokens"] >= len(said)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_truncated_answer_is_never_printed_in_a_pipe(mcli: Program, command: str) -> None:
    argv, _, _ = COMMANDS[command]
    result = mcli(*argv, *STEADY, "--max-tokens", "8", stdin=b"The sea is blue.")
    assert (result.code, result.out, result.slug) == (4, "", "truncated")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_envelope_has_the_truncated_text(mcli: Program, command: str) -> None:
    argv, _, _ = COMMANDS[command]
    endless = choosing("[a-z]+")
    result = mcli(
        *argv, *endless, *STEADY, "--max-tokens", "8", "--json", stdin=b"The sea is blue."
    )
    envelope = result.json
    assert (result.code, envelope["ok"], envelope["error"]["slug"]) == (4, False, "truncated")
    assert (envelope["error"]["charged"], envelope["finish_reason"]) == ("yes", "length")
    assert envelope["usage"]["completion_tokens"] == 8
    assert re.fullmatch("[a-z]{8}", envelope["text"])
    assert result.slug == "truncated"


def test_a_truncated_answer_is_printed_where_it_is_allowed(mcli: Program) -> None:
    argv = ("ask", "hi", *choosing("[a-z]+"), *STEADY, "--max-tokens", "8")
    result = mcli(*argv, "--allow-truncated")
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch("[a-z]{8}\n", result.out)


def test_a_truncated_stream_has_shown_its_prefix(mcli: Program) -> None:
    argv = ("ask", "hi", *STEADY, "--max-tokens", "8")
    result = mcli(*argv, "--stream")
    assert (result.code, result.slug) == (4, "truncated")
    assert result.out.rstrip("\n") == mcli(*argv, "--allow-truncated").out.rstrip("\n")


@pytest.mark.parametrize("temperature", ["0", "1"])
def test_a_stream_is_what_the_whole_answer_is(mcli: Program, temperature: str) -> None:
    argv = ("ask", "hi", "-t", temperature, "--seed", "7", "--max-tokens", "60")
    whole, streamed = (mcli(*argv, "--allow-truncated", how) for how in ("--no-stream", "--stream"))
    assert (whole.code, streamed.code) == (0, 0)
    assert whole.stdout == streamed.stdout
    assert len(whole.out) > 30


def test_the_envelope_says_what_the_server_said(mcli: Program, llama: Llama) -> None:
    argv = ("ask", "hi", "-s", "Be brief.", *STEADY, "--max-tokens", "20")
    preview = mcli(*argv, "--dry-run").json
    assert preview["url"] == f"{llama.base_url}/chat/completions"
    reply = llama.ask(preview["body"])
    envelope = mcli(*argv, "--json", "--allow-truncated").json
    assert envelope["text"] == reply["choices"][0]["message"]["content"]
    unsaid = {"cached_tokens": None, "reasoning_tokens": None}
    assert (envelope["usage"], envelope["model"]) == (unsaid | reply["usage"], reply["model"])
    assert envelope["request_id"]


def test_several_system_messages_reach_the_model(mcli: Program) -> None:
    argv = ("run", "./topic.yaml", *saying("sea"), "--json")
    without, beside = (
        mcli(*argv, *more, stdin=b"The sea.").json["usage"]["prompt_tokens"]
        for more in ((), ("-s", "x" * 100))
    )
    assert beside >= without + 100


def test_an_answer_ends_before_a_stop_text(mcli: Program) -> None:
    result = mcli("ask", "hi", *saying("one, two, three"), "--stop", ", th")
    assert (result.code, result.out, result.err) == (0, "one, two\n", "")


@pytest.mark.parametrize("how", ["--no-stream", "--stream"])
def test_an_empty_answer_is_unusable(mcli: Program, how: str) -> None:
    ended_at_once = ("--param", 'logit_bias={"2": 100}')
    result = mcli("ask", "hi", "-t", "0", *ended_at_once, how)
    assert (result.code, result.out, result.slug) == (4, "", "empty_answer")


@pytest.mark.parametrize("seed", range(6))
def test_classify_prints_a_label_or_nothing(mcli: Program, seed: int) -> None:
    """Words of one letter, so that some are labels and most are not."""
    sampled = ("-t", "1", "--seed", str(seed), *choosing("[abc]"))
    result = mcli("classify", "-l", "A,B", *sampled, stdin=b"The sea is blue.")
    if result.code:
        assert (result.code, result.out, result.slug) == (4, "", "not_a_label")
    else:
        assert (result.out in ("A\n", "B\n"), result.err) == (True, "")


def test_classify_left_to_the_model(mcli: Program) -> None:
    result = mcli("classify", "-l", "good,bad", stdin=b"The sea is blue.")
    assert (result.code, result.out) == (4, "")
    assert result.slug in ("truncated", "not_a_label")


def test_an_answer_with_two_labels_is_none(mcli: Program) -> None:
    result = mcli("classify", "-l", "good,bad", *saying("good, not bad"), stdin=b"The sea.")
    assert (result.code, result.out, result.slug) == (4, "", "not_a_label")


@pytest.mark.parametrize(("label", "code"), [("bad", 0), ("good", 1)])
def test_the_verdict_of_expect(mcli: Program, label: str, code: int) -> None:
    argv = ("classify", "-l", "good,bad", "--expect", "bad", *saying(label))
    result = mcli(*argv, stdin=b"The sea.")
    assert (result.code, result.out, result.err) == (code, f"{label}\n", "")


@pytest.mark.parametrize(
    ("said", "slug"), [("I would rather not.", "no_code"), ("```\nx = 1", "unclosed_code")]
)
def test_codegen_prints_code_or_nothing(mcli: Program, said: str, slug: str) -> None:
    result = mcli("codegen", "print 1", *saying(said))
    assert (result.code, result.out, result.slug) == (4, "", slug)


def test_codegen_left_to_the_model(mcli: Program) -> None:
    result = mcli("codegen", "print 1", "--seed", "7", "--max-tokens", "50")
    assert (result.code, result.out, result.slug) == (4, "", "truncated")


def test_a_schema_is_imposed_by_the_server(mcli: Program) -> None:
    schema = {
        "type": "object",
        "properties": {"wet": {"type": "boolean"}, "color": {"enum": ["blue", "世"]}},
        "required": ["wet", "color"],
    }
    wanted = json.dumps({"type": "json_object", "schema": schema})
    result = mcli("ask", "The sea?", *STEADY, "--param", f"response_format={wanted}")
    assert result.code == 0
    assert result.json["wet"] in (True, False)
    assert result.json["color"] in ("blue", "世")


@pytest.mark.parametrize("how", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_prompt_beyond_the_window_is_bad_input(
    mcli: Program, command: str, how: tuple[str, ...]
) -> None:
    argv, _, _ = COMMANDS[command]
    result = mcli(*argv, *how, stdin=b"a" * (WINDOW + 1))
    assert (result.code, result.slug) == (65, "context_length")
    assert f"maximum context length is {WINDOW} tokens" in result.err
    if how:
        assert (result.json["error"]["status"], result.json["attempts"]) == (400, 1)
    else:
        assert result.out == ""


def test_a_stream_that_breaks_off_is_try_again(mcli: Program) -> None:
    """This server finds out that a prompt is too long only after it has begun its stream."""
    result = mcli("ask", "hi", "--stream", "--retries", "0", stdin=b"a" * (WINDOW + 1))
    assert (result.code, result.out, result.slug) == (75, "", "stream_truncated")


@pytest.mark.parametrize("ending", ["", "/v2", "/v1/v1"])
def test_a_path_that_the_server_does_not_know_is_refused(
    mcli: Program, llama: Llama, ending: str
) -> None:
    elsewhere = llama.base_url.removesuffix("/v1") + ending
    for argv in (("ask", "hi"), ("ask", "hi", "--stream"), ("models",)):
        result = mcli(*argv, "--base-url", elsewhere)
        assert (result.code, result.out, result.slug) == (69, "", "not_found")


def test_models_lists_the_model(mcli: Program) -> None:
    result = mcli("models")
    assert (result.code, result.err) == (0, "")
    assert [line.split("\t")[0] for line in result.out.splitlines()] == [MODEL]
    assert [model["id"] for model in mcli("models", "--json").json["data"]] == [MODEL]


def test_counting_tokens_needs_no_server(mcli: Program) -> None:
    nowhere = "http://127.0.0.1:9/v1"
    result = mcli("count-tokens", stdin=b"The sea is blue.", MCLI_BASE_URL=nowhere)
    assert (result.code, result.out, result.err) == (0, "5\n", "")
    assert mcli("ask", "hi", "--retries", "0", MCLI_BASE_URL=nowhere).code == 75


@pytest.fixture(scope="module")
def strict(interop_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """A server that wants a key, with a model whose template has no place for a system message."""
    folder = tmp_path_factory.mktemp("strict")
    with serving(interop_python, folder, strict=True, key=KEY) as server:
        yield server


@pytest.fixture
def guest(tmp_path: Path, strict: Llama) -> Program:
    """The program pointed at `strict`, with its key and a recipe without a system message."""
    program = pointed_at(strict, tmp_path)
    program.env["MCLI_API_KEY"] = KEY
    (program.home / "bare.yaml").write_text('messages: [{user: "{{ data }}"}]\n')
    return program


@pytest.mark.parametrize("how", ["--no-stream", "--stream"])
def test_a_recipe_without_a_system_message_suits_a_strict_model(guest: Program, how: str) -> None:
    result = guest("run", "./bare.yaml", *saying("sea"), how, stdin=b"The sea.")
    assert (result.code, result.out, result.err) == (0, "sea\n", "")


def test_what_a_strict_model_complains_of_is_told(guest: Program) -> None:
    """The server takes its template's complaint for a failure of its own: 500, try again."""
    result = guest("ask", "hi", "--retries", "0")
    assert (result.code, result.out, result.slug) == (75, "", "server_busy")
    assert "roles must alternate" in result.err


def test_what_a_strict_model_complains_of_cuts_a_stream(guest: Program) -> None:
    result = guest("ask", "hi", "--retries", "0", "--stream")
    assert (result.code, result.out, result.slug) == (75, "", "stream_truncated")


@pytest.mark.parametrize("key", ["", "sk-another"])
def test_a_key_that_the_server_does_not_know_is_not_allowed(guest: Program, key: str) -> None:
    result = guest("ask", "hi", MCLI_API_KEY=key)
    assert (result.code, result.out, result.slug) == (77, "", "auth")


WORDS = " | ".join(f'"{name}"' for name in ("question", "order", "exclamation", "statement"))


def test_two_hundred_lines_get_a_label_each(mcli: Program) -> None:
    """The weights are random, so only that it is a label means anything."""
    argv = labels.flags("--param", f"grammar=root ::= {WORDS}", "-t", "1", "--seed", "7")
    found = labels.confusion(lambda text: mcli(*argv, stdin=text))
    print("\n".join(labels.table(found)))  # noqa: T201
    assert found.total() == 200
    assert labels.NONE not in {said for _, said in found}
    assert len({said for _, said in found}) > 1


def test_a_schema_that_the_server_refuses_is_left_out(mcli: Program) -> None:
    """llama.cpp's own server takes a strict schema; this one, of its Python package, does not."""
    config = mcli.home / ".config" / "mcli" / "config.yaml"
    config.write_text(config.read_text().replace("}}", ", strict_schema: true}}"))
    argv = ("classify", "-l", "good,bad", "--max-tokens", "4", "--json")
    preview = mcli(*argv, "--dry-run", stdin=b"The sea.").json["data"]["body"]
    assert preview["response_format"]["type"] == "json_schema"
    told = mcli(*argv, stdin=b"The sea.").json
    assert told["error"]["slug"] in ("truncated", "not_a_label")
    assert any("the server refuses json_schema" in warning for warning in told["warnings"])


def test_log_probabilities_of_a_real_server_say_how_sure_it_is(mcli: Program) -> None:
    """To this model a byte is a token: the first tells one label from the other."""
    argv = ("classify", "-l", "good,bad", *saying("bad"), "--min-confidence", "0", "--json")
    told = mcli(*argv, stdin=b"The sea.").json
    data = told["data"]
    assert (told["text"], told["attempts"], told["warnings"]) == ("bad", 1, [])
    assert 0 < data["confidence"] <= 1
    assert data["confidence"] == data["scores"]["bad"]
    assert sum(filter(None, data["scores"].values())) == pytest.approx(1.0, abs=1e-5)
