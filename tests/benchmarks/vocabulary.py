"""Reading a vocabulary, against tiktoken's own loop over the original text.

    .venv/bin/python -m tests.benchmarks.vocabulary

Prints for each file the CPU time of both, best of 15, and their ratio.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

from mcli.tokens import vocabulary

ROUNDS = 15


def best(work: Callable[[], object]) -> float:
    """The least CPU time in milliseconds that `work` takes."""
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) * 1000


def parse(text: bytes) -> dict[bytes, int]:
    """The original file, a line at a time, as tiktoken.load does it."""
    return {
        base64.b64decode(token): int(rank)
        for token, rank in (line.split() for line in text.splitlines() if line)
    }


def main() -> None:
    for name in ("o200k_base", "cl100k_base"):
        ranks = vocabulary.read(name).ranks
        text = b"".join(b"%s %d\n" % (base64.b64encode(t), rank) for t, rank in ranks.items())
        assert parse(text) == ranks
        own, theirs = best(lambda name=name: vocabulary.read(name)), best(lambda: parse(text))  # noqa: B023
        print(f"{name}: {own:.0f} ms against {theirs:.0f} ms, {own / theirs:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
