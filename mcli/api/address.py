"""EDGE: where an endpoint is."""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from urllib.parse import urlsplit

from mcli.errors import ConfigFailure
from mcli.expressions import expression
from mcli.shapes import frozen

PORTS = {"http": 80, "https": 443}
_PLAIN = expression(
    r"(?P<scheme>https?)://"
    r"(?P<host>(?!xn--)[a-z0-9_-]{1,63}(?:\.(?!xn--)[a-z0-9_-]{1,63})*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:/(?!\.)(?:[a-z0-9._~:@+,=-]|%[0-9a-f]{2})*)+"
    r"(?:\?(?:[a-z0-9._~:@/+,=&-]|%[0-9a-f]{2})+)?)",
    re.IGNORECASE | re.ASCII,  # else there are letters beyond ASCII that are an s or a k
)
"""A URL of which nothing has to be encoded, normalized or left out."""


@frozen
class Address:
    """`header` is the value of Host, and `server` how messages name it."""

    host: str
    port: int
    header: bytes
    server: str


@lru_cache(16)
def of(url: str) -> tuple[Address, bytes]:
    """The address of `url`, and what stands in the first line of a request to it. Raises
    ConfigFailure.

    Anything but a plain URL is the HTTP library's to read, which costs 70 ms to load.
    """
    return _plain(url) or _by_library(url)


def bad_url(error: Exception, server: str) -> ConfigFailure:
    """An address, or what is to be sent to it, that cannot be sent; of `error` its kind is told."""
    return ConfigFailure(
        "bad_base_url", f"{server} cannot be called: {type(error).__name__}", "check the base URL"
    )


def _plain(url: str) -> tuple[Address, bytes] | None:
    found = _PLAIN.fullmatch(url)
    if found is None:
        return None
    host, usual = found["host"].lower(), PORTS[found["scheme"].lower()]
    port = int(found["port"] or usual)
    if not 0 < port < 1 << 16 or not _is_host(host):
        return None
    header = host if port == usual else f"{host}:{port}"
    named = Address(host.strip("[]"), port, header.encode(), urlsplit(url).netloc)
    return named, found["target"].encode()


def _is_host(host: str) -> bool:
    """Whether a host that looks like an address is one."""
    bare = host.strip("[]")
    if bare == host and not host.rpartition(".")[2].isdigit():
        return True
    try:
        socket.inet_pton(socket.AF_INET if bare == host else socket.AF_INET6, bare)
    except OSError:
        return False
    return True


def _by_library(url: str) -> tuple[Address, bytes]:
    from mcli.api import client

    read = client.parsed(url)
    port = read.port or PORTS[read.scheme]
    host = read.raw_host.decode("ascii")
    return Address(host, port, read.netloc, urlsplit(url).netloc), read.raw_path
