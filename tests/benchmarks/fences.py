"""`mcli codegen` and `llm -x` on the same twenty answers; the table of `mcli help codegen`.

    .venv/bin/python -m tests.benchmarks.fences

Installs llm (pinned, in the cache), has a server on this machine give each answer of `forms` to
both, and writes the table between the markers of the page. Ends with 1, and leaves the page alone,
if mcli does anything but what it owes.
"""

from __future__ import annotations

import datetime
import platform
import sys
from dataclasses import replace

from mcli import __version__
from tests.benchmarks import peers, tools
from tests.benchmarks.forms import FORMS, Form
from tests.benchmarks.rows import WARM, WHOLE, Row
from tests.benchmarks.tools import Outcome, Tool
from tests.faults.scenes import ok
from tests.program import ROOT, Program

PAGE = ROOT / "mcli" / "help" / "codegen.md"


def main() -> int:
    theirs = llm()
    tools.run(theirs, WARM)
    table: list[str] = []
    wrong: list[str] = []
    for form in FORMS:
        mine = run(ours(form), form)
        wrong += [f"{form.name}: {line}" for line in complaints(form, mine)]
        cells = [cell(form, mine), cell(form, run(theirs, form))]
        table.append(f"| {' | '.join([form.name, *cells])} |")
        print(table[-1], flush=True)  # noqa: T201
    if wrong:
        print("", *wrong, sep="\n", file=sys.stderr)  # noqa: T201
        return 1
    head = f"| the answer's code | mcli codegen | {theirs.title} -x |"
    lines = [
        f"Measured on {datetime.date.today()} with mcli {__version__}, Python "
        f"{platform.python_version()} and {platform.system()}, by "
        "`.venv/bin/python -m tests.benchmarks.fences`.",
        "", head, "| --- | --- | --- |", *table, "",
    ]  # fmt: skip
    before, _, rest = PAGE.read_text().partition(peers.BEGIN)
    after = rest.partition(peers.END)[2]
    PAGE.write_text(before + peers.BEGIN + "\n".join(lines) + peers.END + after)
    return 0


def ours(form: Form) -> Tool:
    """mcli, as it is asked for code of that form."""

    def prepare(home: object, url: str) -> tuple[list[str], dict[str, str]]:
        program = Program(home)  # pyright: ignore[reportArgumentType]
        program.point_at(url)
        return program.argv("codegen", tools.PROMPT, *form.flags), program.env

    return Tool("mcli", prepare)


def llm() -> Tool:
    """llm, which prints the first fenced block with `-x`."""
    found = tools.peers()[0]

    def prepare(home: object, url: str) -> tuple[list[str], dict[str, str]]:
        argv, env = found.prepare(home, url)  # pyright: ignore[reportArgumentType]
        return [*argv[:-1], "-x", argv[-1]], env

    return replace(found, prepare=prepare)


def run(tool: Tool, form: Form) -> Outcome:
    """One answer of that form, given to that program."""
    return tools.run(tool, Row(form.name, ok(form.answer, form.finish), WHOLE, WHOLE))


def complaints(form: Form, outcome: Outcome) -> list[str]:
    """What is not as owed."""
    seen = {
        "status": (outcome.status, 0 if form.code is not None else 4),
        "stdout": (outcome.stdout.decode(), "" if form.code is None else form.code + "\n"),
        "slug": (peers.slug(outcome.stderr), form.slug or None),
        "attempts": (outcome.attempts, 1),
    }
    return [f"{what} {got!r}, owed {due!r}" for what, (got, due) in seen.items() if got != due]


def cell(form: Form, outcome: Outcome) -> str:
    """One run in words; bold where it said that all was well, and printed anything but the code."""
    text = outcome.stdout.decode(errors="replace").replace("\r\n", "\n").rstrip("\n")
    told = "nothing" if not text else "the code" if text == form.code else quoted(text)
    if outcome.status == 0:
        return told if told == "the code" else f"**exit 0: {told}**"
    slug = f" `{form.slug}`" if outcome.status == 4 else ""
    return f"exit {outcome.status}{slug}, {told}"


def quoted(text: str) -> str:
    """The beginning of what was printed, as code in a table, whatever backticks it has."""
    shown = text[: peers.SHOWN].replace("\n", "\\n").replace("|", "\\|")
    return f"```` {shown}{'…' if len(text) > peers.SHOWN else ''} ````"


if __name__ == "__main__":
    sys.exit(main())
