"""EDGE: files that are believed without a question: the configuration, and where a key is kept."""

from __future__ import annotations

import os
from pathlib import Path

from mcli import system
from mcli.errors import ConfigFailure
from mcli.strict import LARGEST


def read(path: Path, what: str) -> bytes:
    """The bytes of a file, as far as one may be long, and one more. ConfigFailure if anybody on
    this machine could have written them: who chooses the host gets the key. Raises OSError where it
    cannot be read.

    That others can read it is accepted: the secrets of a Kubernetes volume are 0644.
    """
    with path.open("rb") as file:
        if system.all_may_write(os.fstat(file.fileno()).st_mode):
            raise ConfigFailure(
                "writable_by_all",
                f'{what} "{path}" can be written by everybody on this machine',
                f'chmod o-w "{path}"',
            )
        return file.read(LARGEST + 1)
