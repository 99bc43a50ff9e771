"""FLAGS: `mcli usage`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


@options.takes(options.LOOKING)
def usage(
    said: Said,
    by: Annotated[
        Literal["day", "model", "recipe", "command", "host"], typer.Option(help="A row for each")
    ] = "day",
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE|DURATION", help="2026-11-30, 2026-11, today, 7d (30 days)"),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE|DURATION", help="The last day that counts (today)")
    ] = None,
) -> ExitCode:
    """What was spent on this machine, by the local ledger; days are local days.

    mcli usage --by model --since 7d
    """
    from mcli import usage

    return usage.show(by, since, until, said)
