"""SHELL: other models that answer where one does not (`--fallback`).

MegaLLM is told of them in the request (`fallback_models`) and tries them itself; at any other
endpoint they are tried here, in turn, each with its own retries and all within the deadline, where
the one before ended in 75 and nothing of an answer was shown. Nothing is remembered from one
request to the next, so that a replay asks the same models again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from mcli import fitting, prices, redaction
from mcli.asking import Send
from mcli.chat import Exchange, Request
from mcli.errors import BadInput, Failure, TryAgain, worse
from mcli.expressions import expression
from mcli.requested import FALLBACKS
from mcli.settings import Settings
from mcli.shapes import replace

if TYPE_CHECKING:
    from mcli.api.persist import Patience

_Ended = tuple[str, Failure]
"""A model, and how it failed."""

_DATED = expression(r"[-@]\d{4}(-?\d\d-?\d\d)?")
"""What stands behind a model's name where a server says which version of it answered."""


def models(request: Request) -> tuple[str, ...]:
    """The models of which one answers `request`: the one that is asked first, and then those that
    the server may take instead."""
    told: Any = request.params.get(FALLBACKS)
    others = cast("list[Any]", told) if isinstance(told, list) else []
    return (request.model, *(other for other in others if isinstance(other, str)))


def answering(request: Request, named: str | None) -> str | None:
    """Which of `models` the server names as the one that answered; None if that cannot be told.

    Where there is but one it is that one: what a server calls it is its word.
    """
    known = models(request)
    if len(known) == 1:
        return request.model
    for model in known if named else ():
        if named == model:
            return model
    dated = [
        m for m in known if named and named.startswith(m) and _DATED.fullmatch(named[len(m) :])
    ]
    return dated[0] if dated else None


class Chain:
    """The models that are asked in turn, for as long as nothing was shown."""

    def __init__(
        self,
        chosen: Settings,
        patience: Patience,
        note: Callable[[str], None],
        show: Callable[[str], None] | None,
    ) -> None:
        self._chosen = chosen
        self._patience = patience
        self._note = note
        self._show = show
        self._shown = False

    def show(self, content: str) -> None:
        """A piece of the answer, handed on."""
        self._shown = True
        if self._show is not None:
            self._show(content)

    def over(self, send: Send) -> Send:
        """`send`, and another model where that fails; the exchange tells of all of them."""

        async def tried(request: Request) -> Exchange:
            spent = _Spent()
            waiting = iter(self._after(request.model))
            while True:
                try:
                    return spent.before(_reported(await send(request)))
                except Failure as failure:
                    ended = request.model, failure
                    if spent.failed and _is_cap(failure):  # it was not sent: all stays as it was
                        self._tell(spent, f"{request.model} was not asked: {failure.message}")
                        ended = spent.failed.pop()
                    other = await self._other(request, ended, waiting, spent)
                    if other is None:
                        raise spent.counted(ended[1]) from None
                    request = other

        return tried if self._chosen.fallbacks else send

    def _after(self, model: str) -> tuple[str, ...]:
        """Those whose turn comes after `model`; a server that takes them itself was told."""
        chosen = self._chosen
        if FALLBACKS in chosen.params:
            return ()
        if model not in chosen.fallbacks:
            return chosen.fallbacks
        return chosen.fallbacks[chosen.fallbacks.index(model) + 1 :]

    async def _other(
        self, request: Request, ended: _Ended, waiting: Iterator[str], spent: _Spent
    ) -> Request | None:
        """The request to the next model that takes it; None if `ended` is the end."""
        busy, failure = ended
        late = asyncio.get_running_loop().time() >= self._patience.deadline
        if not isinstance(failure, TryAgain) or failure.slug == "limits" or self._shown or late:
            return None  # the limits are those of all models
        for model in waiting:
            other = replace(request, model=model)
            why = await asyncio.to_thread(self._refusal, other)
            if why is None:
                spent.failed.append(ended)
                said = redaction.excerpt(failure.message)
                self._tell(spent, f"{busy} failed ({said}): trying {model}")
                return other
            self._tell(spent, f"{model} was not asked: {why}")
        return None

    def _tell(self, spent: _Spent, warning: str) -> None:
        self._note(warning)
        spent.warnings.append(warning)

    def _refusal(self, request: Request) -> str | None:
        """Why the model's window does not take the request, if it does not."""
        known = prices.find(request.model, self._chosen.models)
        try:
            fitting.fitted(request, "", "fail", known, lambda _: request.messages)
        except BadInput as failure:
            return failure.message
        return None


class _Spent:
    """What the models took that did not answer."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.failed: list[_Ended] = []

    def before(self, exchange: Exchange) -> Exchange:
        """The exchange that followed, with all that was spent."""
        return replace(
            exchange,
            attempts=sum(each.attempts for each in self._failures) + exchange.attempts,
            doubtful=sum(each.doubtful for each in self._failures) + exchange.doubtful,
            warnings=self._all(exchange.warnings),
        )

    def counted(self, failure: Failure) -> Failure:
        """The failure that was the end, with all that was spent."""
        for each in self._failures:
            failure.attempts += each.attempts
            failure.doubtful += each.doubtful
            failure.charged = worse(each.charged, failure.charged)
        failure.warnings = self._all(failure.warnings)
        return failure

    @property
    def _failures(self) -> list[Failure]:
        return [failure for _, failure in self.failed]

    def _all(self, last: tuple[str, ...]) -> tuple[str, ...]:
        before = (warning for each in self._failures for warning in each.warnings)
        return tuple(dict.fromkeys((*before, *self.warnings, *last)))


def _is_cap(failure: Failure) -> bool:
    """Whether it is a cap of the person's that kept a request from being sent."""
    return failure.slug in ("max_cost", "max_requests") and not failure.attempts


def _reported(exchange: Exchange) -> Exchange:
    """The exchange with the model that answered: the one that was asked, where the server names
    none; and told where the server took another."""
    asked, named = exchange.request, exchange.completion.model
    if named is None and len(models(asked)) == 1:
        return replace(exchange, completion=replace(exchange.completion, model=asked.model))
    model = answering(asked, named)
    if model in (None, asked.model):
        return exchange
    told = f"the server had {model} answer in place of {asked.model}"
    return replace(exchange, warnings=(*exchange.warnings, told))
