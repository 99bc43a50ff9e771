"""EDGE: one file a record (`--output-each`), each written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable

from mcli import outfile
from mcli.errors import BadInput, CannotCreate
from mcli.record import Record
from mcli.records import targets
from mcli.records.targets import Template


class Each:
    """Where each record's answer goes. `taken` tells whether a path was given before, and remembers
    it: there may be a million of them. `own` are files of the run, which no answer replaces."""

    def __init__(
        self,
        template: Template,
        no_clobber: bool,
        taken: Callable[[str], bool],
        own: frozenset[str] = frozenset(),
    ) -> None:
        self._template = template
        self._no_clobber = no_clobber
        self._taken = taken
        self._own = own

    def check(self) -> None:
        """What can be known before anything is sent. Raises CannotCreate."""
        folder = self._template.folder()
        if folder and not os.path.isdir(folder):
            raise CannotCreate("no_directory", f'"{folder}" is no directory', "make it first")
        if folder and not os.access(folder, os.W_OK | os.X_OK):
            raise CannotCreate("no_permission", f'"{folder}" may not be written')

    def claim(self, record: Record) -> str:
        """The path for a record that is about to be asked about, for it alone. Raises BadInput or
        CannotCreate, before anything is paid for."""
        path = self._template.target(record)
        if self._taken(targets.alike(path)):
            message = f'{record.place}: "{path}" is where another record is written'
            raise BadInput("same_target", message, "give --output-each {n}, or another {id}")
        if _same(path, record.place):
            message = f"{record.place}: the answer would replace what is asked about"
            raise BadInput("same_target", message, "name another file with --output-each")
        if self._own and not self._own.isdisjoint((os.path.abspath(path), os.path.realpath(path))):
            message = f'{record.place}: "{path}" is an input, or what else the run writes'
            raise BadInput("same_target", message, "name another file with --output-each")
        outfile.check(path, self._no_clobber)
        return path

    def write(self, path: str, text: str) -> None:
        """The answer as the file at `path`. Raises WriteFailure or CannotCreate."""
        outfile.write(path, text, self._no_clobber)


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False
