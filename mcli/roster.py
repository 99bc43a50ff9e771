"""EDGE: the models that an endpoint listed last, kept for the shell to offer.

`mcli models` writes them to `$XDG_CACHE_HOME/mcli/models`, a file an endpoint, its owner's alone. A
file is lines of `name<TAB>what is told of it`, of which what is no such line is none.
A shell that asks waits for `last`, so little is loaded for it.
"""

from __future__ import annotations

import os
import stat

from mcli import homes
from mcli.suggestions import Suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST = 2 << 20
"""Bytes of a list that are read."""
_LONGEST = 200
"""Characters of a file's name; a disk takes 255."""
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789.-")


def keep(base_url: str, models: Iterable[Suggestion], environ: Mapping[str, str]) -> None:
    """Put the list in place of the one before. Raises OSError where it cannot be done."""
    from pathlib import Path

    from mcli import outfile, state

    path = Path(_path(base_url, environ))
    with state.opened(path.parent, make=True):
        outfile.replace(path, "".join(each.line() for each in models).encode(), private=True)


def last(base_url: str, environ: Mapping[str, str]) -> list[Suggestion]:
    """What was kept; nothing where that is nothing, cannot be read, or may be somebody else's."""
    try:
        raw = _read(_path(base_url, environ))
    except OSError:
        return []
    lines = raw.decode("utf-8", "replace").split("\n")[:-1]
    return [Suggestion(*line.split("\t", 1)) for line in lines]


def _read(path: str) -> bytes:
    """A regular file of this user's; no link is followed, and no FIFO waited for."""
    kept = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
    flags = sum(kept, os.O_RDONLY)
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        mine = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        return file.read(LARGEST) if mine and stat.S_ISREG(status.st_mode) else b""


def _path(base_url: str, environ: Mapping[str, str]) -> str:
    """Its file, called by the URL, or where that is too long by a hash of it."""
    raw = os.fsencode(base_url)
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in raw)
    if len(name) > _LONGEST:
        import hashlib  # 8 ms

        name = hashlib.sha256(raw).hexdigest()
    folder = homes.below(environ, "XDG_CACHE_HOME", ".cache", homes.home(environ))
    return os.path.join(folder, "models", name)
