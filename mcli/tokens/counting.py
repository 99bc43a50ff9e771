"""EDGE: how many tokens a text has, where to cut it, and which encoding a model reads.

Cheap to import: tiktoken and the vocabulary are loaded by the first call that needs them, then
kept for the life of the process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

ENCODINGS: tuple[str, ...] = ("o200k_base", "cl100k_base", "o200k_harmony")
"""The encodings we ship, the newest in general use first."""

PIECE = 1 << 20
"""Characters tokenized in one go, where the text has seams: tokens as a list take ten times the
memory of the text, and a text to count may be of any length."""

_SEAM = re.compile(r"\n(?=[0-9A-Za-z])")
"""Where a text can be cut without changing a token: by the patterns of all our encodings no token
goes on from a line's end to a letter or digit, and none before it depends on what comes after."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The encoding to count with; `approximate` if the model is not known to use it."""

    encoding: str
    approximate: bool


def choose(model: str) -> Choice:
    """The encoding of a model, by tiktoken's own table.

    The table has bare lower-case names, so `openai/gpt-4o`, `GPT-4` and `gpt-4o:free` are looked
    up without vendor, capitals and variant. A fine-tuned model (`ft:gpt-4.1:org::id`) goes by its
    base: the table's own `ft:` prefixes take that one for a gpt-4. Models not in the table, and
    those whose encoding we do not ship, are counted with the newest encoding, approximately.
    """
    name = model.lower().rpartition("/")[2].removeprefix("ft:").partition(":")[0]
    known = _tokenizer().encoding_of(name)
    if known in ENCODINGS:
        return Choice(known, approximate=False)
    return Choice(ENCODINGS[0], approximate=True)


def count(text: str, encoding: str) -> int:
    """The tokens in `text`, exactly; `<|endoftext|>` and its like are text.

    Raises ValueError for an encoding not in ENCODINGS, and nothing because of the text.
    """
    _check(encoding)
    encode = _tokenizer().encode
    return sum(len(encode(piece, encoding)) for piece in _pieces(text))


def cut(text: str, encoding: str, limit: int) -> str:
    """The whole characters within the first `limit` tokens of `text`; "" if `limit` is below 1.

    This is what a server's limit leaves. Counted again it has at most `limit` tokens where the cut
    falls between two characters, else up to two more: the last token, without the bytes of the
    unfinished character, may be none of the vocabulary. Surrogates come back as tokenized (see
    `tokenizer.encode`), so the result can always be written as UTF-8.
    Raises ValueError for an encoding not in ENCODINGS.
    """
    _check(encoding)
    tokenizer = _tokenizer()
    kept: list[str] = []
    for piece in _pieces(text):
        if limit <= 0:
            break
        tokens = tokenizer.encode(piece, encoding)
        kept.append(tokenizer.decode(tokens[:limit], encoding))
        limit -= len(tokens)
    return "".join(kept)


def _check(encoding: str) -> None:
    if encoding not in ENCODINGS:
        raise ValueError(f"unknown encoding {encoding!r}: use {', '.join(ENCODINGS)}")


def _pieces(text: str) -> Iterator[str]:
    """Consecutive parts of `text`, which have together the tokens of the whole."""
    start = 0
    while seam := _SEAM.search(text, start + PIECE):
        yield text[start : seam.end()]
        start = seam.end()
    yield text[start:]


def _tokenizer():  # without a return type: that of a module has no name, but is inferred
    """The module that imports tiktoken, imported on first use."""
    from mcli.tokens import tokenizer

    return tokenizer
