"""EDGE: the tokenizer that does the work."""

from __future__ import annotations

from collections.abc import Sequence


def encode(text: str, encoding: str) -> list[int]:
    """The tokens of a text of at most `seams.LONGEST` characters, none of which is special."""
    return _tokenizer().encode(text, encoding)


def size(text: str, encoding: str) -> int:
    """How many they are."""
    return len(encode(text, encoding))


def reach(text: str, tokens: Sequence[int], encoding: str) -> int:
    """How many whole characters of `text` its first tokens hold, which are these."""
    return len(_tokenizer().decode(tokens, encoding))


def _tokenizer():  # without a return type: that of a module has no name, but is inferred
    """The module that imports tiktoken, imported on first use."""
    from mcli.tokens import tokenizer

    return tokenizer
