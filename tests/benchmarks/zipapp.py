"""How long the single file takes to start, against the installed program: the claim of
`mcli help install`.

    .ci/make-zipapp /tmp/mcli && python -m tests.benchmarks.zipapp /tmp/mcli .venv/bin/mcli

Both by the same Python, in turns, 21 each; medians of wall time. The first start, which unpacks, is
measured once a round, in three rounds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS, FIRSTS = 21, 3


def once(argv: list[str], home: str, stdin: bytes = b"") -> float:
    """Seconds from start to end."""
    before = time.perf_counter()
    env = {"PATH": os.environ["PATH"], "HOME": home}
    subprocess.run(argv, env=env, input=stdin, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - before


def main(packed: str, installed: str) -> None:
    """Print the ratios."""
    firsts: list[float] = []
    for _ in range(FIRSTS):
        with tempfile.TemporaryDirectory() as home:
            firsts.append(once([packed, "--version"], home))
    with tempfile.TemporaryDirectory() as home:
        for words, stdin in ((["--version"], b""), (["count-tokens"], b"a text"), (["help"], b"")):
            times: dict[str, list[float]] = {packed: [], installed: []}
            for number in range(ROUNDS + 1):
                for program in times:
                    took = once([program, *words], home, stdin)
                    if number:  # the first one unpacks, or fills caches
                        times[program].append(took)
            ours, theirs = (statistics.median(each) for each in times.values())
            print(f"{' '.join(words):14}{ours / theirs:5.2f} of the installed one's")
            if words == ["--version"]:
                first = statistics.median(firsts) / theirs
                print(f"{'first start':14}{first:5.1f} of the installed one's --version")


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()), str(Path(sys.argv[2]).absolute()))
