"""FLAGS: `mcli usage`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import ANYWAY, documented
from mcli.said import Said


@documented(
    {**ANYWAY, ExitCode.NO_INPUT: "ledger unreadable"},
    ("The last week, by model", "mcli usage --by model --since 7d"),
    ("What a month cost", "mcli usage --since 2026-11 --json | jq .data.total.cost_usd"),
)
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
    """What was spent on this machine, by the local ledger; days are local days."""
    from mcli import usage

    return usage.show(by, since, until, said)
