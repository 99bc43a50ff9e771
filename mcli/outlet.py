"""SHELL: where the answers of a batch go: to stdout line by line, or into a file at the end."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mcli import outfile, output
from mcli.errors import ReaderGone, WriteFailure, reason
from mcli.said import Said


class Outlet:
    """Takes bytes in their order. `finish` puts them where a person wants them all at once."""

    def write(self, data: bytes) -> None:
        """Some whole lines. Raises ReaderGone or WriteFailure."""
        output.write_all(output.STDOUT, data)

    def finish(self) -> None:
        """The last line was written, and none is missing."""


class Nowhere(Outlet):
    """For `--quiet`."""

    def write(self, data: bytes) -> None:
        """Nothing."""


class Terminal(Outlet):
    """A person's screen, which a model's text is not to drive."""

    def write(self, data: bytes) -> None:
        """The lines, with control characters as visible text."""
        output.progress("")
        output.write(data.decode("utf-8", "replace"))


class Device(Outlet):
    """A device or FIFO, which takes lines as they come."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._file = open(path, "wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _failure(path, error) from None

    def write(self, data: bytes) -> None:
        """Hand the lines on."""
        try:
            output.write_all(self._file.fileno(), data, f'"{self._path}"')
        except ReaderGone:
            raise WriteFailure("write_failed", f'"{self._path}": its reader has gone') from None


class Replaced(Outlet):
    """A file that is replaced when all is there. Until then the lines lie beside it, in a file
    without a name, of which nothing is left if the process is killed."""

    def __init__(self, path: str, no_clobber: bool) -> None:
        self._path = path
        self._no_clobber = no_clobber
        folder = Path(os.path.realpath(path)).parent
        try:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _failure(path, error) from None

    def write(self, data: bytes) -> None:
        """Keep the lines until the end."""
        output.write_all(self._file.fileno(), data, f'"{self._path}"')

    def finish(self) -> None:
        """Give the file its content, whole."""
        outfile.fill(self._path, self._file, self._no_clobber)


def made(said: Said) -> Outlet:
    """Where a person wants the output. Raises WriteFailure or CannotCreate before anything is paid
    for."""
    if said.output is not None:
        outfile.check(said.output, said.no_clobber)
        if outfile.is_special(said.output):
            return Device(said.output)
        return Replaced(said.output, said.no_clobber)
    if said.quiet:
        return Nowhere()
    output.check_stdout()
    return Terminal() if os.isatty(output.STDOUT) else Outlet()


def _failure(path: str, error: OSError) -> WriteFailure:
    return WriteFailure("write_failed", f'"{path}": {reason(error, "cannot be written")}')
