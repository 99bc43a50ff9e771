"""The gate, by a clock that jumps: what it asks of the store, and what it does without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from mcli.api.gate import OPEN, Narrow
from mcli.api.meter import GO, HOLD_S, Ask, Busy, Look, Own, Unusable
from mcli.api.persist import Patience, persist
from mcli.chat import Completion, Message, Request, Usage
from mcli.errors import Failure, NotAllowed, Recovery, TryAgain
from mcli.limiting import AWAY_S, BUSY_S, Limiting
from mcli.limits import Limits
from tests.api import run

T = TypeVar("T")
REQUEST = Request("gpt-4", (Message("user", "hi"),), {}, frozenset())
FAR = 1e9


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Store:
    """A log that says what it is told to, and keeps what it was told."""

    say: Callable[[Ask], Look]
    told: list[Any] = field(default_factory=list)

    def enter(self, ask: Ask) -> Look:
        self.told.append(("enter", ask.tokens))
        return self.say(ask)

    def leave(self, id: int) -> None:
        self.told.append("leave")

    def settle(self, id: int, tokens: int | None, sent: bool) -> None:
        self.told.append(("settle", tokens, sent))

    def pause(self, seconds: float) -> None:
        self.told.append(("pause", seconds))


async def hundred(request: Request) -> int:
    return 100


def limiting(store: Any, notes: list[str] | None = None, **limits: int) -> Limiting:
    def shared() -> Any:
        if isinstance(store, Exception):
            raise store
        return store

    said = Limits(**limits) if limits else Limits(rpm=2)
    return Limiting(said, hundred, shared, (notes or []).append, Own(HOLD_S, now))


def in_loop(work: Callable[[], Awaitable[T]]) -> T:
    async def all_of_it() -> T:
        return await work()

    return run(all_of_it())


def answered(prompt: int | None, answer: int | None) -> Completion:
    return Completion("Paris.", "stop", usage=Usage(prompt, answer, None))


def failed(recovery: Recovery, status: int | None = None, wait: float | None = None) -> Failure:
    failure = TryAgain("busy", "busy", recovery=recovery)
    failure.status, failure.wait = status, wait
    return failure


@pytest.mark.parametrize(
    ("completion", "failure", "told"),
    [
        (answered(10, 5), None, [("settle", 15, True)]),
        (answered(None, 5), None, [("settle", None, True)]),
        (Completion("Paris.", "stop"), None, [("settle", None, True)]),
        (None, None, [("settle", None, True)]),
        (None, failed(Recovery.NOT_SENT), [("settle", 0, False)]),
        (None, failed(Recovery.REJECTED, 503, 9.0), [("settle", 0, True)]),
        (None, failed(Recovery.REJECTED, 429, 9.0), [("settle", 0, True), ("pause", 9.0)]),
        (None, failed(Recovery.REJECTED, 429), [("settle", 0, True)]),
        (None, failed(Recovery.MAYBE_CHARGED), [("settle", None, True)]),
        (None, failed(Recovery.CHARGED, 200), [("settle", None, True)]),
    ],
)
def test_what_the_store_is_told_of_the_end(
    completion: Completion | None, failure: Failure | None, told: list[Any]
) -> None:
    store = Store(lambda _: GO)

    async def work() -> None:
        turn = await limiting(store).enter(REQUEST, FAR)
        turn.ended(completion, failure)

    in_loop(work)
    assert store.told == [("enter", 100), *told]


def test_it_waits_as_long_as_it_is_told_and_looks_now_and_then() -> None:
    until = 1010.0
    store = Store(lambda _: Look(max(0.0, until - now())))
    notes: list[str] = []

    async def work() -> float:
        gate = Limiting(Limits(rpm=9), hundred, lambda: store, notes.append, Own(HOLD_S, now))
        await gate.enter(REQUEST, FAR)
        return now()

    assert in_loop(work) == pytest.approx(until, abs=0.01)
    assert 10 < len(store.told) < 30
    assert notes == ["waiting about 10.0s: 9 requests a minute are allowed"]


def test_no_room_before_the_deadline_is_told_at_once() -> None:
    store = Store(lambda _: Look(50.0, 42.0))

    async def work() -> Failure:
        start = now()
        with pytest.raises(TryAgain) as caught:
            await limiting(store).enter(REQUEST, start + 40)
        assert now() == start
        return caught.value

    failure = in_loop(work)
    assert (failure.slug, failure.hint) == ("limits", "come back in 42s")
    assert (failure.charged, failure.recovery) == ("no", Recovery.PERMANENT)
    assert store.told[-1] == "leave"


def test_who_is_cut_off_while_it_waits_leaves_the_line() -> None:
    store = Store(lambda _: Look(50.0))

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await limiting(store).enter(REQUEST, FAR)

    in_loop(work)
    assert store.told[-1] == "leave"


def test_a_process_has_one_request_in_the_line_at_a_time() -> None:
    asked: set[int] = set()

    def say(ask: Ask) -> Look:
        asked.add(ask.id)
        return Look(50.0)

    async def work() -> None:
        gate = limiting(Store(say))
        tasks = [asyncio.create_task(gate.enter(REQUEST, FAR)) for _ in range(20)]
        await asyncio.sleep(10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    in_loop(work)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("store", "why"),
    [
        (Unusable("disk full"), "disk full"),
        (Store(lambda _: (_ for _ in ()).throw(Unusable("read-only"))), "read-only"),
        (Store(lambda _: (_ for _ in ()).throw(Busy())), "it is locked"),
    ],
)
def test_without_a_store_a_process_keeps_its_limits_alone(store: Any, why: str) -> None:
    notes: list[str] = []
    starts: list[float] = []

    async def work() -> None:
        gate = Limiting(
            Limits(rpm=4), hundred,
            lambda: store if isinstance(store, Store) else (_ for _ in ()).throw(store),
            notes.append, Own(HOLD_S, now),
        )  # fmt: skip
        for _ in range(9):
            turn = await gate.enter(REQUEST, FAR)
            starts.append(now())
            turn.ended(None, None)

    in_loop(work)
    assert notes[0] == (f"limits are kept by this process alone: their store cannot be used: {why}")
    assert starts[1] - starts[0] <= BUSY_S + 0.1
    for last in starts:
        assert sum(last - 60 < at <= last for at in starts) <= 4
    tries = sum("alone" in note for note in notes)
    assert tries <= (starts[-1] - starts[0]) / AWAY_S + 1


def test_a_store_that_is_back_is_used_again() -> None:
    broken = [True]

    def say(ask: Ask) -> Look:
        if broken:
            broken.clear()
            raise Unusable("down")
        return GO

    store = Store(say)

    async def work() -> None:
        gate = limiting(store, rpm=100)
        for _ in range(3):
            (await gate.enter(REQUEST, FAR)).ended(None, None)
        assert store.told == [("enter", 100)]
        await asyncio.sleep(AWAY_S + 1)
        await gate.enter(REQUEST, FAR)

    in_loop(work)
    assert store.told == [("enter", 100)] * 2


def test_a_wait_at_the_gate_is_no_attempt_and_was_not_charged() -> None:
    async def work() -> Failure:
        underway: list[bool] = []

        async def attempt() -> None:
            await asyncio.sleep(100)

        patience = Patience(now() + 5, 5, 3)
        with pytest.raises(TryAgain) as caught:
            await persist(attempt, patience, lambda _: None, lambda: bool(underway))
        return caught.value

    failure = in_loop(work)
    assert (failure.slug, failure.attempts, failure.charged) == ("deadline", 0, "no")


def test_a_refusal_at_the_gate_counts_what_was_sent_before_it() -> None:
    async def work() -> Failure:
        sent: list[bool] = [True]

        async def attempt() -> None:
            if sent:
                raise failed(Recovery.MAYBE_CHARGED)
            raise NotAllowed("over_tpm", "too long")

        def underway() -> bool:
            return bool(sent.pop() if sent else False)

        with pytest.raises(NotAllowed) as caught:
            await persist(attempt, Patience(FAR, FAR, 3), lambda _: None, underway)
        return caught.value

    failure = in_loop(work)
    assert (failure.attempts, failure.charged) == (1, "maybe")


def test_so_many_at_a_time_in_order() -> None:
    async def work() -> list[int]:
        gate = Narrow(2, OPEN)
        flying: list[int] = []
        seen: list[int] = []
        order: list[int] = []

        async def one(number: int) -> None:
            turn = await gate.enter(REQUEST, FAR)
            order.append(number)
            flying.append(number)
            seen.append(len(flying))
            await asyncio.sleep(1)
            flying.remove(number)
            turn.ended(None, None)

        await asyncio.gather(*map(one, range(7)))
        assert max(seen) == 2
        return order

    assert in_loop(work) == list(range(7))


def test_who_is_cut_off_behind_it_makes_room() -> None:
    class Shut:
        async def enter(self, request: Request, deadline: float) -> Any:
            raise TryAgain("limits", "no")

    async def work() -> None:
        gate = Narrow(1, Shut())
        for _ in range(3):
            with pytest.raises(TryAgain):
                async with asyncio.timeout(5):
                    await gate.enter(REQUEST, FAR)

    in_loop(work)
