"""EDGE: the models that an endpoint listed last, kept for the shell to offer.

`mcli models` writes them to `$XDG_CACHE_HOME/mcli/models`, a file an endpoint, its owner's alone. A
file is lines of `name<TAB>what is told of it`, of which what is no such line is none.
"""

from __future__ import annotations

from mcli import lists
from mcli.suggestions import Suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KIND = "models"


def keep(base_url: str, models: Iterable[Suggestion], environ: Mapping[str, str]) -> None:
    """Put the list in place of the one before. Raises OSError where it cannot be done."""
    lists.keep(_KIND, base_url, "".join(each.line() for each in models), environ)


def last(base_url: str, environ: Mapping[str, str]) -> list[Suggestion]:
    """What was kept; nothing where that is nothing or cannot be read."""
    return [Suggestion(*line.split("\t", 1)) for line in lists.lines(_KIND, base_url, environ)]
