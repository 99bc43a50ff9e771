"""EDGE: whether a request fits the window of its model, and its data cut so that it does.

Where bytes prove that it fits no tokenizer is loaded: no text has more tokens than UTF-8 bytes in
any vocabulary that falls back to bytes, as those in use do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from mcli import prices, terms
from mcli.chat import Message, Request
from mcli.errors import BadInput
from mcli.recipe import Fit
from mcli.shapes import frozen, replace
from mcli.terms import Terms
from mcli.tokens import attachments, chat_format, counting

ASSUMED_WINDOW = 8192
"""Tokens that a model of which nothing is known is taken to read; the smallest still in use."""

_TRIES = 10
_SHORTEN = "send less, or another model; --fit cuts the data, and summarize takes any length"

Keep = Literal["head", "tail", "middle"]
Render = Callable[[str], tuple[Message, ...]]


@frozen
class Scale:
    """How the tokens of a model are counted: in its own `encoding`, or, where `doubt` is above 1,
    in another's: only what is so far beyond is refused, and what is to fit stays so far below. With
    an encoding of None every byte is a token, as only that is safe."""

    model: str
    encoding: str | None
    doubt: float = 1.0

    def size(self, text: str) -> int:
        """The tokens of `text`."""
        if self.encoding is None:
            return chat_format.bound(text)
        return counting.count(text, self.encoding)

    def of(self, messages: Sequence[Message]) -> int:
        """The tokens of a request."""
        weigh = partial(attachments.likely, model=self.model)
        return chat_format.of_messages(messages, self.size, weigh)

    def within(self, tokens: int) -> int:
        """How many tokens on this scale are `tokens` of the model at most."""
        return int(tokens / self.doubt)

    def cut(self, text: str, limit: int, keep: Keep) -> str:
        """What `keep` says of `text`, within `limit` tokens, cut between two characters."""
        if self.encoding is not None:
            return counting.cut(text, self.encoding, limit, keep)
        head = {"head": limit, "tail": 0, "middle": limit - limit // 2}[keep]
        raw = text.encode("utf-8", "replace")
        ends = (raw[:head], raw[len(raw) - (limit - head) :])
        return "".join(end.decode("utf-8", "ignore") for end in ends)


def scale(model: str, known: Terms) -> Scale:
    """How the tokens of `model` are counted to be safe. This loads the tokenizer."""
    found = _nearest(model, known)
    # Another's vocabulary is a fair estimate for a model of the table; any other may read bytes.
    stranger = found.doubt > 1 and prices.find(model, {}).window is None
    return Scale(model, None) if stranger else found


def _nearest(model: str, known: Terms) -> Scale:
    """The vocabulary of `model`, or the likeliest."""
    if known.encoding is not None:
        return Scale(model, known.encoding)
    choice = counting.choose(model)
    return Scale(model, choice.encoding, counting.DOUBT if choice.approximate else 1.0)


def room(params: Mapping[str, Any], known: Terms) -> int:
    """The tokens that a prompt may have so that its answer has room beside it in the window."""
    window = known.window or ASSUMED_WINDOW
    return max(window - min(terms.most_output(params, known), window // 4), 1)


def fitted(request: Request, data: str, fit: Fit, known: Terms, render: Render) -> Request:
    """`request`, with its `data` cut where it is too long and `fit` says how; `render` makes the
    messages of other data. Raises BadInput for what does not fit the window.
    """
    if known.window is None:
        return request
    if chat_format.messages_bound(request.messages, request.model) <= known.window:
        return request
    counted = scale(request.model, known)
    if counted.of(request.messages) <= counted.within(room(request.params, known)):
        return request
    if fit in ("head", "tail", "middle"):
        return _cut(request, data, fit, counted, (known, render))
    _refuse(request, _nearest(request.model, known), known.window, _SHORTEN)
    return request


def refuse_grown(request: Request, known: Terms, hint: str) -> None:
    """Raise BadInput with `hint` for a request that fitted the window, and does not with what was
    said since."""
    if known.window is None:
        return
    if chat_format.messages_bound(request.messages, request.model) > known.window:
        _refuse(request, _nearest(request.model, known), known.window, hint)


def _refuse(request: Request, counted: Scale, window: int, hint: str) -> None:
    """Raise for a request that surely is too long."""
    total = counted.of(request.messages)
    if total <= window * counted.doubt:
        return
    about = "about " if counted.doubt > 1 else ""
    raise BadInput(
        "context_length",
        f"the request has {about}{total:,} tokens, and {request.model} takes {window:,}",
        hint,
    )


def _cut(
    request: Request, data: str, keep: Keep, counted: Scale, rest: tuple[Terms, Render]
) -> Request:
    """`request` with as much of its data as there is room for."""
    known, render = rest
    most = counted.within(room(request.params, known))
    bare, total = counted.of(render("")), counted.of(request.messages)
    whole = limit = counted.size(data)
    for _ in range(_TRIES):
        # A template may place the data more than once.
        limit = min(limit - 1, int(limit * (most - bare) / max(total - bare, 1)))
        if limit < 1:
            break
        messages = render(counted.cut(data, limit, keep))
        total = counted.of(messages)
        if total <= most:
            unit = "tokens" if counted.encoding else "bytes"
            about = "about " if counted.doubt > 1 else ""
            told = f"the data was cut to {limit:,} of {about}{whole:,} {unit} ({keep})"
            return replace(request, messages=messages, warnings=(*request.warnings, told))
    raise BadInput(
        "context_length",
        f"without its data the request has {bare:,} tokens, of {most:,} that there is room for",
        "shorten the system message or the recipe, lower --max-tokens, or use another model",
    )
