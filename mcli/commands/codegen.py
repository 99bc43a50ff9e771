"""FLAGS: `mcli codegen`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode, UsageFailure
from mcli.help_screen import ANSWERING, documented
from mcli.said import Said


@documented(
    ANSWERING,
    ("Code into a file", 'mcli codegen "Fibonacci numbers, a function" --lang python -o fib.py'),
    (
        "A file as context",
        'mcli codegen "tests for it" --lang python -f fib.py > test_fib.py',
    ),
)
@options.takes(options.COMPLETION)
def codegen(
    said: Said,
    task: Annotated[str, typer.Argument(metavar="TASK", show_default=False)],
    lang: Annotated[str | None, typer.Option(metavar="NAME", help="Programming language")] = None,
    check: Annotated[
        bool | None,
        typer.Option("--check/--no-check", help="Parse the code, never run it (on); help codegen"),
    ] = None,
    repair: options.Repair = None,
    write: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Several new files, written below DIR: all or none"),
    ] = None,
) -> ExitCode:
    """Code and nothing but code for TASK; -f files or stdin are its context."""
    from mcli import run
    from mcli.job import Job

    if not task.strip():
        raise UsageFailure("blank_prompt", "the task is blank", "is a variable unset?")
    named = {"language": lang, "files": None if write is None else "true"}
    variables = {"task": task} | {name: word for name, word in named.items() if word is not None}
    job = Job("codegen", variables, bundled=True, repair=repair, check=check, write=write)
    return run.once(job, said)
