"""`mcli classify` over the two hundred lines of tests/labelled, and its confusion table.

.venv/bin/python -m tests.benchmarks.labels                # by the sandbox
.venv/bin/python -m tests.benchmarks.labels --here -m M    # by the endpoint in force

Every line is a command of its own, four at a time. What is no label, exit 4, counts as `none`;
whatever else fails ends it.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.program import ROOT, Result

FOLDER = ROOT / "tests" / "labelled"
SET = str(FOLDER / "labels.txt")
QUESTION = "What does the line do?"
NONE = "none"
AT_ONCE = 4

Classify = Callable[[bytes], Result]
"""Runs `mcli classify` on a text."""


def lines() -> list[tuple[str, str]]:
    """Each line with its label."""
    rows = (row.split("\t") for row in (FOLDER / "lines.tsv").read_text().splitlines())
    return [(label, text) for label, _, text in rows]


def flags(*more: str) -> tuple[str, ...]:
    """The command, whoever runs it."""
    return ("classify", "--labels-file", SET, "--question", QUESTION, *more)


def confusion(classify: Classify) -> Counter[tuple[str, str]]:
    """How often a line of the first label was said to be of the second."""

    def said(text: str) -> str:
        done = classify(text.encode())
        if done.code not in (0, 4):
            raise RuntimeError(done.err)
        return NONE if done.code == 4 else done.out.removesuffix("\n")

    known = lines()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(said, [text for _, text in known]))
    return Counter(zip([label for label, _ in known], answers, strict=True))


def table(found: Counter[tuple[str, str]]) -> list[str]:
    """The table, a row for each label, and how many are right."""
    names = list(dict.fromkeys(label for label, _ in lines()))
    others = [NONE] if any(said == NONE for _, said in found) else []
    rows = [f"| is, was said to be | {' | '.join([*names, *others])} |"]
    rows.append("| --- |" + " ---: |" * len([*names, *others]))
    for name in names:
        cells = [str(found[name, said]) for said in [*names, *others]]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    right = sum(found[name, name] for name in names)
    return [*rows, "", f"{right} of {found.total()} are right."]


def by_command(more: Sequence[str]) -> Classify:
    """`mcli` in the environment of the caller."""
    argv = [sys.executable, "-m", "mcli", *flags(*more)]

    def classify(text: bytes) -> Result:
        done = subprocess.run(argv, input=text, capture_output=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    return classify


def main() -> None:
    if sys.argv[1:2] == ["--here"]:
        print("\n".join(table(confusion(by_command(sys.argv[2:])))))  # noqa: T201
        return
    own = [sys.executable, "-m", "tests.benchmarks.labels", "--here", *sys.argv[1:]]
    subprocess.run([sys.executable, "-m", "mcli", "sandbox", "--", *own], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
