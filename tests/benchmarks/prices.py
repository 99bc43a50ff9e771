"""A lookup in the table of prices against the same table as JSON, CPU time of the lookup each.

.venv/bin/python -m tests.benchmarks.prices
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from mcli import prices
from mcli.shapes import as_dict
from mcli.terms import Terms

ROUNDS = 20
NAMES = ("ai21/jamba-large-1.7", "gpt-4o", "zai/glm-5", "nobody/knows")


def least(work: Callable[[], object]) -> float:
    """Seconds of CPU time, the least of several rounds, for one name."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found) / len(NAMES)


def main() -> None:
    lines = prices.TABLE.read_text().splitlines()
    known = [line.partition("\t")[0] for line in lines if not line.startswith("#")]
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "prices.json"
        copy.write_text(json.dumps({name: as_dict(prices.find(name, {})) for name in known}))

        def parse() -> list[Terms]:
            return [Terms(**json.loads(copy.read_bytes()).get(name, {})) for name in NAMES]

        parsed = least(parse)
    searched = least(lambda: [prices.find(name, {}) for name in NAMES])
    print(f"{len(known)} names")  # noqa: T201
    print(f"searched for: {searched * 1e3:6.2f} ms")  # noqa: T201
    print(f"as JSON:      {parsed * 1e3:6.2f} ms, {parsed / searched:.0f} times as long")  # noqa: T201


if __name__ == "__main__":
    main()
