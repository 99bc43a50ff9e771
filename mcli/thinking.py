"""EDGE: a model's reasoning on stderr, for who asks to see it (`--show-reasoning`).

It is shown in whole lines, each behind `| `: so a reader tells it from our own lines, and it is no
order to a CI runner, which reads a log for them. As it comes where the answer does, else in one.
"""

from __future__ import annotations

from collections.abc import Callable

from mcli import output
from mcli.api.textflow import joined
from mcli.chat import Completion

MARK = "| "
LONGEST_LINE = 2000
"""Characters after which a line is broken, at a blank if it has one."""
MOST = 1 << 18
"""Characters that are shown; hiding keys in more would take longer than a person reads."""


class Thoughts:
    """What a model thinks, piece by piece. It waits while the answer is written, which may be on
    the same screen."""

    def __init__(self, wanted: bool) -> None:
        self._left = MOST if wanted else 0
        self._line = ""
        self._begun = False
        self._blank = 0
        self._later: list[str] = []
        self._heard = self._answering = self._ended = not wanted

    def hear(self, piece: str) -> None:
        """A piece of the reasoning of a reply that is shown as it comes."""
        self._heard = True
        if not self._left:
            return
        if self._answering:
            self._later.append(piece)
        else:
            self._add(piece)

    def before(self, show: Callable[[str], None]) -> Callable[[str], None]:
        """`show`, for pieces of the answer: before the first, the line of a thought is ended."""

        def shown(content: str) -> None:
            if not self._answering:
                self._answering = True
                self._flush()
            show(content)

        return shown

    def end(self, completion: Completion | None) -> None:
        """What was not shown yet; all of it, where the reply did not come piece by piece."""
        if self._ended:
            return
        self._ended = True
        whole = completion.reasoning if completion and not self._heard else ""
        self._add(whole or "".join(self._later))
        self._flush()

    def _add(self, text: str) -> None:
        lines = (self._line + text[: self._left]).split("\n")
        left, self._left = self._left, max(self._left - len(text), 0)
        self._line = lines.pop()
        for line in lines:
            self._show(line)
        while len(self._line) > LONGEST_LINE:
            end = self._line.rfind(" ", 1, LONGEST_LINE) + 1 or LONGEST_LINE
            self._show(self._line[:end])
            self._line = self._line[end:]
        if len(text) > left > 0:
            self._flush()
            output.note(f"of the reasoning, {MOST:,} characters are shown; --json has all of it")

    def _flush(self) -> None:
        if self._line:
            self._show(self._line)
        self._line = ""

    def _show(self, line: str) -> None:
        if not line.strip():
            self._blank += self._begun  # shown only between two lines that say something
            return
        for _ in range(self._blank):
            output.aside(MARK.rstrip())
        output.aside(MARK + joined(line))
        self._begun, self._blank = True, 0
