"""The first file of what `.ci/make-zipapp` makes: unpack what is beside it, once, and run that.

A compiled library cannot be imported from a zip. So all is put into a folder of the cache that is
called by a hash of what it holds, for its owner alone. It gets its name when it is whole: who is
killed leaves nothing that anybody takes for it, and of two at once one throws its own away.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

DIGEST, PYTHON, MACHINE = "@DIGEST@", "@PYTHON@", "@MACHINE@"
STALE_S = 86400.0
"""After so long a draft is what a killed run left."""


def main() -> NoReturn:
    """Become `mcli`."""
    if sys.implementation.cache_tag != PYTHON:
        end(78, f"this file is for {PYTHON}, and this is {sys.implementation.cache_tag}: "
                "run it with that one, or install mcli-llm [other_python]")  # fmt: skip
    place = os.path.join(cache(), DIGEST)
    try:
        if not os.path.isdir(place):
            unpack(place)
        if not is_private(place):
            end(73, f'"{place}" can be written by others: remove it [cannot_create]')
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        end(73, f'"{place}": {why}: set XDG_CACHE_HOME to a place for it [cannot_create]')
    sys.path[0] = place
    from mcli.__main__ import entry

    entry()


def cache() -> str:
    """The folder for all versions. A relative value is ignored, as the XDG specification says."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "mcli", "app")


def is_private(place: str) -> bool:
    """Whether it is ours, and nobody else can have put anything into it."""
    status = os.lstat(place)
    if not hasattr(os, "geteuid"):
        return True  # Windows, whose homes are private by themselves
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def unpack(place: str) -> None:
    """Make the folder `place`. Raises OSError."""
    import shutil
    import sysconfig
    import tempfile
    import zipfile

    if sysconfig.get_platform() != MACHINE:
        end(78, f"this file is for {MACHINE}, and this is {sysconfig.get_platform()}: "
                "install mcli-llm [other_python]")  # fmt: skip
    folder = os.path.dirname(place)
    os.makedirs(folder, 0o700, exist_ok=True)
    sweep(folder)
    draft = tempfile.mkdtemp(prefix=".new-", dir=folder)  # for its owner alone
    try:
        with zipfile.ZipFile(os.path.dirname(os.path.abspath(__file__))) as archive:
            inside = [name for name in archive.namelist() if name.startswith("site/")]
            archive.extractall(draft, inside)
        getattr(os, "sync", lambda: None)()  # its name must not outlive what it holds
        os.chmod(os.path.join(draft, "site"), 0o700)
        try:
            os.rename(os.path.join(draft, "site"), place)
        except OSError:
            if not os.path.isdir(place):  # else somebody else was first, with the same
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def sweep(folder: str) -> None:
    """Take away what runs that were killed have left."""
    import shutil
    import time

    for entry in os.scandir(folder):
        if entry.name.startswith(".new-") and time.time() - entry.stat().st_mtime > STALE_S:
            shutil.rmtree(entry.path, ignore_errors=True)


def end(code: int, why: str) -> NoReturn:
    """Say why in one line, as `mcli` does, and end."""
    sys.stderr.write(f"mcli: {why}\n")
    raise SystemExit(code)


if __name__ == "__main__":
    main()
