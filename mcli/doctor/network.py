"""EDGE: from the endpoint's name to a connection that can be trusted, a check for each step."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from mcli import durations
from mcli.api import address, dialling, mishaps, surroundings
from mcli.api.wire import CONNECT_S
from mcli.doctor.finding import Check, failed, ok, problem, warning
from mcli.doctor.proxying import Proxy
from mcli.errors import Failure
from mcli.shapes import frozen

SHORT_DAYS = 14
"""A certificate that is renewed by a program has more left than this."""

_HINTS = {
    "dns_unknown": "check the base URL, and whether this machine has a network",
    "connect_refused": "is the server running, and is that its port?",
    "network_unreachable": "check the network of this machine",
}
"""What to do now, where a command would best be run again later."""

_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@frozen
class Place:
    """Where a connection goes: the endpoint, or the proxy before it."""

    host: str
    port: int
    server: str
    by_proxy: str = ""


def place(base_url: str, proxy: Proxy | None) -> Place:
    """Where calls of `base_url` go first. Raises ConfigFailure."""
    if proxy is not None:
        return Place(proxy.host, proxy.port, f"{proxy.host}:{proxy.port}", proxy.variable)
    found, _ = address.of(base_url)
    return Place(found.host.strip("[]"), found.port, found.server)


@frozen
class Span:
    """The time for all steps: the moment of the loop's clock when it ends, and how long it was
    meant to be, in seconds. Each step has `CONNECT_S` at most."""

    until: float
    limit_s: float

    def of_step(self) -> tuple[float, str, str]:
        """Seconds that a step has now, how that is told, and the slug of the failure."""
        left = self.until - asyncio.get_running_loop().time()
        if left < CONNECT_S:
            return max(left, 0.001), durations.words(self.limit_s), "deadline"
        return CONNECT_S, durations.words(CONNECT_S), "connect_timeout"


async def reached(base_url: str, there: Place, span: Span) -> list[Check]:
    """Name, connection and TLS, up to the first that fails; through a proxy TLS is seen by the
    request."""
    addresses, named = await _looked_up(there, span)
    if addresses is None:
        return [named]
    connected = await _connected(addresses, there, span)
    if connected.status == "problem" or urlsplit(base_url).scheme != "https" or there.by_proxy:
        return [named, connected]
    try:
        trust = surroundings.trust(base_url, whole=True)
    except Failure as failure:
        return [named, connected, failed("tls", failure)]
    assert trust is not None
    return [named, connected, await _secured(addresses, there, trust.context, span)]


async def _looked_up(there: Place, span: Span) -> tuple[list[dialling.Address] | None, Check]:
    seconds, limit, slug = span.of_step()
    try:
        async with asyncio.timeout(seconds):
            found = await dialling.Directory().addresses(there.host, there.port)
    except TimeoutError:
        told = f"cannot resolve {there.server} within {limit}"
        return None, problem("name", told, "check the network and its name server", slug)
    except (OSError, UnicodeError) as error:
        return None, _unreachable("name", error, there)
    shown = list(dict.fromkeys(str(address[0]) for _, address in found))
    more = f" and {len(shown) - 2} more" if len(shown) > 2 else ""
    if shown == [there.host]:
        return found, ok("name", f"{there.host} is an address")
    return found, ok("name", f"{there.host} is {', '.join(shown[:2])}{more}")


async def _connected(addresses: Sequence[dialling.Address], there: Place, span: Span) -> Check:
    spoken = await _dialled("connection", addresses, there, None, span)
    if isinstance(spoken, Check):
        return spoken
    spoken.close()
    what = f"the proxy {there.server}, by {there.by_proxy}," if there.by_proxy else there.server
    return ok("connection", f"{what} answers")


async def _secured(
    addresses: Sequence[dialling.Address], there: Place, context: ssl.SSLContext, span: Span
) -> Check:
    spoken = await _dialled("tls", addresses, there, context, span)
    if isinstance(spoken, Check):
        return spoken
    try:
        return certificate(spoken.version, spoken.certificate, time.time(), authorities())
    finally:
        spoken.close()


def authorities() -> str:
    """Whose word counts, where that is not the built-in list."""
    names = [name for name in _AUTHORITIES if os.environ.get(name)]
    return f", trusted by {' and '.join(names)}" if names else ""


def certificate(version: str, told: dict[str, Any], now: float, trusted: str) -> Check:
    """How long the certificate, which was found good, still is; `now` is in seconds of Unix."""
    ends = ssl.cert_time_to_seconds(told["notAfter"])
    days = int((ends - now) // 86400)
    day = time.strftime("%Y-%m-%d", time.gmtime(ends))
    what = f"{version}, the certificate ends in {days} days ({day}){trusted}"
    if days < SHORT_DAYS:
        return warning("tls", what, "tell who runs the server: it is due to be renewed")
    return ok("tls", what)


class _Quiet(asyncio.Protocol):
    """A connection over which nothing is said."""

    _transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @property
    def version(self) -> str:
        return self._transport.get_extra_info("ssl_object").version() or "TLS"

    @property
    def certificate(self) -> dict[str, Any]:
        return self._transport.get_extra_info("peercert")

    def close(self) -> None:
        self._transport.abort()


async def _dialled(
    name: str,
    addresses: Sequence[dialling.Address],
    there: Place,
    context: ssl.SSLContext | None,
    span: Span,
) -> _Quiet | Check:
    seconds, limit, slug = span.of_step()
    try:
        async with asyncio.timeout(seconds):
            return await dialling.dial(addresses, there.host, context, _Quiet)
    except TimeoutError:
        told = f"no connection to {there.server} within {limit}"
        return problem(name, told, "check the network, and whether a firewall is in the way", slug)
    except OSError as error:
        return _unreachable(name, error, there)


def _unreachable(name: str, error: Exception, there: Place) -> Check:
    failure = mishaps.connecting(error, there.server)
    failure.hint = _HINTS.get(failure.slug, failure.hint)
    if there.by_proxy:
        failure.message, failure.hint = f"the proxy: {failure.message}", f"check {there.by_proxy}"
    return failed(name, failure)
