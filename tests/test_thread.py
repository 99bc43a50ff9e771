"""A conversation's file: any bytes are turns or one complaint, and a torn end is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import redaction, thread
from mcli.chat import Completion, Message, Usage
from tests.api import json_like

NAMES = "v messages role content"


def turn(question: str, answer: str = "so") -> tuple[Message, ...]:
    return (Message("user", question), Message("assistant", answer))


def line(question: str, answer: str = "so") -> bytes:
    return thread.line(turn(question, answer), Completion(answer, "stop", "m", Usage(1, 2, 3)))


def read(raw: bytes) -> thread.Thread | None:
    """What the bytes hold; None where it complains, with the number of a line."""
    try:
        return thread.parse(raw)
    except ValueError as error:
        number, _, told = str(error).partition(": ")
        if number.isdecimal() and told.startswith("this is no turn of a conversation: "):
            return None
        raise AssertionError from error


THREE = [turn("one"), turn("two: Zo\u00eb \U0001f389\u2028"), turn("three")]
FILE = b"".join(line(asked.content, said.content) for asked, said in THREE)


def test_a_line_holds_messages_model_and_usage() -> None:
    assert line("hi") == (
        b'{"v":1,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"so"}],'
        b'"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n'
    )
    assert thread.parse(line("hi")) == thread.Thread((turn("hi"),), len(line("hi")))


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_is_written_is_read(question: str, answer: str) -> None:
    written = line(question, answer)

    assert written.count(b"\n") == 1
    assert thread.parse(written * 2).turns == (turn(question, answer),) * 2


def test_a_torn_end_is_repaired_wherever_it_is_torn() -> None:
    for end in range(len(FILE) + 1):
        bare = FILE[end : end + 1] == b"\n"  # whole but for its line break
        whole = FILE[:end].count(b"\n") + bare
        found = thread.parse(FILE[:end])

        assert found.turns == tuple(THREE[:whole])
        assert found.sound == (end if bare else FILE[:end].rfind(b"\n") + 1)
        repaired = FILE[: found.sound] + found.joint + line("next")
        assert thread.parse(repaired).turns == (*THREE[:whole], turn("next"))


@pytest.mark.parametrize("zeros", [1, 4096])
@pytest.mark.parametrize("end", [0, 1, 30, 100, -1])
def test_zeros_that_a_power_cut_left_are_torn_too(end: int, zeros: int) -> None:
    found = thread.parse(FILE + line("next")[:end] + bytes(zeros))

    assert (found.turns, found.sound) == (tuple(THREE), len(FILE))


@given(st.integers(0, len(FILE) - 2), st.binary(min_size=1, max_size=3))
def test_damage_is_never_lost(at: int, junk: bytes) -> None:
    """Whatever is wrong in the middle, no line of the file counts as torn."""
    damaged = FILE[:at] + junk + FILE[at:]
    found = read(damaged)

    assert found is None or found.sound == len(damaged)


@given(st.one_of(st.binary(), json_like(NAMES).map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_turns_or_one_complaint(raw: bytes) -> None:
    for given_bytes in (raw, FILE + raw, raw + b"\n" + FILE):
        found = read(given_bytes)
        assert found is None or 0 <= found.sound <= len(given_bytes)


def told(*messages: Any, **fields: Any) -> bytes:
    return json.dumps({"messages": messages, **fields}).encode()


USER, ASSISTANT = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"my notes", "it is not JSON"),
        (b'{"v": 1, "mess', "it is not JSON"),
        (b"\xff", "it is not UTF-8"),
        (b"[]", "it is no object"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"messages":[{"role":"user","content":NaN}]}', "it is not JSON"),
        (b'{"v":2}', "it is of version 2, not 1"),
        (b"{}", "it is no array of messages"),
        (told(), "it does not go from a message of the user"),
        (b'{"v":1,"messages":[]}', "it does not go from a message of the user"),
        (b'{"v":1,"messages":[{"role":"user","content":"a"}]}', "it does not go from"),
        (told(USER), "it does not go from"),
        (told(ASSISTANT, USER), "it does not go from"),
        (told({"role": "system", "content": "s"}, USER, ASSISTANT), "it has a system message"),
        (told(USER, {"role": "assistant"}), "messages[1].content is missing"),
        (b'{"messages":[{"role":"user","content":"\\ud83d"}]}', "half a character"),
    ],
)
def test_what_is_no_turn_is_damage_also_at_the_end(raw: bytes, complaint: str) -> None:
    for damaged, number in ((FILE + raw, 4), (raw + b"\n" + FILE, 1), (FILE + raw + b"\n", 4)):
        with pytest.raises(ValueError, match=f"^{number}: this is no turn") as found:
            thread.parse(damaged)
        assert complaint in str(found.value)


def test_what_a_person_wrote_is_taken() -> None:
    raw = b"\r\n" + told(USER, ASSISTANT, note="mine") + b"\r\n\n" + told(USER, ASSISTANT)

    assert thread.parse(raw) == thread.Thread((turn("a", "b"),) * 2, len(raw), b"\n")


def test_the_last_turns() -> None:
    found = thread.parse(FILE)

    assert found.last(None) == (*THREE[0], *THREE[1], *THREE[2])
    assert found.last(1) == THREE[2]
    assert found.last(9) == found.last(None)
    assert found.last(0) == ()


def test_a_key_is_not_written_but_what_is_packed_is_not_looked_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redaction, "_runs", {})
    redaction.remember("sk-canary-7f3a9c51d2e84b06a1c3")
    image = "data:image/png;base64," + "sk-canary-7f3a9c51d2e84b06a1c3" * 20
    part = {"type": "image_url", "image_url": {"url": image}}
    asked = Message("user", "my key is sk-canary-7f3a9c51d2e84b06a1c3", (part,))
    written = thread.line((asked, Message("assistant", "b")), Completion("b", "stop")).decode()

    assert '"text":"my key is ***"' in written
    assert image in written
