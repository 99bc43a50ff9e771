"""The wires of record and replay inside one process: what is handed on, and in which order."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from mcli.api import calls, cassette
from mcli.api.persist import Patience
from mcli.api.wire import Opener
from mcli.chat import Exchange, Message, Request
from mcli.errors import ConfigFailure, TryAgain
from tests.api import once
from tests.faults.scenes import ok, stream_ok
from tests.faults.server import FaultyServer


def ask(opener: Opener, url: str, prompt: str = "hi", show: Any = None) -> Exchange:
    request = Request("m", (Message("user", prompt),), stream=show is not None)
    patience = Patience(time.monotonic() + 60, 60, retries=0)
    endpoint = calls.Endpoint(f"{url}/chat/completions", None, opener)
    return asyncio.run(calls.complete(request, endpoint, patience, lambda note: None, show))


def test_the_kth_equal_request_gets_the_kth_reply_then_the_last(
    server: FaultyServer, tmp_path: Path
) -> None:
    tape = str(tmp_path / "tape")
    server.play([ok("one"), ok("two"), ok("other")])
    for prompt in ("hi", "hi", "there"):
        ask(cassette.recorded(tape, once.opener(server.base_url)), server.base_url, prompt)
    server.close()
    opener = cassette.replayed(tape)
    said = [ask(opener, "http://x.invalid", p).completion.text for p in ("hi", "there", "hi", "hi")]

    assert said == ["one", "other", "two", "two"]


def test_a_stream_is_handed_on_event_by_event(server: FaultyServer, tmp_path: Path) -> None:
    tape = str(tmp_path / "tape")
    server.play(stream_ok(["Par", "is", "."]))
    live: list[str] = []
    again: list[str] = []
    ask(cassette.recorded(tape, once.opener(server.base_url)), server.base_url, show=live.append)
    ask(cassette.replayed(tape), "http://x.invalid", show=again.append)

    assert again == ["Par", "is", "."]
    assert "".join(live) == "".join(again)


def test_a_lock_that_is_never_given_back_is_75(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cassette, "LOCK_S", 0.05)
    tape = tmp_path / "tape"
    ask(cassette.recorded(str(tape), once.opener(server.base_url)), server.base_url)
    holder = asyncio.run(cassette._locked(tape))
    with pytest.raises(TryAgain) as caught:
        ask(cassette.recorded(str(tape), once.opener(server.base_url)), server.base_url)

    assert caught.value.slug == "lock_busy"
    assert caught.value.charged == "yes"
    assert holder


def test_a_miss_has_reached_nobody(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    tape.touch()
    with pytest.raises(ConfigFailure) as caught:
        ask(cassette.replayed(str(tape)), "http://x.invalid")

    assert (caught.value.slug, caught.value.charged) == ("not_recorded", "no")
