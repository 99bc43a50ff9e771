"""SHELL: data of any length: asked about in parts, and the answers until one remains."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mcli import abreast, asking, fitting, library, output, plan, results, sending, splitting, terms
from mcli.chat import Exchange, Request, Usage
from mcli.errors import BadInput, Failure, UnusableAnswer
from mcli.fitting import Scale
from mcli.plan import Material, Plan
from mcli.reading import Answer
from mcli.said import Said
from mcli.shapes import frozen, replace
from mcli.tokens import chat_format

Show = Callable[[str], None]
Ask = Callable[[Plan, Request, Show | None], Awaitable[tuple[Answer, Exchange]]]

SHRINK = 0.9
"""A level of answers that is not this much smaller than what it is about leads nowhere."""

ANSWER = 300
"""Tokens that an answer is taken to have in an estimate, where no --max-tokens says less."""

BETWEEN = "\n\n"
"""What stands between two answers that are put together."""


@frozen
class Parts:
    """Data in `texts` that are asked about one by one, each of `limit` tokens at most on `scale`,
    which counts `size` for all of them."""

    planned: Plan
    material: Material
    said: Said
    texts: tuple[str, ...]
    limit: int
    scale: Scale
    size: int

    def requests(self) -> list[Request]:
        """What is sent, part by part; only the last answer of all is shown as it comes."""
        made: list[Request] = []
        for text in self.texts:
            request = plan.request(self.planned, replace(self.material, data=text), self.said)
            made.append(request if len(self.texts) == 1 else replace(request, stream=False))
        return made


def of(planned: Plan, material: Material, said: Said) -> Parts | None:
    """The parts of data that is longer than one request takes, or than a person says it should;
    None where the recipe does not cut, or one request takes it all.
    """
    if planned.fit != "parts":
        return None
    asked = planned.job.chunk_tokens
    if asked is None:
        empty = plan.messages(planned, replace(material, data=""))
        bare = chat_format.messages_bound(empty, planned.settings.model or "")
        asked_bytes = fitting.room(planned.settings.params, planned.terms) - bare
    else:
        asked_bytes = asked
    if len(material.data.encode("utf-8", "replace")) <= asked_bytes:
        return None  # no tokenizer is needed to know it
    scale = fitting.scale(planned.settings.model or "", planned.terms)
    limit = scale.within(asked) if asked is not None else _limit(planned, material, scale)
    cut = _cut(planned, material, said, (max(limit, 1), scale))
    return cut if len(cut.texts) > 1 else None


async def joined(cut: Parts, ask: Ask, show: Show | None) -> tuple[Answer, Exchange]:
    """The one answer about all parts, and what all of it took. Raises what failed, with what was
    spent, and UnusableAnswer where the answers do not get shorter."""
    spent: Exchange | None = None
    merging = _merging(cut.planned)
    note = sending.notes(cut.said)
    while len(cut.texts) > 1:
        note(f"{len(cut.texts)} parts, {cut.size:,} tokens, at most {cut.limit:,} in a request")
        level = _Level(cut, ask)
        try:
            spent = asking.added(spent, await level.all())
        except Failure as failure:
            raise asking.counted(failure, spent) from None
        text = BETWEEN.join(answer.strip() for answer in level.answers())
        smaller = _cut(merging, replace(cut.material, data=text), cut.said, (cut.limit, cut.scale))
        if len(smaller.texts) > 1 and smaller.size > SHRINK * cut.size:
            _give_up(replace(spent, completion=replace(spent.completion, text=text)), cut)
        cut = smaller
    try:
        answer, exchange = await ask(cut.planned, cut.requests()[0], show)
    except Failure as failure:
        raise asking.counted(failure, spent) from None
    whole = asking.added(spent, exchange)
    return answer, replace(whole, warnings=tuple(dict.fromkeys(whole.warnings)))


def least_usd(cut: Parts) -> float | None:
    """What the parts cost at least, by what is sent alone; None where the price is unknown."""
    return terms.cost(Usage(int(cut.size / cut.scale.doubt), 0), cut.planned.terms)


def estimate(cut: Parts) -> dict[str, Any]:
    """What all of it would take: requests, tokens, and USD by list price (None where unknown).

    Every answer is taken to have `ANSWER` tokens, or --max-tokens if that is less, so what is
    beyond the first level, and the price, are estimates.
    """
    planned = cut.planned
    params, known = planned.settings.params, planned.terms
    answer = min(ANSWER, terms.most_output(params, known))
    bare = cut.scale.of(plan.messages(planned, replace(cut.material, data="")))
    requests = count = len(cut.texts)
    prompts = cut.size + count * bare
    while count > 1:
        held = count * answer
        count = min(-(-held // cut.limit), count - 1)
        requests += count
        prompts += held + count * bare
    answers = requests * answer * terms.answers(params)
    cost = terms.cost(Usage(prompts, answers), known)
    return {
        "requests": requests,
        "parts": len(cut.texts),
        "prompt_tokens": prompts,
        "completion_tokens": answers,
        "cost_usd": None if cost is None else round(cost, 6),
        "approximate": True,
    }


class _Level:
    """Parts in flight, side by side."""

    def __init__(self, cut: Parts, ask: Ask) -> None:
        self._cut = cut
        self._ask = ask
        self._requests = cut.requests()
        self._all = len(self._requests)
        self._done: dict[int, tuple[Answer, Exchange]] = {}
        self._failures: list[Failure] = []

    async def all(self) -> Exchange:
        """What all of them took."""
        self._draw()
        try:
            await abreast.run(self._all, self._one, self._failures)
        finally:
            output.progress("")
        spent: Exchange | None = None
        for number in sorted(self._done):
            spent = asking.added(spent, self._done[number][1])
        if self._failures:
            raise asking.counted(results.worst(self._failures), spent)
        assert spent is not None
        return spent

    def answers(self) -> list[str]:
        """What was said of each part, in the order of the parts."""
        return [self._done[number][0].text for number in range(self._all)]

    async def _one(self, number: int) -> None:
        try:
            request = self._requests[number]
            self._done[number] = await self._ask(self._cut.planned, request, None)
        except Failure as failure:
            failure.message = f"part {number + 1} of {self._all}: {failure.message}"
            raise
        finally:
            self._draw()

    def _draw(self) -> None:
        if not self._cut.said.quiet:
            output.progress_of(len(self._done), self._all, self._cut.said.color)


def _limit(planned: Plan, material: Material, scale: Scale) -> int:
    """The tokens of data, on `scale`, that leave room in the window for all the rest."""
    empty = replace(material, data="")
    bare = max(scale.of(plan.messages(one, empty)) for one in (planned, _merging(planned)))
    room = scale.within(fitting.room(planned.settings.params, planned.terms)) - bare
    if room < 1:
        message = f"without its data the request has {bare:,} tokens, which leaves no room for any"
        hint = "shorten the system message, lower --max-tokens, or use another model"
        raise BadInput("context_length", message, hint)
    return room


def _cut(planned: Plan, material: Material, said: Said, how: tuple[int, Scale]) -> Parts:
    limit, scale = how
    texts = splitting.parts(material.data, limit, scale.size)
    size = scale.size(material.data) if len(texts) == 1 else sum(map(scale.size, texts))
    return Parts(planned, material, said, tuple(texts), limit, scale, size)


def _merging(planned: Plan) -> Plan:
    """The plan by which answers are put together: by the recipe made for it, if there is one that
    takes what this one takes, else by the same."""
    merging = library.merging(planned.recipe)
    if merging is None or not set(merging.inputs) <= set(planned.recipe.inputs):
        return planned
    return replace(planned, recipe=replace(merging, output=planned.recipe.output))


def _give_up(spent: Exchange, cut: Parts) -> None:
    with asking.paid(spent):
        raise UnusableAnswer(
            "not_shrinking",
            f"the answers about {len(cut.texts)} parts are as long as the parts",
            "raise --chunk-tokens, or ask for less: --words, --points",
        )
