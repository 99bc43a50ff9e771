"""EDGE (pure): a connection that does not come about, or breaks, as a Failure.

Told apart by what it means for asking again: not sent, sent without a reply, or a reply spoilt
half-way. `host` is how the message names the server.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import cast

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

_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


def connecting(error: Exception, host: str) -> Failure:
    """Why there is no connection, told by the deepest cause."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return _resolving(cause, host)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return _distrusting(cause, host)
        if isinstance(cause, ConnectionRefusedError):
            return network("connect_refused", f"no connection to {host}: refused")
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return network("network_unreachable", f"no connection to {host}: no network to it")
    return network("connect_failed", f"no connection to {host}")


def _distrusting(error: ssl.SSLError, host: str) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return BadReply(
            "tls_untrusted",
            f"the certificate of {host} is not trusted: {excerpt(error.verify_message, 120)}",
            "put the right authority into SSL_CERT_FILE",
        )
    if error.reason in _NOT_TLS:
        return ConfigFailure("not_tls", f"{host} does not speak TLS", "use http:// in the base URL")
    told = excerpt((error.reason or "handshake failed").lower().replace("_", " "), 120)
    return BadReply("tls_failed", f"no TLS with {host}: {told}", "check the server and the proxy")


def _resolving(error: socket.gaierror, host: str) -> Failure:
    if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
        return Refused(
            "dns_unknown",
            f"cannot resolve {host}",
            "check the base URL",
            recovery=Recovery.NOT_SENT,
        )
    return network("dns_failed", f"cannot resolve {host} just now")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything it came from, groups included."""
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
                yield from _causes(inner)
        yield error
        error = error.__cause__ or error.__context__


def network(slug: str, message: str) -> TryAgain:
    """The request was not sent, and may be another time."""
    return TryAgain(slug, message, "run it again later", recovery=Recovery.NOT_SENT)


def late(host: str, limit_s: float) -> TryAgain:
    """There was no connection in time."""
    return network("connect_timeout", f"no connection to {host} within {limit_s:.0f} s")


def vanished(host: str) -> TryAgain:
    """The request was sent, and no reply began."""
    return TryAgain(
        "disconnected", f"{host} hung up before it replied", "run it again later",
        recovery=Recovery.MAYBE_CHARGED,
    )  # fmt: skip


def cut(host: str) -> TryAgain:
    """The reply began, and did not end."""
    return TryAgain(
        "reply_cut", f"{host} hung up in the middle of its reply", "run it again",
        recovery=Recovery.CHARGED,
    )  # fmt: skip


def malformed(error: Exception, host: str, recovery: Recovery) -> BadReply:
    """What came is not HTTP."""
    return BadReply(
        "protocol_error", f"{host} does not speak HTTP properly: {excerpt(str(error), 120)}",
        "check the base URL and the proxy", recovery=recovery,
    )  # fmt: skip


def proxy(status: str, host: str) -> Failure:
    """A proxy that does not let the call through; `status` is what it said: `502 Bad Gateway`."""
    told = excerpt(status, 120)
    if status.startswith("407"):
        return NotAllowed(
            "proxy_auth", f"{host}: the proxy wants a password: {told}",
            "put it into the proxy variable",
        )  # fmt: skip
    if status.startswith("4"):
        return NotAllowed(
            "proxy_refused", f"{host}: the proxy does not allow this: {told}", "ask who runs it"
        )
    return network("proxy_failed", f"{host}: the proxy does not get through: {told}")
