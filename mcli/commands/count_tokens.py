"""FLAGS: `mcli count-tokens`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


@options.takes(options.COUNTING)
def count_tokens(
    said: Said,
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...")] = None,
    model: Annotated[
        str | None, typer.Option("-m", "--model", metavar="ID", help="Count as this model does")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="o200k_base, cl100k_base or o200k_harmony")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--max", metavar="N", min=0, help="Exit 1 above N tokens")
    ] = None,
) -> ExitCode:
    """Tokens of files, or of stdin; like wc, and offline.

    mcli count-tokens --max 8000 prompt.txt
    """
    from mcli import counting

    return counting.count(counting.Order(tuple(files or ()), model, encoding, most), said)
