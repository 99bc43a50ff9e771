"""FLAGS: `mcli run`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


@options.takes(options.COMPLETION)
def run_recipe(
    said: Said,
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", show_default=False)],
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...")] = None,
) -> ExitCode:
    """Any recipe, by name or path; its inputs come from -D, its data from files or stdin.

    mcli run ./triage.yaml -D team=support < mail.txt
    """
    from mcli import plan, run

    return run.once(plan.Job(recipe, files=tuple(files or ())), said)
