"""EDGE: what a shell that asks needs of the configuration, kept, so that a Tab need not read YAML.

Lines of cells: `profile NAME BASE_URL MODEL`, the one in force as `chosen NAME`, `alias NAME MODEL`
and `model NAME`. In front of them stands what the file was like: when it was changed, how long it
is, and which mcli read it. It is as private as the configuration, in which no key is either.
"""

from __future__ import annotations

import os
import stat

from mcli import __version__, homes, lists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = os.path.join(os.path.dirname(__file__), "data", "tab.tsv")
"""What is built in, profiles and the inputs of recipes, made by `.ci/make-recipes`."""
_KIND = "configurations"


def built_in() -> list[list[str]]:
    """The cells of each line of what is built in; the first profile is the one in force."""
    with open(FILE, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


def last(environ: Mapping[str, str]) -> list[list[str]]:
    """What is in force: what is built in where there is no configuration, else what was kept of it;
    nothing where that is of another text."""
    path = homes.configuration_file(environ)
    if not environ.get("MCLI_CONFIG") and not os.path.lexists(path):
        return built_in()
    first, *kept = lists.lines(_KIND, path, environ) or ("",)
    return [line.split("\t") for line in kept] if first and first == stamp(environ) else []


def stamp(environ: Mapping[str, str]) -> str:
    """What the configuration file is like now; nothing where there is none, or a pipe for one."""
    try:
        status = os.stat(homes.configuration_file(environ))
    except OSError:
        return ""
    if not stat.S_ISREG(status.st_mode):
        return ""
    facts = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    return " ".join((__version__, *map(str, facts)))


def keep(told: Sequence[Sequence[str]], was: str, environ: Mapping[str, str]) -> None:
    """Keep it of a file that was like that before it was read, if lines can hold it."""
    cells = [cell for line in told for cell in line]
    if was and not any(mark in cell for cell in cells for mark in "\t\n\r"):
        text = "".join(f"{line}\n" for line in (was, *map("\t".join, told)))
        try:
            lists.keep(_KIND, homes.configuration_file(environ), text, environ)
        except OSError:
            pass  # the next Tab takes as long as this one
