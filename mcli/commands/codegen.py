"""FLAGS: `mcli codegen`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode, UsageFailure
from mcli.said import Said


@options.takes(options.COMPLETION)
def codegen(
    said: Said,
    task: Annotated[str, typer.Argument(metavar="TASK", show_default=False)],
    lang: Annotated[str | None, typer.Option(metavar="NAME", help="Programming language")] = None,
) -> ExitCode:
    """Code and nothing but code for TASK; -f files or stdin are its context.

    mcli codegen "a function for Fibonacci numbers" --lang python -o fib.py
    """
    from mcli import run
    from mcli.job import Job

    if not task.strip():
        raise UsageFailure("blank_prompt", "the task is blank", "is a variable unset?")
    variables = {"task": task} if lang is None else {"task": task, "language": lang}
    return run.once(Job("codegen", variables, bundled=True), said)
