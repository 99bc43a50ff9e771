"""EDGE: how many tokens a text has, where to cut it, and which encoding a model reads.

Cheap to import: a tokenizer and its vocabulary are loaded by the first call that needs them, then
kept for the life of the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mcli.chat import Message
from mcli.shapes import frozen
from mcli.tokens import chat_format, cutting, engine, families, seams
from mcli.tokens.cutting import Keep
from mcli.tokens.families import Choice

ENCODINGS = families.SHIPPED
"""The encodings we ship, the newest in general use first."""

DOUBT = 1.5
"""How many times its count by another model's vocabulary a text may have: beside o200k_base those
of Llama 3, DeepSeek, Qwen, Mistral, GLM and Kimi have 0.7 times the tokens (of Chinese) to 1.5, of
Hindi up to 3."""

AT_ONCE = 1 << 22
"""Characters of a long text that are counted side by side; what they take is what it takes."""


@frozen
class Tally:
    """The tokens of a text; `exact` is False if it had to be cut where there is no seam."""

    tokens: int
    exact: bool


def choose(model: str) -> Choice:
    """The encoding of a model by its name, as `families.choose` has it.

    Where its vocabulary is not installed, or not known, the newest, approximately.
    """
    choice = families.choose(model)
    return choice if engine.has(choice.encoding) else Choice(ENCODINGS[0], approximate=True)


def count(text: str, encoding: str) -> int:
    """The tokens in `text`, exactly; `<|endoftext|>` and its like are text.

    Raises ValueError for an encoding not in ENCODINGS, and nothing because of the text.
    """
    return tally([text], encoding).tokens


def tally(blocks: Iterable[str], encoding: str) -> Tally:
    """The tokens of a text that comes in blocks, in memory that does not grow with its length.

    Raises ValueError as `count` does, and what `blocks` raises.
    """
    _check(encoding)
    tokens, exact = 0, True
    for parts in _several(seams.parts(blocks)):
        tokens += sum(engine.sizes([part.text for part in parts], encoding))
        exact = exact and all(part.seam for part in parts)
    return Tally(tokens, exact)


def count_messages(messages: Sequence[Message], encoding: str) -> int:
    """The tokens of a prompt made of these messages, with what the chat format adds.

    Raises ValueError as `count` does.
    """
    return chat_format.of_messages(messages, lambda text: count(text, encoding))


def cut(text: str, encoding: str, limit: int, keep: Keep = "head") -> str:
    """`text` if it has at most `limit` tokens, else what `keep` says of it, cut between characters:
    the `head` or `tail` within them, or with `middle` half of each, and nothing between.

    No tokenizer is loaded where the number of bytes proves that it fits. The result has at most
    `limit` tokens when it is counted again; it is "" if `limit` is below 1. Surrogates come back as
    tokenized (see `tokenizer.encode`), so that it can always be written as UTF-8. Raises ValueError
    as `count` does.
    """
    _check(encoding)
    text = seams.writable(text)
    if _proven(text, encoding, limit):
        return text
    return cutting.cut(engine.plain(text, encoding), encoding, limit, keep) if limit > 0 else ""


def _several(parts: Iterator[seams.Part]) -> Iterator[list[seams.Part]]:
    """Parts by the dozen."""
    found: list[seams.Part] = []
    for part in parts:
        found.append(part)
        if sum(len(part.text) for part in found) >= AT_ONCE:
            yield found
            found = []
    yield found


def _proven(text: str, encoding: str, limit: int) -> bool:
    """Whether the bytes of `text` prove that it fits. (NFC can make three bytes of one.)"""
    return chat_format.bound(text) * (3 if encoding in families.COMPOSED else 1) <= limit


def _check(encoding: str) -> None:
    if not engine.has(encoding):
        known = ", ".join(engine.encodings())
        raise ValueError(f"unknown encoding {encoding!r}: use {known}")
