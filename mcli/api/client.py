"""EDGE: one HTTP request and its reply; the only owner of the HTTP library.

Everything the library raises becomes a Failure here, told apart by what it means for asking again:
not sent, sent without a reply, or a reply spoilt half-way.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import lru_cache
from types import TracebackType
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

import httpx2

from mcli import keys, redaction
from mcli.api import body, mishaps
from mcli.api.watch import Line, TooManyInterim, Watch
from mcli.api.wire import Call, Reply
from mcli.errors import ConfigFailure, Recovery
from mcli.shapes import frozen

CONNECT_S = 10.0
"""For name, addresses, proxy and TLS together, in each attempt."""

LARGEST_HEADER = 64 << 10
"""Bytes of a reply's header. The library has a bound too, but whether it holds depends on how the
bytes fall into its reads."""

_KEPT = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=2.0)
_PORTS = {"http": 80, "https": 443}
_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIED = ("http", "https", "all")
"""What the library looks for among the proxies that the machine names."""
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Client:
    """Calls of one endpoint, one after the other or side by side; an async context manager.

    With `keep`, calls follow one another on one connection, for as long as the replies come whole;
    `tls` is a context that several clients share.
    """

    def __init__(
        self, base_url: str, keep: bool = False, tls: ssl.SSLContext | bool | None = None
    ) -> None:
        _hide_passwords()
        self._line = Line()
        try:
            # As in Go: no proxy stands between a machine and itself, and none is to see the key.
            far = not keys.is_loopback(base_url)
            self._http = httpx2.AsyncClient(
                trust_env=far,
                timeout=None,
                # By default no connection is used twice: what a broken reply left in it is not a
                # reply. One that is kept is closed before servers and proxies usually close it.
                limits=_KEPT if keep else httpx2.Limits(max_keepalive_connections=0),
                follow_redirects=False,
                verify=_tls_for(base_url) if tls is None else tls,
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
            raise _unusable(error) from None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
        url = _parsed(call.url)
        address = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        try:
            return await self._once(call, url, address)
        except _Stale:
            # It was closed while nothing was on its way: that costs no attempt.
            return await self._once(call, url, address)

    async def _once(self, call: Call, url: httpx2.URL, address: tuple[str, int]) -> httpx2.Response:
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


@frozen
class Address:
    """Where an endpoint is: `header` is its value of Host, and `server` how messages name it."""

    host: str
    port: int
    header: bytes
    server: str


def address(url: str) -> Address:
    """The address of `url`. Raises ConfigFailure."""
    found = _parsed(url)
    port = found.port or _PORTS[found.scheme]
    return Address(found.raw_host.decode("ascii"), port, found.netloc, urlsplit(url).netloc)


@lru_cache(16)
def target(url: str) -> bytes:
    """What stands in the first line of a request to `url`."""
    return _parsed(url).raw_path


def _parsed(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise bad_url(error, urlsplit(url).netloc) from None


def is_direct(base_url: str) -> bool:
    """Whether calls go to the endpoint itself, with nothing in the URL that becomes a header."""
    if urlsplit(base_url).username is not None:
        return False
    found = getproxies()
    return keys.is_loopback(base_url) or not any(found.get(kind) for kind in _PROXIED)


def trust(base_url: str) -> ssl.SSLContext | bool:
    """The TLS context for many connections, false for plain ones. Raises ConfigFailure."""
    _hide_passwords()
    try:
        return _tls_for(base_url)
    except OSError as error:
        raise _unusable(error) from None


def _tls_for(base_url: str) -> ssl.SSLContext | bool:
    """The TLS context, with the authorities of SSL_CERT_FILE or SSL_CERT_DIR if they are set.

    It costs 25 ms, and plain http without a proxy has no use for one. `SSLKEYLOGFILE`, with which
    the standard library would write the keys of the connection to a file, is not looked at.
    """
    far = not keys.is_loopback(base_url)
    if not (base_url.startswith("https:") or (far and _set(_PROXY_VARIABLES))):
        return False
    file, folder = (os.environ.get(name) or None for name in _TLS_VARIABLES)
    if file is None and folder is None:
        return httpx2.create_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file, folder)
    return context


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
        raise _stale_or_vanished(watch) from None
    except TooManyInterim as error:
        raise mishaps.malformed(error, watch.host, Recovery.PERMANENT) from None
    except httpx2.NetworkError:
        raise _stale_or_vanished(watch) from None
    except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
        # The library's text may quote a header, and with it the key: only its kind is told.
        raise bad_url(error, watch.host) from None


def _stale_or_vanished(watch: Watch) -> Exception:
    """A connection that served before and ends without a word of a reply was closed meanwhile."""
    return mishaps.vanished(watch.host) if watch.is_first else _Stale()


class _Stale(Exception):
    """A connection that was kept is one no longer."""


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


def bad_url(error: Exception, host: str) -> ConfigFailure:
    """An address, or what is to be sent to it, that cannot be sent; of `error` its kind is told."""
    return ConfigFailure(
        "bad_base_url", f"{host} cannot be called: {type(error).__name__}", "check the base URL"
    )


def _unusable(error: Exception) -> Exception:
    if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE):
        return error  # no descriptor is left, whatever the variables say
    return _bad_environment(error)


def _bad_environment(error: Exception) -> ConfigFailure:
    names = _set(_PROXY_VARIABLES) + _set(_TLS_VARIABLES)
    why = "SOCKS proxies are not supported" if isinstance(error, ImportError) else "cannot be used"
    return ConfigFailure(
        "bad_environment", f"a proxy or certificate variable: {why}", f"check {', '.join(names)}"
    )


def _set(names: tuple[str, ...]) -> list[str]:
    """Those of the variables, in either case, that are set."""
    both = [spelling for name in names for spelling in (name, name.lower())]
    return [name for name in both if os.environ.get(name)]


def _hide_passwords() -> None:
    """What proxy variables hold is nobody's business, also as the header it becomes."""
    for name in _set(_PROXY_VARIABLES):
        user, found, _ = os.environ[name].rpartition("//")[2].rpartition("@")
        if found:
            redaction.remember(user)
            redaction.remember(unquote(user.partition(":")[2]))
