"""EDGE: splintr, where it is installed (`pip install 'mcli-llm[fast]'`); its only owner.

It loads an encoding in 50 ms where tiktoken takes 250, counts several times faster, and brings
vocabularies of other models along (`python -m tests.benchmarks.tokens`). Tests hold its tokens
equal to tiktoken's. Importing this module raises ImportError where splintr is missing, broken, or
so different a version that it lacks what we use.
"""

from __future__ import annotations

import functools
import threading
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from splintr import AnyTokenizer, Tokenizer

from mcli.tokens import seams
from mcli.tokens.families import COMPOSED, FURTHER, SHIPPED

_needed = ("encode_ordinary", "encode_flat", "encode_batch_flat", "decode_bytes", "special_tokens")
if not all(hasattr(AnyTokenizer, name) for name in _needed):
    raise ImportError("splintr is another version than 0.22")

ENCODINGS = SHIPPED + FURTHER


def encode(text: str, encoding: str) -> list[int]:
    """The tokens of `text`, as `encode_ordinary` of tiktoken: no text is special.

    Lone surrogates count as U+FFFD, and the two halves of a pair as the character they make.
    """
    return _load(encoding).encode_ordinary(plain(text, encoding))


def sizes(texts: Sequence[str], encoding: str) -> list[int]:
    """How many tokens each text has, found with all processors if there are several.

    What is counted by `encode_flat` and its like is not made into objects first, which takes most
    of the time; but they know special tokens, so that a text that may hold one takes the long way.
    """
    tokenizer, marks = _load(encoding), _marks(encoding)
    texts = [plain(text, encoding) for text in texts]
    ordinary = [not any(mark in text for mark in marks) for text in texts]
    if len(texts) == 1 or not _has_threads():
        return [
            len(tokenizer.encode_flat(text)) // 4 if is_so else len(tokenizer.encode_ordinary(text))
            for text, is_so in zip(texts, ordinary, strict=True)
        ]
    flat = [text for text, is_so in zip(texts, ordinary, strict=True) if is_so]
    places = memoryview(tokenizer.encode_batch_flat(flat)[1]).cast("Q") if flat else ()
    found = iter([end - start for start, end in pairwise(places)])
    return [
        next(found) if is_so else len(tokenizer.encode_ordinary(text))
        for text, is_so in zip(texts, ordinary, strict=True)
    ]


def decode(tokens: Sequence[int], encoding: str) -> str:
    """The text of `tokens`, which begin a text; a character not complete at the end is left out."""
    return _load(encoding).decode_bytes(tokens).decode("utf-8", "ignore")


def plain(text: str, encoding: str) -> str:
    """`text` as it is tokenized: some encodings compose characters first."""
    text = seams.writable(text)
    return unicodedata.normalize("NFC", text) if encoding in COMPOSED else text


@functools.cache
def _has_threads() -> bool:
    """Whether a thread can be had: where none can, splintr would panic."""
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        return False
    return True


@functools.cache
def _load(encoding: str) -> AnyTokenizer:
    return Tokenizer.from_pretrained(encoding)


@functools.cache
def _marks(encoding: str) -> frozenset[str]:
    """What every special token of an encoding begins with: two characters."""
    return frozenset(name[:2] for name in _load(encoding).special_tokens())
