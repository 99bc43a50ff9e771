"""FLAGS: `mcli config`."""

from __future__ import annotations

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said

config = typer.Typer(
    help="Settings, each with where it came from.", no_args_is_help=False, rich_markup_mode=None
)


@config.command("show")
@options.takes(options.SETTINGS)
def show(said: Said) -> ExitCode:
    """Every setting in force and its origin; keys are masked."""
    from mcli import showing

    return showing.config(said)


@config.command("path")
@options.takes(("json", "debug"))
def path(said: Said) -> ExitCode:
    """Where the configuration file is, or would be."""
    from mcli import showing

    return showing.config_path(said)
