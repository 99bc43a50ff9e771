"""How many attempts of a batch are in flight, by a clock that jumps."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from mcli.api.breaker import IN_A_ROW, SILENCE_S
from mcli.api.gate import Turn
from mcli.api.pace import Pace
from mcli.chat import Completion, Message, Request
from mcli.errors import Failure, NotAllowed, Recovery, Refused, TryAgain
from tests.api import run

DONE = Completion("yes", "stop")


def request(text: str = "hi") -> Request:
    return Request("m", (Message("user", text),))


def busy(wait: float | None = None) -> Failure:
    failure = TryAgain("rate_limited", "busy", recovery=Recovery.REJECTED)
    failure.status, failure.wait = 429, wait
    return failure


def down() -> Failure:
    return TryAgain("connect_refused", "refused", recovery=Recovery.NOT_SENT)


def far() -> float:
    return asyncio.get_running_loop().time() + 1e6


async def enter(pace: Pace, text: str = "hi") -> Turn:
    return await pace.enter(request(text), far())


def test_no_more_than_jobs_are_in_flight_and_the_next_goes_when_one_ends() -> None:
    async def story() -> None:
        pace = Pace(2)
        first, _ = await enter(pace), await enter(pace)
        third = asyncio.ensure_future(enter(pace))
        await asyncio.sleep(100)
        assert not third.done()

        first.ended(DONE, None)
        await third
        assert pace.in_flight == 2

    run(story())


def test_a_429_halves_once_a_second_and_answers_raise_it_again() -> None:
    async def story() -> None:
        pace = Pace(32)
        turns = [await enter(pace) for _ in range(4)]
        for turn in turns:
            turn.ended(None, busy())
        assert pace.limit == 16

        await asyncio.sleep(1)
        (await enter(pace)).ended(None, busy())
        assert pace.limit == 8

        for _ in range(5000):
            (await enter(pace)).ended(DONE, None)
        assert pace.limit == 32

    run(story())


def test_it_never_falls_below_one() -> None:
    async def story() -> None:
        pace = Pace(2)
        for _ in range(5):
            (await enter(pace)).ended(None, busy())
            (await enter(pace)).ended(DONE, None)
            await asyncio.sleep(1)
        assert pace.limit >= 1
        await enter(pace)

    run(story())


def test_a_wait_that_is_asked_for_holds_all_and_then_one_goes_after_the_other() -> None:
    async def story() -> None:
        pace = Pace(10)
        clock = asyncio.get_running_loop().time
        began = clock()
        (await enter(pace)).ended(None, busy(30))
        starts: list[float] = []

        async def one() -> None:
            await enter(pace)
            starts.append(clock() - began)

        await asyncio.gather(*(one() for _ in range(5)))
        assert starts[0] >= 30
        assert all(later > earlier for earlier, later in pairwise(starts))
        assert starts[-1] <= 31

    run(story())


def test_a_later_wait_counts_and_an_earlier_one_takes_nothing_back() -> None:
    async def story() -> None:
        pace = Pace(10)
        clock = asyncio.get_running_loop().time
        began = clock()
        (first, second) = (await enter(pace), await enter(pace))
        first.ended(None, busy(30))
        second.ended(None, busy(5))
        await enter(pace)
        assert clock() - began >= 30

    run(story())


def test_a_server_that_never_answered_is_given_up_on_after_ten() -> None:
    async def story() -> None:
        pace = Pace(4)
        for number in range(IN_A_ROW):
            assert pace.ended is None
            (await enter(pace, str(number))).ended(None, down())
        assert pace.ended is not None
        assert pace.ended.slug == "provider_down"
        with pytest.raises(TryAgain) as told:
            await enter(pace)
        assert told.value.slug == "not_sent"
        assert told.value.charged == "no"

    run(story())


def test_one_request_that_fails_again_and_again_says_nothing_of_the_server() -> None:
    async def story() -> None:
        pace = Pace(4)
        same = request()
        for _ in range(3 * IN_A_ROW):
            (await pace.enter(same, far())).ended(None, down())
        assert pace.ended is None

    run(story())


def test_a_server_that_did_answer_is_probed_for_a_minute() -> None:
    async def story() -> None:
        pace = Pace(4)
        clock = asyncio.get_running_loop().time
        (await enter(pace)).ended(DONE, None)
        began = clock()
        attempts = 0
        while pace.ended is None:
            attempts += 1
            (await enter(pace, str(attempts))).ended(None, down())
        assert SILENCE_S <= clock() - began <= SILENCE_S + 2
        assert attempts <= IN_A_ROW + SILENCE_S + 2

    run(story())


def test_an_answer_ends_the_probing_also_a_refusal() -> None:
    async def story() -> None:
        for told in (None, Refused("bad_request", "no")):
            pace = Pace(4)
            (await enter(pace)).ended(DONE, None)
            for number in range(IN_A_ROW + 5):
                (await enter(pace, str(number))).ended(None, down())
            (await enter(pace)).ended(None if told else DONE, told)
            await enter(pace)
            await enter(pace)
            assert pace.in_flight == 2

    run(story())


def test_429_is_a_sign_of_life() -> None:
    async def story() -> None:
        pace = Pace(32)
        turns = [await enter(pace, str(n)) for n in range(30)]
        for turn in turns:
            turn.ended(None, busy())
        assert pace.ended is None

    run(story())


def test_the_end_wakes_all_who_wait() -> None:
    async def story() -> None:
        pace = Pace(1)
        await enter(pace)
        waiting = [asyncio.ensure_future(enter(pace)) for _ in range(3)]

        async def begin() -> None:
            async with pace.place():
                pass

        async with pace.place():
            comer = asyncio.ensure_future(begin())
            await asyncio.sleep(0)
            pace.end(NotAllowed("auth", "the key is refused"))
            ends = await asyncio.gather(*waiting, comer, return_exceptions=True)
        assert {type(end) for end in ends} == {TryAgain}

    run(story())


@pytest.mark.parametrize(("seconds", "ends"), [(120.0, False), (121.0, True)])
def test_a_wait_of_more_than_two_minutes_is_the_end(seconds: float, ends: bool) -> None:
    async def story() -> None:
        pace = Pace(4)
        (await enter(pace)).ended(None, busy(seconds))
        told = pace.ended
        assert (told is not None) is ends
        if told is not None:
            assert (told.slug, told.status, told.hint) == ("provider_busy", 429, "come back in 2m")

    run(story())


def test_in_haste_who_may_go_at_once_goes_and_nobody_waits() -> None:
    async def story() -> None:
        pace = Pace(1)
        first = await enter(pace)
        second = asyncio.ensure_future(enter(pace))
        await asyncio.sleep(1)
        pace.hurry(TryAgain("interrupted", "interrupted"))
        with pytest.raises(TryAgain, match="not asked: interrupted"):
            await second

        first.ended(DONE, None)
        third = await enter(pace)
        with pytest.raises(TryAgain):
            await enter(pace)
        third.ended(DONE, None)

    run(story())


def test_who_waits_behind_is_told_of_the_haste() -> None:
    class Closed:
        async def enter(self, request: Request, deadline: float) -> Turn:
            await asyncio.sleep(1e6)
            raise AssertionError

    async def story() -> None:
        pace = Pace(2, Closed())
        waiting = [asyncio.ensure_future(enter(pace)) for _ in range(2)]
        await asyncio.sleep(1)
        pace.hurry(TryAgain("interrupted", "interrupted"))
        pace.end(down())
        told = await asyncio.gather(*waiting, return_exceptions=True)
        assert [getattr(each, "slug", None) for each in told] == ["not_sent", "not_sent"]
        assert pace.in_flight == 0

    run(story())


def test_who_leaves_the_line_takes_nobodys_place() -> None:
    async def story() -> None:
        pace = Pace(1)
        first = await enter(pace)
        gone, stays = (asyncio.ensure_future(enter(pace)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        first.ended(DONE, None)
        await stays
        assert pace.in_flight == 1

        # Cancelled in the very moment in which its turn came.
        last = asyncio.ensure_future(enter(pace))
        await asyncio.sleep(0)
        (await stays).ended(DONE, None)
        last.cancel()
        await asyncio.gather(last, return_exceptions=True)
        assert pace.in_flight == 0
        await enter(pace)

    run(story())


def test_records_begin_only_where_their_requests_may_go() -> None:
    async def story() -> None:
        pace = Pace(2)
        clock = asyncio.get_running_loop().time
        began = clock()
        begun: list[float] = []

        async def record() -> None:
            async with pace.place():
                begun.append(clock() - began)
                turn = await enter(pace)
                await asyncio.sleep(1)
                turn.ended(None, busy(20) if len(begun) == 2 else None)

        await asyncio.gather(*(record() for _ in range(4)))
        assert begun[:2] == [0, 0]
        assert all(moment >= 20 for moment in begun[2:])

    run(story())


def test_who_waits_behind_keeps_others_from_beginning() -> None:
    class Slow:
        async def enter(self, request: Request, deadline: float) -> Turn:
            await asyncio.sleep(10)
            return self

        def ended(self, completion: Completion | None, failure: Failure | None) -> None:
            pass

    async def story() -> None:
        pace = Pace(8, Slow())
        clock = asyncio.get_running_loop().time
        began = clock()
        begun: list[float] = []

        async def record() -> None:
            async with pace.place():
                begun.append(clock() - began)
                await enter(pace)

        await asyncio.gather(*(record() for _ in range(4)))
        assert begun == sorted(begun)
        assert begun[-1] - begun[0] >= 10

    run(story())


def test_after_the_end_no_record_begins() -> None:
    async def story() -> None:
        pace = Pace(1)
        pace.end(NotAllowed("auth", "no"))
        with pytest.raises(TryAgain, match="not asked: no"):
            await pace.place().__aenter__()

    run(story())
