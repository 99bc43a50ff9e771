"""FLAGS: `mcli models`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


@options.takes(options.ENDPOINT)
def models(
    said: Said,
    sought: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="TEXT", help="Only names with TEXT, or like a*b; none is exit 1"
        ),
    ] = None,
) -> ExitCode:
    """The models that the endpoint offers: context, prices and abilities, where they are known."""
    from mcli import listing

    return listing.models(said, sought)
