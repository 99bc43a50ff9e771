"""An answer that does not fit is asked for again, and everything that was sent is counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest

from mcli import asking, reading
from mcli.chat import Completion, Exchange, Message, Request, Usage
from mcli.errors import Failure, TryAgain, UnusableAnswer
from mcli.reading import Answer, Reading

LIKE = Reading("json", schema={"type": "integer"})
REQUEST = Request("m", (Message("user", "how many?"),))
Replies = Sequence[str | Failure]


def server(replies: Replies, seen: list[Request]) -> Callable[[Request], Awaitable[Exchange]]:
    """Something to ask that gives these answers, two attempts each."""
    left = iter(replies)

    async def send(request: Request) -> Exchange:
        seen.append(request)
        reply = next(left)
        if isinstance(reply, Failure):
            raise reply
        completion = Completion(reply, "stop", "m", Usage(10, 1, 11))
        return Exchange(completion, 2, request, f"r{len(seen)}", ("w",))

    return send


def ask(replies: Replies, repair: int, seen: list[Request]) -> tuple[Answer, Exchange]:
    return asyncio.run(asking.ask(REQUEST, LIKE, repair, server(replies, seen)))


def test_an_answer_that_fits_is_asked_for_once() -> None:
    seen: list[Request] = []
    answer, exchange = ask(["7"], 5, seen)
    assert (answer, exchange.attempts, exchange.warnings) == (Answer("7", 7), 2, ("w",))
    assert seen == [REQUEST]


def test_one_that_does_not_is_asked_for_again_with_what_was_wrong() -> None:
    seen: list[Request] = []
    answer, exchange = ask(["seven", '"7"', "7"], 2, seen)
    assert answer.data == 7
    assert (exchange.attempts, exchange.request_id) == (6, "r3")
    assert exchange.completion.usage == Usage(30, 3, 33)
    told = [w for w in exchange.warnings if w != "w"]
    assert [w.split(":")[1] for w in told] == [
        " the answer is not JSON", " the answer does not fit its schema",
    ]  # fmt: skip
    turns = seen[-1].messages
    assert [t.role for t in turns] == ["user", "assistant", "user", "assistant", "user"]
    assert (turns[1].content, turns[3].content) == ("seven", '"7"')


@pytest.mark.parametrize("repair", [0, 1, 3])
def test_it_is_asked_for_no_oftener_than_allowed(repair: int) -> None:
    seen: list[Request] = []
    with pytest.raises(UnusableAnswer) as caught:
        ask(["seven"] * 9, repair, seen)
    failure = caught.value
    assert len(seen) == repair + 1
    assert (failure.slug, failure.attempts, failure.charged) == ("not_json", 2 * len(seen), "yes")
    assert failure.completion is not None
    assert failure.completion.text == "seven"


def test_a_failure_on_the_way_counts_what_was_paid_before() -> None:
    seen: list[Request] = []
    broken = TryAgain("stalled", "no reply")
    broken.attempts = 4
    with pytest.raises(TryAgain) as caught:
        ask(["seven", broken], 1, seen)
    assert (caught.value.attempts, caught.value.charged) == (6, "yes")
    assert caught.value.warnings[0] == "w"


def test_what_is_cut_or_refused_is_not_asked_for_again() -> None:
    seen: list[Request] = []
    with pytest.raises(UnusableAnswer) as caught:
        ask([""], 3, seen)
    assert (caught.value.slug, len(seen)) == ("empty_answer", 1)


def test_an_answer_that_is_hard_to_read_is_given_up_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slowly(completion: Completion, how: Reading) -> Answer:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            pass
        return Answer("7", 7)

    monkeypatch.setattr(reading, "read", slowly)
    limit = (time.monotonic() + 0.2, 3.0)
    with pytest.raises(TryAgain) as caught:
        asyncio.run(asking.ask(REQUEST, LIKE, 1, server(["7"], []), limit=limit))

    told = caught.value
    assert (told.slug, told.attempts, told.charged) == ("deadline", 2, "yes")
    assert told.message == "the answer was not read within 3s"
