"""Write the figures anew, and tell what has changed: python -m tests.startup."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from .figures import PATH, committed, written
from .lines import KEYS

PYTHON = (3, 11)


def main() -> None:
    """Start each command line once, two at a time: some seconds."""
    if sys.version_info[:2] != PYTHON:
        sys.exit("the figures are of Python 3.11, as CI has it")
    before = committed() if PATH.exists() else {}
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        begun = {key: pool.submit(line.start, Path(folder) / key) for key, line in KEYS.items()}
        starts = {key: future.result() for key, future in begun.items()}
    PATH.write_text(written(starts))
    for key, start in starts.items():
        told = [
            f"{before.get(section, {}).get(key, Counter()).total()} → {done.total()} {section}"
            for section, done in start.done.items()
        ]
        sys.stdout.write(f"{', '.join(told)}: {KEYS[key].told}\n")


if __name__ == "__main__":
    main()
