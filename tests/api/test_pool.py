"""Connections that are kept: what was left in one is never the next one's reply."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mcli.api import body, connection, dialling, pool
from mcli.api.connection import Connection
from mcli.api.pool import Pool
from mcli.api.turnstile import Turnstile
from mcli.api.wire import Call
from mcli.errors import Failure
from tests.faults import tls
from tests.faults.scenes import BEFORE_RESET, as_json, completion, dumps, hangup, head, ok
from tests.faults.server import End, FaultyServer, Pause, Reply

PARIS, ROME = as_json(completion("Paris.")), as_json(completion("Rome."))
HEADERS = {"Accept": "application/json", "Authorization": "Bearer k"}
MOMENT_S = 0.1


async def said(wire: Any, url: str) -> bytes:
    """The reply to one call."""
    async with wire.reply(Call(f"{url}/chat?x=1", HEADERS, b"{}")) as reply:
        return await body.whole(reply.pieces)


async def slug(wire: Any, url: str) -> str:
    """What one call fails with."""
    with pytest.raises(Failure) as caught:
        await said(wire, url)
    return caught.value.slug


def story(server: FaultyServer, told: Callable[[Pool, str], Awaitable[None]]) -> None:
    """Play a story with a pool of that server."""

    async def played() -> None:
        wire = Pool(server.base_url)
        await told(wire, server.base_url)
        wire.close()
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(played(), 20))


def then(reply: Reply, *steps: Any) -> Reply:
    """A reply with more behind its end."""
    return Reply((*reply.steps, *steps))


def test_one_connection_has_call_after_call(server: FaultyServer) -> None:
    server.play([PARIS, ROME])

    async def told(wire: Pool, url: str) -> None:
        assert b"Paris" in await said(wire, url)
        assert b"Rome" in await said(wire, url)

    story(server, told)
    assert server.connections == 1
    assert [each.path for each in server.requests] == ["/v1/chat?x=1"] * 2
    first = server.requests[0].headers
    assert first["host"] == f"127.0.0.1:{server.port}"
    assert (first["authorization"], first["content-length"]) == ("Bearer k", "2")


def test_calls_side_by_side_have_one_each(server: FaultyServer) -> None:
    server.play(Reply((Pause(0.2), *PARIS.steps)))

    async def told(wire: Pool, url: str) -> None:
        await asyncio.gather(*(said(wire, url) for _ in range(5)))

    story(server, told)
    assert server.connections == 5


@pytest.mark.parametrize("end", [(End.FIN,), (BEFORE_RESET, End.RST)])
@pytest.mark.parametrize("moment_s", [0, MOMENT_S])
def test_one_that_was_closed_while_idle_costs_nothing(
    server: FaultyServer, end: tuple[Any, ...], moment_s: float
) -> None:
    server.play([then(PARIS, *end), ROME])

    async def told(wire: Pool, url: str) -> None:
        await said(wire, url)
        await asyncio.sleep(moment_s)
        assert b"Rome" in await said(wire, url)

    story(server, told)
    assert (server.connections, len(server.requests)) == (2, 2)


def test_a_server_that_says_that_it_closes_is_believed(server: FaultyServer) -> None:
    closing = {"Connection": "close", "Content-Length": str(len(dumps(completion("Paris."))))}
    server.play(Reply((head(headers=closing), dumps(completion("Paris.")))))

    async def told(wire: Pool, url: str) -> None:
        for _ in range(3):
            assert b"Paris" in await said(wire, url)

    story(server, told)
    assert server.connections == 3


@pytest.mark.parametrize("between", [(), (Pause(MOMENT_S / 2),)])
def test_what_stands_behind_a_reply_is_nobody_s(
    server: FaultyServer, between: tuple[Any, ...]
) -> None:
    smuggled = [step for step in as_json(completion("evil")).steps if isinstance(step, bytes)]
    whole = b"".join(step for step in PARIS.steps if isinstance(step, bytes))
    first = (whole, *between, *smuggled) if between else (whole + b"".join(smuggled),)
    server.play([Reply(first), ROME])

    async def told(wire: Pool, url: str) -> None:
        assert b"Paris" in await said(wire, url)
        await asyncio.sleep(MOMENT_S if between else 0)
        assert b"Rome" in await said(wire, url)

    story(server, told)
    assert server.connections == 2


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells what has arrived")
def test_a_request_that_was_read_before_the_end_is_not_sent_again(server: FaultyServer) -> None:
    server.play([PARIS, hangup(), ROME])

    async def told(wire: Pool, url: str) -> None:
        await said(wire, url)
        assert await slug(wire, url) == "disconnected"

    story(server, told)
    assert len(server.requests) == 2


RESET = Reply((BEFORE_RESET, End.RST))


def test_a_request_that_is_reset_twice_is_not_sent_a_third_time(server: FaultyServer) -> None:
    server.play([PARIS, RESET, RESET, ROME])

    async def told(wire: Pool, url: str) -> None:
        await said(wire, url)
        assert await slug(wire, url) == "disconnected"

    story(server, told)
    assert len(server.requests) == 3


def test_a_server_that_resets_what_it_was_to_keep_is_asked_over_new_ones(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each of its resets could be a request that was read, and paid for twice."""
    monkeypatch.setattr(pool, "WARY", 3)
    server.play([PARIS, RESET, *[PARIS] * 9])

    async def told(wire: Pool, url: str) -> None:
        for _ in range(6):
            assert b"Paris" in await said(wire, url)

    story(server, told)
    # The second call has two, and is the first of three that keep none; the fifth one's is kept.
    assert (len(server.requests), server.connections) == (7, 4)


@pytest.mark.parametrize("half", [b"HTTP/1.1 200 O", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
def test_one_that_was_read_is_not_sent_again(server: FaultyServer, half: bytes) -> None:
    """A server that began to reply on a kept connection had the request."""
    server.play([PARIS, Reply((half, End.FIN)), ROME])

    async def told(wire: Pool, url: str) -> None:
        await said(wire, url)
        assert await slug(wire, url) == "disconnected"

    story(server, told)
    assert len(server.requests) == 2


def test_a_reply_that_is_left_half_read_is_not_the_next_one_s(server: FaultyServer) -> None:
    server.play([PARIS, ROME])

    async def told(wire: Pool, url: str) -> None:
        async with wire.reply(Call(url, HEADERS, b"{}")) as reply:
            assert reply.status == 200
        assert b"Rome" in await said(wire, url)

    story(server, told)
    assert server.connections == 2


def test_a_call_that_is_cut_off_leaves_nothing(server: FaultyServer) -> None:
    server.play([Reply((Pause(0.3), *PARIS.steps)), ROME])

    async def told(wire: Pool, url: str) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(said(wire, url), 0.1)
        assert b"Rome" in await said(wire, url)

    story(server, told)
    assert server.connections == 2


def test_one_that_nobody_used_for_long_is_not_used_again(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(ok())
    monkeypatch.setattr(connection, "MOST_IDLE_S", 0.05)

    async def told(wire: Pool, url: str) -> None:
        await said(wire, url)
        await asyncio.sleep(MOMENT_S)
        await said(wire, url)

    story(server, told)
    assert server.connections == 2


def test_a_reply_larger_than_what_may_lie_unread(server: FaultyServer) -> None:
    text = "x" * (3 << 20)
    server.play(as_json(completion(text)))

    async def told(wire: Pool, url: str) -> None:
        for _ in range(2):
            assert text.encode() in await said(wire, url)

    story(server, told)
    assert server.connections == 1


def test_without_a_descriptor_calls_wait_for_one_another(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(Reply((Pause(0.02), *PARIS.steps)))
    dial, most = dialling.dial, [2]

    async def scarce(*where: Any) -> Connection:
        if not most[0]:
            raise OSError(errno.EMFILE, "Too many open files")
        most[0] -= 1
        return await dial(*where)

    monkeypatch.setattr(dialling, "dial", scarce)

    async def told(wire: Pool, url: str) -> None:
        replies = await asyncio.gather(*(said(wire, url) for _ in range(9)))
        assert all(b"Paris" in each for each in replies)

    story(server, told)
    assert (server.connections, len(server.requests)) == (2, 9)


def test_without_a_descriptor_for_one_nobody_gives_one_back(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scarce(*_: Any) -> Connection:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(dialling, "dial", scarce)

    async def told(wire: Pool, url: str) -> None:
        with pytest.raises(OSError, match="Too many open files"):  # no matter of the network
            await said(wire, url)

    story(server, told)


def test_over_tls_too_one_connection_has_call_after_call(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(ok("Paris."))
    monkeypatch.setenv("SSL_CERT_FILE", tls.authority())
    with tls.Front("good", server.port) as front:

        async def told() -> None:
            wire = Pool(front.base_url)
            for _ in range(3):
                assert b"Paris" in await said(wire, front.base_url)
            wire.close()
            await asyncio.sleep(0)

        asyncio.run(asyncio.wait_for(told(), 20))

    assert server.connections == 1


def test_by_way_of_a_proxy_it_is_the_library_that_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(pool.to("https://api.example/v1"), Pool)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert isinstance(pool.to("https://api.example/v1"), pool.Clients)
    assert isinstance(pool.to("http://127.0.0.1:1/v1"), Pool)


def test_a_name_is_looked_up_once_for_all(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(Reply((Pause(0.1), *PARIS.steps)))
    lookups: list[str] = []

    async def told() -> None:
        loop = asyncio.get_running_loop()
        resolve = loop.getaddrinfo

        async def counted(host: str, *more: Any, **how: Any) -> Any:
            lookups.append(host)
            if len(lookups) == 1:
                raise socket.gaierror(socket.EAI_AGAIN, "just now")
            return await resolve("127.0.0.1", *more, **how)

        monkeypatch.setattr(loop, "getaddrinfo", counted)
        url = f"http://localhost:{server.port}/v1"
        wire = Pool(url)
        assert await slug(wire, url) == "dns_failed"
        await asyncio.gather(*(said(wire, url) for _ in range(5)))
        wire.close()
        await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(told(), 20))
    assert (lookups, server.connections) == (["localhost"] * 2, 5)


class TestDialling:
    """Of several addresses the first that answers is taken."""

    def reach(self, monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
        """Connect to a name that stands for these ports."""
        kind = socket.SOCK_STREAM
        found = [(socket.AF_INET, kind, 6, "", ("127.0.0.1", port)) for port in ports]

        async def told() -> None:
            loop = asyncio.get_running_loop()

            async def resolve(*_: Any, **__: Any) -> Any:
                return found

            monkeypatch.setattr(loop, "getaddrinfo", resolve)
            where = await dialling.Directory().addresses("two.example", 1)
            made = await dialling.dial(where, "two.example", None, lambda: Connection(Turnstile()))
            made.close()
            await asyncio.sleep(0)

        asyncio.run(asyncio.wait_for(told(), 10))

    def test_one_that_refuses_is_passed_over(
        self, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with FaultyServer(ok(), door="shut") as shut:
            self.reach(monkeypatch, shut.port, server.port)

    def test_one_that_is_silent_is_not_waited_for(
        self, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with FaultyServer(ok(), door="jammed") as jammed:
            self.reach(monkeypatch, jammed.port, server.port)

    def test_where_all_refuse_the_first_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with (
            FaultyServer(ok(), door="shut") as one,
            FaultyServer(ok(), door="shut") as other,
            pytest.raises(ConnectionRefusedError),
        ):
            self.reach(monkeypatch, one.port, other.port)
