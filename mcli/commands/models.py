"""FLAGS: `mcli models`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import CALLING, documented
from mcli.said import Said


@documented(
    {**CALLING, ExitCode.NO: "--filter finds none"},
    ("Is this model there?", "mcli models --filter 'gpt-4*' > /dev/null && echo yes"),
    ("Names alone", "mcli models --json | jq -r '.data[].id'"),
)
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
    """The models that the endpoint offers.

    Context, prices and abilities are told where they are known.
    """
    from mcli import listing

    return listing.models(said, sought)
