"""EDGE: several new files below a directory, all of them or none (`codegen --write`).

They are written into a directory of their own beside their places, and get their names only when
all are on the disk. No link is followed on the way, nothing that exists is replaced, and nothing
is executable. Only a crash of the machine or SIGKILL between two names leaves some of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress

from mcli import outfile, output, redaction, system
from mcli.errors import CannotCreate, WriteFailure, reason

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | system.CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | system.NOFOLLOW | system.CLOEXEC


def check(folder: str) -> None:
    """Everything that can be known before a request is paid for. Raises CannotCreate; and
    ConfigFailure where directories cannot be held open."""
    system.need_posix("--write")
    try:
        if not folder or "\0" in folder or (os.path.lexists(folder) and not os.path.isdir(folder)):
            raise CannotCreate("no_directory", f'"{folder}" is no directory')
        there = folder if os.path.isdir(folder) else os.path.dirname(folder.rstrip("/")) or "."
        if not os.path.isdir(there):
            raise CannotCreate("no_directory", f'the directory of "{folder}" does not exist')
        if not os.access(there, os.W_OK | os.X_OK):
            raise CannotCreate("no_permission", f'"{there}" may not be written')
    except (OSError, ValueError) as error:
        why = reason(error, "not a file name")
        raise CannotCreate("cannot_create", f'"{folder}": {why}') from None


def write(folder: str, files: Mapping[str, str]) -> None:
    """The texts of `files` under their relative names below `folder`, which is made if it is
    missing. Raises CannotCreate where a name is taken or leads through a link, and WriteFailure."""
    try:
        with outfile.undisturbed(), ExitStack() as stack:
            made = _made(folder)
            root = os.open(folder, _FOLDER)
            stack.callback(os.close, root)
            try:
                _Writing(root, folder).all(files)
            except BaseException:
                if made:
                    os.rmdir(folder)
                raise
    except OSError as error:
        why = reason(error, "cannot be written")
        raise WriteFailure("write_failed", f'"{folder}": {why}', "nothing was written") from None


class _Writing:
    """One set of files on its way into the directory `root`."""

    def __init__(self, root: int, folder: str) -> None:
        self._root = root
        self._folder = folder
        self._draft = f".mcli-{os.urandom(8).hex()}"
        self._made: list[str] = []
        """Directories that were not there, in the order in which they were made."""
        self._placed: list[str] = []

    def all(self, files: Mapping[str, str]) -> None:
        """Write them, or leave everything as it was."""
        names = list(files)
        os.mkdir(self._draft, 0o700, dir_fd=self._root)
        draft = os.open(self._draft, _FOLDER | system.NOFOLLOW, dir_fd=self._root)
        try:
            for number, name in enumerate(names):
                self._fill(draft, str(number), files[name])
            for number, name in enumerate(names):
                self._place(draft, str(number), name)
            os.fsync(self._root)
        except BaseException:
            self._undo()
            raise
        finally:
            for number in range(len(names)):
                with suppress(FileNotFoundError):
                    os.unlink(str(number), dir_fd=draft)
            os.close(draft)
            os.rmdir(self._draft, dir_fd=self._root)

    def _fill(self, draft: int, name: str, text: str) -> None:
        ended = text if text.endswith("\n") or not text else text + "\n"
        descriptor = os.open(name, _NEW, 0o644, dir_fd=draft)
        try:
            output.write_all(descriptor, output.to_bytes(ended), f'"{self._folder}"')
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _place(self, draft: int, number: str, path: str) -> None:
        """Give a finished file its name, which nobody may have taken."""
        *above, name = path.split("/")
        with ExitStack() as stack:
            parent = self._parent(above, path, stack)
            try:
                os.link(number, name, src_dir_fd=draft, dst_dir_fd=parent)
            except FileExistsError:
                raise CannotCreate(
                    "exists", f"{self._shown(path)} exists", "name a new directory"
                ) from None
            self._placed.append(path)
            with suppress(OSError):  # some file systems cannot, and that is no failure
                os.fsync(parent)

    def _parent(self, above: Sequence[str], path: str, stack: ExitStack) -> int:
        """The directory that the file is to stand in; those that are missing are made."""
        parent = self._root
        for depth, part in enumerate(above, 1):
            with suppress(FileExistsError):
                os.mkdir(part, 0o777, dir_fd=parent)
                self._made.append("/".join(above[:depth]))
            try:
                parent = os.open(part, _FOLDER | system.NOFOLLOW, dir_fd=parent)
            except OSError:
                raise CannotCreate(
                    "not_inside", f"{self._shown(path)} would lead out of it, through {part}",
                    "name a new directory",
                ) from None  # fmt: skip
            stack.callback(os.close, parent)
        return parent

    def _undo(self) -> None:
        for path in reversed(self._placed):
            self._take_away(path, os.unlink)
        for path in reversed(self._made):
            self._take_away(path, os.rmdir)

    def _take_away(self, path: str, how: Callable[..., None]) -> None:
        *above, name = path.split("/")
        with suppress(OSError), ExitStack() as stack:
            parent = self._root
            for part in above:
                parent = os.open(part, _FOLDER | system.NOFOLLOW, dir_fd=parent)
                stack.callback(os.close, parent)
            how(name, dir_fd=parent)

    def _shown(self, path: str) -> str:
        return f'"{redaction.excerpt(os.path.join(self._folder, path), 120)}"'


def _made(folder: str) -> bool:
    """Whether the directory had to be made."""
    try:
        os.mkdir(folder)
    except FileExistsError:
        return False
    return True
