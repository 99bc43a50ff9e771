"""The seam of a batch: what goes through it is plain enough for another machine.

With an engine that writes all down and does it elsewhere, all works as with `Local`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from mcli import asking
from mcli.api.persist import Patience
from mcli.chat import Completion, Exchange, Message, Request
from mcli.engine import Desk, Engine, Local, Outcome, Task
from mcli.errors import TryAgain
from mcli.reading import Answer, Reading
from mcli.sending import Reach, Show
from tests.api import run
from tests.elsewhere import MOMENT_S, Elsewhere

LIMIT_S = 3600.0
NUMBER = Reading("json", schema={"type": "integer"})


def request(text: str) -> Request:
    return Request("m", (Message("user", text),), {"temperature": 0})


def patience(limit_s: float = LIMIT_S) -> Patience:
    return Patience(asyncio.get_running_loop().time() + limit_s, limit_s, 0)


def served(engine: Engine, story: Callable[[Desk], Coroutine[Any, Any, Any]]) -> Any:
    """What `story` comes to at a desk before `engine`, by the clock that jumps."""

    async def work() -> Any:
        desk = Desk(engine)
        serving = asyncio.ensure_future(desk.serve())
        try:
            return await story(desk)
        finally:
            desk.close()
            await asyncio.wait_for(serving, 10 * LIMIT_S)

    return run(work())


def reached(desk: Desk, text: str) -> asyncio.Future[Exchange]:
    return asyncio.ensure_future(desk.reach(request(text), patience(), None))


def test_nothing_local_goes_through_the_seam() -> None:
    engine = Elsewhere()

    async def asked(desk: Desk, text: str) -> tuple[Answer, Exchange]:
        async def send(request: Request) -> Exchange:
            return await desk.reach(request, patience(), None)

        return await asking.ask(request(text), NUMBER, 1, send)

    async def story(desk: Desk) -> list[Any]:
        texts = ("say 1", "say badly 2", "fail", "say 4")
        return await asyncio.gather(*(asked(desk, each) for each in texts), return_exceptions=True)

    one, two, failed, four = served(engine, story)

    assert [each[0].data for each in (one, two, four)] == [1, 2, 4]
    assert [each[1].attempts for each in (one, two, four)] == [1, 2, 1]
    assert isinstance(failed, TryAgain)
    assert failed.message.endswith("overloaded")
    assert [len(each.splitlines()) for each in engine.rounds] == [4, 1]
    again = json.loads(engine.rounds[1])["body"]["messages"]
    assert [each["role"] for each in again] == ["user", "assistant", "user"]


def test_a_task_without_an_asker_and_one_at_the_end_are_done_all_the_same() -> None:
    engine = Elsewhere()

    async def story(desk: Desk) -> Completion:
        gone, stays = reached(desk, "say 1"), reached(desk, "say 2")
        await asyncio.sleep(MOMENT_S / 2)
        gone.cancel()
        desk.close()
        return (await stays).completion

    assert served(engine, story).text == "2"
    assert [len(each.splitlines()) for each in engine.rounds] == [2]


class Given:
    """An engine that says for every task what `answer` makes of it."""

    def __init__(self, answer: Callable[[Task], list[Outcome]]) -> None:
        self._answer = answer
        self.ended = False

    async def run(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[Outcome]:
        """The outcomes, in order."""
        try:
            async for task in tasks:
                for outcome in self._answer(task):
                    yield outcome
        finally:
            self.ended = True


def done(task: Task, name: str = "") -> Outcome:
    return Outcome(name or task.id, Exchange(Completion("yes", "stop"), 1, task.request))


class TestDesk:
    def test_an_engine_that_breaks_ends_all_who_wait_and_all_who_come(self) -> None:
        def answer(task: Task) -> list[Outcome]:
            if task.id == "3":
                raise OSError("gone")
            return []

        async def story(desk: Desk) -> list[Any]:
            waiting = [reached(desk, str(n)) for n in range(3)]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            return [*told, *await asyncio.gather(reached(desk, "late"), return_exceptions=True)]

        assert [str(each) for each in served(Given(answer), story)] == ["gone"] * 4

    def test_an_outcome_for_nobody_or_once_more_is_passed_over(self) -> None:
        def answer(task: Task) -> list[Outcome]:
            once_more = Outcome(task.id, failure=TryAgain("stalled", "late"))
            return [done(task, "of another run"), done(task), once_more]

        async def story(desk: Desk) -> list[Exchange]:
            return [*await asyncio.gather(reached(desk, "one"), reached(desk, "two"))]

        texts = [each.request.messages[0].content for each in served(Given(answer), story)]
        assert texts == ["one", "two"]

    def test_who_asks_no_more_takes_nobody_along(self) -> None:
        held: list[Task] = []

        def answer(task: Task) -> list[Outcome]:
            held.append(task)
            return [done(each) for each in held] if len(held) == 2 else []

        async def story(desk: Desk) -> tuple[bool, str]:
            gone = reached(desk, "one")
            await asyncio.sleep(1)
            gone.cancel()
            stays = await reached(desk, "two")
            return gone.cancelled(), stays.request.messages[0].content

        assert served(Given(answer), story) == (True, "two")

    def test_a_task_has_the_seconds_that_are_left(self) -> None:
        limits: list[float] = []

        def answer(task: Task) -> list[Outcome]:
            limits.append(task.limit_s)
            return [done(task)]

        async def story(desk: Desk) -> None:
            soon = patience(30)
            await asyncio.sleep(10)
            await desk.reach(request("one"), soon, None)

        served(Given(answer), story)
        assert limits == [pytest.approx(20)]

    def test_closing_ends_the_engine_and_so_does_who_serves_no_more(self) -> None:
        closed, cut = Given(lambda task: [done(task)]), Given(lambda task: [done(task)])

        async def story() -> None:
            desk = Desk(closed)
            desk.close()
            await desk.serve()
            serving = asyncio.ensure_future(Desk(cut).serve())
            await asyncio.sleep(1)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

        run(story())
        assert (closed.ended, cut.ended) == (True, True)


def local(answer: Callable[[Request], Coroutine[Any, Any, Exchange]]) -> Local:
    async def reach(request: Request, patience: Patience, show: Show | None) -> Exchange:
        async with asyncio.timeout_at(patience.deadline):
            return await answer(request)

    asks: Reach = reach
    return Local(asks, patience)


async def in_reverse(request: Request) -> Exchange:
    """Later requests are answered earlier."""
    await asyncio.sleep(10 - int(request.messages[0].content))
    return Exchange(Completion("yes", "stop"), 1, request)


async def tasks(*texts: str) -> AsyncIterator[Task]:
    for text in texts:
        yield Task(text, request(text), LIMIT_S)


class TestLocal:
    def test_outcomes_come_as_they_are_ready_and_the_end_waits_for_all(self) -> None:
        async def story() -> list[str]:
            return [each.id async for each in local(in_reverse).run(tasks("1", "2", "3"))]

        assert run(story()) == ["3", "2", "1"]

    def test_a_failure_is_the_outcome_of_one(self) -> None:
        async def answer(request: Request) -> Exchange:
            if request.messages[0].content == "2":
                raise TryAgain("stalled", "no reply")
            return await in_reverse(request)

        async def story() -> dict[str, bool]:
            found = local(answer).run(tasks("1", "2", "3"))
            return {each.id: each.failure is None async for each in found}

        assert run(story()) == {"1": True, "2": False, "3": True}

    def test_what_nobody_foresaw_is_raised_and_cuts_the_others_off(self) -> None:
        cut: list[str] = []

        async def answer(request: Request) -> Exchange:
            text = request.messages[0].content
            if text == "2":
                raise ZeroDivisionError
            try:
                return await in_reverse(request)
            except asyncio.CancelledError:
                cut.append(text)
                raise

        async def story() -> None:
            with pytest.raises(ZeroDivisionError):
                _ = [each async for each in local(answer).run(tasks("1", "2", "3"))]

        run(story())
        assert sorted(cut) == ["1", "3"]
