"""EDGE: one HTTP request and its reply; the only owner of the HTTP library.

Everything the library raises becomes a Failure here, told apart by what it means for asking again:
not sent, sent without a reply, or a reply spoilt half-way.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import cast
from urllib.parse import urlsplit

import httpx2

from mcli import keys
from mcli.api import body
from mcli.errors import (
    BadReply,
    ConfigFailure,
    Failure,
    NotAllowed,
    Recovery,
    Refused,
    TryAgain,
)
from mcli.redaction import excerpt

CONNECT_S = 10.0
LARGEST_HEADER = 64 << 10
"""Bytes of a reply's header. The library has a bound too, but whether it holds depends on how the
bytes fall into its reads."""

_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request: no body means GET."""

    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply whose header has arrived; `pieces` are its body, to be read once."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]
    host: str


class Client:
    """Connections to one endpoint; an async context manager."""

    def __init__(self, base_url: str) -> None:
        try:
            # As in Go: no proxy stands between a machine and itself, and none is to see the key.
            far = not keys.is_loopback(base_url)
            self._http = httpx2.AsyncClient(
                trust_env=far,
                timeout=httpx2.Timeout(None, connect=CONNECT_S),
                # No connection is used twice: what a broken reply left in it is not a reply.
                limits=httpx2.Limits(max_keepalive_connections=0),
                follow_redirects=False,
                verify=_tls(base_url, far),
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
            raise _bad_environment(error) from None

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
        with _before_the_reply(host):
            request = self._http.build_request(
                "GET" if call.body is None else "POST", call.url,
                headers=dict(call.headers), content=call.body,
            )  # fmt: skip
            response = await self._http.send(request, stream=True)
        packing = response.headers.get("content-encoding", "").strip().lower()
        try:
            # Each name and value, with the colon, blank and line end that came with them.
            size = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
            if size > LARGEST_HEADER:
                raise body.too_large(host)
            async with aclosing(body.pieces(_raw(response, host), packing, host)) as pieces:
                yield Reply(response.status_code, dict(response.headers), pieces, host)
        finally:
            await response.aclose()


def _tls(base_url: str, far: bool) -> ssl.SSLContext | bool:
    """The TLS context, with the authorities of SSL_CERT_FILE if that is set.

    It costs 25 ms, and plain http without a proxy has no use for one.
    """
    if base_url.startswith("https:") or (far and _set(_PROXY_VARIABLES)):
        return httpx2.create_ssl_context()
    return False


async def _raw(response: httpx2.Response, host: str) -> AsyncGenerator[bytes]:
    with _inside_the_reply(host):
        async for piece in response.aiter_raw():
            yield piece


@contextmanager
def _before_the_reply(host: str) -> Generator[None]:
    """Failures up to the end of the reply's header."""
    try:
        yield
    except httpx2.ConnectTimeout:
        raise _network(
            "connect_timeout", f"no connection to {host} within {CONNECT_S:.0f} s"
        ) from None
    except httpx2.ProxyError as error:
        raise _proxy(error) from None
    except httpx2.ConnectError as error:
        raise _connecting(error, host) from None
    except httpx2.RemoteProtocolError as error:
        if "disconnected" not in str(error):
            raise _malformed(error, host, Recovery.PERMANENT) from None
        raise _vanished(host) from None
    except httpx2.NetworkError:
        raise _vanished(host) from None
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError) as error:
        # The library's text may quote a header, and with it the key: only its kind is told.
        raise ConfigFailure(
            "bad_base_url", f"{host} cannot be called: {type(error).__name__}", "check the base URL"
        ) from None


@contextmanager
def _inside_the_reply(host: str) -> Generator[None]:
    """Failures after the header: by then it has been paid for."""
    try:
        yield
    except httpx2.RemoteProtocolError as error:
        if "peer closed" not in str(error):
            raise _malformed(error, host, Recovery.CHARGED) from None
        raise _cut(host) from None
    except httpx2.NetworkError:
        raise _cut(host) from None


def _connecting(error: httpx2.ConnectError, host: str) -> Failure:
    """Why there is no connection, told by the deepest cause."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return _resolving(cause, host)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return BadReply(
                "tls_untrusted",
                f"the certificate of {host} is not trusted: {excerpt(cause.verify_message, 120)}",
                "put the right authority into SSL_CERT_FILE",
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in (
            "WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST",
        ):  # fmt: skip
            return ConfigFailure(
                "not_tls", f"{host} does not speak TLS", "use http:// in the base URL"
            )
        if isinstance(cause, ConnectionRefusedError):
            return _network("connect_refused", f"{host} refused the connection")
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return _network("network_unreachable", f"the network of {host} cannot be reached")
    return _network("connect_failed", f"no connection to {host}")


def _resolving(error: socket.gaierror, host: str) -> Failure:
    if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
        return Refused(
            "dns_unknown",
            f"cannot resolve {host}",
            "check the base URL",
            recovery=Recovery.NOT_SENT,
        )
    return _network("dns_failed", f"cannot resolve {host} just now")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything it came from, groups included."""
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
                yield from _causes(inner)
        yield error
        error = error.__cause__ or error.__context__


def _network(slug: str, message: str) -> TryAgain:
    return TryAgain(slug, message, "run it again later", recovery=Recovery.NOT_SENT)


def _vanished(host: str) -> TryAgain:
    return TryAgain(
        "disconnected", f"{host} hung up before it replied", "run it again later",
        recovery=Recovery.MAYBE_CHARGED,
    )  # fmt: skip


def _cut(host: str) -> TryAgain:
    return TryAgain(
        "reply_cut", f"{host} hung up in the middle of its reply", "run it again",
        recovery=Recovery.CHARGED,
    )  # fmt: skip


def _malformed(error: Exception, host: str, recovery: Recovery) -> BadReply:
    return BadReply(
        "protocol_error", f"{host} does not speak HTTP properly: {excerpt(str(error), 120)}",
        "check the base URL and the proxy", recovery=recovery,
    )  # fmt: skip


def _proxy(error: httpx2.ProxyError) -> Failure:
    told = excerpt(str(error), 120)
    if "407" in told:
        return NotAllowed(
            "proxy_auth", f"the proxy wants a password: {told}", "put it into the proxy variable"
        )
    return _network("proxy_failed", f"the proxy does not let us through: {told}")


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
