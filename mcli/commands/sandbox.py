"""FLAGS: `mcli sandbox`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


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
        int | None, typer.Option(metavar="N", help="Make the failures repeatable")
    ] = None,
) -> ExitCode | int:
    """A local server that speaks the API: no key, no bill, no network.

    mcli sandbox -- sh -c 'mcli ask hi'
    """
    from mcli import rehearse

    return rehearse.sandbox(rehearse.Order(tuple(command or ()), port, latency, fail, seed), said)
