"""CORE: fenced code blocks as CommonMark 0.31 has them (§4.5); the only owner of markdown_it.

Three rules of CommonMark are left out, as an answer is no web page: HTML does not hide a fence that
stands in it (`<details>`), link definitions are text, and a character stays what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_MARKS = ("```", "~~~")
_BLOCKS = ["fence", "code", "blockquote", "hr"]


@dataclass(frozen=True, slots=True)
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
    found = _read(text, lists=True)
    if any(not fence.closed and not fence.code.strip() for fence in found[:-1]):
        # The lines of a list's fence were not indented, so that its item ended before they began.
        flat = _read(text, lists=False)
        return flat if all(fence.closed for fence in flat) else found
    return found


def _read(text: str, lists: bool) -> list[Fence]:
    from markdown_it import MarkdownIt  # 50 ms, and only answers with a fence need it

    reader: Any = MarkdownIt("zero").enable([*_BLOCKS, "list"] if lists else _BLOCKS)
    # It would replace NUL, and nobody wants to know what is emphasised.
    reader.core.ruler.disable(["normalize", "inline"])
    return [_fence(token) for token in reader.parse(text) if token.type == "fence"]


def _fence(token: Any) -> Fence:
    first, end = token.map
    code: str = token.content
    # The parser does not say whether it met the closing fence, but counts it among the lines.
    closed = end - first == code.count("\n") + 2
    return Fence(token.info, code.removesuffix("\n"), closed)
