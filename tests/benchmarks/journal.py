"""What the keeping of a journal costs for each record, and how much memory.

`python -m tests.benchmarks.journal [RECORDS…]`: by default 10,000, 100,000 and 1,000,000. Of the
index: a key that is learned from a journal, counted and sought, with the digests made for it, whose
time is the line before. Of the journal, but for the last number: all that is done for a record with
256 at once (its key, start, answer of 400 characters, sync), and reading it again. CPU is that of
the process; memory what it holds at the end.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from mcli import journal, key_index, record_key
from mcli.journal import Journal
from mcli.key_index import KeyIndex
from mcli.record import Record

AT_ONCE = 256
PAGES_A_MB = 256
USAGE = {"prompt_tokens": 90, "completion_tokens": 60, "total_tokens": 150}


def envelope(n: int) -> dict[str, Any]:
    text = f"an answer of some length, {n} " * 14
    return {
        "v": 1, "ok": True, "text": text, "data": None,
        "message": {"role": "assistant", "content": text}, "reasoning": None, "choices": None,
        "finish_reason": "stop", "model": "gpt-4", "usage": USAGE, "cost_usd": 0.001,
        "attempts": 1, "elapsed_s": 0.3, "cached": False, "request_id": f"req_{n}", "recipe": "x",
        "warnings": [],
    }  # fmt: skip


def digest(n: int) -> str:
    return record_key.digest(Record(n, "", fields={"title": f"title {n}", "text": "words " * 10}))


def held_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) / PAGES_A_MB


def measured(what: str, count: int, work: Callable[[], None]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{what:8} {count:9,} {wall / count * 1e6:8.1f} us {cpu / count * 1e6:8.1f} us CPU"
        f" {held_mb():6.0f} MB", flush=True,
    )  # fmt: skip


def index_of(count: int) -> None:
    """As when a finished batch is run again: each key is read, counted and sought."""
    digests = (digest(n) for n in range(count))
    with closing(KeyIndex()) as index:
        for n, each in enumerate(digests):
            index.learn(f"{each}.1", key_index.DONE, n)
        for each in (digest(n) for n in range(count)):
            index.find(record_key.key(each, index.occurrence(each)))


def digests_of(count: int) -> None:
    for n in (*range(count), *range(count)):
        digest(n)


async def run(kept: Journal, count: int) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for n in numbers:
            told = digest(n)
            key = record_key.key(told, kept.index.occurrence(told))
            kept.find(key)
            kept.begin(key, n)
            await kept.keep(key, n, envelope(n))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def write(path: str, count: int) -> None:
    with journal.opened(path, {}, new=True) as kept:
        asyncio.run(run(kept, count))


def load(path: str) -> None:
    with journal.opened(path, {}, new=False):
        pass


def main(counts: list[int]) -> None:
    for count in counts:
        measured("digests", count, lambda count=count: digests_of(count))
        measured("index", count, lambda count=count: index_of(count))
    for count in counts[:-1] or counts:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/j"
            measured("write", count, lambda count=count, path=path: write(path, count))
            measured("load", count, lambda path=path: load(path))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
