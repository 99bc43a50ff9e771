"""FLAGS: `mcli doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import CALLING, documented
from mcli.said import Said


@documented(
    {**CALLING, ExitCode.NO: "something is wrong"},
    ("What is not well", "mcli doctor --json | jq '.checks[] | select(.status != \"ok\")'"),
    ("Try what the endpoint can do, for a few tokens", "mcli doctor --probe"),
)
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
    """What is well and what to do: configuration, key, endpoint, clock, this machine."""
    from mcli.doctor import examination

    return examination.examine(said, probe, offline)
