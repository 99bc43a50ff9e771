"""The log of starts: the promise whatever happens, in a file and in Redis, the same in both."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.api import meter_sqlite
from mcli.api.meter import HOLD_S, LONGEST_PAUSE_S, WINDOW_S, Ask, Look, Meter, Own
from mcli.api.meter_redis import RedisMeter
from mcli.api.meter_sqlite import SqliteMeter

POLL_S = 1.0


@dataclass
class World:
    """Processes that ask a log for places, by a clock that only this moves. What the log says is
    held against what it promised, start by start."""

    meters: list[Any]
    now: float = 1_000_000.0
    ids: int = 0
    waiting: dict[int, Ask] = field(default_factory=dict)
    starts: dict[int, tuple[float, int, Ask]] = field(default_factory=dict)
    flying: list[int] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def every(self, step: str, *values: Any) -> Any:
        """The same of each log; they must agree."""
        told = [getattr(each, step)(*values) for each in self.meters]
        if step == "enter":
            for look in told[1:]:
                assert look.wait_s == pytest.approx(told[0].wait_s, abs=1e-3)
                assert look.least_s == pytest.approx(told[0].least_s, abs=1e-3)
        return told[0]

    def arrive(self, tokens: int = 10, rpm: int | None = None, tpm: int | None = None) -> int:
        self.ids += 1
        self.waiting[self.ids] = Ask(self.ids, tokens, rpm, tpm)
        self.look(self.ids)
        return self.ids

    def look(self, id: int) -> Look:
        found: Look = self.every("enter", self.waiting[id])
        assert 0 <= found.least_s <= found.wait_s or found.least_s == pytest.approx(found.wait_s)
        if found.wait_s == 0:
            ask = self.waiting.pop(id)
            self.starts[id] = self.now, ask.tokens, ask
            self.flying.append(id)
            self.hold()
        return found

    def hold(self) -> None:
        """The promise, for the window that ends now."""
        window = [s for s in self.starts.values() if s[0] > self.now - WINDOW_S]
        for _, _, ask in window:
            assert ask.rpm is None or len(window) <= ask.rpm
            taken = [tokens for _, tokens, _ in window if tokens]
            assert ask.tpm is None or sum(taken) <= ask.tpm or len(taken) == 1

    def settle(self, tokens: int | None, sent: bool) -> None:
        """The oldest in flight ended, within what was said of it."""
        if not self.flying:
            return
        id = self.flying.pop(0)
        if tokens is not None:
            tokens = min(tokens, self.starts[id][1])
        self.every("settle", id, tokens, sent)
        at, known, ask = self.starts.pop(id)
        if sent:
            self.starts[id] = at, known if tokens is None else tokens, ask

    def kill(self) -> None:
        """The first that waits is never heard of again."""
        if self.waiting:
            self.waiting.pop(min(self.waiting))

    def pass_by(self, seconds: float) -> None:
        """Time passes, and who waits looks when it was told to, and now and then."""
        until = self.now + seconds
        due = dict.fromkeys(self.waiting, self.now)
        while self.waiting:
            id = min(self.waiting, key=lambda one: (due[one], random.random()))
            if due[id] > until:
                break
            self.now = max(self.now, due[id])
            due[id] = self.now + max(min(self.look(id).wait_s, POLL_S), 1e-3)
        self.now = until


def in_file(world: World, environ: dict[str, str]) -> SqliteMeter:
    return SqliteMeter("a", environ, HOLD_S, world.clock)


@pytest.fixture(params=["file", "redis"])
def world(request: pytest.FixtureRequest, environ: dict[str, str]) -> World:
    made = World([])
    if request.param == "file":
        made.meters.append(in_file(made, environ))
    else:
        url = request.getfixturevalue("redis_url")
        made.meters.append(RedisMeter(uuid4().hex, url, HOLD_S, made.clock))
    return made


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("arrive"),
            st.integers(0, 40),
            st.sampled_from([None, 1, 2, 3, 6]),
            st.sampled_from([None, 30, 60]),
        ),
        st.tuples(st.just("pass_by"), st.sampled_from([0.1, 1.0, 2.5, 20.0, 61.0])),
        st.tuples(st.just("settle"), st.sampled_from([None, 0, 5, 20]), st.booleans()),
        st.tuples(st.just("kill")),
        st.tuples(st.just("every"), st.just("pause"), st.sampled_from([1.0, 30.0])),
    ),
    max_size=14,
)


def play(world: World, steps: list[Any]) -> None:
    for name, *values in steps:
        getattr(world, name)(*values)
    # Whoever waits comes to its turn.
    world.pass_by((len(world.waiting) + 1) * HOLD_S + 40.0)
    assert not world.waiting


@settings(max_examples=60)
@given(STEPS)
def test_the_promise_holds_whatever_happens(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World([])
        world.meters.append(in_file(world, {"XDG_STATE_HOME": folder}))
        play(world, steps)


def test_the_file_and_redis_say_the_same(redis_url: str) -> None:
    @settings(max_examples=40)
    @given(STEPS)
    def same(steps: list[Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            world = World([])
            world.meters.append(in_file(world, {"XDG_STATE_HOME": folder}))
            name = uuid4().hex
            world.meters.append(RedisMeter(name, redis_url, HOLD_S, world.clock))
            play(world, steps)

    same()


def test_a_handful_goes_at_once_and_then_they_are_spaced(world: World) -> None:
    for _ in range(8):
        world.arrive(rpm=10)

    assert len(world.starts) == 5
    world.pass_by(HOLD_S / 10 * 3 + 1)
    assert len(world.starts) == 8


def test_the_window_is_never_passed_and_is_filled(world: World) -> None:
    for _ in range(30):
        world.arrive(rpm=10)
    world.pass_by(2 * HOLD_S)

    assert len(world.starts) in (20, 21)  # ten a window


def test_order_is_that_of_arrival(world: World) -> None:
    ids = [world.arrive(rpm=10) for _ in range(30)]
    world.pass_by(4 * HOLD_S)

    assert list(world.starts) == ids


def test_a_large_one_is_not_passed_by_small_ones(world: World) -> None:
    world.arrive(tokens=60, tpm=100)
    large = world.arrive(tokens=90, tpm=100)
    small = [world.arrive(tokens=10, tpm=100) for _ in range(3)]

    assert list(world.starts) == [1]
    world.pass_by(HOLD_S)
    assert large in world.starts
    world.pass_by(2 * HOLD_S)
    assert set(world.starts) == {1, large, *small}


def test_what_is_larger_than_a_window_goes_alone(world: World) -> None:
    world.arrive(tokens=10, tpm=100)
    large = world.arrive(tokens=500, tpm=100)
    world.settle(10, True)
    world.pass_by(HOLD_S + 1)
    assert list(world.starts) == [1, large]

    after = world.arrive(tokens=10, tpm=100)
    assert after not in world.starts
    world.settle(20, True)  # as little as it was in the end
    world.pass_by(HOLD_S * 0.3)
    assert after in world.starts


def test_what_was_not_used_is_given_back(world: World) -> None:
    world.arrive(tokens=90, tpm=100)
    second = world.arrive(tokens=50, tpm=100)
    assert second in world.waiting
    world.settle(20, True)
    world.pass_by(POLL_S)

    assert second in world.starts


def test_what_was_not_sent_is_given_back_whole(world: World) -> None:
    world.arrive(tokens=90, rpm=1, tpm=100)
    second = world.arrive(tokens=90, rpm=1, tpm=100)
    world.settle(None, False)
    world.pass_by(POLL_S)

    assert second in world.starts


def test_a_dead_one_keeps_nobody_from_its_turn(world: World) -> None:
    world.arrive(rpm=1)
    world.arrive(rpm=1)
    third = world.arrive(rpm=1)
    world.kill()
    world.pass_by(HOLD_S + 1)

    assert third in world.starts


def test_who_leaves_makes_room(world: World) -> None:
    world.arrive(tokens=60, tpm=100)
    gone = world.arrive(tokens=90, tpm=100)
    third = world.arrive(tokens=10, tpm=100)
    assert third in world.waiting
    world.every("leave", gone)
    del world.waiting[gone]

    assert world.look(third).wait_s == 0


def test_the_lowest_limit_holds_for_all_and_ends_with_who_had_it(world: World) -> None:
    world.arrive(rpm=2)
    for _ in range(4):
        world.arrive(rpm=100)

    assert len(world.starts) == 1
    world.pass_by(2 * HOLD_S)
    assert not world.waiting
    world.pass_by(HOLD_S)
    more = [world.arrive(rpm=100) for _ in range(10)]
    assert set(more) <= set(world.starts)


def test_a_pause_holds_for_all(world: World) -> None:
    world.arrive(rpm=10)
    world.every("pause", 20.0)
    second = world.arrive(rpm=10)

    assert 19 < world.look(second).least_s <= 20
    world.pass_by(19.0)
    assert second in world.waiting
    world.pass_by(2.0)
    assert second in world.starts


def test_a_pause_without_end_has_one(world: World) -> None:
    world.arrive(rpm=10)
    world.every("pause", 1e9)

    assert world.look(world.arrive(rpm=10)).wait_s <= LONGEST_PAUSE_S


@pytest.mark.parametrize("jump", [-1e6, -5.0, 1e6])
def test_a_clock_that_jumps_stalls_nobody_for_longer_than_a_window(
    world: World, jump: float
) -> None:
    world.arrive(tokens=50, tpm=100)
    world.arrive(tokens=50, tpm=100)
    world.every("pause", 100.0)
    assert len(world.starts) == 2
    world.starts.clear()  # when they were is another question now
    world.now += jump
    third = world.arrive(tokens=50, tpm=100)
    world.pass_by(HOLD_S)

    assert third in world.starts


def test_the_time_that_it_takes_is_told(world: World) -> None:
    world.arrive(rpm=2)
    world.arrive(rpm=2)
    world.pass_by(40.0)
    third = world.arrive(rpm=2)
    fourth = world.arrive(rpm=2)

    assert world.look(third).least_s == pytest.approx(HOLD_S - 40, abs=POLL_S)
    assert world.look(fourth).least_s == pytest.approx(HOLD_S - 40, abs=POLL_S)
    assert world.look(fourth).wait_s > HOLD_S / 2


def test_two_names_have_nothing_to_do_with_each_other(environ: dict[str, str]) -> None:
    one, other = (SqliteMeter(name, environ, HOLD_S) for name in "ab")

    assert one.enter(Ask(1, 1, 1, None)).wait_s == 0
    assert other.enter(Ask(2, 1, 1, None)).wait_s == 0
    assert one.enter(Ask(3, 1, 1, None)).wait_s > 50


def test_what_a_process_knows_by_itself_is_the_same_promise() -> None:
    world = World([])
    own = Own(HOLD_S, world.clock)
    starts: list[float] = []
    for number in range(3000):
        ask = Ask(number, 20, 7, 100)
        if own.look(ask).wait_s == 0:
            own.started(ask)
            own.settle(number, number % 20, True)
            starts.append(world.now)
        world.now += 0.5

    for last in starts:
        assert sum(last - WINDOW_S < at <= last for at in starts) <= 7
    assert len(starts) >= 1500 / HOLD_S * 7 * 0.9


def damaged(environ: dict[str, str], raw: bytes) -> Path:
    path = meter_sqlite.folder(environ) / meter_sqlite.NAME
    path.write_bytes(raw)
    return path


def enter(meter: Meter, id: int) -> Look:
    """As a gate does: a moment in which somebody else is there passes."""
    for _ in range(20):
        try:
            return meter.enter(Ask(id, 1, 2, None))
        except meter_sqlite.Busy:
            pass
    raise AssertionError


@pytest.mark.parametrize("raw", [b"nonsense" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_put_aside_and_begun_anew(environ: dict[str, str], raw: bytes) -> None:
    enter(SqliteMeter("a", environ, HOLD_S), 1)
    path = damaged(environ, raw)

    assert enter(SqliteMeter("a", environ, HOLD_S), 2).wait_s == 0
    assert path.with_name(f"{path.name}.damaged").read_bytes() == raw
    assert path.stat().st_mode & 0o777 == 0o600


def test_tables_of_somebody_else_are_put_aside(environ: dict[str, str]) -> None:
    enter(SqliteMeter("a", environ, HOLD_S), 1)
    path = meter_sqlite.folder(environ) / meter_sqlite.NAME
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE starts")
    other.close()

    assert enter(SqliteMeter("a", environ, HOLD_S), 2).wait_s == 0
    assert path.with_name(f"{path.name}.damaged").exists()


def test_what_is_only_locked_is_left_where_it_is(environ: dict[str, str]) -> None:
    meter = SqliteMeter("a", environ, HOLD_S)
    enter(meter, 1)
    path = meter_sqlite.folder(environ) / meter_sqlite.NAME
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(meter_sqlite.Busy):
        meter.enter(Ask(2, 1, 2, None))
    holder.execute("ROLLBACK")
    holder.close()

    assert enter(meter, 2).wait_s > 0  # half of two was taken
    assert not path.with_name(f"{path.name}.damaged").exists()
