"""The faulty server itself: a raw socket sees exactly the bytes, pauses and ends of the script."""

from __future__ import annotations

import json
import socket
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from . import scenes
from .server import End, FaultyServer, Forever, Pause, Reply, Script, serve

__all__ = ["serve"]  # the fixture

Serve = Callable[[Script], FaultyServer]
BODY: dict[str, Any] = {"model": "m", "messages": []}
EXACT = b"HTTP/1.1 200 \r\nA:b\r\n\r\nc\x00\xff"


def connect(server: FaultyServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def ask(peer: socket.socket, body: object = BODY) -> None:
    """Send one request, and do not read."""
    data = json.dumps(body).encode()
    peer.sendall(b"POST /v1/x HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n")
    peer.sendall(f"Content-Length: {len(data)}\r\n\r\n".encode() + data)


def all_of(server: FaultyServer, body: object = BODY) -> bytes:
    """Everything one request gets until the server ends the connection."""
    with connect(server) as peer:
        ask(peer, body)
        return b"".join(iter(lambda: peer.recv(65536), b""))


def some_of(peer: socket.socket, size: int) -> bytes:
    """The next so many bytes."""
    data = b""
    while len(data) < size:
        data += peer.recv(size - len(data))
    return data


def test_sends_exactly_the_bytes(serve: Serve) -> None:
    assert all_of(serve(Reply((EXACT[:9], EXACT[9:], End.FIN)))) == EXACT


def test_records_the_request(serve: Serve) -> None:
    server = serve(Reply((EXACT, End.FIN)))
    all_of(server)
    (seen,) = server.requests
    assert (seen.method, seen.path, seen.headers["x-a"]) == ("POST", "/v1/x", "1, 2")
    assert (seen.body, seen.connection, server.connections) == (BODY, 1, 1)
    assert seen.at <= server.answered[0] <= time.monotonic()


def test_plays_scenes_in_order_and_repeats_the_last(serve: Serve) -> None:
    server = serve([Reply((b"1", End.FIN)), Reply((b"2", End.FIN))])
    assert [all_of(server) for _ in range(3)] == [b"1", b"2", b"2"]
    server.play(Reply((b"3", End.FIN)))
    assert (all_of(server), len(server.requests)) == (b"3", 1)


def test_keeps_the_connection_for_the_next_request(serve: Serve) -> None:
    server = serve([Reply((b"1",)), Reply((b"2",))])
    with connect(server) as peer:
        for expected in (b"1", b"2"):
            ask(peer)
            assert some_of(peer, 1) == expected
    assert [seen.connection for seen in server.requests] == [1, 1]


def test_reset_is_a_reset_and_fin_is_an_end(serve: Serve) -> None:
    assert all_of(serve(scenes.hangup(End.FIN))) == b""
    with pytest.raises(ConnectionResetError):
        all_of(serve(scenes.hangup(End.RST)))


def test_bytes_before_a_reset_arrive(serve: Serve) -> None:
    with connect(serve(Reply((EXACT, scenes.BEFORE_RESET, End.RST)))) as peer:
        ask(peer)
        assert some_of(peer, len(EXACT)) == EXACT
        with pytest.raises(ConnectionResetError):
            peer.recv(1)


def test_refuses_when_it_does_not_listen() -> None:
    with (
        FaultyServer(scenes.ok(), door="shut") as server,
        pytest.raises(ConnectionRefusedError),
    ):
        connect(server)


@pytest.mark.parametrize("step", [End.STALL, Pause(600), Forever(b"x"), Forever(b"x", 600)])
def test_closes_although_a_reply_has_not_ended(step: End | Pause | Forever) -> None:
    with FaultyServer(Reply((b"1", step))) as server, connect(server) as peer:
        ask(peer)
        assert some_of(peer, 1) == b"1"
        server.close()
        assert not server.running
        with pytest.raises(ConnectionRefusedError):
            connect(server)


def test_pauses_between_pieces(serve: Serve) -> None:
    began = time.monotonic()
    assert all_of(serve(Reply((b"a", Pause(0.1), b"b", End.FIN)))) == b"ab"
    assert time.monotonic() - began >= 0.1


def test_leaves_the_body_unread(serve: Serve) -> None:
    server = serve(scenes.unread(Reply((b"early",)), End.STALL))
    with connect(server) as peer:
        peer.sendall(b"POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n")
        assert some_of(peer, 5) == b"early"
    assert server.requests[0].raw == b""


def test_serves_connections_side_by_side(serve: Serve) -> None:
    server = serve([Reply((End.STALL,)), Reply((b"2", End.FIN))])
    with connect(server) as stalled:
        ask(stalled)
        while not server.requests:
            time.sleep(0.001)
        assert all_of(server) == b"2"


def test_a_scene_may_depend_on_the_request(serve: Serve) -> None:
    end = (End.FIN,)
    server = serve(scenes.by_wire(Reply((b"json", *end)), Reply((b"events", *end))))
    assert all_of(server, BODY | {"stream": True}) == b"events"
    assert all_of(server, BODY | {"stream": False}) == b"json"


def test_the_bomb_is_a_gzip_of_its_size() -> None:
    packed = scenes.bomb(3 * 2**20)
    assert len(zlib.decompressobj(wbits=31).decompress(packed)) >= 3 * 2**20
    assert len(scenes.bomb(500 * 2**20)) < 2**20


def test_pieces_of_a_reply_add_up_to_it() -> None:
    reply = scenes.as_json(scenes.completion("Hi"))
    for made in (scenes.one_byte(reply), scenes.drip(reply, 0.1, after=3)):
        assert b"".join(step for step in made.steps if isinstance(step, bytes)) == reply.steps[0]
