"""Mutations that make a start dearer and leave all that a command prints as it was."""

from __future__ import annotations

from .mutation import Mutation

FIGURES = ("startup/test_figures.py::test_a_command_loads_opens_and_makes_what_the_figures_say",)

MUTATIONS = (
    Mutation("load-http-for-help", "--help loads nothing that it does not need", "errors.py", "from __future__ import annotations\n", "from __future__ import annotations\nimport httpx2\n", FIGURES),
    Mutation("compile-at-import", "a start compiles no expression that the command does not use", "expressions.py", "self._flags = flags\n", "self._flags = flags\n        re.compile(pattern, flags)\n", FIGURES),
    Mutation("make-a-dataclass", "a start makes no dataclass", "said.py", "@frozen\n", "@__import__('dataclasses').dataclass(frozen=True)\n", FIGURES),
    Mutation("read-the-prices-again", "a file is read once", "prices.py", "@lru_cache(64)\n", "", FIGURES),
)  # fmt: skip
