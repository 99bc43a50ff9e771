"""EDGE (pure): pieces of a model's text to the text of its answer, whole characters only.

Two things servers do to text: a reasoning model opens with a `<think>` block, which is not the
answer; and JSON may cut a character into two surrogates, even over two deltas.
"""

from __future__ import annotations

from mcli.expressions import expression

_OPEN, _CLOSE = "<think>", "</think>"
_SURROGATE = expression("[\ud800-\udfff]")


def joined(text: str) -> str:
    """`text` with surrogate pairs joined, and a lone half as U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class TextFlow:
    """Feed it deltas; it gives the part of the answer that is certain so far."""

    def __init__(self) -> None:
        self._blank: list[str] = []  # white space before the first word: answer, or nothing
        self._held = ""
        self._state = "start"  # start → (thinking → after →) answer
        self._thought: list[str] = []

    def feed(self, delta: str) -> str:
        """The answer's text that `delta` adds."""
        self._held += delta
        if self._state == "start":
            self._start()
        if self._state == "thinking":
            self._think()
        if self._state == "after":
            self._held = self._held.lstrip()
            self._state = "answer" if self._held else "after"
        return self._release() if self._state == "answer" else ""

    @property
    def thought(self) -> str:
        """What stood in a leading `<think>` block; "" if there was none."""
        return joined("".join(self._thought)).strip()

    def thought_since(self, piece: int) -> str:
        """What was thought from that `piece` on, of which there are `thoughts`."""
        return "".join(self._thought[piece:])

    @property
    def thoughts(self) -> int:
        """How many pieces of a `<think>` block there are."""
        return len(self._thought)

    def close(self) -> str:
        """What was held back and turns out to be answer."""
        if self._state == "start":
            self._answer()
        if self._state == "thinking":
            self._thought.append(self._held)
        rest = self._held if self._state == "answer" else ""
        self._held = ""
        return joined(rest)

    def _start(self) -> None:
        opening = self._held.lstrip()
        self._blank.append(self._held[: len(self._held) - len(opening)])
        self._held = opening
        if opening.startswith(_OPEN):
            self._held = opening[len(_OPEN) :]
            self._state = "thinking"
        elif not _OPEN.startswith(opening):
            self._answer()

    def _answer(self) -> None:
        self._held = "".join(self._blank) + self._held
        self._state = "answer"

    def _think(self) -> None:
        end = self._held.find(_CLOSE)
        if end >= 0:
            self._thought.append(self._held[:end])
            self._held = self._held[end + len(_CLOSE) :]
            self._state = "after"
        else:
            # All of it but what may be the beginning of its end.
            self._thought.append(self._held[: -len(_CLOSE)])
            self._held = self._held[-len(_CLOSE) :]

    def _release(self) -> str:
        """All that is held but a high surrogate at the end, whose other half may follow."""
        keep = 1 if self._held and "\ud800" <= self._held[-1] <= "\udbff" else 0
        ready, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        return joined(ready)
