"""JSON is asked for in the best way that a server knows, and in the next if it refuses."""

from __future__ import annotations

import pytest

from mcli.api import adapt, codec, forms
from mcli.chat import Form, Message, Request, Way
from mcli.errors import Refused

SCHEMA = {"type": "object"}
TURNS = (Message("system", "Be brief.\n"), Message("user", "hi"))


def asking(way: Way, messages: tuple[Message, ...] = TURNS) -> Request:
    return Request("m", messages, form=Form(SCHEMA, way))


def refusal(message: str, param: str = "", status: int = 400) -> Refused:
    failure = Refused("bad_request", message)
    failure.status, failure.param = status, param
    return failure


def test_a_server_is_held_to_the_schema_first() -> None:
    body = codec.body_of(asking("json_schema"))
    told = {"name": "answer", "strict": True, "schema": SCHEMA}
    assert body["response_format"] == {"type": "json_schema", "json_schema": told}
    assert body["messages"][0]["content"] == "Be brief.\n"
    assert forms.first(SCHEMA) == Form(SCHEMA, "json_schema")


def test_then_to_json_and_the_model_is_told_the_schema() -> None:
    body = codec.body_of(asking("json_object"))
    assert body["response_format"] == {"type": "json_object"}
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert body["messages"][0]["content"].startswith("Be brief.\n\nAnswer with one JSON value")
    assert '{"type": "object"}' in body["messages"][0]["content"]


def test_at_last_only_by_words() -> None:
    body = codec.body_of(asking("prompt", TURNS[1:]))
    assert "response_format" not in body
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert forms.first(None) == Form(None, "prompt")


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Invalid parameter: 'response_format' of type 'json_schema' is not supported", ""),
        ("no", "response_format"),
        ("no", "response_format.json_schema.schema"),
        ("Invalid schema for response_format 'answer': additionalProperties is required", ""),
        ("This model does not support structured outputs", ""),
        ("json_object mode is not available", ""),
        ("schema exceeds the maximum nesting: at most 5", ""),
    ],
)
def test_a_refused_way_is_followed_by_the_next(message: str, param: str) -> None:
    found = adapt.adapted(asking("json_schema"), refusal(message, param), frozenset())
    assert found is not None
    assert found[0] == "json_schema"
    assert found[1] == asking("json_object")
    found = adapt.adapted(found[1], refusal(message, param), frozenset({"json_schema"}))
    assert found is not None
    assert found[1] == asking("prompt")
    assert adapt.adapted(found[1], refusal(message, param), frozenset({"a", "b"})) is None


@pytest.mark.parametrize(
    "failure",
    [
        refusal("the model is overloaded", "messages"),
        refusal("response_format is not supported", status=404),
    ],
)
def test_another_refusal_changes_nothing(failure: Refused) -> None:
    assert adapt.adapted(asking("json_schema"), failure, frozenset()) is None


def test_a_form_that_a_person_set_is_theirs() -> None:
    own = {"response_format": {"type": "text"}}
    request = Request("m", TURNS, own, form=Form(SCHEMA))
    assert codec.body_of(request)["response_format"] == {"type": "text"}
    assert adapt.adapted(request, refusal("response_format"), frozenset()) is None


def test_what_a_server_refused_is_not_tried_again() -> None:
    ways: tuple[Way, ...] = ("json_schema", "json_object", "prompt")
    for number, way in enumerate(ways):
        assert list(forms.passed(Form(SCHEMA), Form(SCHEMA, way))) == list(ways[:number])
        assert forms.unrefused(asking("json_schema"), set(ways[:number])) == asking(way)
    assert list(forms.passed(Form(SCHEMA, "prompt"), Form(SCHEMA, "prompt"))) == []
    plain = Request("m", TURNS)
    assert forms.unrefused(plain, {"json_schema"}) == plain


def test_a_form_that_the_words_can_do_without_is_left_out_where_it_is_refused() -> None:
    spare, plain = Request("m", TURNS, form=Form(SCHEMA, spare=True)), Request("m", TURNS)
    assert codec.body_of(spare)["response_format"]["type"] == "json_schema"
    found = adapt.adapted(spare, refusal("no", "response_format"), frozenset())
    assert found is not None
    assert found[1] == plain
    assert spare.form is not None
    assert list(forms.passed(spare.form, None)) == ["json_schema"]
    assert forms.unrefused(spare, {"json_schema"}) == plain
