"""The arithmetic of a batch, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from mcli import batch
from mcli.batch import Halt, Tally
from mcli.errors import (
    BadReply,
    ConfigFailure,
    Failure,
    NotAllowed,
    Refused,
    TryAgain,
    WriteFailure,
)


def told(ok: bool, retryable: bool = False, **more: Any) -> dict[str, Any]:
    error = {"retryable": retryable, "charged": more.pop("charged", "no"), "message": "no"}
    base = {"ok": ok, "usage": None, "cost_usd": None, "cached": False, "attempts": 1}
    return {**base, **({} if ok else {"error": error}), **more}


@pytest.mark.parametrize(
    ("word", "failed", "ended", "stops"),
    [
        ("1", 0, 5, False),
        ("1", 1, 1, True),
        ("3", 2, 100, False),
        ("3", 3, 3, True),
        ("10%", 19, 19, False),  # too few to tell
        ("10%", 2, 20, True),
        ("10%", 1, 20, False),
        ("100%", 20, 20, True),
        ("0.5%", 1, 200, True),
        ("0.5%", 1, 201, False),
    ],
)
def test_a_run_halts(word: str, failed: int, ended: int, stops: bool) -> None:
    assert batch.halt(word).reached(failed, ended) is stops


@pytest.mark.parametrize("word", ["", "0", "-1", "x", "101%", "0%", "%", "1.5", "nan%", "1e3", "٣"])
def test_what_is_no_number_of_failures_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="neither a number"):
        batch.halt(word)


def test_without_a_word_it_never_halts() -> None:
    assert not Halt().reached(1000, 1000)


def test_records_are_counted_by_what_their_envelopes_say() -> None:
    tally = Tally()
    tally.count(told(True, usage={"total_tokens": 7}, cost_usd=0.5), kept=False, place="line 1")
    tally.count(told(True, usage={"total_tokens": 9}, cost_usd=0.5), kept=True, place="line 1")
    tally.count(told(False), kept=False, place="line 1")
    tally.count(told(False, retryable=True), kept=False, place="line 1")

    assert (tally.ok, tally.failed, tally.transient, tally.kept) == (2, 1, 1, 1)
    assert tally.first == "line 1: no"
    assert (tally.ended, tally.bad, tally.tokens, tally.cost_usd) == (4, 2, 7, 0.5)
    assert (tally.attempts, tally.charged) == (3, "yes")


def test_a_cost_that_is_not_known_makes_the_sum_unknown_but_not_where_nothing_was_charged() -> None:
    tally = Tally()
    tally.count(told(False, charged="no"), kept=False, place="line 1")
    assert tally.cost_usd == 0
    tally.count(told(False, charged="maybe"), kept=False, place="line 1")
    assert tally.cost_usd is None


def test_the_verdict_is_0_3_or_75() -> None:
    fine, failed, later = Tally(ok=3), Tally(ok=3, failed=1), Tally(ok=3, failed=1, transient=2)

    assert batch.verdict(fine, True, True) is None
    assert [failure.exit_code for failure in map(verdict, (failed, later))] == [3, 75]


def verdict(tally: Tally) -> Failure:
    found = batch.verdict(tally, True, True)
    assert found is not None
    return found


def test_the_worst_failure_is_the_one_that_goes_before() -> None:
    bug, disk = Failure("bug", ""), WriteFailure("io_error", "")
    key, config, later = NotAllowed("auth", ""), ConfigFailure("x", ""), TryAgain("y", "")

    assert batch.worst(None, later) is later
    assert batch.worst(later, key) is key
    assert batch.worst(config, key) is key
    assert batch.worst(key, disk) is disk
    assert batch.worst(bug, disk) is bug
    assert [batch.stops(each) for each in (bug, disk, key, config, later)] == [True] * 4 + [False]
    assert not batch.stops(BadReply("x", ""))


@pytest.mark.parametrize(
    ("failure", "stops"),
    [
        (ConfigFailure("no_key", "x"), True),
        (NotAllowed("quota", "x"), True),
        (NotAllowed("over_tpm", "x"), False),
        (Refused("dns_unknown", "x"), True),
        (Refused("bad_request", "x"), False),
        (TryAgain("server_busy", "x"), False),
    ],
)
def test_what_is_wrong_for_all_ends_the_run(failure: Failure, stops: bool) -> None:
    assert batch.stops(failure) is stops
