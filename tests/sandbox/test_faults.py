from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http.client import IncompleteRead

import pytest

from mcli.sandbox.rehearsal import CUT, Rehearsal, parse_faults
from mcli.sandbox.server import Server, open_server

from .asking import complete, dial, read_all, send, user


@contextmanager
def serving(faults: str, seed: int | None = None, latency_s: float = 0.0) -> Generator[Server]:
    server = open_server(0, Rehearsal(latency_s, parse_faults(faults), seed))
    server.start()
    yield server
    server.close()


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request_error", None),
        (401, "invalid_request_error", "invalid_api_key"),
        (429, "rate_limit_error", "rate_limit_exceeded"),
        (500, "server_error", "internal_error"),
        (503, "server_error", "overloaded"),
        (418, "invalid_request_error", None),
        (599, "server_error", None),
    ],
)
def test_a_status_fails_in_the_shape_of_the_api(status: int, kind: str, code: str | None) -> None:
    with serving(f"{status}:1") as server:
        for body in (user("hi"), user("hi", stream=True), {}):
            answer = complete(server.url, body)
            assert (answer.status, answer.error["type"]) == (status, kind)
            assert answer.error["code"] == code
            assert "rehearses" in answer.error["message"]
            assert answer.headers["Retry-After"] == ("1" if status == 429 else None)
        assert send(server.url, "GET", "/v1/models").status == status


def test_a_cut_reply_stops_in_the_middle() -> None:
    with serving("cut:1") as server, pytest.raises(IncompleteRead) as caught:
        complete(server.url, user("hi"))
    assert caught.value.partial.startswith(b'{"id":')
    assert abs(len(caught.value.partial) - (caught.value.expected or 0)) <= 1


@pytest.mark.parametrize("text", ["hi", "hi " * 50])
@pytest.mark.parametrize("more", [{}, {"stream_options": {"include_usage": True}}, {"stop": "T"}])
def test_a_cut_stream_never_looks_whole(text: str, more: dict[str, object]) -> None:
    body = user(text, stream=True, **more)
    with serving("cut:1") as server, pytest.raises(IncompleteRead) as caught:
        complete(server.url, body)
    assert caught.value.partial.startswith(b'data: {"id":')
    assert b"[DONE]" not in caught.value.partial
    assert b'"finish_reason":"' not in caught.value.partial


def test_after_a_cut_the_connection_is_closed() -> None:
    with serving("cut:1") as server, dial(server.url) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\n\r\n" * 2)
        assert read_all(connection).count(b"HTTP/1.1 200") == 1


def outcomes(server: Server, count: int) -> list[str]:
    found: list[str] = []
    for n in range(count):
        try:
            found.append(str(complete(server.url, user(f"{n}")).status))
        except IncompleteRead:
            found.append(CUT)
    return found


def test_a_seed_makes_a_bad_day_come_again() -> None:
    faults = "429:0.3,500:0.2,cut:0.1"
    with serving(faults, 1) as one, serving(faults, 1) as same, serving(faults, 2) as other:
        first = outcomes(one, 60)
        assert first == outcomes(same, 60)
        assert first != outcomes(other, 60)
    assert set(first) == {"200", "429", "500", CUT}


def test_latency_only_delays() -> None:
    with serving("", latency_s=0.01) as server:
        assert complete(server.url, user("hi")).status == 200
        assert complete(server.url, user("hi", stream=True)).events
