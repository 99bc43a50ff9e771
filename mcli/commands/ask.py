"""FLAGS: `mcli ask`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode, UsageFailure
from mcli.said import Said


@options.takes(options.COMPLETION)
def ask(
    said: Said,
    prompt: Annotated[str | None, typer.Argument(metavar="[PROMPT]", show_default=False)] = None,
) -> ExitCode:
    """One completion: PROMPT, then the data of -f files or stdin.

    git diff | mcli ask "Anything risky in this diff?"
    """
    from mcli import plan, run

    if prompt is None:
        return run.once(plan.Job("ask", bundled=True, rule="required"), said)
    if not prompt.strip():
        raise UsageFailure("blank_prompt", "the prompt is blank", "is a variable unset?")
    return run.once(plan.Job("ask", {"prompt": prompt}, bundled=True), said)
