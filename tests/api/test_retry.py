"""Whether to ask again: never more often, never sooner than asked, never past the deadline."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli.api import retry
from mcli.api.retry import Tally
from mcli.errors import Failure, Recovery, TryAgain
from tests.program import ROOT

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
UNIX = 1445412480.0


def failure(recovery: Recovery, wait: float | None = None) -> Failure:
    made = TryAgain("busy", "busy", recovery=recovery)
    made.wait = wait
    return made


def always(value: float) -> Callable[[], float]:
    return lambda: value


@pytest.mark.parametrize(
    ("recovery", "tried", "retries", "again"),
    [
        (Recovery.NOT_SENT, 1, 3, True),
        (Recovery.NOT_SENT, 3, 3, True),
        (Recovery.NOT_SENT, 4, 3, False),
        (Recovery.REJECTED, 1, 0, False),
        (Recovery.REJECTED, 1, 1, True),
        (Recovery.MAYBE_CHARGED, 3, 3, True),
        (Recovery.MAYBE_CHARGED, 4, 3, False),
        (Recovery.CHARGED, 1, 3, True),
        (Recovery.CHARGED, 2, 3, False),
        (Recovery.CHARGED, 1, 0, False),
        (Recovery.PERMANENT, 1, 3, False),
    ],
)
def test_how_often(recovery: Recovery, tried: int, retries: int, again: bool) -> None:
    spoilt = tried if recovery is Recovery.CHARGED else 0
    decision = retry.decide(failure(recovery), Tally(tried, spoilt), retries, 600, always(0.5))
    assert (decision.wait_s is not None) is again


@pytest.mark.parametrize(
    ("asked", "left", "jitter", "wait"),
    [
        (5.0, 600, 0.0, 5.0),
        (5.0, 600, 1.0, 5.5),
        (0.1, 600, 0.0, 0.1),
        (60.0, 600, 1.0, 61.0),
        (120.0, 600, 0.0, 120.0),
        (120.5, 600, 0.0, None),
        (86400.0, 1e9, 0.0, None),
        (5.0, 6.0, 0.0, None),
        (5.0, 6.1, 0.0, 5.0),
        (5.0, 6.1, 0.9, None),
        (5.0, -1.0, 0.0, None),
        (None, 600, 0.0, 0.05),
        (None, 1.0, 0.0, None),
    ],
)
def test_how_long(asked: float | None, left: float, jitter: float, wait: float | None) -> None:
    decision = retry.decide(
        failure(Recovery.REJECTED, asked), Tally(1), 3, left, always(jitter)
    )  # fmt: skip
    assert decision.wait_s == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(("asked", "left"), [(500.0, 600.0), (5.0, 3.0), (None, 0.5)])
def test_giving_up_early_is_explained(asked: float | None, left: float) -> None:
    assert retry.decide(failure(Recovery.REJECTED, asked), Tally(1), 3, left, always(0)).why


@pytest.mark.parametrize(
    ("attempt", "longest"),
    [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 16.0), (7, 20.0), (100, 20.0), (10**6, 20.0)],
)
def test_the_backoff_doubles_up_to_a_cap(attempt: int, longest: float) -> None:
    assert retry.ceiling(attempt) == longest


tries = st.tuples(
    st.sampled_from(Recovery), st.none() | st.floats(1e-3, 1e6), st.floats(0, 5), st.floats(0, 0.99)
)


@given(st.lists(tries), st.integers(0, 5), st.floats(0, 700))
def test_the_policy_over_any_bad_day(
    day: list[tuple[Recovery, float | None, float, float]], retries: int, deadline: float
) -> None:
    tally = Tally()
    now, extra_after_spoilt = 0.0, 0
    for recovery, asked, took, jitter in day:
        now += took
        failed = failure(recovery, asked)
        tally = tally.after(failed)
        decision = retry.decide(failed, tally, retries, deadline - now, always(jitter))
        if decision.wait_s is None:
            break
        assert recovery is not Recovery.PERMANENT
        assert decision.wait_s >= (retry.SHORTEST_BACKOFF_S if asked is None else asked)
        longest = retry.ceiling(tally.attempts) if asked is None else asked + 1
        assert decision.wait_s <= longest
        now += decision.wait_s
        assert now < deadline
        extra_after_spoilt += recovery is Recovery.CHARGED
    assert tally.attempts <= retries + 1
    assert extra_after_spoilt <= 1


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("5", 5.0),
        ("0.5", 0.5),
        (" 7 ", 7.0),
        ("120", 120.0),
        ("86400", 86400.0),
        ("1m", 60.0),
        ("6m0s", 360.0),
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723.0),
        ("12ms", 0.012),
        ("5, 10", 10.0),
        ("10, 5", 10.0),
        ("0, 3", 3.0),
        ("10, nan", 10.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 09:28:30 +0200", 30.0),
        ("Wednesday, 21-Oct-15 07:28:30 GMT", 30.0),
        ("Wed Oct 21 07:28:30 2015", 30.0),
        (DATE, None),
        ("Wed, 21 Oct 2015 07:00:00 GMT", None),
        ("0", None),
        ("0.0", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("Infinity", None),
        ("1e5", None),
        ("abc", None),
        ("1m30", None),
        ("", None),
        (",", None),
        ("9" * 40, None),
        ("9" * 5000, None),
        ("²", None),
    ],
)
def test_the_wait_that_a_reply_asks_for(value: str, wait: float | None) -> None:
    found = retry.wait_asked({"retry-after": value, "date": DATE})
    assert found == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500.5"}, 1.5005),
        ({"retry-after-ms": "300", "retry-after": "1"}, 0.3),
        ({"retry-after-ms": "0", "retry-after": "2"}, 2.0),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after-ms": "-1"}, None),
        ({"retry-after-ms": "100, 200"}, 0.2),
        ({"x-ratelimit-reset": "1"}, None),
    ],
)
def test_milliseconds_come_first(headers: dict[str, str], wait: float | None) -> None:
    assert retry.wait_asked(headers) == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("date", "wait"),
    [
        (DATE, 30.0),
        ("Wed, 21 Oct 2015 06:28:00 GMT", 3630.0),
        ("", 10.0),
        ("yesterday", 10.0),
    ],
)
def test_a_date_counts_from_the_servers_clock(date: str, wait: float) -> None:
    headers = {"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": date}
    assert retry.wait_asked(headers, now=UNIX + 20) == pytest.approx(wait)


CHILD = """
import resource
from mcli.api import retry
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
for piece in ("9", "1h", "9h.", "1,", "Wed, "):
    for name in ("retry-after", "retry-after-ms", "date"):
        retry.wait_asked({"retry-after": "x", name: piece * (100_000 // len(piece))})
"""


def test_a_header_as_long_as_may_be_does_not_stop_the_clock() -> None:
    environ = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", CHILD], env=environ, check=False)
    assert done.returncode == 0


WORDS = ["Wed,", " ", "Oct", "2015", "07:28:00", "GMT", "-0500", "+9999", "99999999", "am", ":",
         "1h", "5", ".", ",", "nan", "0", "-", "21-Oct-15", "("]  # fmt: skip
written = st.text() | st.lists(st.sampled_from(WORDS), max_size=12).map("".join)


@given(written, written, written)
def test_any_header_gives_a_sensible_wait_or_none(after: str, millis: str, date: str) -> None:
    wait = retry.wait_asked({"retry-after": after, "retry-after-ms": millis, "date": date})
    assert wait is None or 0 < wait < math.inf
