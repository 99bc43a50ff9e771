"""CORE: a manual page as data, and as plain text; `roff` writes it for `man`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from mcli.shapes import frozen

_WIDTH = 78
_STEP = 4


@frozen
class Heading:
    """A heading within a section."""

    text: str


@frozen
class Item:
    """A word, such as a flag, and what is said of it."""

    term: str
    text: str


@frozen
class Code:
    """Lines that are shown as they stand."""

    text: str


Block = str | Heading | Item | Code


@frozen
class Section:
    """A part of a page: its title in capitals, and paragraphs and the like."""

    title: str
    blocks: tuple[Block, ...]


@frozen
class Page:
    """A page of section 1: the name of its program, a line on what it is, and its sections."""

    name: str
    summary: str
    sections: tuple[Section, ...]


def plain(page: Page) -> str:
    """The page as text of at most 78 columns, words that do not break aside."""
    lines = ["NAME", *_wrapped(f"{page.name} - {page.summary}", _STEP)]
    for section in page.sections:
        lines += ["", section.title]
        last: Block | None = None
        for block in section.blocks:
            if last is not None and not isinstance(last, Heading):
                lines += [] if isinstance(last, Item) and isinstance(block, Item) else [""]
            lines += _lines(block)
            last = block
    return "\n".join(lines) + "\n"


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"  {block.text}"
    elif isinstance(block, Code):
        yield from (f"{'':{2 * _STEP}}{line}".rstrip() for line in block.text.splitlines())
    elif isinstance(block, Item):
        yield f"{'':{_STEP}}{block.term}"
        yield from _wrapped(block.text, 2 * _STEP)
    else:
        yield from _wrapped(block, _STEP)


def _wrapped(text: str, indent: int) -> list[str]:
    blank = " " * indent
    return textwrap.wrap(
        text, _WIDTH, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip
