"""FLAGS: `mcli help`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


@options.takes(("json", "debug", "color"))
def show_help(
    said: Said,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", show_default=False)] = None,
) -> ExitCode:
    """A page of the manual, or the list of its topics; offline.

    mcli help exit-codes
    """
    from mcli import showing

    return showing.topics(said) if topic is None else showing.page(topic, said)
