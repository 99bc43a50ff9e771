"""CORE: a manual page in the language of `man`: the macros of man(7), for groff and mandoc.

What a character means there is taken away from it: a backslash begins an escape, a dot or an
apostrophe at the beginning of a line begins a request, and a hyphen, an apostrophe, a backquote, a
caret and a tilde would become typographic ones, which nobody can paste into a shell
(groff_char(7)).
"""

from __future__ import annotations

from collections.abc import Iterator

from mcli.page import Block, Code, Heading, Item, Page

_ESCAPES = {
    "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq",
}  # fmt: skip


def escaped(text: str) -> str:
    """Text that stands for itself, wherever in a line it is."""
    told = "".join(
        _ESCAPES.get(mark) or (mark if mark.isascii() else f"\\[u{ord(mark):04X}]") for mark in text
    )
    return f"\\&{told}" if told.startswith(".") else told


def written(page: Page) -> str:
    """The page as roff, without date or version: it changes only with the program."""
    name = escaped(page.name)
    lines = [
        ".\\\" Made by .ci/make-man: change the program's definitions, not this file.",
        f'.TH "{name.upper()}" "1" "" "mcli" "mcli manual"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"{name} \\- {escaped(page.summary)}",
    ]
    for section in page.sections:
        lines.append(f'.SH "{escaped(section.title)}"')
        fresh = True
        for block in section.blocks:
            lines += _lines(block, fresh)
            fresh = isinstance(block, Heading)
    return "\n".join(lines) + "\n"


def _lines(block: Block, fresh: bool) -> Iterator[str]:
    """The lines of a block; `fresh` is whether it stands right below a heading."""
    if isinstance(block, Heading):
        yield f'.SS "{escaped(block.text)}"'
    elif isinstance(block, Code):
        yield from (".RS 4", ".EX", *map(escaped, block.text.splitlines()), ".EE", ".RE")
    elif isinstance(block, Item):
        yield from (".TP", f"\\fB{escaped(block.term)}\\fR", escaped(block.text))
    else:
        yield from ([] if fresh else [".PP"])
        yield escaped(block)
