"""CORE: one of many: what a batch asks about, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcli.errors import Failure
from mcli.shapes import frozen


@frozen
class Record:
    """A record of the input.

    `n` is its place in it, from 1; `place` says where it stands, for a person (`line 17`, a path).
    `fields` are what it brings for the variables of a recipe, as it stands in JSON or CSV; `data`
    is the text it is about, None where it has none. `row` is the whole row, to be printed with the
    answer added; None where the input has no rows. `id` is what the input calls it. `failure` says
    why nothing can be asked about it.
    """

    n: int
    place: str
    data: str | None = None
    fields: Mapping[str, Any] | None = None
    row: Any = None
    id: str | None = None
    failure: Failure | None = None

    @property
    def blank(self) -> bool:
        """Whether there is nothing to ask about: that is no failure, and keeps its place."""
        return self.failure is None and self.data is not None and not self.data.strip()
