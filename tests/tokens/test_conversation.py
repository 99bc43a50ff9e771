"""Messages as JSON: the samples of OpenAI's cookbook, what is an estimate, and what is refused."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli.errors import BadInput
from mcli.tokens import conversation, counting
from tests.api import json_like
from tests.tokens.test_images import png

JARGON = "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."
SAMPLE: list[dict[str, Any]] = [
    {"role": "system", "content": JARGON},
    {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
    {"role": "system", "name": "example_assistant", "content": "Things working well together will increase revenue."},
    {"role": "system", "name": "example_user", "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
    {"role": "system", "name": "example_assistant", "content": "Let's talk later when we're less busy about how to do better."},
    {"role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable."},
]  # fmt: skip
TOOL: dict[str, Any] = {
    "name": "get_current_weather",
    "description": "Get the current weather in a given location",
    "parameters": {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["location"],
    },
}  # fmt: skip
WEATHER = {
    "messages": [
        {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
        {"role": "user", "content": "What's the weather like in San Francisco?"},
    ],
    "tools": [{"type": "function", "function": TOOL}],
}  # fmt: skip


def counted(document: Any, model: str = "gpt-4o") -> conversation.Count:
    encoding = counting.choose(model).encoding
    found = conversation.Count(model, lambda text: counting.count(text, encoding), "f")
    conversation.count(document, found)
    return found


@pytest.mark.parametrize(
    ("document", "model", "tokens"),
    [
        (SAMPLE, "gpt-4", 129),
        (SAMPLE, "gpt-4o", 124),
        (WEATHER, "gpt-4", 105),
        (WEATHER, "gpt-4o", 101),
        ([], "gpt-4o", 3),
    ],
)
def test_the_samples_of_the_cookbook(document: Any, model: str, tokens: int) -> None:
    assert counted(document, model).tokens == tokens


def test_texts_alone_are_no_estimate() -> None:
    assert counted(SAMPLE).estimates == []
    assert counted({"messages": SAMPLE, "tools": []}).estimates == []
    assert len(counted(WEATHER).estimates) == 1


def picture(url: str, **more: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url, **more}}]}]


EMPTY = 3 + 3 + 1
SMALL = "data:image/png;base64," + base64.b64encode(png(1024, 1024)).decode()


@pytest.mark.parametrize(
    ("url", "more", "tokens", "estimates"),
    [
        (SMALL, {}, 765, 1),
        (SMALL, {"detail": "low"}, 85, 1),
        ("https://example.com/x.png", {}, 1445, 2),
        ("data:image/png;base64,####", {}, 1445, 2),
        ("data:image/png,abc", {}, 1445, 2),
        ("data:", {}, 1445, 2),
    ],
)
def test_images(url: str, more: dict[str, str], tokens: int, estimates: int) -> None:
    found = counted(picture(url, **more))

    assert found.tokens == EMPTY + tokens
    assert len(found.estimates) == estimates


def test_an_image_for_a_model_of_which_nothing_is_published() -> None:
    assert any("not published" in told for told in counted(picture(SMALL), "claude-x").estimates)


def test_parts_and_calls() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    parts = [{"type": "text", "text": "hello world"}, {"type": "input_audio", "input_audio": {}}]
    found = counted(
        [
            {"role": "user", "content": parts},
            {"role": "assistant", "content": None, "tool_calls": [call]},
        ]
    )

    assert found.tokens == 3 + (3 + 1 + 2) + (3 + 1 + 3 + 1 + 1)
    assert found.estimates == [
        'a part of type "input_audio" is not counted', "calls of tools are counted by a guess",
    ]  # fmt: skip


def test_a_schema_inside_a_property_counts_something() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": inner}}]
    flat = [{"type": "function", "function": {"name": "f"}}]

    assert (
        counted({"messages": [], "tools": tools}).tokens
        > counted({"messages": [], "tools": flat}).tokens + 6
    )


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "messages is not a list"),
        ("x", "messages is not a list"),
        (3, "messages is not a list"),
        ([3], "messages[0] is not an object"),
        ([{"role": "user"}, {}], "messages[1].role is not a text"),
        ([{"role": "user", "content": 3}], "messages[0].content is not a list"),
        ([{"role": "user", "content": ["x"]}], "messages[0].content[0] is not an object"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0].text is not"),
        (picture(3), "messages[0].content[0].image_url.url is not a text"),  # type: ignore[arg-type]
        ([{"role": "assistant", "tool_calls": [{}]}], "messages[0].tool_calls[0].function is not"),
        ({"messages": [], "tools": {}}, "tools is not a list"),
        ({"messages": [], "tools": [{"function": {}}]}, "tools[0].function.name is not a text"),
        ({"messages": [], "tools": [{"function": {"name": "f", "parameters": {"properties": {"a": 1}}}}]}, "tools[0].function.parameters.properties.a is not an object"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_with_its_place(document: Any, place: str) -> None:
    with pytest.raises(BadInput) as raised:
        counted(document)

    assert (raised.value.slug, raised.value.message.startswith(f"f: {place}")) == (
        "bad_messages",
        True,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"role": "user",}]', "not JSON at line 1, column 18"),
        ("", "not JSON at line 1, column 1"),
        ("[\n1 2]", "line 2, column 3"),
        ("[" * 100_000, "nested too deep"),
        ("9" * 5000, "not JSON: a number has more than 4,300 digits"),
        ("[NaN]", "NaN is no number"),
        ("1" * 5000, "not JSON"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        conversation.parse(text, "f")


@given(json_like("messages tools role content type text image_url url tool_calls function name arguments parameters properties enum"))  # fmt: skip
def test_any_json_counts_or_is_refused(document: Any) -> None:
    for value in (document, [document], {"messages": [{"role": "user", "content": [document]}]}):
        with contextlib.suppress(BadInput):
            assert counted(value).tokens >= 3


@given(st.text(max_size=20))
def test_any_text_is_json_or_refused(text: str) -> None:
    with contextlib.suppress(BadInput):
        assert json.dumps(conversation.parse(text, "f"))
