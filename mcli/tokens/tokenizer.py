"""EDGE: tiktoken, built from our own vocabularies; the only module that imports it.

Import this module only where tokens are counted: that costs 20 ms of CPU, the first use of
cl100k_base 80 ms more and of an o200k encoding 180 ms, a third of it for reading the vocabulary.
tiktoken's registry is never asked, because it downloads vocabularies, without a timeout.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from itertools import repeat

from tiktoken import Encoding

from mcli.expressions import expression
from mcli.tokens import seams, vocabulary
from mcli.tokens.families import SHIPPED

ENCODINGS = SHIPPED

LONGEST_RUN = 1 << 18
"""White space in a row that is tokenized in one go, in characters. tiktoken's regex gives up at
999,999. A multiple of 128, the longest token of spaces, so a run of them is cut between tokens."""

_WHITE_SPACE = expression(r"\s+")


def encode(text: str, encoding: str) -> list[int]:
    """The tokens of `text`, as `encode_ordinary` of tiktoken: no text is special.

    `encode` is used because on a run of white space that is too long it raises ValueError, where
    `encode_ordinary` raises PanicException, which is no Exception and kills what runs in its
    thread. Such a run is taken in parts: no token more or less if it is one character repeated,
    else one per part at most, as measured. Lone surrogates count as U+FFFD, and the two halves of
    a pair as the character they make.
    """
    tokenizer = load(encoding)
    try:
        return tokenizer.encode(text, disallowed_special=())
    except ValueError:
        parts = (tokenizer.encode(part, disallowed_special=()) for part in _short_runs(text))
        return [token for part in parts for token in part]


def decode(tokens: Sequence[int], encoding: str) -> str:
    """The text of `tokens`, which begin a text; a character not complete at the end is left out."""
    return load(encoding).decode(tokens, errors="ignore")


def sizes(texts: Sequence[str], encoding: str) -> list[int]:
    """How many tokens each text has, found with all processors if there are several.

    By threads, since tiktoken works without the interpreter's lock: they need no second vocabulary,
    and nothing is left of them when a signal kills us.
    """
    load(encoding)
    if len(texts) > 1:
        from concurrent.futures import ThreadPoolExecutor  # 10 ms, for long texts only

        try:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return list(pool.map(_size, texts, repeat(encoding)))
        except RuntimeError:  # no thread can be had
            pass
    return [_size(text, encoding) for text in texts]


def _size(text: str, encoding: str) -> int:
    return len(encode(text, encoding))


def plain(text: str, encoding: str) -> str:
    """`text` as it is tokenized."""
    return seams.writable(text)


@functools.cache
def load(encoding: str) -> Encoding:
    """tiktoken's object for one of our encodings, made once. Raises as `vocabulary.read` does."""
    shipped = vocabulary.read(encoding)
    return Encoding(
        encoding,
        pat_str=shipped.pattern,
        mergeable_ranks=shipped.ranks,
        special_tokens=shipped.special_tokens,
    )


def _short_runs(text: str) -> Iterator[str]:
    """Parts of `text`, cut only inside white space, with no run longer than LONGEST_RUN."""
    start = 0
    for run in _WHITE_SPACE.finditer(text):
        for end in range(run.start() + LONGEST_RUN, run.end(), LONGEST_RUN):
            yield text[start:end]
            start = end
    yield text[start:]
