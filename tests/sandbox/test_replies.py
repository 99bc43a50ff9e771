from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.labels import Label, lines
from mcli.sandbox import certainty, replies
from mcli.sandbox.prompts import Prompt, Rejected, Turn
from mcli.sandbox.replies import Reply, reply
from mcli.tokens import counting

LONG = "word " * 200


def said(*turns: Turn, model: str = "gpt-4o", **fields: Any) -> Reply:
    return reply(Prompt(model=model, turns=turns, **fields))


def test_the_answer_says_what_it_is_and_what_it_was_sent() -> None:
    answer = said(Turn("system", "be brief"), Turn("user", "what is a monad"))
    assert answer.text == (
        "This is the mcli sandbox, not a model. It was sent 2 messages (system, user), "
        f"{answer.prompt_tokens} tokens. The last one says: “what is a monad”."
    )
    assert answer.finish_reason == "stop"


@pytest.mark.parametrize(
    ("turn", "ending"),
    [
        (Turn("user", "  two\n\tlines  "), "The last one says: “two lines”."),
        (Turn("user", "x" * 60), f"The last one says: “{'x' * 60}”."),
        (Turn("user", "x" * 61), f"The last one begins: “{'x' * 60}…”."),
        (Turn("user", LONG), f"The last one begins: “{LONG[:59]}…”."),
        (Turn("user", "a" + " " * 1000 + "b"), "The last one begins: “a…”."),
        (Turn("user", " \n "), "The last one has no text."),
        (Turn("user", "", 1), "The last one has no text. It has 1 attachment."),
        (Turn("user", "see", 2), "The last one says: “see”. It has 2 attachments."),
    ],
)
def test_the_last_message_is_quoted_in_short(turn: Turn, ending: str) -> None:
    answer = said(turn)
    assert answer.text.endswith(f"tokens. {ending}")
    assert "1 message (user)" in answer.text


def test_of_many_messages_not_every_role_is_listed() -> None:
    assert (
        "9 messages (user, user, user, user, user, user, user, user, …)"
        in said(*[Turn("user", "x")] * 9).text
    )


@pytest.mark.parametrize("model", ["gpt-4", "gpt-4o", "sandbox", "vendor/never-heard-of"])
def test_usage_is_counted_with_the_tokenizer_of_the_model(model: str) -> None:
    turns = (Turn("system", "be brief"), Turn("user", "Grüße, 世界 🎉 " * 9))
    answer = said(*turns, model=model)
    encoding = counting.choose(model).encoding
    counted = [counting.count(text, encoding) for turn in turns for text in (turn.role, turn.text)]
    assert answer.prompt_tokens == sum(counted) + 3 * len(turns) + 3
    assert answer.completion_tokens == counting.count(answer.text, encoding)
    assert answer.usage()["total_tokens"] == answer.prompt_tokens + answer.completion_tokens


def test_a_limit_cuts_and_says_so() -> None:
    whole = said(Turn("user", "hi"))
    for limit in (1, 5, whole.completion_tokens - 1):
        cut = said(Turn("user", "hi"), limit=limit)
        assert (cut.finish_reason, cut.completion_tokens) == ("length", limit)
        assert whole.text.startswith(cut.text)
        assert len(cut.text) < len(whole.text)
    assert said(Turn("user", "hi"), limit=whole.completion_tokens) == whole


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        ((" sandbox",), "This is the mcli"),
        (("not", "is the"), "This "),
        (("This",), ""),
        (("never said",), None),
    ],
)
def test_a_stop_ends_the_answer_before_it(stop: tuple[str, ...], text: str | None) -> None:
    whole, cut = said(Turn("user", "hi")), said(Turn("user", "hi"), stop=stop)
    assert cut.text == (whole.text if text is None else text)
    assert cut.finish_reason == "stop"
    assert cut.completion_tokens == counting.count(cut.text, "o200k_base")


def test_a_stop_within_the_limit_is_no_truncation() -> None:
    cut = said(Turn("user", "hi"), stop=(" sandbox",), limit=10)
    assert (cut.text, cut.finish_reason) == ("This is the mcli", "stop")


def test_asked_for_a_label_it_answers_one_of_the_set() -> None:
    system = f"Sort.\nLabels:\n{lines([Label('bug', 'it crashes'), Label('praise')])}\n"
    assert said(Turn("system", system), Turn("user", "it crashes often")).text == "bug"
    assert said(Turn("system", system), Turn("user", "Praise!")).text == "praise"


def test_asked_for_code_it_answers_one_block() -> None:
    system = Turn("system", "Answer with one fenced code block.\nLanguage: bash")
    text = said(system, Turn("user", "list files")).text
    assert text.startswith("```bash\n# From the mcli sandbox")
    assert "list files" in text


def test_asked_for_json_it_answers_json() -> None:
    answer = json.loads(said(Turn("user", "hi"), form="json_object").text)
    assert answer["source"] == "mcli sandbox"
    assert "not a model" in answer["note"]


def test_a_schema_counts_above_labels_and_code() -> None:
    schema = {"properties": {"label": {"enum": ["x"]}}, "required": ["label"]}
    system = Turn("system", "one fenced code block\nLabels:\n- a\n- b")
    text = said(system, Turn("user", "hi"), form="json_schema", schema=schema).text
    assert json.loads(text) == {"label": "x"}


@pytest.mark.parametrize("schema", [False, {"const": float("inf")}, {"minItems": 1e9}])
def test_a_schema_without_a_value_is_refused(schema: Any) -> None:
    with pytest.raises(Rejected, match="no value for the schema") as caught:
        said(Turn("user", "hi"), form="json_schema", schema=schema)
    assert (caught.value.status, caught.value.code) == (400, "invalid_schema")


texts = st.text(st.characters(codec="utf-8"))


@settings(deadline=None)
@given(texts, texts, st.none() | st.integers(1, 60))
def test_a_stream_says_what_the_whole_reply_says(system: str, text: str, limit: int | None) -> None:
    turns = (Turn("system", system), Turn("user", text))
    prompt = Prompt("m", turns, limit=limit, stream=True, include_usage=True)
    answer = reply(prompt)
    whole = replies.whole(prompt, answer, b"raw")
    *chunks, last = replies.chunks(prompt, answer, b"raw")
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}
    content = "".join(choice["delta"].get("content", "") for choice in choices)
    assert content == answer.text == whole["choices"][0]["message"]["content"]
    assert choices[-1]["delta"] == {}
    reasons = [choice["finish_reason"] for choice in choices]
    assert reasons == [None] * (len(choices) - 1) + [answer.finish_reason]
    assert (last["choices"], last["usage"]) == ([], whole["usage"])
    assert {chunk["id"] for chunk in (*chunks, last)} == {whole["id"]}


@pytest.mark.parametrize("text", ["", "Grüße, 世界 🎉 ok", "a" * 500])
@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_every_token_was_certain(text: str, encoding: str) -> None:
    tokens = certainty.weighed(text, encoding, top=2)

    assert "".join(each["token"] for each in tokens) == text
    assert len(tokens) == counting.count(text, encoding)
    assert all(each["logprob"] == 0.0 for each in tokens)
    assert all(len(each["top_logprobs"]) == 1 for each in tokens)
    assert not any(each["top_logprobs"] for each in certainty.weighed(text, encoding, top=0))


def test_log_probabilities_come_only_where_they_are_wanted() -> None:
    turns = (Turn("user", "hi"),)
    plain, weighed = Prompt("gpt-4o", turns), Prompt("gpt-4o", turns, top_logprobs=1)
    said = reply(plain)

    assert replies.whole(plain, said, b"")["choices"][0]["logprobs"] is None
    content = replies.whole(weighed, said, b"")["choices"][0]["logprobs"]["content"]
    assert "".join(each["token"] for each in content) == said.text
    streamed = list(replies.chunks(weighed, said, b""))
    pieces = [each["choices"][0] for each in streamed]
    assert "".join(piece["delta"].get("content", "") for piece in pieces) == said.text
    told = [each for piece in pieces if piece["logprobs"] for each in piece["logprobs"]["content"]]
    assert told == content
