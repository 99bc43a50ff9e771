"""A purse never lets a command spend or send more than its caps, whatever the replies cost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import terms
from mcli.api.persist import Patience
from mcli.asking import Send
from mcli.caps import Caps
from mcli.chat import Completion, Exchange, Form, Message, Request, ToolCall, Usage
from mcli.errors import ConfigFailure, Failure, NotAllowed, TryAgain
from mcli.purse import Purse
from mcli.terms import Terms

T = TypeVar("T")
PATIENCE = Patience(math.inf, math.inf, 0)
DOLLAR = Terms(None, None, 0.01, 0.01)
"""A model whose tokens cost a cent each."""

OWN = {"m": DOLLAR, "free": Terms(None, None, 0.0, 0.0), "exact": Terms(None, None, 0.01, 0.01,
       "o200k_base")}  # fmt: skip


def purse(usd: float = 1.0, requests: int | None = None, **more: Any) -> Purse:
    return Purse(Caps(usd, True, requests), OWN, **more)


def request(text: str = "hi", most: int = 10, model: str = "m") -> Request:
    return Request(model, (Message("user", text),), {"max_tokens": most})


def answering(usage: Usage | None = None, failure: Failure | None = None) -> Send:
    async def send(asked: Request) -> Exchange:
        await asyncio.sleep(0)
        if failure is not None:
            raise failure
        return Exchange(Completion("a", "stop", "m", usage), 1, asked)

    return send


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(work())


def sent(paying: Purse, send: Send, *requests: Request) -> list[Exchange | BaseException]:
    async def work() -> list[Exchange | BaseException]:
        guarded = paying.guard(send, PATIENCE)
        return await asyncio.gather(*map(guarded, requests), return_exceptions=True)

    return run(work)


def test_an_exchange_says_what_it_cost() -> None:
    paying = purse()
    (exchange,) = sent(paying, answering(Usage(3, 4, 7)), request())
    assert isinstance(exchange, Exchange)
    assert exchange.cost_usd == pytest.approx(0.07)
    assert (paying.requests, paying.spent_usd, paying.cost_usd) == (1, exchange.cost_usd, 0.07)


def test_where_the_cost_is_not_known_the_worst_is_spent() -> None:
    for reply in (answering(None), answering(Usage(3, None))):
        paying = purse()
        (exchange,) = sent(paying, reply, request(most=50))
        assert isinstance(exchange, Exchange)
        assert (exchange.cost_usd, paying.cost_usd) == (None, None)
        assert 0.52 <= paying.spent_usd <= 1.0


@pytest.mark.parametrize(("charged", "spent"), [("no", False), ("maybe", True), ("yes", True)])
def test_what_a_failure_may_have_cost_is_spent(charged: Any, spent: bool) -> None:
    paying = purse()
    (failed,) = sent(paying, answering(None, TryAgain("stalled", "", charged=charged)), request())
    assert isinstance(failed, TryAgain)
    assert (paying.spent_usd > 0, paying.cost_usd is None) == (spent, spent)


def test_a_failure_that_has_the_answer_tells_its_cost() -> None:
    failure = TryAgain("write_failed", "", charged="yes")
    failure.completion = Completion("a", "stop", "m", Usage(1, 1, 2))
    paying = purse()
    sent(paying, answering(None, failure), request())
    assert failure.cost_usd == paying.spent_usd == pytest.approx(0.02)


def test_each_attempt_that_may_have_been_charged_counts_for_what_comes_after() -> None:
    async def third_time(asked: Request) -> Exchange:
        return Exchange(Completion("a", "stop", "m", Usage(1, 1)), 3, asked, doubtful=2)

    paying = purse(9.0)
    (exchange,) = sent(paying, third_time, request())
    assert isinstance(exchange, Exchange)
    assert exchange.cost_usd == pytest.approx(0.02)
    one = 0.01 * (2 + 16 + len('{"max_tokens": 10}') + 10)
    assert paying.spent_usd == pytest.approx(0.02 + 2 * one)
    never = TryAgain("stalled", "", charged="maybe")
    never.doubtful = 3
    paying = purse(9.0)
    sent(paying, answering(None, never), request())
    assert paying.spent_usd == pytest.approx(3 * one)


def test_what_was_cut_off_is_spent_at_its_worst() -> None:
    paying = purse()

    async def work() -> None:
        async def send(asked: Request) -> Exchange:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await paying.guard(send, PATIENCE)(request())

    run(work)
    assert paying.spent_usd > 0.1
    assert paying.cost_usd is None


def test_what_may_pass_the_cap_is_not_sent_and_both_numbers_are_told() -> None:
    paying = purse(0.5)
    (failed,) = sent(paying, answering(), request(most=100))
    assert isinstance(failed, NotAllowed)
    assert (failed.slug, failed.charged, failed.attempts) == ("max_cost", "no", 0)
    assert "1.37" in failed.message
    assert "0.5" in failed.message
    assert (paying.requests, paying.spent_usd) == (0, 0.0)


def test_bytes_prove_it_else_tokens_are_counted() -> None:
    words = "hello " * 40  # 240 bytes, 41 tokens or so
    assert isinstance(sent(purse(1.0), answering(), request(words, model="exact"))[0], Exchange)
    # A vocabulary that is none of the model's may have fewer than the model: half is added.
    exact = [u / 100 for u in range(50, 150)
             if isinstance(sent(purse(u / 100), answering(), request(words, model="exact"))[0],
                           Exchange)]  # fmt: skip
    guessed = [
        u / 100
        for u in range(50, 150)
        if isinstance(sent(purse(u / 100), answering(), request(words))[0], Exchange)
    ]
    assert exact[0] + 0.19 <= guessed[0] <= exact[0] + 0.22


def test_tokens_are_counted_too_for_one_that_had_to_wait() -> None:
    words = request("hello " * 40, model="exact")  # 0.9 USD by its tokens, 2.9 by its bytes
    done = sent(purse(1.0), answering(Usage(1, 1)), request(most=60), words)
    assert [type(d) for d in done] == [Exchange, Exchange]


def test_a_schema_and_tools_are_counted_too() -> None:
    form = Form({"description": "x" * 500})
    asked = Request("m", request().messages, {"max_tokens": 1}, form=form)
    assert isinstance(sent(purse(5), answering(), asked)[0], NotAllowed)
    tools = Request("m", request().messages, {"max_tokens": 1, "tools": ["x" * 500]})
    assert isinstance(sent(purse(5), answering(), tools)[0], NotAllowed)


def test_a_picture_is_counted_by_the_piece_and_the_rest_by_its_bytes() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10**6}}
    sound = {"type": "input_audio", "input_audio": {"data": "A" * 10**4}}
    for part, least, most in ((picture, 160.0, 166.0), (sound, 75.0, 78.0)):
        turn = Message("user", "hi", parts=(part,))
        asked = Request("m", (turn,), {"max_tokens": 1})
        assert isinstance(sent(purse(most), answering(), asked)[0], Exchange)
        assert isinstance(sent(purse(least), answering(), asked)[0], NotAllowed)
    call = Message("assistant", "", calls=(ToolCall("1", "f", "x" * 500),))
    asked = Request("m", (call,), {"max_tokens": 1})
    assert isinstance(sent(purse(5), answering(), asked)[0], NotAllowed)


def test_a_cap_of_nothing_lets_free_ones_pass() -> None:
    free = request("x" * 10_000, 10**6, "free")
    assert isinstance(sent(purse(0.0), answering(Usage(9, 9)), free)[0], Exchange)
    assert isinstance(sent(purse(0.0), answering(), request())[0], NotAllowed)


def test_a_price_that_is_not_known_passes_only_the_cap_that_nobody_set() -> None:
    unknown = request(model="unknown")
    (exchange,) = sent(Purse(Caps(), OWN), answering(Usage(9, 9)), unknown)
    assert isinstance(exchange, Exchange)
    assert exchange.cost_usd is None
    paying = purse()
    with pytest.raises(ConfigFailure) as caught:
        paying.require_price("unknown")
    assert caught.value.slug == "unknown_price"
    assert isinstance(sent(paying, answering(), unknown)[0], ConfigFailure)
    purse().require_price("m")
    purse(replays=True).require_price("unknown")


def test_requests_are_counted_as_they_are_handed_on() -> None:
    paying = purse(99, requests=2)
    done = sent(paying, answering(Usage(1, 1)), request(), request(), request())
    assert [type(d) for d in done] == [Exchange, Exchange, NotAllowed]
    assert isinstance(done[2], NotAllowed)
    assert (done[2].slug, paying.requests) == ("max_requests", 2)


def test_a_replay_costs_nothing_but_counts() -> None:
    paying = purse(0.0, requests=1, replays=True)
    done = sent(paying, answering(Usage(1, 1)), request(), request())
    assert [type(d) for d in done] == [Exchange, NotAllowed]
    assert isinstance(done[0], Exchange)
    assert done[0].cost_usd == pytest.approx(0.02)  # what the script cost when it was recorded


def test_many_requests_can_be_refused_before_the_first() -> None:
    paying = purse(1.0, requests=5)
    paying.refuse_if_beyond(1.0, 5)
    paying.refuse_if_beyond(None, 5)
    for usd, requests in ((1.01, 1), (0.0, 6), (None, 6)):
        with pytest.raises(NotAllowed):
            paying.refuse_if_beyond(usd, requests)


def test_who_waits_for_what_is_in_flight_waits_no_longer_than_the_deadline() -> None:
    async def work() -> None:
        async def never(asked: Request) -> Exchange:
            await asyncio.sleep(60)
            raise AssertionError

        paying = purse(0.5)
        first = asyncio.ensure_future(paying.guard(never, PATIENCE)(request(most=20)))
        await asyncio.sleep(0)
        soon = asyncio.get_running_loop().time()
        with pytest.raises(TryAgain) as caught:
            await paying.guard(never, Patience(soon, 5.0, 0))(request(most=20))
        assert (caught.value.slug, caught.value.charged) == ("deadline", "no")
        first.cancel()

    run(work)


Fate = tuple[int, int, str, int]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 60),  # the most tokens of its answer
            st.integers(0, 99),  # how much of its worst case it costs, in percent
            st.sampled_from(["fits", "no usage", "maybe", "no", "cut off"]),
            st.integers(0, 3),  # how long it takes
        ),
        max_size=12,
    ),
    st.floats(0.0, 3.0),
    st.integers(1, 4),
)
def test_no_cap_is_passed_and_what_fits_alone_is_sent(
    fates: list[Fate], cap: float, jobs: int
) -> None:
    paying = purse(cap)
    owed: list[float] = []  # by those in flight and done, at their worst
    true = 0.0

    async def work() -> None:
        waiting = iter(fates)

        async def worker() -> None:
            for most, percent, fate, turns in waiting:
                asked = request("x", most)
                worst = terms.worst(1 + 16 + len('{"max_tokens": 60}'), asked.params, DOLLAR)
                assert worst is not None

                async def send(
                    asked: Request, fate: str = fate, percent: int = percent, turns: int = turns
                ) -> Exchange:
                    nonlocal true
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    cost = (
                        0.0 if fate == "no" else (1 + asked.params["max_tokens"] * percent // 100)
                    )
                    true += cost * 0.01
                    if fate == "cut off":
                        raise asyncio.CancelledError
                    if fate in ("maybe", "no"):
                        raise TryAgain("stalled", "", charged=fate)
                    usage = None if fate == "no usage" else Usage(1, int(cost) - 1)
                    return Exchange(Completion("a", "stop", "m", usage), 1, asked)

                try:
                    await paying.guard(send, PATIENCE)(asked)
                except NotAllowed:
                    owed.append(worst)
                except (TryAgain, asyncio.CancelledError):
                    pass
                assert paying.spent_usd <= cap * (1 + 1e-6)
                assert true <= cap * (1 + 1e-6)

        await asyncio.gather(*(worker() for _ in range(jobs)))

    run(work)
    assert true <= paying.spent_usd * (1 + 1e-6)
    assert all(paying.spent_usd + worst > cap * (1 - 1e-6) for worst in owed)
