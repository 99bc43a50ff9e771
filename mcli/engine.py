"""SHELL: the seam of a batch: plain requests go out, and outcomes come back by id, in any order.

What is on the other side need not be this process: a task and its outcome are values that can be
written down. `Local` asks the endpoint from here.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from mcli.chat import Exchange, Request
from mcli.errors import Failure
from mcli.sending import Reach, Show
from mcli.shapes import frozen

if TYPE_CHECKING:
    from mcli.api.persist import Patience


@frozen
class Task:
    """A request, and how many seconds there are to answer it."""

    id: str
    request: Request
    limit_s: float


@frozen
class Outcome:
    """What came of the task `id`: an exchange, or else a failure."""

    id: str
    exchange: Exchange | None = None
    failure: Failure | None = None


class Engine(Protocol):
    """Does tasks, as many at once as it likes."""

    def run(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[Outcome]:
        """The outcome of each of `tasks`, which end when nothing more will be asked."""
        ...


class Local:
    """Asks from this process; `patience` says how a task with so many seconds is waited for."""

    def __init__(self, reach: Reach, patience: Callable[[float], Patience]) -> None:
        self._reach = reach
        self._patience = patience

    async def run(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[Outcome]:
        """The outcome of each of `tasks`. What is still being asked when nobody listens any more
        is cut off."""
        done: asyncio.Queue[Outcome | BaseException | None] = asyncio.Queue()
        going: set[asyncio.Task[None]] = set()

        async def one(task: Task) -> None:
            try:
                done.put_nowait(await self._one(task))
            except Exception as error:  # noqa: BLE001 - raised where outcomes are read
                done.put_nowait(error)

        async def take() -> None:
            async for task in tasks:
                asking = asyncio.ensure_future(one(task))
                going.add(asking)
                asking.add_done_callback(going.discard)
            await asyncio.gather(*going)
            done.put_nowait(None)

        taking = asyncio.ensure_future(take())
        try:
            while (outcome := await done.get()) is not None:
                if isinstance(outcome, BaseException):
                    raise outcome
                yield outcome
        finally:
            for each in (taking, *going):
                each.cancel()
            await asyncio.gather(taking, *going, return_exceptions=True)

    async def _one(self, task: Task) -> Outcome:
        try:
            patience = self._patience(task.limit_s)
            return Outcome(task.id, await self._reach(task.request, patience, None))
        except Failure as failure:
            return Outcome(task.id, failure=failure)


class Desk:
    """Where requests are handed in and answers fetched: the near side of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks: asyncio.Queue[Task | None] = asyncio.Queue()
        self._waiting: dict[str, asyncio.Future[Exchange]] = {}
        self._numbers = itertools.count(1)
        self._end: BaseException | None = None

    async def reach(self, request: Request, patience: Patience, show: Show | None) -> Exchange:
        """The answer to `request`, from the engine. Raises its failure."""
        if self._end is not None:
            raise self._end
        loop = asyncio.get_running_loop()
        name = str(next(self._numbers))
        answer: asyncio.Future[Exchange] = loop.create_future()
        self._waiting[name] = answer
        self._tasks.put_nowait(Task(name, request, patience.deadline - loop.time()))
        try:
            return await answer
        finally:
            self._waiting.pop(name, None)

    def close(self) -> None:
        """Nothing more will be asked."""
        self._tasks.put_nowait(None)

    async def serve(self) -> None:
        """Hand requests to the engine, and its outcomes to who asked, until `close`."""
        try:
            async with aclosing(self._engine.run(self._asked())) as outcomes:
                async for outcome in outcomes:
                    self._tell(outcome)
        except Exception as error:  # noqa: BLE001 - it is everybody's who waits
            self._end = error
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(error)

    async def _asked(self) -> AsyncIterator[Task]:
        while (task := await self._tasks.get()) is not None:
            yield task

    def _tell(self, outcome: Outcome) -> None:
        answer = self._waiting.get(outcome.id)
        if answer is None or answer.done():
            return  # who asked has gone
        if outcome.exchange is not None:
            answer.set_result(outcome.exchange)
        else:
            assert outcome.failure is not None
            answer.set_exception(outcome.failure)
