"""EDGE: the scripts by which shells complete our command line, made by `.ci/make-completions`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_FILES = {"bash": "mcli.bash", "zsh": "_mcli", "fish": "mcli.fish", "powershell": "mcli.ps1"}


def script(shell: str) -> str:
    """The script for bash, zsh, fish or powershell, as it was written."""
    # In a wheel the scripts lie inside the package, in a checkout beside it.
    inside = _PACKAGE / "_completions"
    folder = inside if inside.is_dir() else _PACKAGE.parent / "completions"
    return (folder / _FILES[shell]).read_text(encoding="utf-8")
