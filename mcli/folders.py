"""EDGE: a directory that is held open, so that its files stay those of this directory, whoever
moves it or puts a link in its place.

Windows cannot open one; there its path stands for it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mcli import system
from mcli.shapes import frozen

OPENS: bool = hasattr(os, "O_DIRECTORY")
_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | system.NOFOLLOW | system.CLOEXEC


@frozen
class Folder:
    """Its path, and its descriptor where there is one. Everything here raises OSError."""

    path: Path
    descriptor: int | None

    def status(self) -> os.stat_result:
        return os.stat(self.path if self.descriptor is None else self.descriptor)

    def names(self) -> list[str]:
        return os.listdir(self.path if self.descriptor is None else self.descriptor)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        return os.open(self._at(name), flags | system.BINARY, mode, dir_fd=self.descriptor)

    def status_of(self, name: str) -> os.stat_result:
        """That of a file; no link is followed."""
        return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, which may be taken."""
        here = self.descriptor
        os.replace(self._at(name), self._at(new), src_dir_fd=here, dst_dir_fd=here)

    def remove(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self.descriptor)

    def _at(self, name: str) -> str:
        return name if self.descriptor is not None else str(self.path / name)


@contextmanager
def opened(path: Path) -> Generator[Folder]:
    """The directory `path`, for as long as the block. Raises OSError if it is none, or a link."""
    if not OPENS:
        os.listdir(path)
        yield Folder(path, None)
        return
    descriptor = os.open(path, _FLAGS)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)
