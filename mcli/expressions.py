"""CORE: regular expressions that are compiled when they are first used.

Python keeps no compiled expression from one run to the next: the hundred that stand at the tops of
our modules took 20 ms of every start, and a command uses a few of them.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, as far as its methods and its `pattern` go."""
    return cast("re.Pattern[AnyStr]", _Expression(pattern, flags))


class _Expression:
    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """A method of the compiled one, which from then on stands here itself: later uses take no
        longer than those of the other."""
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)
        return found
