"""Locales of our own making, for machines that have none but C."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

MADE = {"de_DE": ("de_DE", "ISO-8859-1"), "en_US.UTF-8": ("en_US", "UTF-8")}


@functools.cache
def folder() -> str:
    """A path for LOCPATH, made once for each process."""
    path = Path(tempfile.mkdtemp(prefix="mcli-locales-"))
    for name, (source, charmap) in MADE.items():
        made = ["localedef", "-i", source, "-f", charmap, str(path / name)]
        subprocess.run(made, check=True, capture_output=True)
    return str(path)
