"""A start against the figures, as far as both must be the same on this machine.

What is ours always must be. A library whose version is another one is loaded or not, and what it
loads is its own affair. So it is with Python: of another patch only what ours or a library imports
is told, of another minor version nothing, and neither tells of a library that is loaded no more.
"""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import metadata

from .figures import committed, versions
from .lines import KEYS
from .start import Start

ACCEPT = "; if it is meant: python -m tests.startup"
_MOST_NAMES = 5
"""Names in a complaint: it is one line."""


def differences(key: str, start: Start) -> list[str]:
    """What that command line does and the figures do not say, or the other way: a line each."""
    complaints: list[str] = []
    for section, done in start.done.items():
        now, then = (_comparable(section, each) for each in (done, committed()[section][key]))
        if section == "modules":
            complaints += _modules(now - then, then - now, start)
        elif changed := sorted(name for name in {**now, **then} if now[name] != then[name]):
            told = (f"{name} {now[name]} times (not {then[name]})" for name in changed)
            verb = "opens" if section == "files" else f"makes {section} for"
            complaints.append(f"{verb} {_some(list(told))}")
    return [f"{KEYS[key].told} {each}{ACCEPT}" for each in complaints]


def _modules(more: Counter[str], gone: Counter[str], start: Start) -> Iterator[str]:
    """What is loaded and was not, with the import that did it, and what no longer is."""
    if "python" in _others():
        gone = Counter(name for name in gone if name.split(".")[0] == "mcli")
        more = Counter(n for n in more if not (_is_pythons(n) and _is_pythons(start.importers[n])))
    if more:
        first = [name for name in start.importers if name in more]
        told = [f"{name} (imported by {start.importers[name]})" for name in first]
        yield f"loads more than it did: {_some(told)}"
    if gone:
        yield f"no longer loads {_some(sorted(gone))}"


def _some(told: list[str]) -> str:
    more = len(told) - _MOST_NAMES
    return ", ".join(told[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _comparable(section: str, done: Counter[str]) -> Counter[str]:
    """That of it which must be the same here."""
    found: Counter[str] = Counter()
    for name, count in done.items():
        top = name.split(".")[0]
        if section == "files":
            if not (_others() and name.startswith(("site-packages", "lib/"))):
                found[name] = count
        elif section != "modules" or top not in _others() | sys.stdlib_module_names:
            found[name] = count
        elif top in _others():
            found[top] = 1
        elif _minor(versions()["python"][0]) == _minor(platform.python_version()):
            found[name] = 1
    return found


@cache
def _others() -> frozenset[str]:
    """Python or a library, by its module's name, that is not here as it was for the figures."""
    known = versions().items()
    return frozenset(name for name, (*told, version) in known if _version(*told) != version)


def _version(*distribution: str) -> str:
    """Of what was installed under that name, or of Python; empty if it is not."""
    try:
        return metadata.version(*distribution) if distribution else platform.python_version()
    except metadata.PackageNotFoundError:
        return ""


def _minor(version: str) -> str:
    return version.rpartition(".")[0]


def _is_pythons(module: str) -> bool:
    return module == "?" or module.split(".")[0] in sys.stdlib_module_names
