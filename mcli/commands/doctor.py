"""FLAGS: `mcli doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


@options.takes(options.EXAMINING)
def doctor(
    said: Said,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="See what the endpoint can do: six small requests"),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look at this machine alone, send nothing")
    ] = False,
) -> ExitCode:
    """What is well and what to do: configuration, key, endpoint, clock, this machine.

    mcli doctor --json | jq -r '.checks[] | select(.status != "ok") | .message'
    mcli sandbox -- mcli doctor --probe
    """
    from mcli.doctor import examination

    return examination.examine(said, probe, offline)
