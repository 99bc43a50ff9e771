"""SHELL: a label that is decided: by one answer, or by the votes of several."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mcli import abreast, asking, ballot, results
from mcli.chat import Completion, Exchange, Request
from mcli.errors import Failure, UnusableAnswer
from mcli.plan import Plan
from mcli.reading import Answer
from mcli.shapes import replace

Ask = Callable[[Plan, Request], Awaitable[tuple[Answer, Exchange]]]


async def decided(planned: Plan, request: Request, ask: Ask) -> tuple[Answer, Exchange]:
    """The label, or labels, of `request`, and what it took; of the set, or the one for unsure.

    Raises what failed with what was spent, and UnusableAnswer for what is not decided.
    """
    rules = planned.job.ballot
    answer: Answer | None = None
    try:
        if rules.votes == 1:
            answer, exchange = await ask(planned, request)
        else:
            answers, exchange = await _Votes(planned, request, ask).all()
            with asking.paid(exchange):
                answer = ballot.counted(answers, planned.reading)
        with asking.paid(exchange):
            return ballot.judged(answer, rules), exchange
    except UnusableAnswer as failure:
        unsure = ballot.undecided(failure, rules, planned.reading)
        if unsure is None:
            raise
        return unsure, _spent(failure, request, f"unsure: {failure.message}")


class _Votes:
    """The votes on one question, side by side; each may be asked again where it is no label."""

    def __init__(self, planned: Plan, request: Request, ask: Ask) -> None:
        self._planned = planned
        self._request = request
        self._ask = ask
        self._cast: dict[int, tuple[Answer | None, Exchange]] = {}

    async def all(self) -> tuple[list[Answer | None], Exchange]:
        """What each vote says (None: nothing that can be used), and what all of them took."""
        failures: list[Failure] = []
        await abreast.run(self._planned.job.ballot.votes, self._one, failures)
        spent: Exchange | None = None
        for number in sorted(self._cast):
            spent = asking.added(spent, self._cast[number][1])
        if failures:
            raise asking.counted(results.worst(failures), spent)
        assert spent is not None
        spent = replace(spent, warnings=tuple(dict.fromkeys(spent.warnings)))
        return [self._cast[number][0] for number in sorted(self._cast)], spent

    async def _one(self, number: int) -> None:
        """Votes of one seed would be one vote, so each has its own, from the given one on."""
        how = replace(self._planned.reading, vote=number + 1)
        params = dict(self._request.params)
        if isinstance(params.get("seed"), int):
            params["seed"] += number
        request = replace(self._request, params=params)
        try:
            self._cast[number] = await self._ask(replace(self._planned, reading=how), request)
        except UnusableAnswer as failure:
            told = f"vote {number + 1} is none: {failure.message}"
            self._cast[number] = None, _spent(failure, request, told)


def _spent(failure: Failure, request: Request, told: str) -> Exchange:
    """What it took to get an answer that cannot be used."""
    return Exchange(
        failure.completion or Completion("", None),
        failure.attempts,
        request,
        failure.request_id,
        (*failure.warnings, told),
        cached=failure.charged == "no",
        cost_usd=failure.cost_usd,
    )
