"""The README's lines, each against the sandbox: what it says that they show is what they do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.faults.server import FaultyServer
from tests.program import ROOT, Program, Result
from tests.scripting.page import fences

README = (ROOT / "README.md").read_text()
WHY = README.partition("## Why one would want it\n")[2].partition("\n## ")[0]
LINES = re.findall(r"^  `([^`\n]+)`$", WHY, re.MULTILINE)
"""The line that shows each reason, in their order."""
FENCES = fences(README)


class Shown(NamedTuple):
    """How such a line ends, the slug of its failure, and what else must hold of it."""

    code: int
    slug: str
    holds: Callable[[Result], bool]


SHOWN = (
    Shown(4, "truncated", lambda done: done.out == ""),
    Shown(75, "deadline", lambda done: done.out == "" and "within 2s" in done.err),
    Shown(78, "no_key_for_host", lambda done: "secret" not in done.err + done.out),
    Shown(0, "", lambda done: done.out.count("\n") == 2),
    Shown(0, "", lambda done: len(set(done.out.splitlines())) == 1 and done.out.count("\n") == 2),
    Shown(0, "", lambda done: done.out.startswith("mcli ")),
)


def test_every_reason_has_a_line_that_shows_it() -> None:
    assert len(LINES) == len(SHOWN) == WHY.count("\n- **")


@pytest.mark.sweep
@pytest.mark.parametrize(("line", "shown"), list(zip(LINES, SHOWN, strict=True)))
def test_a_line_shows_what_it_says(
    mcli: Program, server: FaultyServer, line: str, shown: Shown
) -> None:
    mcli.configure("")
    done = mcli.shell(line)

    slugs = re.findall(r"^mcli: .*\[(\w+)", done.err, re.MULTILINE)
    assert (done.code, slugs) == (shown.code, [shown.slug] if shown.slug else []), done.err
    assert shown.holds(done), done
    assert server.connections == 0


@pytest.mark.slow
def test_the_batch_goes_on_with_what_is_new(mcli: Program) -> None:
    line = LINES[3]
    mcli.configure("")
    mcli.shell(line)
    done = mcli.shell(line.replace("--limit 2", "--limit 4"))

    assert (done.code, done.out.count("\n")) == (0, 4)
    assert "4 done (2 from the journal)" in done.err


@pytest.mark.slow
def test_the_examples_run(mcli: Program, server: FaultyServer) -> None:
    """In the sandbox, in a repository with what they name."""
    mcli.configure("")
    prepared = (
        "git init -q . && echo a > report.txt && echo win > mail.txt && mkdir junk done && "
        "printf 'title,lang\\nSea,fr\\n' > rows.csv"
    )
    (mcli.home / "examples").write_text(FENCES["Try it: no key, no bill, no network", 2][1])
    (mcli.home / "case").write_text(FENCES["What a script can rely on", 0][1])
    script = f"{prepared}\nmcli sandbox -- bash -e examples\necho win > mail.txt\n"
    done = mcli.shell(f"{script}mcli sandbox -- bash case")

    assert (done.code, done.err) == (0, "")
    assert (mcli.home / "fib.py").read_text().startswith("def ")
    assert (mcli.home / "out.csv").read_text().startswith("title,lang,german,")
    assert (mcli.home / "done" / "verdict").exists()
