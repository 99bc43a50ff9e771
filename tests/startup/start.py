"""What one start loaded, opened and made, as `probe` tells it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.program import ROOT, Program

PROBE = Path(__file__).with_name("probe.py")
PACKAGES = tuple(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
"""Where the libraries are installed: without `site` the interpreter must be told."""
_PLACES = {
    **dict.fromkeys(PACKAGES, "site-packages"),
    sysconfig.get_path("stdlib"): "lib",
    str(ROOT): ".",
}


@dataclass(frozen=True)
class Start:
    """What a process did until it ended, but for what Python does before any program."""

    code: int
    importers: Mapping[str, str]
    """Each module that was loaded, and the module that imported it first."""
    done: Mapping[str, Counter[str]]
    """How often it did what, in sections.

    `modules`: each that was loaded, without the private ones of the standard library. `files`: each
    that was opened, without what the import of modules opens; a folder that was listed ends with a
    slash, numbers in names are #. `regular expressions` that were compiled and `dataclasses` that
    were made: for which module of ours; those of libraries come with their modules.
    """


def seen(mcli: Program, *argv: str, stdin: bytes = b"") -> Start:
    """Run that command line in a clean interpreter, whatever its exit code."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        done = subprocess.run(
            [sys.executable, "-S", "-P", PROBE, report, *argv],
            env={**mcli.env, "PYTHONPATH": os.pathsep.join((mcli.env["PYTHONPATH"], *PACKAGES))},
            cwd=mcli.home, input=stdin, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert report.exists(), done.stderr.decode()
        told = ast.literal_eval(report.read_text())
    sections = {
        "modules": Counter(dict.fromkeys(filter(_counts, told["loaded"]), 1)),
        "files": _alike(_place(name, mcli.home) for name in told["opened"]),
        "regular expressions": Counter(filter(_is_ours, told["regexes"])),
        "dataclasses": Counter(filter(_is_ours, told["dataclasses"])),
    }
    return Start(told["code"], told["loaded"], sections)


def loaded(mcli: Program, *argv: str, stdin: bytes = b"") -> set[str]:
    """The modules and packages that the command line loads, by the first word of their names."""
    return {name.split(".")[0] for name in seen(mcli, *argv, stdin=stdin).importers}


def _counts(module: str) -> bool:
    """Whether a module is not a private one of Python or of what made it: each is part of another,
    and which there are depends on how Python was built."""
    known = module.split(".")[0] in sys.stdlib_module_names
    return not (f".{module}".count("._") if known else module.startswith("_"))


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == "mcli"


def _place(name: str, home: Path) -> str:
    """The file's name on any machine; one below a folder that is open stays as it was given."""
    for folder, told in {str(home): "~", **_PLACES}.items():
        if f"{name}/".startswith(f"{folder}/"):
            name = told + name.removeprefix(folder)
            break
    return re.sub(r"\b[0-9a-f]{12,}\b|\d+", "#", name)


def _alike(opened: Iterable[str]) -> Counter[str]:
    """How often each file was opened; several of a kind in one folder are one line, with the most
    that one has, so that a page or a recipe more changes nothing."""
    files = Counter(opened)
    kinds = {name: re.sub(r"[^/]+(\.\w+)$", r"*\1", name) for name in files}
    several = Counter(kinds.values())
    found: Counter[str] = Counter()
    for name, times in files.items():
        told = kinds[name] if several[kinds[name]] > 1 else name
        found[told] = max(found[told], times)
    return found
