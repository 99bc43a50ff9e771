from __future__ import annotations

import json
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mcli.sandbox import bodies
from mcli.sandbox.server import Server, open_server

from .asking import complete, connect, dial, instructed, read_all, send, user

COMPLETIONS = "/v1/chat/completions"


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/v1/models/", "/v1/models?limit=2"])
def test_models_are_listed(sandbox: Server, path: str) -> None:
    answer = send(sandbox.url, "GET", path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    listed = answer.body
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]][:2] == ["sandbox", "gpt-4"]
    for model in listed["data"]:
        assert model["object"] == "model"
        assert model["owned_by"] == "mcli-sandbox"
        assert model["created"] > 0
        assert model["context_length"] > 0


@pytest.mark.parametrize("path", [COMPLETIONS, "/chat/completions"])
def test_a_completion_has_the_shape_of_the_api(sandbox: Server, path: str) -> None:
    body = json.dumps(user("hi", model="some/model:free")).encode()
    answer = send(sandbox.url, "POST", path, body)
    assert answer.status == 200
    reply = answer.body
    assert reply["id"].startswith("chatcmpl-")
    assert (reply["object"], reply["model"]) == ("chat.completion", "some/model:free")
    assert isinstance(reply["created"], int)
    (choice,) = reply["choices"]
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert choice["message"]["role"] == "assistant"
    assert "“hi”" in choice["message"]["content"]
    usage = reply["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_the_same_request_gets_the_same_reply_to_the_byte(sandbox: Server) -> None:
    first, second = (complete(sandbox.url, user("hi")) for _ in range(2))
    assert first.raw == second.raw
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["x-request-id"].startswith("sandbox-")
    assert first.headers["Date"]


@pytest.mark.parametrize(
    "body",
    [
        user("hi"),
        user("hi " * 100, max_tokens=7),
        user("hi", stop=" "),
        user("hi", response_format={"type": "json_object"}),
        instructed("one fenced code block", "sort"),
        instructed("Labels:\n- red\n- green", "which?"),
    ],
)
def test_streaming_gives_what_the_whole_reply_gives(sandbox: Server, body: Any) -> None:
    whole = complete(sandbox.url, body).body
    answer = complete(sandbox.url, {**body, "stream": True})
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    choices = [event["choices"][0] for event in answer.events]
    text = "".join(choice["delta"].get("content", "") for choice in choices)
    assert text == whole["choices"][0]["message"]["content"]
    assert choices[-1]["finish_reason"] == whole["choices"][0]["finish_reason"]
    assert not any("usage" in event for event in answer.events)


def test_a_stream_comes_in_several_deltas_and_ends_with_its_usage(sandbox: Server) -> None:
    body = user("hi", stream=True, stream_options={"include_usage": True})
    *deltas, last = complete(sandbox.url, body).events
    assert len(deltas) > 5
    assert all(event["usage"] is None for event in deltas)
    assert last["choices"] == []
    assert last["usage"] == complete(sandbox.url, user("hi")).body["usage"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/v1", 404, None),
        ("POST", "/v1/embeddings", 404, None),
        ("GET", "/v1/models/gpt-4", 404, None),
        ("GET", "/v2/models", 404, None),
        ("POST", "/v1/models", 405, "GET"),
        ("GET", COMPLETIONS, 405, "POST"),
        ("PUT", COMPLETIONS, 405, "POST"),
        ("DELETE", "/models", 405, "GET"),
        ("OPTIONS", COMPLETIONS, 405, "POST"),
    ],
)
def test_anything_else_is_refused_in_the_shape_of_the_api(
    sandbox: Server, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = send(sandbox.url, method, path, b"{}")
    assert (answer.status, answer.headers["Allow"]) == (status, allow)
    assert answer.error.keys() == {"message", "type", "param", "code"}
    assert answer.error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        (user("hi", n=3), "n"),
    ],
)
def test_a_bad_request_is_named(sandbox: Server, body: Any, param: str | None) -> None:
    answer = complete(sandbox.url, body)
    assert answer.status == 400
    assert answer.error["type"] == "invalid_request_error"
    assert (answer.error["param"], bool(answer.error["code"])) == (param, True)


def test_what_is_no_json_is_refused_and_the_connection_goes_on(sandbox: Server) -> None:
    connection = connect(sandbox.url)
    statuses: list[int] = []
    for data in (b"{", json.dumps(user("hi")).encode(), b"\xff", json.dumps(user("hi")).encode()):
        connection.request("POST", COMPLETIONS, data)
        reply = connection.getresponse()
        reply.read()
        statuses.append(reply.status)
    connection.close()
    assert statuses == [400, 200, 400, 200]


def test_half_a_surrogate_pair_is_refused_and_a_whole_one_is_a_character(sandbox: Server) -> None:
    data = rb'{"model": "m", "messages": [{"role": "user", "content": "\ud83d\ude00 \ud800"}]}'
    assert send(sandbox.url, "POST", COMPLETIONS, data).status == 400
    data = rb'{"model": "m", "messages": [{"role": "user", "content": "\ud83d\ude00"}]}'
    assert "“😀”" in send(sandbox.url, "POST", COMPLETIONS, data).content


def test_a_body_in_chunks_is_read(sandbox: Server) -> None:
    data = json.dumps(user("in chunks")).encode()
    connection = connect(sandbox.url)
    pieces = iter([data[:10], data[10:11], data[11:]])
    connection.request("POST", COMPLETIONS, pieces, encode_chunked=True)
    reply = connection.getresponse()
    assert (reply.status, b"in chunks" in reply.read()) == (200, True)
    connection.request("GET", "/v1/models")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"Content-Length: 67108865", b"", 413),
        (b"Content-Length: 67108865\r\nExpect: 100-continue", b"", 413),
        (b"Transfer-Encoding: chunked", b"4000001\r\n", 413),
        (b"Content-Length: -1", b"", 400),
        (b"Content-Length: many", b"", 400),
        (b"Content-Length: 5", b"{}", 400),
        (b"Transfer-Encoding: gzip", b"", 400),
        (b"Transfer-Encoding: chunked", b"xyz\r\n", 400),
        (b"Transfer-Encoding: chunked", b"2\r\n{}junk\r\n", 400),
        (b"Transfer-Encoding: chunked", b"2\r\n{", 400),
    ],
)
def test_a_body_that_cannot_be_read_ends_the_connection(
    sandbox: Server, head: bytes, body: bytes, status: int
) -> None:
    with dial(sandbox.url) as connection:
        connection.sendall(b"POST %b HTTP/1.1\r\n%b\r\n\r\n%b" % (COMPLETIONS.encode(), head, body))
        connection.shutdown(socket.SHUT_WR)
        reply = read_all(connection)
    assert reply.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in reply
    assert b'{"error":' in reply


def test_a_client_that_sends_too_much_still_gets_its_answer(sandbox: Server) -> None:
    data = b" " * (bodies.LARGEST + 1)
    answer = send(sandbox.url, "POST", COMPLETIONS, data)
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")


def test_who_asks_first_is_told_to_go_on(sandbox: Server) -> None:
    data = json.dumps(user("hi")).encode()
    head = b"POST %b HTTP/1.1\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
    with dial(sandbox.url) as connection:
        connection.sendall(head % (COMPLETIONS.encode(), len(data)))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(data)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_stream_for_http_1_0_ends_with_the_connection(sandbox: Server) -> None:
    data = json.dumps(user("hi", stream=True)).encode()
    head = b"POST %b HTTP/1.0\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n"
    with dial(sandbox.url) as connection:
        connection.sendall(head % (COMPLETIONS.encode(), len(data)) + data)
        reply = read_all(connection)
    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body.startswith(b"data: {")
    assert body.endswith(b"}\n\ndata: [DONE]\n\n")


def test_head_has_no_body(sandbox: Server) -> None:
    with dial(sandbox.url) as connection:
        connection.sendall(b"HEAD /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n")
        reply = read_all(connection)
    assert reply.startswith(b"HTTP/1.1 405 ")
    assert reply.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "request_line", [b"nonsense", b"GET / HTTP/9.9", b"FROB / HTTP/1.1", b"\xff"]
)
def test_what_is_no_http_is_refused_in_the_shape_of_the_api(
    sandbox: Server, request_line: bytes
) -> None:
    with dial(sandbox.url) as connection:
        connection.sendall(request_line + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        reply = read_all(connection)
    assert json.loads(reply.rpartition(b"\r\n")[2])["error"]["message"]


def test_many_at_once_are_all_answered(sandbox: Server) -> None:
    together = threading.Barrier(64)

    def ask(n: int) -> str:
        together.wait(20)
        return complete(sandbox.url, user(f"number {n}")).content

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(ask, range(64)))
    assert all(f"“number {n}”" in answer for n, answer in enumerate(answers))


def test_clients_that_leave_are_no_news(sandbox: Server, capfd: pytest.CaptureFixture[str]) -> None:
    data = json.dumps(user("hi", stream=True)).encode()
    head = b"POST %b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (COMPLETIONS.encode(), len(data))
    for sent in (b"", b"POST", head, head + data[:5], head + data, (head + data) * 50):
        for reset in (False, True):
            connection = dial(sandbox.url)
            connection.sendall(sent)
            if reset:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()
    assert complete(sandbox.url, user("still there?")).status == 200
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_log_gets_a_line_a_request_and_nothing_else_does(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logged: list[str] = []
    server = open_server(0, log=logged.append)
    server.start()
    complete(server.url, user("hi"))
    complete(server.url, user("hi", stream=True))
    send(server.url, "GET", "/v1/%1b")
    with dial(server.url) as connection:
        connection.sendall(b"GET /\x1b[2J\xe9 HTTP/1.1\r\nConnection: close\r\n\r\n")
        read_all(connection)
    server.close()
    assert logged == [
        "POST /v1/chat/completions 200",
        "POST /v1/chat/completions 200",
        "GET /v1/%1b 404",
        r"GET /\x1b[2J\xe9 404",
    ]
    assert tuple(capfd.readouterr()) == ("", "")


def test_it_listens_on_loopback_and_a_taken_port_is_an_error(sandbox: Server) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    assert sandbox.url.endswith("/v1")
    port = int(sandbox.url.split(":")[2].removesuffix("/v1"))
    with pytest.raises(OSError, match="in use"):
        open_server(port)


def test_close_frees_the_port_started_or_not() -> None:
    idle = open_server(0)
    port = int(idle.url.split(":")[2].removesuffix("/v1"))
    idle.close()
    again = open_server(port)
    again.start()
    assert complete(again.url, user("hi")).status == 200
    again.close()
    with pytest.raises(ConnectionRefusedError):
        dial(again.url)


def test_serve_blocks_until_close() -> None:
    server = open_server(0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    assert complete(server.url, user("hi")).status == 200
    server.close()
    thread.join(20)
    assert not thread.is_alive()
