"""EDGE: what the environment says of the way to a server: proxies, and whom TLS trusts."""

from __future__ import annotations

import errno
import os
from urllib.parse import unquote

from mcli import keys, redaction, system
from mcli.api import authorities
from mcli.api.authorities import Trust
from mcli.errors import ConfigFailure

_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIED = ("http", "https", "all")
"""What the HTTP library looks for among the proxies that the machine names."""
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def is_direct(base_url: str) -> bool:
    """Whether calls go to the endpoint itself. As in Go, no proxy stands between a machine and
    itself, and none is to see the key."""
    found = system.proxies()
    return keys.is_loopback(base_url) or not any(found.get(kind) for kind in _PROXIED)


def trust(base_url: str, whole: bool = False) -> Trust | None:
    """Whom connections to `base_url` trust, if they are not plain ones: the authorities of
    SSL_CERT_FILE or SSL_CERT_DIR if they are set, else those of the machine; with `whole` all at
    once, for who cannot come back for the rest. Raises ConfigFailure.

    Plain http without a proxy has no use for one. `SSLKEYLOGFILE`, with which the standard library
    would write the keys of the connection to a file, is not looked at.
    """
    hide_passwords()
    far = not keys.is_loopback(base_url)
    if not (base_url.startswith("https:") or (far and _set(_PROXY_VARIABLES))):
        return None
    file, folder = (os.environ.get(name) or None for name in _TLS_VARIABLES)
    try:
        if file is not None or folder is not None:
            return authorities.of_files(file, folder)
        found = authorities.of_machine()
    except OSError as error:
        raise unusable(error) from None
    if whole:
        complete(found)
    return found


def complete(found: Trust) -> None:
    """Trust all that the machine does. Raises ConfigFailure."""
    try:
        found.complete()
    except OSError as error:
        raise unusable(error) from None


def unusable(error: Exception) -> Exception:
    """The failure of a proxy or certificate variable that cannot be used; `error` itself if it is
    that no descriptor is left, whatever the variables say."""
    if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE):
        return error
    names = _set(_PROXY_VARIABLES) + _set(_TLS_VARIABLES)
    if not names:
        told = "the certificates of this machine cannot be read"
        return ConfigFailure("bad_environment", told, "name a file of them in SSL_CERT_FILE")
    why = "SOCKS proxies are not supported" if isinstance(error, ImportError) else "cannot be used"
    return ConfigFailure(
        "bad_environment", f"a proxy or certificate variable: {why}", f"check {', '.join(names)}"
    )


def hide_passwords() -> None:
    """What proxy variables hold is nobody's business, also as the header it becomes."""
    for name in _set(_PROXY_VARIABLES):
        user, found, _ = os.environ[name].rpartition("//")[2].rpartition("@")
        if found:
            redaction.remember(user)
            redaction.remember(unquote(user.partition(":")[2]))


def _set(names: tuple[str, ...]) -> list[str]:
    """Those of the variables, in either case, that are set."""
    both = [spelling for name in names for spelling in (name, name.lower())]
    return [name for name in both if os.environ.get(name)]
