"""SHELL: an answer that fits what was asked for, or the model is told why not and asked again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from mcli import deadline, reading
from mcli.chat import Completion, Exchange, Message, Request, Usage
from mcli.errors import Failure
from mcli.reading import Answer, Reading
from mcli.shapes import replace

N = TypeVar("N", int, float)
Send = Callable[[Request], Awaitable[Exchange]]
Check = Callable[[Answer], Awaitable[tuple[Answer, tuple[str, ...]]]]
"""A look at an answer by something else than ourselves: the answer with what came of it, and what
to warn of. Raises UnusableAnswer."""


Limit = tuple[float | None, float]
"""The deadline on the monotonic clock (None is never), and how long that was in all, in seconds."""
NO_LIMIT: Limit = (None, 0.0)


async def ask(
    request: Request,
    how: Reading,
    repair: int,
    send: Send,
    check: Check | None = None,
    limit: Limit = NO_LIMIT,
) -> tuple[Answer, Exchange]:
    """The answer to `request` and what it took, asked again `repair` times at most.

    Raises a Failure that counts everything that was sent.
    """
    spent: Exchange | None = None
    while True:
        try:
            exchange = added(spent, await send(request))
        except Failure as failure:
            raise counted(failure, spent) from None
        try:
            with paid(exchange):
                return await checked(read(exchange, how, limit), exchange, check)
        except Failure as failure:
            complaint = reading.complaint(failure, how) if repair else None
            if complaint is None:
                raise
            repair -= 1
            request = _again(exchange, complaint)
            warning = f"asked again: {failure.message}"
            spent = replace(exchange, warnings=(*exchange.warnings, warning))


def read(exchange: Exchange, how: Reading, limit: Limit) -> Answer:
    """The answer in a completion, as `reading` has it; a long one that was made to be hard to read
    is TryAgain at the deadline, for which the event loop cannot look meanwhile."""
    with deadline.alarm(*limit, "the answer was not read"):
        return reading.read(exchange.completion, how)


async def checked(
    answer: Answer, exchange: Exchange, check: Check | None
) -> tuple[Answer, Exchange]:
    """The answer with the outcome of `check`, if there is one to make."""
    if check is None or exchange.completion.finish_reason == "length":
        return answer, exchange  # what is taken though it was cut need not be whole
    answer, warnings = await check(answer)
    return answer, replace(exchange, warnings=(*exchange.warnings, *warnings))


@contextmanager
def paid(exchange: Exchange) -> Generator[None]:
    """What fails from here on tells of the exchange, and has the answer: it was paid for."""
    try:
        yield
    except Failure as failure:
        failure.attempts = exchange.attempts
        failure.request_id = exchange.request_id
        failure.warnings = exchange.warnings
        failure.completion = exchange.completion
        failure.cost_usd = exchange.cost_usd
        failure.steps = exchange.steps
        failure.charged = "no" if exchange.cached else "yes"
        raise


def _again(exchange: Exchange, complaint: str) -> Request:
    """The conversation so far, and what is wrong with its end."""
    turns = (Message("assistant", exchange.completion.text), Message("user", complaint))
    return replace(exchange.request, messages=(*exchange.request.messages, *turns), warnings=())


def added(spent: Exchange | None, more: Exchange) -> Exchange:
    """An exchange with what was spent before it."""
    if spent is None:
        return more
    completion = replace(more.completion, usage=_sum(spent.completion, more.completion))
    return replace(
        more,
        completion=completion,
        attempts=spent.attempts + more.attempts,
        doubtful=spent.doubtful + more.doubtful,
        cost_usd=_plus(spent.cost_usd, more.cost_usd),
        warnings=(*spent.warnings, *more.warnings),
        cached=spent.cached and more.cached,
        steps=(*spent.steps, *more.steps),
    )


def counted(failure: Failure, spent: Exchange | None) -> Failure:
    """A failure with what was spent before it."""
    if spent is not None:
        failure.attempts += spent.attempts
        failure.warnings = (*spent.warnings, *failure.warnings)
        failure.steps = (*spent.steps, *failure.steps)
        if failure.charged == "no":
            failure.cost_usd = 0.0
        failure.cost_usd = _plus(spent.cost_usd, failure.cost_usd)
        failure.charged = "yes"
    return failure


def _sum(one: Completion, other: Completion) -> Usage | None:
    """The tokens of both; unknown if either is."""
    if one.usage is None or other.usage is None:
        return None
    a, b = one.usage, other.usage
    return Usage(
        _plus(a.prompt_tokens, b.prompt_tokens),
        _plus(a.completion_tokens, b.completion_tokens),
        _plus(a.total_tokens, b.total_tokens),
        _plus(a.cached_tokens, b.cached_tokens),
        _plus(a.reasoning_tokens, b.reasoning_tokens),
    )


def _plus(one: N | None, other: N | None) -> N | None:
    return None if one is None or other is None else one + other
