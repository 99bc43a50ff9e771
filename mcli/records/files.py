"""EDGE: the text of a record that is a file (`--from files`), read when its turn comes."""

from __future__ import annotations

import os
import stat

from mcli import inputs
from mcli.errors import NoInput, reason
from mcli.inputs import Bounds
from mcli.record import Record


def text_of(record: Record, bounds: Bounds) -> str:
    """The text of the file that `record` is. Raises NoInput or BadInput.

    A FIFO or a device is none: one that gives nothing would hold up all the others.
    """
    path = record.place
    try:
        kind = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise NoInput("unreadable", f"{path}: {reason(error, 'cannot be read')}") from None
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise NoInput("unreadable", f"{path}: is no regular file", "copy it into one first")
    return inputs.read_file(path if path != "-" else "./-", bounds)
