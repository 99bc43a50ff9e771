"""FLAGS: `mcli count-tokens`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import SETTING, documented
from mcli.said import Said


@documented(
    {
        **SETTING,
        ExitCode.NO: "more than --max",
        ExitCode.BAD_INPUT: "bad input",
        ExitCode.NO_INPUT: "no input",
    },
    ("Refuse what is too long", 'mcli count-tokens -q --max 8000 prompt.txt || echo "too long"'),
    (
        "The end of a log, cut to fit",
        "mcli count-tokens --truncate 8000 --keep tail app.log | mcli summarize",
    ),
)
@options.takes(options.COUNTING)
def count_tokens(
    said: Said,
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...")] = None,
    model: Annotated[
        str | None, typer.Option("-m", "--model", metavar="ID", help="Count as this model does")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="o200k_base, cl100k_base, o200k_harmony; see help tokens"
        ),
    ] = None,
    most: Annotated[
        int | None, typer.Option("--max", metavar="N", min=0, help="Exit 1 above N tokens")
    ] = None,
    truncate: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Print the text, cut to N tokens, instead"),
    ] = None,
    keep: Annotated[
        Literal["head", "tail", "middle"] | None,
        typer.Option(help="What a cut keeps: with middle half of both ends, nothing between"),
    ] = None,
    messages: Annotated[
        bool, typer.Option("--messages", help="The input is JSON: messages, perhaps with tools")
    ] = False,
) -> ExitCode:
    """Tokens of files, or of stdin; like wc, and offline."""
    from mcli import counting

    order = counting.Order(tuple(files or ()), model, encoding, most, truncate, keep, messages)
    return counting.count(order, said)
