"""FLAGS: `mcli run`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode, UsageFailure
from mcli.help_screen import ANSWERING, documented
from mcli.said import Said


@documented(
    ANSWERING,
    (
        "A bundled recipe; its inputs are told by mcli run translate --help",
        "mcli run translate -D to=German mail.txt",
    ),
    ("A recipe written on the spot", "mcli run -e 'In {{ to }}, please:' -D to=French < mail.txt"),
)
@options.takes(options.COMPLETION)
def run_recipe(
    said: Said,
    context: typer.Context,
    recipe: Annotated[str | None, typer.Argument(metavar="RECIPE", show_default=False)] = None,
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...")] = None,
    template: Annotated[
        str | None,
        typer.Option("-e", metavar="TEMPLATE", help="A recipe written on the spot, for RECIPE"),
    ] = None,
    allow_tool: options.AllowTool = None,
    max_steps: options.MaxSteps = None,
    show_help: Annotated[
        bool, typer.Option("-h", "--help", help="Show this, or the inputs of RECIPE, and end")
    ] = False,
) -> ExitCode:
    """Any recipe, by name or path.

    Its inputs come from -D, its data from files or stdin. With a RECIPE, --help shows those.
    """
    from mcli import run, shelf
    from mcli.job import Job

    if show_help:
        return shelf.show_help(recipe, context.get_help(), said)
    if template is not None and not template.strip():
        raise UsageFailure("blank_prompt", "the template is blank", "is a variable unset?")
    paths = tuple(files or ())
    if template is not None:
        recipe, paths = "-e", paths if recipe is None else (recipe, *paths)
    if recipe is None:
        raise UsageFailure("usage", "missing RECIPE", "see mcli run --help")
    allowed = tuple(allow_tool or ())
    job = Job(recipe, files=paths, template=template, allow_tools=allowed, max_steps=max_steps)
    return run.once(job, said)
