"""FLAGS: `mcli sandbox`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import ANYWAY, documented
from mcli.said import Said


@documented(
    {**ANYWAY, ExitCode.CANNOT_CREATE: "port taken", 126: "CMD cannot run", 127: "no such CMD"},
    ("Try anything without a key", "mcli sandbox -- mcli ask hello"),
    ("A script on a bad day", "mcli sandbox --fail 503:0.3,cut:0.1 --seed 1 -- mcli ask hello -v"),
)
@options.takes(("json", "verbose", "debug"))
def sandbox(
    said: Said,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- CMD...]", help="Run CMD against it, then end")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, metavar="N", help="Port (8399; 0 is any free)")
    ] = None,
    latency: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Wait before every answer")
    ] = None,
    fail: Annotated[
        str | None,
        typer.Option(metavar="KIND:P,…", help="Fail at random: 429:0.2,500:0.05,cut:0.01"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Make the failures repeatable", rich_help_panel="Options"),
    ] = None,
) -> ExitCode | int:
    """A local server that speaks the API: no key, no bill, no network.

    With CMD it ends as CMD does.
    """
    from mcli import rehearse

    return rehearse.sandbox(rehearse.Order(tuple(command or ()), port, latency, fail, seed), said)
