"""EDGE: the tokenizer that does the work: splintr where it is installed, else tiktoken.

Either is imported by the first call that needs it, and then kept for the life of the process;
never both. Small texts are counted without (`small`), until that took as long as it takes to load.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from mcli.tokens.families import FURTHER, SHIPPED

_counted: list[int] = []
"""The characters of each text that was counted without a tokenizer."""


def encodings() -> tuple[str, ...]:
    """What can be counted with here. Asking imports a tokenizer."""
    return _tokenizer().ENCODINGS


def name() -> str:
    """Which of the two it is."""
    return "splintr" if _tokenizer().__name__.endswith("fast") else "tiktoken"


def has(encoding: str) -> bool:
    """Whether an encoding is one of them."""
    return encoding in SHIPPED or (encoding in FURTHER and encoding in encodings())


def encode(text: str, encoding: str) -> list[int]:
    """The tokens of a text of at most `seams.LONGEST` characters, none of which is special."""
    return _tokenizer().encode(text, encoding)


def sizes(texts: Sequence[str], encoding: str) -> list[int]:
    """How many tokens each of such texts has, found with all processors if there are several."""
    if len(texts) == 1 and (known := _small(texts[0], encoding)) is not None:
        return [known]
    return _tokenizer().sizes(texts, encoding)


def size(text: str, encoding: str) -> int:
    """How many tokens one has."""
    return sizes([text], encoding)[0]


def reach(tokens: Sequence[int], encoding: str) -> int:
    """How many whole characters these tokens hold, which begin a text."""
    return len(_tokenizer().decode(tokens, encoding))


def plain(text: str, encoding: str) -> str:
    """`text` as it is tokenized, which can be written as UTF-8."""
    return _tokenizer().plain(text, encoding)


def _small(text: str, encoding: str) -> int | None:
    """The size of a text that is worth no tokenizer."""
    from mcli.tokens import small

    if sum(_counted) + len(text) > small.MOST:
        return None
    _counted.append(len(text))
    return small.size(text, encoding)


@functools.cache
def _tokenizer():  # without a return type: that of a module has no name, but is inferred
    try:
        from mcli.tokens import fast

        return fast
    except ImportError:
        from mcli.tokens import tokenizer

        return tokenizer
