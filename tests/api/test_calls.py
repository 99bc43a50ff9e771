"""One call over a real connection: its bounds, made small, and what is handed on as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from mcli.api import body, calls
from mcli.api.persist import Patience
from mcli.chat import Exchange, Message, Request
from mcli.errors import Failure
from tests.api import once
from tests.faults.scenes import DONE, chunk, chunked, deltas, endless, event, hangup, stream_ok
from tests.faults.server import End, FaultyServer, Pause, Reply

SOON_S = 0.2
"""What a bound of a minute is made in these tests."""
A_WHILE_S = 5 * SOON_S
"""What one is made that must not end a call, however busy the machine is."""

ASKED = Request("test-model", (Message("user", "hi"),), stream=True)


def silently(_: str) -> None:
    """For notes and text that a test does not look at."""


def ask(server: FaultyServer, show: Callable[[str], None] = silently) -> Exchange:
    """The exchange, of one attempt; what hangs for four seconds is `deadline`."""

    async def call() -> Exchange:
        patience = Patience(asyncio.get_running_loop().time() + 4, 4, 0)
        endpoint = calls.Endpoint(
            f"{server.base_url}/chat/completions", None, once.opener(server.base_url)
        )
        return await calls.complete(ASKED, endpoint, patience, silently, show)

    return asyncio.run(call())


def failure_of(server: FaultyServer) -> Failure:
    with pytest.raises(Failure) as caught:
        ask(server)
    return caught.value


def test_a_stream_that_does_not_begin(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "HEADER_S", SOON_S)
    server.play(hangup(End.STALL))

    failure = failure_of(server)

    assert (failure.slug, failure.charged) == ("stalled", "maybe")


def test_a_stream_may_last_longer_than_its_beginning(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "HEADER_S", A_WHILE_S)
    start, *rest = chunked(*deltas("Paris."), DONE).steps
    server.play(Reply((start, Pause(1.4 * A_WHILE_S), *rest)))

    assert ask(server).completion.text == "Paris."


def test_a_reply_that_falls_silent(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "IDLE_S", SOON_S)
    server.play(chunked(*deltas("Par", finish=None), end=(End.STALL,)))

    failure = failure_of(server)

    assert (failure.slug, failure.charged) == ("stalled", "yes")
    assert "silent" in failure.message


def test_a_stream_that_does_not_move_on(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PROGRESS_S", SOON_S)
    server.play(endless(b": ping\n\n", SOON_S / 10))

    failure = failure_of(server)

    assert (failure.slug, failure.charged) == ("stalled", "yes")
    assert "move on" in failure.message


def test_a_stream_that_moves_on_may_take_its_time(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PROGRESS_S", A_WHILE_S)
    start, *rest = chunked(*deltas(*"Paris."), DONE).steps
    server.play(Reply((start, *(step for piece in rest for step in (Pause(SOON_S), piece)))))

    assert ask(server).completion.text == "Paris."


def test_text_is_handed_on_as_it_comes(server: FaultyServer) -> None:
    shown: list[str] = []
    server.play(stream_ok(["Par", "is."]))

    assert ask(server, shown.append).completion.text == "Paris."
    assert shown == ["Par", "is."]


def test_what_was_held_back_is_handed_on(server: FaultyServer) -> None:
    shown: list[str] = []
    server.play(chunked(event(chunk("<thi", finish="stop")), DONE))

    assert ask(server, shown.append).completion.text == "<thi"
    assert shown == ["<thi"]
