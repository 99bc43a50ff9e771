"""EDGE: which proxy stands between this machine and the endpoint, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mcli import keys
from mcli.doctor.finding import Check, ok, problem
from mcli.shapes import frozen

_PORTS = {"http": 80, "https": 443}


@frozen
class Proxy:
    """Where it is, how it is spoken to, and the variable that names it."""

    host: str
    port: int
    secure: bool
    variable: str


def found(base_url: str, environ: Mapping[str, str]) -> tuple[Proxy | None, Check]:
    """The proxy that calls of `base_url` go through, if they go through one."""
    parts = urlsplit(base_url)
    known = getproxies()
    kind = parts.scheme if known.get(parts.scheme) else "all"
    if not known.get(kind):
        return None, ok("proxy", "none is set")
    variable = _variable(kind, environ)
    if keys.is_loopback(base_url):
        return None, ok("proxy", f"{variable} is passed over: the endpoint is this machine")
    if proxy_bypass(parts.hostname or ""):
        return None, ok("proxy", f"{variable} is passed over: {_variable('no', environ)} says so")
    try:
        proxy = _parsed(known[kind], variable)
    except ValueError as error:
        return None, problem("proxy", f"{variable} {error}", "correct it", "bad_environment")
    return proxy, ok("proxy", f"{proxy.host}:{proxy.port}, by {variable}")


def _parsed(url: str, variable: str) -> Proxy:
    """Its host and port; not the rest of the URL, which may hold a password."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has a port that is no number") from None
    if parts.scheme not in _PORTS:
        raise ValueError("is no http proxy: SOCKS is not supported")
    if not parts.hostname:
        raise ValueError("names no host")
    return Proxy(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "https", variable)


def _variable(kind: str, environ: Mapping[str, str]) -> str:
    """The spelling that is set; the system's own settings have no variable."""
    names = (f"{kind}_proxy", f"{kind}_proxy".upper())
    return next((name for name in names if environ.get(name)), "the system's setting")
