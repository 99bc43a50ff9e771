"""EDGE: how many tokens a text has, where to cut it, and which encoding a model reads.

Cheap to import: tiktoken and the vocabulary are loaded by the first call that needs them, then
kept for the life of the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcli.chat import Message
from mcli.tokens import chat_format, cutting, engine, seams
from mcli.tokens.cutting import Keep

ENCODINGS: tuple[str, ...] = ("o200k_base", "cl100k_base", "o200k_harmony")
"""The encodings we ship, the newest in general use first."""


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
    return cutting.size(text, encoding)


def count_messages(messages: Sequence[Message], encoding: str) -> int:
    """The tokens of a prompt made of these messages, with what the chat format adds.

    Raises ValueError as `count` does.
    """
    return chat_format.of_messages(messages, lambda text: count(text, encoding))


def fits(text: str, encoding: str, limit: int) -> bool:
    """Whether `text` has at most `limit` tokens, found out with as little work as that takes.

    No tokenizer is loaded where the number of bytes proves it. Raises ValueError as `count` does.
    """
    _check(encoding)
    if chat_format.bound(text) <= limit:
        return True
    for part in seams.parts([text]):
        limit -= engine.size(part.text, encoding)
        if limit < 0:
            return False
    return True


def cut(text: str, encoding: str, limit: int, keep: Keep = "head") -> str:
    """`text` if it `fits`, else what `keep` says of it, cut between characters: the `head` or
    `tail` within `limit` tokens, or with `middle` half of each, and nothing between them.

    The result has at most `limit` tokens when it is counted again; it is "" if `limit` is below 1.
    Surrogates come back as tokenized (see `tokenizer.encode`), so that it can always be written as
    UTF-8. Raises ValueError as `count` does.
    """
    _check(encoding)
    text = _writable(text)
    if chat_format.bound(text) <= limit:
        return text
    return cutting.cut(text, encoding, limit, keep) if limit > 0 else ""


def _writable(text: str) -> str:
    """Lone surrogates as U+FFFD, the two halves of a pair as the character they make."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _check(encoding: str) -> None:
    if encoding not in ENCODINGS:
        raise ValueError(f"unknown encoding {encoding!r}: use {', '.join(ENCODINGS)}")


def _tokenizer():  # without a return type: that of a module has no name, but is inferred
    """The module that imports tiktoken, imported on first use."""
    from mcli.tokens import tokenizer

    return tokenizer
