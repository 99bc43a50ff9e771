"""EDGE: a text cut to a number of tokens, between characters, and never to more when counted again.

Tokens may end inside a character, and what is left of a text may be split in another way than it
was; so what a cut leaves is counted, and shortened by a character until it fits. That takes a
handful of counts: what is lost at a cut is part of a character.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

from mcli.tokens import engine, seams

Keep = Literal["head", "tail", "middle"]
KEEPS: tuple[Keep, ...] = ("head", "tail", "middle")

LONGEST_TOKEN = 512
"""Bytes that no token of a vocabulary we use exceeds."""


def cut(text: str, encoding: str, limit: int, keep: Keep) -> str:
    """`text` if it has at most `limit` tokens, else what is kept of it, which has no more either.

    `text` can be written as UTF-8. `head` keeps what is within the first `limit` tokens, `tail`
    within the last, `middle` half of each with nothing between.
    """
    if keep == "middle":
        return _middle(text, encoding, limit)
    end = _head if keep == "head" else _tail
    kept: list[str] = []
    left, seamless = limit, False
    for part in _from(text, keep):
        seamless = seamless or not part.seam
        tokens = engine.encode(part.text, encoding)
        if len(tokens) > left:
            kept.append(end(part.text, tokens, left, encoding))
            break
        kept.append(part.text)
        left -= len(tokens)
    if keep == "head":
        return "".join(kept)
    found = "".join(reversed(kept))  # whose parts may be others, where there are no seams
    return _shortened(found, encoding, limit, _later) if seamless else found


def window(blocks: Iterable[str], limit: int, keep: Keep) -> str:
    """Of a text in blocks as much as `cut` needs to know: with `head` the rest is not even read."""
    most = (limit + 2) * LONGEST_TOKEN
    first: list[str] = []
    last: deque[str] = deque()
    begun = ended = 0
    for block in blocks:
        if keep != "tail" and begun < most:
            first.append(block)
            begun += len(block)
            continue
        if keep == "head":
            break
        last.append(block)
        ended += len(block)
        while ended - len(last[0]) >= most:
            ended -= len(last.popleft())
    return "".join((*first, *last))


def size(text: str, encoding: str) -> int:
    """The tokens of a text of any length."""
    return sum(engine.size(part.text, encoding) for part in seams.parts([text]))


def _from(text: str, keep: Keep) -> Iterable[seams.Part]:
    """The parts of a text, from the end that is kept."""
    found = seams.parts([text])
    return found if keep == "head" else reversed(list(found))


def _head(part: str, tokens: list[int], limit: int, encoding: str) -> str:
    kept = part[: engine.reach(tokens[:limit], encoding)] if limit > 0 else ""
    return _shortened(kept, encoding, limit, lambda text, by: text[:-by])


def _tail(part: str, tokens: list[int], limit: int, encoding: str) -> str:
    dropped = engine.reach(tokens[: len(tokens) - limit], encoding) if limit > 0 else None
    kept = "" if dropped is None else part[dropped:]
    return _shortened(kept, encoding, limit, _later)


def _later(text: str, by: int) -> str:
    return text[by:]


def _middle(text: str, encoding: str, limit: int) -> str:
    if size(text, encoding) <= limit:
        return text
    head = cut(text, encoding, limit - limit // 2, "head")
    tail = cut(text[len(head) :], encoding, limit // 2, "tail")
    joined = _shortened(tail, encoding, limit, _later, head)
    return head + joined if joined or not tail else cut(head, encoding, limit, "head")


def _shortened(
    text: str, encoding: str, limit: int, less: Callable[[str, int], str], head: str = ""
) -> str:
    """`text`, shortened until it has, behind `head`, at most `limit` tokens."""
    while text and (over := size(head + text, encoding) - limit) > 0:
        text = less(text, max(1, over // 4))  # no character has more than four tokens
    return text
