"""Asking again, by a clock that jumps: counted, never too soon, never past the deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.api import verdicts
from mcli.api.persist import Patience, persist
from mcli.errors import Charged, ExitCode, Failure, Recovery, TryAgain
from tests.api import run

ENDLESS = 1e9


@dataclass
class Server:
    """Attempts that go as scripted: each takes a time and fails, or answers (None)."""

    script: list[tuple[float, Failure | None]]
    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    async def attempt(self) -> str:
        clock = asyncio.get_running_loop().time
        took, failure = self.script[len(self.began)]
        self.began.append(clock())
        await asyncio.sleep(took)
        self.ended.append(clock())
        if failure is not None:
            raise failure
        return "Paris."


def failing(recovery: Recovery, wait: float | None = None) -> Failure:
    failure = TryAgain("busy", "the server is busy", "run it again later", recovery=recovery)
    failure.wait = wait
    return failure


BUSY = failing(Recovery.REJECTED)


def ask(
    server: Server,
    limit: float = ENDLESS,
    retries: int = 3,
    jitter: Callable[[], float] = lambda: 0.5,
) -> tuple[str, int, list[str], float]:
    """Answer, attempts, notes, and the seconds that it took."""
    notes: list[str] = []

    async def all_of_it() -> tuple[str, int, list[str], float]:
        clock = asyncio.get_running_loop().time
        start = clock()
        patience = Patience(start + limit, limit, retries)
        answer, attempts = await persist(server.attempt, patience, notes.append, jitter=jitter)
        return answer, attempts, notes, clock() - start

    return run(all_of_it())


def failure_of(server: Server, limit: float = ENDLESS, retries: int = 3) -> Failure:
    with pytest.raises(Failure) as caught:
        ask(server, limit, retries)
    return caught.value


def test_an_answer_at_once_is_one_attempt_and_no_note() -> None:
    assert ask(Server([(0.2, None)]))[:3] == ("Paris.", 1, [])


def test_a_short_burst_is_waited_out() -> None:
    answer, attempts, notes, _ = ask(Server([(0, BUSY), (0, BUSY), (0, BUSY), (0, None)]))
    assert (answer, attempts, len(notes)) == ("Paris.", 4, 3)


@pytest.mark.parametrize("retries", [0, 1, 3, 7])
def test_a_long_burst_is_not(retries: int) -> None:
    server = Server([(0.0, failing(Recovery.REJECTED))] * 20)
    failure = failure_of(server, retries=retries)
    assert failure.slug == "busy"
    assert failure.attempts == len(server.began) == retries + 1


@pytest.mark.parametrize("asked", [0.3, 5.0, 60.0, 120.0])
def test_the_server_gets_the_pause_it_asked_for(asked: float) -> None:
    server = Server([(0.1, failing(Recovery.REJECTED, asked)), (0.0, None)])
    ask(server, jitter=lambda: 0.0)
    assert server.began[1] - server.ended[0] >= asked - 1e-6


def test_a_pause_that_is_too_long_is_told_at_once() -> None:
    server = Server([(0.5, failing(Recovery.REJECTED, 86400.0)), (0.0, None)])
    failure = failure_of(server)
    assert (failure.attempts, len(server.began)) == (1, 1)
    assert "24h" in failure.hint


def test_a_pause_past_the_deadline_is_told_at_once() -> None:
    server = Server([(0.5, failing(Recovery.REJECTED, 60.0)), (0.0, None)])
    failure = failure_of(server, limit=30.0)
    assert failure.slug == "busy"
    assert "60s" in failure.hint
    assert "deadline" in failure.hint
    assert server.ended[0] - server.began[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("status", "code"), [(401, ""), (403, ""), (429, "insufficient_quota"), (400, ""), (404, "")]
)
def test_waiting_is_no_advice_for_what_waiting_does_not_mend(status: int, code: str) -> None:
    body = f'{{"error": {{"message": "no", "code": "{code}"}}}}'.encode()
    failure = verdicts.of_status(status, {"retry-after": "20"}, body, "api.test")
    advice = failure.hint
    assert failure_of(Server([(0.0, failure)])).hint == advice
    assert failure.attempts == 1


def test_an_attempt_that_hangs_ends_at_the_deadline() -> None:
    server = Server([(ENDLESS, None)])
    failure = failure_of(server, limit=30.0)
    assert (failure.slug, failure.exit_code) == ("deadline", ExitCode.TRY_AGAIN)
    assert (failure.attempts, failure.charged) == (1, "maybe")
    assert "30s" in failure.message


def test_the_deadline_holds_over_all_attempts_together() -> None:
    server = Server([(10.0, failing(Recovery.REJECTED))] * 10)
    failure = failure_of(server, limit=25.0, retries=100)
    assert (failure.slug, failure.attempts) == ("deadline", 3)


def test_a_deadline_that_has_passed_is_one() -> None:
    assert failure_of(Server([(1.0, None)]), limit=-1.0).slug == "deadline"


@pytest.mark.parametrize(
    ("recoveries", "attempts", "charged"),
    [
        ([Recovery.PERMANENT], 1, "no"),
        ([Recovery.CHARGED, Recovery.CHARGED], 2, "yes"),
        ([Recovery.CHARGED, Recovery.REJECTED, Recovery.CHARGED], 3, "yes"),
        ([Recovery.MAYBE_CHARGED, Recovery.PERMANENT], 2, "maybe"),
        ([Recovery.CHARGED, Recovery.PERMANENT], 2, "yes"),
        ([Recovery.NOT_SENT] * 4, 4, "no"),
    ],
)
def test_what_was_paid_for_is_known(
    recoveries: list[Recovery], attempts: int, charged: Charged
) -> None:
    failure = failure_of(Server([(0.0, failing(recovery)) for recovery in recoveries]))
    assert (failure.attempts, failure.charged) == (attempts, charged)


def test_an_exception_of_another_kind_goes_straight_through() -> None:
    async def attempt() -> str:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        run(persist(attempt, Patience(ENDLESS, ENDLESS, 3), str))


waits = st.none() | st.floats(0.001, 200)
steps = st.tuples(st.floats(0, 30), st.builds(failing, st.sampled_from(Recovery), waits))


@given(
    st.lists(steps, max_size=7), st.floats(0.5, 300), st.integers(0, 5), st.floats(0, 0.99)
)  # fmt: skip
@settings(deadline=None)
def test_the_policy_over_any_bad_day(
    day: list[tuple[float, Failure]], limit: float, retries: int, jitter: float
) -> None:
    server = Server([*day, (0.1, None)])
    start, slug = 1000.0, ""
    try:
        _, attempts, _, took = ask(server, limit, retries, lambda: jitter)
        assert took <= limit
    except Failure as failure:
        attempts = failure.attempts
        slug = failure.slug
    assert slug in ("", "busy", "deadline")
    assert attempts == len(server.began) <= retries + 1
    assert all(moment <= start + limit + 1e-6 for moment in server.began + server.ended)
    for ended, began, (_, failure) in zip(server.ended, server.began[1:], day, strict=False):
        assert failure.recovery is not Recovery.PERMANENT
        assert began - ended >= (failure.wait or 0.05) - 1e-6
    spoilt = [failure.recovery is Recovery.CHARGED for _, failure in day[: len(server.began) - 1]]
    assert sum(spoilt) <= 1
