"""EDGE: whom TLS trusts on this machine; the only owner of truststore."""

from __future__ import annotations

import os
import ssl

from mcli import system
from mcli.expressions import expression

_HASHED = expression(r"[0-9a-f]{8}\.[0-9]+")
"""How OpenSSL calls the file of an authority in a folder where it finds it by its name."""
_BUNDLES = (
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
)
"""Where systems have theirs, for a Python that was built on another one."""


class Trust:
    """A TLS context for many connections.

    To read a bundle of authorities takes 20 ms, so where the machine has a folder in which one is
    found by its name, the bundle, `rest`, waits until a certificate is of none of these.
    """

    def __init__(self, context: ssl.SSLContext, rest: str | None = None) -> None:
        self.context = context
        self._rest = rest

    @property
    def is_whole(self) -> bool:
        """Whether all whom the machine trusts are trusted already."""
        return self._rest is None

    def complete(self) -> None:
        """Trust all that the machine does. Raises OSError."""
        if self._rest is not None:
            self.context.load_verify_locations(self._rest)
            self._rest = None


def of_files(file: str | None, folder: str | None) -> Trust:
    """Whom a person trusts. Raises OSError for a file that cannot be read or holds none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file, folder)
    return Trust(context)


def of_machine() -> Trust:
    """Whom its system trusts. Raises OSError."""
    if system.KEEPS_AUTHORITIES:
        import truststore  # asks the system itself

        return Trust(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Not Python's own way to them, which looks at SSL_CERT_FILE again, set to nothing or not.
    known = ssl.get_default_verify_paths()
    own = known.openssl_cafile if os.path.isfile(known.openssl_cafile) else None
    if _has_names(known.openssl_capath):
        context.load_verify_locations(capath=known.openssl_capath)
        return Trust(context, own)
    bundle = own or next(filter(os.path.isfile, _BUNDLES), None)
    if bundle is not None:
        context.load_verify_locations(bundle)
    return Trust(context)


def _has_names(folder: str) -> bool:
    try:
        with os.scandir(folder) as found:
            return any(_HASHED.fullmatch(each.name) for each in found)
    except OSError:
        return False
