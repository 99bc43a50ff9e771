"""How far `mcli batch` is from the ideal where nothing else runs, whatever else runs.

    python -m tests.benchmarks.quiet RECORDS JOBS LATENCY_S FOLDER

Its clock is the CPU time of this process and the idle time that it skips, and the server is a
timer: the time that other programs take, and a server on the same cores, do not count.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
import sys
import time
from typing import Any

from mcli.api import dialling
from mcli.cli import main
from tests.benchmarks.latency import WHOLE

THREADS_S = 0.0005
"""How long it is waited for threads before the clock jumps."""


class _Selector(selectors.DefaultSelector):
    """Skips idle time."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout != 0:
            found = super().select(THREADS_S)
            if not found and timeout is not None:
                self.skipped_s += timeout
        return found


class Loop(asyncio.SelectorEventLoop):
    """An event loop by that clock."""

    def __init__(self) -> None:
        self._skipping = _Selector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return time.process_time() + self._skipping.skipped_s


class _Server(asyncio.Transport):
    """A connection to a server that takes so long, and nothing else."""

    def __init__(self, protocol: asyncio.Protocol, latency_s: float, end: socket.socket) -> None:
        super().__init__()
        self._protocol, self._latency_s, self._end = protocol, latency_s, end

    def write(self, data: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._latency_s, self._protocol.data_received, WHOLE)

    def abort(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._end if name == "socket" else default


def run(records: int, jobs: int, latency_s: float) -> float:
    """The time that the run takes from the start of the program, in seconds."""
    ends = socket.socketpair()
    loops: list[Loop] = []

    async def dial(_: Any, __: Any, ___: Any, protocol: Any) -> Any:
        made = protocol()
        made.connection_made(_Server(made, latency_s, ends[0]))
        return made

    def new() -> Loop:
        loops.append(Loop())
        return loops[-1]

    dialling.dial = dial
    asyncio.new_event_loop = new
    lines = b"".join(b"%d What is the capital of France, and why?\n" % n for n in range(records))
    with open("records", "wb") as file:
        file.write(lines)
    words = ["batch", "-e", "Say", "records", "--text", "-j", str(jobs), "-m", "gpt-4o-mini"]
    if main([*words, "-o", "answers", "--base-url", "http://127.0.0.1:9/v1", "--no-key"]):
        raise RuntimeError("it failed")
    return loops[0].time()


if __name__ == "__main__":
    count, jobs, latency_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    os.chdir(sys.argv[4])
    ideal_s = count * latency_s / jobs
    print(f"{run(count, jobs, latency_s) / ideal_s - 1:+.1%}", flush=True)  # noqa: T201
    os._exit(0)
