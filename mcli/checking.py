"""SHELL: what is wrong with many recipes, told at once."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from mcli import catalogue, envelope, library, output, redaction
from mcli.errors import ExitCode, Failure
from mcli.said import Said
from mcli.shapes import as_dict

_LONGEST_LINE = 1000


def check(paths: Sequence[str], said: Said) -> ExitCode:
    """Print what is wrong with the recipes in `paths`, with all that have a name if there are
    none; NO if anything is."""
    began = time.monotonic()
    try:
        output.check_stdout()
        files = library.files(paths) if paths else [p.path for p in catalogue.places(os.environ)]
    except Failure as failure:
        failure.elapsed_s = time.monotonic() - began
        raise
    # A recipe that others extend is read with each of them, and its mistakes are told once.
    found = sorted({finding for path in files for finding in library.check(path, os.environ)})
    if said.json:
        data = [
            {
                **as_dict(f),
                "line": f.line or None,
                "column": f.column or None,
                "hint": f.hint or None,
            }
            for f in found
        ]
        output.json_line(envelope.of_data(data, time.monotonic() - began, verdict=not found))
    elif found:
        output.text("\n".join(redaction.excerpt(str(f), _LONGEST_LINE) for f in found))
    return ExitCode.NO if found else ExitCode.OK
