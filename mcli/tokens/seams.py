"""CORE: where a text can be cut so that its parts have together the tokens of the whole.

By the patterns with which all our encodings split text before merging, a token never goes on
across a seam, and none before a seam depends on what comes after it:

- a line's end, then a letter or digit;
- anything of ASCII that is seen, then a space: a token has a space at its beginning only, or
  consists of white space;
- a letter, then a digit;
- a Chinese character, then a punctuation mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mcli.expressions import expression
from mcli.shapes import frozen

PIECE = 1 << 18
"""Characters after which a seam is looked for: tokens as a list take ten times the memory of the
text, and a text to count may be of any length."""

LONGEST = 1 << 20
"""Characters after which a text without a seam is cut all the same; half as many if they are not
ASCII. A megabyte is so never cut: what is cut there counts about right only."""

SEAM = expression(
    r"\n(?=[0-9A-Za-z])|[!-~](?= )|[A-Za-z](?=[0-9])"
    "|[\u4e00-\u9fff](?=[\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f])"
)


@frozen
class Part:
    """Consecutive text; `seam` is False where its end is none, so that its tokens are about right:
    such a cut costs or saves a few."""

    text: str
    seam: bool = True


def parts(blocks: Iterable[str]) -> Iterator[Part]:
    """The text whose consecutive blocks are given, in parts of at most LONGEST characters; whatever
    the blocks, they are the same."""
    rest = ""
    for block in blocks:
        text, start = rest + block, 0
        while cut := _next(text, start):
            end, seam = cut
            yield Part(text[start:end], seam)
            start = end
        rest = text[start:]
    yield Part(rest)


def _next(text: str, start: int) -> tuple[int, bool] | None:
    """Where the part that begins at `start` ends, and whether at a seam; None if with the text."""
    if len(text) - start <= PIECE:
        return None
    half = LONGEST // 2
    most = LONGEST if text[start : start + half].isascii() else half
    found = SEAM.search(text, start + PIECE, start + most)
    if found:
        return found.end(), True
    return (start + most, False) if len(text) - start > most else None


def writable(text: str) -> str:
    """`text` with lone surrogates as U+FFFD, and the two halves of a pair as the character they
    make: as it is tokenized, and as UTF-8 can have it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
