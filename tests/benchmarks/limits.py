"""Processes that share limits: who gets how much, what it costs, and whether the promise holds.

    .venv/bin/python -m tests.benchmarks.limits [redis://…]

prints the tables of `mcli help limits`. Each process has a gate as a command has it, on a window
made short; nothing is sent, a request is a moment's sleep. With a URL the store is that Redis.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcli.api.meter import Meter, Own, since_boot
from mcli.api.meter_redis import RedisMeter
from mcli.api.meter_sqlite import SqliteMeter
from mcli.chat import Completion, Message, Request, Usage
from mcli.limiting import Limiting
from mcli.limits import Limits

REQUEST = Request("x", (Message("user", "hi"),), {}, frozenset())
TAKES_S = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    """What every process of a run is told."""

    rpm: int
    tpm: int | None
    hold_s: float
    seconds: float
    store: str = ""


def share(run: Run, at_once: Sequence[int]) -> list[dict[str, Any]]:
    """What each of the processes did, which have so many requests to send at once, always."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "XDG_STATE_HOME": folder}
        told = [run.rpm, run.tpm, run.hold_s, run.seconds, run.store or folder]
        argv = [sys.executable, "-m", "tests.benchmarks.limits", "--worker", json.dumps(told)]
        running = [
            subprocess.Popen([*argv, str(number)], env=env, stdout=subprocess.PIPE)
            for number in at_once
        ]
        return [json.loads(each.communicate()[0]) for each in running]


def worst(starts: Sequence[float], window_s: float) -> int:
    """The most that started in any window."""
    moments = sorted(starts)
    return max(sum(at - window_s < other <= at for other in moments) for at in moments)


async def work(run: Run, at_once: int) -> dict[str, Any]:
    """One process."""
    name = "".join(char for char in run.store if char.isalnum())

    def shared() -> Meter:
        if "://" in run.store:
            return RedisMeter(name, run.store, run.hold_s)
        return SqliteMeter("bench", os.environ, run.hold_s)

    async def size(request: Request) -> int:
        return 75

    own = Own(run.hold_s, since_boot)
    gate = Limiting(Limits(run.rpm, run.tpm), size, shared, lambda _: None, own)
    starts: list[float] = []
    fastest = 1e9
    end = time.monotonic() + run.seconds

    async def always() -> None:
        nonlocal fastest
        while time.monotonic() < end:
            before = time.perf_counter()
            try:
                async with asyncio.timeout_at(end):
                    turn = await gate.enter(REQUEST, 1e12)
            except TimeoutError:
                return
            fastest = min(fastest, time.perf_counter() - before)
            starts.append(time.monotonic())
            await asyncio.sleep(TAKES_S * random.uniform(0.8, 1.2))
            turn.ended(Completion("", "stop", usage=Usage(25, 25, 50)), None)

    used = resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.gather(*(always() for _ in range(at_once)))
    now = resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return {"starts": starts, "cpu_s": cpu, "fastest_s": fastest}


def row(title: str, run: Run, at_once: Sequence[int]) -> str:
    """A row of the table."""
    did = share(run, at_once)
    starts = [at for each in did for at in each["starts"]]
    took = max(starts) - min(starts)
    rate = min(run.rpm, (run.tpm or 1e9) / 50)
    ideal = rate * run.seconds / run.hold_s
    parts = " / ".join(str(len(each["starts"])) for each in did)
    cpu = sum(each["cpu_s"] for each in did) / len(starts) * 1e3
    fastest = min(each["fastest_s"] for each in did) * 1e3
    most = worst(starts, run.hold_s * 60 / 61)
    return (
        f"| {title} | {len(starts)} in {took:.1f} s | {parts} | {most} of {run.rpm} "
        f"| {ideal:.0f} | {cpu:.2f} ms | {fastest:.2f} ms |"
    )


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        did = asyncio.run(work(Run(*json.loads(sys.argv[2])), int(sys.argv[3])))
        print(json.dumps(did))  # noqa: T201
        return
    stores = [("SQLite", ""), *((("Redis", url)) for url in sys.argv[1:2])]
    print("| | requests | of each process | worst window | at the rate | CPU a request | fastest |")  # noqa: T201
    print("| --- | --- | --- | ---: | ---: | ---: | ---: |")  # noqa: T201
    for name, store in stores:
        crowds = (
            ("two", (4, 4)),
            ("four", (4, 4, 4, 4)),
            ("50 at once and 3 by one", (50, 1, 1, 1)),
        )
        for title, at_once in crowds:
            print(row(f"{name}, {title}", Run(60, None, 3.05, 10, store), at_once))  # noqa: T201
        print(row(f"{name}, 600 a window", Run(600, None, 3.05, 10, store), (50, 50)))  # noqa: T201
        print(row(f"{name}, by tokens", Run(600, 3000, 3.05, 10, store), (4, 4, 4, 4)))  # noqa: T201


if __name__ == "__main__":
    main()
