"""The nearest request of a recording, and what is said to differ."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mcli.api import nearest, recording
from mcli.api.recording import Heard

SYSTEM = "You are a careful assistant. Answer in one word, in German."
BODY: dict[str, Any] = {
    "model": "gpt-4",
    "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "cat"}],
}  # fmt: skip


def request(**changed: Any) -> dict[str, Any]:
    return {"path": "/chat/completions", "body": {**BODY, **changed}}


def asked(system: str = SYSTEM, user: str = "cat") -> dict[str, Any]:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return request(messages=messages)


def differences(asked: dict[str, Any], *recorded: dict[str, Any]) -> tuple[int, str]:
    entries = [recording.entry(each, Heard(200, {}, b"{}", False)) for each in recorded]
    found, words = nearest.differences(asked, entries)
    return entries.index(found), words


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (request(model="gpt-4o"), 'model "gpt-4" is now "gpt-4o"'),
        (request(seed=7), "seed absent is now 7"),
        (asked(user="dog"), 'messages[1].content "cat" is now "dog"'),
        (
            asked(system="You are a careful assistant. Answer in two words, in German."),
            'messages[0].content from character 39 "one word, in German." is now '
            '"two words, in German."',
        ),
        (request(messages=BODY["messages"][:1]), "messages of 2 entries has now 1"),
        (
            request(model="m", seed=1, stop="x", temperature=0),
            'model "gpt-4" is now "m"; seed absent is now 1; and 2 more',
        ),
        (request(stop={"a": ["\x1b\n"]}), r'stop absent is now {"a":["\u001b\n"]}'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_differs_is_named(wanted: dict[str, Any], words: str) -> None:
    assert differences(wanted, request()) == (0, words)


def test_the_nearest_is_the_one_with_most_in_common() -> None:
    recorded = [asked(user="a horse and a cow"), asked(user="a dog"), request(model="other")]

    assert differences(asked(user="a dog!"), *recorded)[0] == 1
    assert differences(request(model="others"), *recorded)[0] == 2


def test_long_texts_are_compared_in_no_time_and_told_in_short() -> None:
    long = "word " * 400_000
    began = time.process_time()
    _, words = differences(asked(user=f"{long}a{long}"), *[asked(user=f"{long}b{long}")] * 5)

    assert len(words) < 200
    assert words.startswith("messages[1].content from character 2000000 ")
    assert time.process_time() - began < 5
