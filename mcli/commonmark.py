"""CORE: fenced code blocks as CommonMark 0.31 has them (§4.5); the only owner of markdown_it.

Three rules of CommonMark are left out, as an answer is no web page: HTML does not hide a fence that
stands in it (`<details>`), link definitions are text, and a character stays what it is.
"""

from __future__ import annotations

from typing import Any

from mcli.shapes import frozen

_MARKS = ("```", "~~~")
_BLOCKS = ["fence", "code", "hr"]
_CONTAINERS = ["list", "blockquote"]
MOST_LINES = 20_000
"""Lines beyond which a fence is not looked for in lists and quotes: each of those costs a few
kilobytes, and no answer has so many."""


@frozen
class Fence:
    """A fenced block: the text behind its opening fence, and its lines without what indents them.

    `closed` is false where the answer, or the list item or quote it stands in, ends first.
    """

    info: str
    code: str
    closed: bool


def fences(text: str) -> list[Fence]:
    """Every fenced block of `text`, in its order."""
    if not any(mark in text for mark in _MARKS):
        return []  # nothing is loaded for it
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text += "" if text.endswith("\n") else "\n"
    containers = _CONTAINERS if text.count("\n") <= MOST_LINES else []
    found = [_fence(token) for token in _tokens(text, containers)]
    if any(not fence.closed and not fence.code.strip() for fence in found[:-1]):
        # The lines of a list's fence were not indented, so that its item ended before they began.
        lines = text.split("\n")
        flat = [_flat(token, lines) for token in _tokens(text, [])]
        return flat if all(fence.closed for fence in flat) else found
    return found


def _tokens(text: str, containers: list[str]) -> list[Any]:
    from markdown_it import MarkdownIt  # 50 ms, and only answers with a fence need it

    reader: Any = MarkdownIt("zero").enable([*_BLOCKS, *containers])
    # It would replace NUL, and nobody wants to know what is emphasised.
    reader.core.ruler.disable(["normalize", "inline"])
    return [token for token in reader.parse(text) if token.type == "fence"]


def _fence(token: Any) -> Fence:
    first, end = token.map
    code: str = token.content
    # The parser does not say whether it met the closing fence, but counts it among the lines.
    closed = end - first == code.count("\n") + 2
    return Fence(token.info, code.removesuffix("\n"), closed)


def _flat(token: Any, lines: list[str]) -> Fence:
    """The same where no container is known: lines lose the fence's indent only if all have it."""
    read = _fence(token)
    first: int = token.map[0]
    end: int = token.map[1]
    opening, raw = lines[first], lines[first + 1 : end - 1]
    indent = opening[: len(opening) - len(opening.lstrip(" "))]
    if all(line.startswith(indent) for line in raw if line.strip()):
        return read
    return Fence(read.info, "\n".join(raw), read.closed)
