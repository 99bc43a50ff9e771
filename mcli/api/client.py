"""EDGE: calls by the HTTP library, whose only owner this is: where a proxy stands in between.

Everything the library raises becomes a Failure here, told apart by what it means for asking again:
not sent, sent without a reply, or a reply spoilt half-way.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import httpx2

from mcli.api import body, mishaps, surroundings
from mcli.api.address import PORTS, bad_url
from mcli.api.watch import Line, TooManyInterim, Watch
from mcli.api.wire import CONNECT_S, LARGEST_HEADER, Call, Reply
from mcli.errors import Recovery

_ONE = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=2.0)
"""A connection that is kept is closed before servers and proxies usually close it."""


class Client:
    """Calls of an endpoint, one after the other on one connection, for as long as the replies
    come whole. `tls` is a context that several clients may share, false where none is needed.
    """

    def __init__(self, tls: ssl.SSLContext | bool) -> None:
        surroundings.hide_passwords()
        self._line = Line()
        try:
            self._http = httpx2.AsyncClient(
                trust_env=True,
                timeout=None,
                limits=_ONE,
                follow_redirects=False,
                verify=tls,
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
            raise surroundings.unusable(error) from None

    async def close(self) -> None:
        """Let go of the connection."""
        await self._http.aclose()

    @asynccontextmanager
    async def reply(self, call: Call) -> AsyncGenerator[Reply]:
        """Send `call` and yield the reply when its header is there. Raises a Failure."""
        host = urlsplit(call.url).netloc
        response = await self._send(call)
        packing = response.headers.get("content-encoding", "").strip().lower()
        try:
            # Each name and value, with the colon, blank and line end that came with them.
            size = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
            if size > LARGEST_HEADER:
                raise body.too_large(host)
            async with (
                aclosing(_raw(response, host)) as raw,
                aclosing(body.pieces(raw, packing, host)) as pieces,
            ):
                yield Reply(response.status_code, dict(response.headers), pieces, host)
        finally:
            await response.aclose()

    async def _send(self, call: Call) -> httpx2.Response:
        """The response whose header has arrived. Raises a Failure."""
        url = parsed(call.url)
        address = url.raw_host.decode("ascii"), url.port or PORTS[url.scheme]
        timer = asyncio.timeout(CONNECT_S)
        watch = Watch(urlsplit(call.url).netloc, address, timer, self._line)
        request = self._http.build_request(
            "GET" if call.body is None else "POST", url, headers=dict(call.headers),
            content=call.body, extensions={"trace": watch.trace},
        )  # fmt: skip
        try:
            async with timer:
                with _before_the_reply(watch):
                    return await self._http.send(request, stream=True)
        except TimeoutError:
            raise mishaps.late(watch.host, CONNECT_S) from None


def parsed(url: str) -> httpx2.URL:
    """The parts of `url`. Raises ConfigFailure."""
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise bad_url(error, urlsplit(url).netloc) from None


async def _raw(response: httpx2.Response, host: str) -> AsyncGenerator[bytes]:
    with _inside_the_reply(host):
        async for piece in response.aiter_raw():
            yield piece


@contextmanager
def _before_the_reply(watch: Watch) -> Generator[None]:
    """Failures up to the end of the reply's header."""
    try:
        yield
    except httpx2.ProxyError as error:
        raise mishaps.proxy(str(error), watch.host) from None
    except httpx2.ConnectError as error:
        raise mishaps.connecting(error, watch.host) from None
    except httpx2.RemoteProtocolError as error:
        if "disconnected" not in str(error):
            raise mishaps.malformed(error, watch.host, Recovery.PERMANENT) from None
        raise mishaps.vanished(watch.host) from None
    except TooManyInterim as error:
        raise mishaps.malformed(error, watch.host, Recovery.PERMANENT) from None
    except httpx2.NetworkError:
        raise mishaps.vanished(watch.host) from None
    except (ExceptionGroup, OverflowError, UnicodeError) as error:  # of what is no port
        raise surroundings.unusable(error) from None
    except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
        # The library's text may quote a header, and with it the key: only its kind is told.
        raise bad_url(error, watch.host) from None


@contextmanager
def _inside_the_reply(host: str) -> Generator[None]:
    """Failures after the header: by then it has been paid for."""
    try:
        yield
    except httpx2.RemoteProtocolError as error:
        if "peer closed" not in str(error):
            raise mishaps.malformed(error, host, Recovery.CHARGED) from None
        raise mishaps.cut(host) from None
    except httpx2.NetworkError:
        raise mishaps.cut(host) from None
