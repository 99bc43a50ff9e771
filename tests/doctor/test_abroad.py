"""`mcli doctor` where the endpoint is another machine: names, no network, TLS behind a proxy."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.doctor.looking import endpoint, lines
from tests.faults import tls, tools
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program

RESOLVER = ("unshare", "-Urmn", sys.executable, str(ROOT / "tests" / "faults" / "resolver.py"))
OFFLINE = ("unshare", "-Urn")
NAMES = [
    ((*RESOLVER, "unknown"), "cannot resolve api.example [dns_unknown]", "has a network"),
    ((*RESOLVER, "failing"), "cannot resolve api.example just now [dns_failed]", "later"),
    ((*RESOLVER, "silent"), "cannot resolve api.example within 2s [deadline]", "name server"),
]


@pytest.fixture
def abroad(mcli: Program) -> Program:
    """A program whose endpoint is another machine."""
    if not tools.works("unshare") and "CI" not in os.environ:
        pytest.skip("unshare does not work here")
    mcli.point_at("https://api.example/v1")
    return mcli


@pytest.mark.slow
@pytest.mark.parametrize(("starter", "says", "hint"), NAMES, ids=["unknown", "failing", "silent"])
def test_names_that_lead_nowhere(
    abroad: Program, starter: tuple[str, ...], says: str, hint: str
) -> None:
    done = abroad.started([*starter], "doctor", "--timeout", "2")
    told = lines(done)

    assert (done.code, done.err) == (1, "")
    assert told["name"][:2] == ["problem", says]
    assert hint in told["name"][2]
    assert "connection" not in told
    assert told["tokenizer"][0] == told["cache"][0] == "ok"


@pytest.mark.slow
def test_without_a_network_it_says_so_and_looks_at_the_rest(abroad: Program) -> None:
    abroad.point_at("https://192.0.2.1/v1")  # nobody's (RFC 5737)
    done = abroad.started([*OFFLINE], "doctor")
    told = lines(done)

    assert told["connection"] == [
        "problem", "no connection to 192.0.2.1: no network to it [network_unreachable]",
        "check the network of this machine",
    ]  # fmt: skip
    assert told["state"][0] == "ok"


@contextlib.contextmanager
def tunnel(port: int) -> Iterator[int]:
    """A proxy that connects whoever asks to that port of this machine, whatever the name."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                opened.append(peer)
                if not peer.recv(65536).startswith(b"CONNECT "):
                    continue
                peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                inner = socket.create_connection(("127.0.0.1", port))
                opened.append(inner)
                for pair in ((peer, inner), (inner, peer)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        for each in (listener, *opened):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        thread.join(10)


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["elsewhere", "self"])
def test_tls_behind_a_proxy_is_seen_by_the_request(
    mcli: Program, server: FaultyServer, kind: str
) -> None:
    server.play(endpoint())
    mcli.point_at("https://api.example/v1")
    with tls.Front(kind, server.port) as front, tunnel(int(front.base_url[18:-3])) as port:
        proxy = f"http://127.0.0.1:{port}"
        done = mcli("doctor", HTTPS_PROXY=proxy, SSL_CERT_FILE=tls.authority())
    told = lines(done)

    assert told["connection"][1] == f"the proxy 127.0.0.1:{port}, by HTTPS_PROXY, answers"
    if kind == "elsewhere":  # which is of api.example
        assert told["tls"][:2] == ["ok", "through the proxy; the certificate is trusted"]
        assert told["access"][0] == "ok"
    else:
        assert told["access"][1].endswith("[tls_untrusted]")
        assert "tls" not in told
