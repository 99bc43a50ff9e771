"""Limits from outside, by real processes: what the server counts, who gets how much, who dies."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from mcli.api import meter
from tests.benchmarks import limits
from tests.faults.scenes import as_json, completion, error, ok
from tests.faults.server import FaultyServer, Pause, Reply, Seen
from tests.program import Program, Result

HOLD_S, WINDOW_S = 4.0, 3.0
"""A minute is made this short here; what it is held longer than promised is as much as in truth."""


def short(mcli: Program, *argv: str) -> list[str]:
    return [sys.executable, "-m", "tests.limits.short", str(HOLD_S), *argv]


def most(requests: list[Seen], window: float = WINDOW_S) -> int:
    """The most requests that arrived in any window."""
    moments = sorted(seen.at for seen in requests)
    return max(sum(at - window < other <= at for other in moments) for at in moments)


@pytest.mark.slow  # P-27 of the fault catalogue is its quick sister
def test_eight_by_xargs_never_pass_it_at_the_server(mcli: Program, server: FaultyServer) -> None:
    line = " ".join(short(mcli, "ask", "-n", "--rpm", "6", "{}"))
    done = mcli.shell(f"seq 14 | xargs -P 8 -I {{}} {line}")

    assert (done.code, done.err) == (0, "")
    assert done.out.count("Paris.") == 14
    assert len(server.requests) == 14
    assert most(server.requests) <= 6


@pytest.mark.slow
@pytest.mark.parametrize("store", ["file", "redis"])
@pytest.mark.parametrize("at_once", [(4, 4, 4, 4), (50, 1, 1, 1)], ids=str)
def test_four_share_fairly(
    request: pytest.FixtureRequest, store: str, at_once: tuple[int, ...]
) -> None:
    url = request.getfixturevalue("redis_url") if store == "redis" else ""
    did = limits.share(limits.Run(24, None, HOLD_S, 5 * HOLD_S, url), at_once)

    parts = [len(each["starts"]) for each in did]
    assert min(parts) >= sum(parts) / 4 / 2, parts
    assert limits.worst([at for each in did for at in each["starts"]], WINDOW_S) <= 24
    assert sum(parts) >= 24 * 5 * 0.9


@pytest.mark.slow
def test_who_is_killed_while_it_waits_holds_up_nobody(mcli: Program, server: FaultyServer) -> None:
    def ask(*more: str) -> subprocess.Popen[bytes]:
        argv = short(mcli, "ask", "-n", "hi", "--rpm", "1", *more)
        return subprocess.Popen(argv, env=mcli.env, cwd=mcli.home, stdout=subprocess.DEVNULL)

    assert ask().wait(60) == 0
    waiting = ask()
    path = mcli.home / ".local/state/mcli/limits/limits-1.sqlite3"
    while not line_of(path):
        time.sleep(0.02)
    third = ask()
    while len(line_of(path)) < 2:
        time.sleep(0.02)
    waiting.kill()
    waiting.wait()

    assert third.wait(60) == 0
    assert len(server.requests) == 2
    gap = server.requests[1].at - server.requests[0].at
    assert WINDOW_S < gap < 2 * HOLD_S - 0.2  # not the place behind the dead one's


def line_of(path: Path) -> list[int]:
    """Who waits."""
    connection = sqlite3.connect(path, timeout=10)
    try:
        return [id for (id,) in connection.execute("SELECT id FROM waiting")]
    finally:
        connection.close()


def full(mcli: Program, server: FaultyServer) -> None:
    """Fill the one place of a minute."""
    assert mcli("ask", "hi", "--rpm", "1").code == 0
    server.requests.clear()


def test_no_room_before_the_deadline_is_75_at_once(mcli: Program, server: FaultyServer) -> None:
    full(mcli, server)
    done = mcli("ask", "hi", "--rpm", "1", "--timeout", "30", "--json")

    assert done.code == 75
    told = done.json
    assert (told["error"]["slug"], told["error"]["charged"]) == ("limits", "no")
    assert (told["attempts"], told["cost_usd"]) == (0, None)
    assert "come back in" in told["error"]["hint"]
    assert server.requests == []
    ledger = list((mcli.home / ".local/state/mcli/ledger").glob("*.jsonl"))
    assert sum(path.read_text().count("\n") for path in ledger) == 1


def test_no_other_model_is_asked_where_there_is_no_room(
    mcli: Program, server: FaultyServer
) -> None:
    full(mcli, server)
    done = mcli("ask", "hi", "--rpm", "1", "--timeout", "30", "--fallback", "other", "--json")

    assert (done.code, done.json["warnings"]) == (75, [])
    assert server.requests == []


def test_the_limits_of_a_profile_hold_at_its_host_only(mcli: Program, server: FaultyServer) -> None:
    mcli.point_at(server.base_url, limits="{rpm: 1}")
    full(mcli, server)

    assert mcli("ask", "hi", "--timeout", "20").slug == "limits"
    assert mcli("ask", "hi", "--timeout", "20", "--rpm", "100").slug == "limits"  # the lowest
    with FaultyServer(ok("Rome.")) as other:
        assert mcli("ask", "hi", "--base-url", other.base_url, "--no-key").out == "Rome.\n"


def test_another_key_has_limits_of_its_own(mcli: Program, server: FaultyServer) -> None:
    full(mcli, server)

    assert mcli("ask", "hi", "--rpm", "1", "--timeout", "20").slug == "limits"
    assert mcli("ask", "hi", "--rpm", "1", TEST_KEY="sk-another-key-0123456789").code == 0


def test_ctrl_c_ends_a_wait_at_once(mcli: Program, server: FaultyServer) -> None:
    full(mcli, server)
    argv = mcli.argv("ask", "-n", "hi", "--rpm", "1")
    waiting = subprocess.Popen(argv, env=mcli.env, cwd=mcli.home)
    path = mcli.home / ".local/state/mcli/limits/limits-1.sqlite3"
    while not line_of(path):
        time.sleep(0.02)
    waiting.send_signal(signal.SIGINT)

    assert waiting.wait(10) == -signal.SIGINT
    assert server.requests == []


def test_a_429_with_a_wait_pauses_the_others(mcli: Program, server: FaultyServer) -> None:
    server.play(error(429, headers={"Retry-After": "40"}))
    assert mcli("ask", "hi", "--rpm", "60", "--retries", "0").code == 75
    server.play(ok("Paris."))
    done = mcli("ask", "hi", "--rpm", "60", "--timeout", "20")

    assert done.slug == "limits"
    assert server.requests == []


def test_a_prompt_beyond_a_minute_is_77(mcli: Program, server: FaultyServer) -> None:
    done = mcli("ask", "one two three " * 100, "--tpm", "100")

    assert (done.code, done.slug) == (77, "over_tpm")
    assert server.requests == []


def test_a_replay_is_no_request(mcli: Program, server: FaultyServer) -> None:
    mcli("ask", "hi", "--record", "r.jsonl")
    for _ in range(3):
        assert mcli("ask", "hi", "--replay", "r.jsonl", "--rpm", "1").code == 0
    assert not (mcli.home / ".local/state/mcli/limits").exists()


def broken(mcli: Program, kind: str) -> dict[str, str]:
    """A store that cannot be used, and the environment in which it is so."""
    state = mcli.home / ".local" / "state" / "mcli"
    state.mkdir(parents=True)
    if kind == "a file in its place":
        (state / "limits").write_text("")
    elif kind == "a link in its place":
        (state / "limits").mkdir()
        (state / "limits" / "limits-1.sqlite3").symlink_to("/dev/null")
    elif kind == "no home":
        return {"HOME": "", "MCLI_CONFIG": str(mcli.home / ".config/mcli/config.yaml")}
    elif kind == "no redis there":
        path = mcli.home / ".config" / "mcli" / "config.yaml"
        url = "redis://:hidden-password@127.0.0.1:9/0"
        path.write_text(path.read_text() + f"limits: {{store: '{url}'}}\n")
    return {}


@pytest.mark.parametrize(
    "kind", ["a file in its place", "a link in its place", "no home", "no redis there"]
)
@pytest.mark.sweep
def test_a_store_that_cannot_be_used_costs_no_answer(
    mcli: Program, server: FaultyServer, kind: str
) -> None:
    env = broken(mcli, kind)
    quiet = mcli("ask", "hi", "--rpm", "60", **env)
    loud = mcli("ask", "hi", "--rpm", "60", "-v", **env)

    assert (quiet.code, quiet.out, quiet.err) == (0, "Paris.\n", "")
    assert (loud.code, loud.out) == (0, "Paris.\n")
    assert "limits are kept by this process alone" in loud.err
    assert "hidden" not in loud.err
    assert "hidden" not in mcli("config", "show").out


def test_a_silent_redis_costs_a_second_and_no_answer(mcli: Program) -> None:
    with FaultyServer(ok("Paris."), door="jammed") as silent, FaultyServer(ok("Paris.")) as server:
        mcli.point_at(server.base_url)
        path = mcli.home / ".config" / "mcli" / "config.yaml"
        port = silent.base_url.rpartition(":")[2].partition("/")[0]
        path.write_text(path.read_text() + f"limits: {{store: 'redis://127.0.0.1:{port}/0'}}\n")
        done = mcli("ask", "hi", "--rpm", "60", "-v", "--timeout", "20")

    assert (done.code, done.out) == (0, "Paris.\n")
    assert "no reply within 1 s" in done.err or "TimeoutError" in done.err


def test_machines_share_by_redis(mcli: Program, server: FaultyServer, redis_url: str) -> None:
    """Two homes are two machines: they have no file in common."""
    machines = [mcli, Program(mcli.home / "other")]
    results: list[Result] = []
    for machine in machines:
        machine.point_at(server.base_url)
        path = machine.home / ".config" / "mcli" / "config.yaml"
        path.write_text(path.read_text() + f"limits: {{store: '{redis_url}'}}\n")
        results.append(machine("ask", "hi", "--rpm", "1", "--timeout", "20"))

    assert [done.code for done in results] == [0, 75]
    assert results[1].slug == "limits"
    shown = mcli("config", "show", "--json").json["data"]
    assert shown["limits.store"]["value"] == redis_url


def test_concurrency_holds_within_a_process(mcli: Program, server: FaultyServer) -> None:
    mcli.point_at(server.base_url, limits="{concurrency: 1}")
    server.play(Reply((Pause(0.1), *as_json(completion("Paris")).steps)))
    done = mcli("classify", "--labels", "Paris,Rome", "--votes", "5", stdin=b"x")

    assert done.code == 0
    moments = [seen.at for seen in server.requests]
    assert len(moments) >= 3
    assert all(after - before >= 0.1 for before, after in pairwise(moments))


def test_many_threads_at_one_file(environ: dict[str, str]) -> None:
    """Opening it is a race, too: it is made by all at once."""
    from mcli.api.meter_sqlite import SqliteMeter

    def one(number: int) -> int:
        log = SqliteMeter("a", environ, 61.0)
        for _ in range(100):
            try:
                return int(log.enter(meter.Ask(number, 1, 1000, None)).wait_s == 0)
            except meter.Busy:
                continue
            finally:
                log.close()
        return 0

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(one, range(64))) == 64
