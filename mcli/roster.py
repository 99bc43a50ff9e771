"""EDGE: the models that an endpoint listed last, kept for the shell to offer.

`mcli models` writes them to `$XDG_CACHE_HOME/mcli/models`, a file an endpoint, its owner's alone. A
file is lines of `name<TAB>what is told of it`, of which what is no such line is none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from mcli import state
from mcli.suggestions import Suggestion

LARGEST = 2 << 20
"""Bytes of a list that are read."""


def keep(base_url: str, models: Iterable[Suggestion], environ: Mapping[str, str]) -> None:
    """Put the list in place of the one before. Raises OSError where it cannot be done."""
    from mcli import outfile  # which a shell that asks does not need

    path = _path(base_url, environ)
    with state.opened(path.parent, make=True):
        outfile.replace(path, "".join(each.line() for each in models).encode(), private=True)


def last(base_url: str, environ: Mapping[str, str]) -> list[Suggestion]:
    """What was kept; nothing where that is nothing or cannot be read."""
    try:
        path = _path(base_url, environ)
        with state.opened(path.parent, make=False) as folder:
            descriptor = state.open_file(folder, path.name, write=False)
            with open(descriptor, "rb") as file:
                raw = file.read(LARGEST)
    except OSError:
        return []
    lines = raw.decode("utf-8", "replace").split("\n")[:-1]
    return [Suggestion(*line.split("\t", 1)) for line in lines]


def _path(base_url: str, environ: Mapping[str, str]) -> Path:
    name = hashlib.sha256(os.fsencode(base_url)).hexdigest()[:32]
    return state.cache(environ) / "models" / name
