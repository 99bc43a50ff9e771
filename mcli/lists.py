"""EDGE: small lists that are kept in the cache for a shell that asks.

They are written whole and for their owner alone, and read with next to nothing loaded, since a
person waits.
"""

from __future__ import annotations

import os
import stat

from mcli import homes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 2 << 20
"""Bytes of a list that are read."""
_LONGEST = 200
"""Characters of a file's name; a disk takes 255."""
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789.-")


def keep(kind: str, of: str, text: str, environ: Mapping[str, str]) -> None:
    """Put the list in place of the one before. Raises OSError where it cannot be done."""
    from pathlib import Path

    from mcli import outfile, state

    path = Path(_path(kind, of, environ))
    with state.opened(path.parent, make=True):
        outfile.replace(path, text.encode("utf-8", "surrogateescape"), private=True)


def lines(kind: str, of: str, environ: Mapping[str, str]) -> list[str]:
    """The whole lines of what was kept; none where it cannot be read, or may be somebody else's."""
    try:
        raw = _read(_path(kind, of, environ))
    except OSError:
        return []
    return raw.decode("utf-8", "replace").split("\n")[:-1]


def _read(path: str) -> bytes:
    """A regular file of this user's; no link is followed, and no FIFO waited for."""
    kept = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
    with open(os.open(path, sum(kept, os.O_RDONLY)), "rb") as file:
        status = os.fstat(file.fileno())
        mine = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        return file.read(LARGEST) if mine and stat.S_ISREG(status.st_mode) else b""


def _path(kind: str, of: str, environ: Mapping[str, str]) -> str:
    """Its file, called by what it is of, or where that is too long by a hash."""
    raw = os.fsencode(of)
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in raw)
    if len(name) > _LONGEST:
        import hashlib  # 8 ms

        name = hashlib.sha256(raw).hexdigest()
    folder = homes.below(environ, "XDG_CACHE_HOME", ".cache", homes.home(environ))
    return os.path.join(folder, kind, name)
