"""Connections: trust comes from SSL_CERT_FILE and from nothing else, and connecting is bounded."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mcli import redaction
from mcli.api import client, pool, surroundings, wire
from mcli.api.wire import Call
from mcli.errors import Failure
from tests.api import once
from tests.faults.scenes import as_json, completion, dumps, ok
from tests.faults.server import FaultyServer, Pause, Reply
from tests.program import Program


class Handler(BaseHTTPRequestHandler):
    """Answers `Paris.` to everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = dumps(completion("Paris."))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Server(HTTPServer):
    """A handshake that a client breaks off is what some tests are about."""

    def handle_error(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, and its key beside it."""
    path = tmp_path / "server.pem"
    key = path.with_suffix(".key")
    subject = ["-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*made, "-keyout", key, "-out", path], check=True, capture_output=True)
    return path


@pytest.fixture
def address(certificate: Path) -> Iterator[str]:
    """The base URL of a server that has that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_a_certificate_of_nobody_known_is_not_trusted(mcli: Program, address: str) -> None:
    done = mcli("ask", "hi", "--base-url", address)

    assert (done.code, done.out, done.slug) == (76, "", "tls_untrusted")
    assert "attempts=1" in done.err


def test_an_authority_of_one_s_own_is(mcli: Program, address: str, certificate: Path) -> None:
    done = mcli("ask", "hi", "--base-url", address, SSL_CERT_FILE=str(certificate))

    assert (done.code, done.out, done.err) == (0, "Paris.\n", "")


def test_an_authority_that_is_missing_is_named(mcli: Program, address: str) -> None:
    done = mcli("ask", "hi", "--base-url", address, SSL_CERT_FILE="/gone.pem")

    assert (done.code, done.slug) == (78, "bad_environment")
    assert "SSL_CERT_FILE" in done.err


def test_a_server_that_speaks_no_tls(mcli: Program) -> None:
    with Server(("127.0.0.1", 0), Handler) as plain:
        threading.Thread(target=plain.serve_forever, daemon=True).start()
        done = mcli("ask", "hi", "--base-url", f"https://127.0.0.1:{plain.server_port}/v1")
        plain.shutdown()

    assert (done.code, done.slug) == (78, "not_tls")


async def _by_library(url: str, call: Call) -> wire.Reply:
    made = client.Client(False)
    try:
        async with made.reply(call) as reply:
            return reply
    finally:
        await made.close()


async def _by_ours(url: str, call: Call) -> wire.Reply:
    async with once.opener(url)(url) as made, made.reply(call) as reply:
        return reply


Ask = Callable[[str, Call], Coroutine[Any, Any, wire.Reply]]
both = pytest.mark.parametrize("ask", [_by_library, _by_ours])


def _reply(ask: Ask, server: FaultyServer, query: str = "") -> wire.Reply:
    """The reply to a GET, when its header is there."""
    work = ask(server.base_url, Call(server.base_url + query, {}))
    return asyncio.run(asyncio.wait_for(work, 4))


def _connect_within(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (client, pool):
        monkeypatch.setattr(module, "CONNECT_S", seconds)


@both
def test_connecting_has_a_bound_of_its_own(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    _connect_within(0.2, monkeypatch)
    with FaultyServer(ok(), door="jammed") as server, pytest.raises(Failure) as caught:
        _reply(ask, server)

    assert caught.value.slug == "connect_timeout"


@both
def test_an_answer_may_take_longer_than_connecting(
    ask: Ask, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _connect_within(1.0, monkeypatch)
    server.play(Reply((Pause(1.4), *as_json(completion("Paris.")).steps)))

    assert _reply(ask, server).status == 200


@pytest.mark.parametrize("made", [surroundings.trust, pool.to])
def test_what_a_proxy_variable_holds_is_not_told(
    made: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user-of-it:pass%2Fword@127.0.0.1:9")
    made("http://127.0.0.1:1/v1")

    said = ("user-of-it:pass%2Fword", "pass/word", "user-of-it")
    assert [redaction.redact(words) for words in said] == ["***", "***", "user-of-it"]


@both
def test_a_failure_names_the_host_and_no_query(ask: Ask) -> None:
    with FaultyServer(ok(), door="shut") as server, pytest.raises(Failure) as caught:
        _reply(ask, server, "?api-version=1")

    assert caught.value.message == f"no connection to 127.0.0.1:{server.port}: refused"


@pytest.mark.parametrize("host", ["a..b", ".localhost", f"{'a' * 64}.example"])
def test_a_host_that_is_none_is_a_mistake_of_the_configuration(mcli: Program, host: str) -> None:
    done = mcli("ask", "-n", "hi", "--base-url", f"https://{host}/v1", "--no-key", "-m", "m")

    assert (done.code, done.slug) == (78, "bad_base_url")


def test_a_port_that_is_none_is_one_too(mcli: Program) -> None:
    asked = ("ask", "-n", "hi", "--no-key", "-m", "m", "--base-url")
    done = mcli(*asked, "http://127.0.0.1:99999/v1")
    assert (done.code, done.slug) == (2, "bad_base_url")

    done = mcli(*asked, "http://ex.invalid/v1", HTTP_PROXY="http://u:PW@127.0.0.1:99999")
    assert (done.code, done.slug) == (78, "bad_environment")
    assert "PW" not in done.err
