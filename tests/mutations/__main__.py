"""Try every mutation: python -m tests.mutations [--jobs N] [--report] [NAME…]."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .mutation import Mutation
from .table import TABLE
from .trial import Outcome, tried, untouched

REPORT = Path(__file__).with_name("REPORT.md")
PREFACE = """\
# The mutations, and the test that noticed each

Written by `python -m tests.mutations --report`; tests/mutations/ has the mutations themselves.

| mutation | what it breaks | noticed by |
| --- | --- | --- |
"""
_LINES_OF_OUTPUT = 15

Tried = list[tuple[Mutation, Outcome]]


def main(argv: Sequence[str]) -> int:
    """Exit 0 if every mutation was noticed, else 1; 2 for a name that there is not."""
    said = _parser().parse_args(argv)
    unknown = sorted(set(said.names) - {mutation.name for mutation in TABLE})
    if unknown or (said.report and said.names):
        print(f"no mutation is called {', '.join(unknown)}" if unknown else "a report is of all")
        return 2
    chosen = [each for each in TABLE if each.name in said.names or not said.names]
    began = time.monotonic()
    with ThreadPoolExecutor(said.jobs) as pool:
        if not (_all_stand(chosen) and _all_pass(chosen, pool, said.jobs)):
            return 1
        done: Tried = []
        for mutation, outcome in zip(chosen, pool.map(tried, chosen), strict=True):
            done.append((mutation, outcome))
            _tell(mutation, outcome)
    noticed = sum(outcome.noticed for _, outcome in done)
    print(f"{noticed} of {len(done)} mutations noticed in {time.monotonic() - began:.0f} s")
    if said.report and noticed == len(done):
        REPORT.write_text(PREFACE + "".join(_line(*each) for each in done))
    return 0 if noticed == len(done) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these mutations")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--report", action="store_true", help=f"write {REPORT.name}")
    return parser


def _all_stand(chosen: Sequence[Mutation]) -> bool:
    """Whether each text is in the source once: else nothing, or the wrong thing, would change."""
    stale = [each for each in chosen if each.occurrences() != 1]
    for mutation in stale:
        print(f"{mutation.name}: its text stands {mutation.occurrences()} times in {mutation.file}")
    return not stale


def _all_pass(chosen: Sequence[Mutation], pool: ThreadPoolExecutor, jobs: int) -> bool:
    """Whether each test passes without a change: else its failing shows nothing."""
    tests = sorted({test for mutation in chosen for test in mutation.tests})
    shares = [share for n in range(jobs) if (share := tests[n::jobs])]
    outcomes = list(pool.map(untouched, shares))
    for outcome in outcomes:
        if outcome.status != 0:
            print("without a mutation:", *outcome.failed or [_tail(outcome)], sep="\n  ")
    return all(outcome.status == 0 for outcome in outcomes)


def _tell(mutation: Mutation, outcome: Outcome) -> None:
    by = outcome.failed[0] if outcome.noticed else ", ".join(mutation.tests)
    print(f"{outcome.verdict:8}  {mutation.name:32}  {outcome.seconds:4.1f} s  {by}", flush=True)
    if outcome.verdict == "BROKEN":
        print(_tail(outcome), flush=True)


def _tail(outcome: Outcome) -> str:
    return "\n".join(outcome.output.splitlines()[-_LINES_OF_OUTPUT:])


def _line(mutation: Mutation, outcome: Outcome) -> str:
    cells = (mutation.name, mutation.breaks, f"`{outcome.failed[0].removeprefix('tests/')}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
