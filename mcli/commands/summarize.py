"""FLAGS: `mcli summarize`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import ANSWERING, documented
from mcli.said import Said


@documented(
    ANSWERING,
    ("A report in five points", "mcli summarize report.txt --points 5"),
    (
        "A log in one line, for the subject of a mail",
        "tail -n 500 app.log | mcli summarize --style headline",
    ),
)
@options.takes(options.COMPLETION)
def summarize(
    said: Said,
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...")] = None,
    points: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many points (3)")
    ] = None,
    words: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="At most so many words")
    ] = None,
    style: Annotated[
        str | None, typer.Option(metavar="STYLE", help="bullets, paragraph or headline")
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="NAME", help="Language of the summary")
    ] = None,
    focus: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What to look at above all")
    ] = None,
    chunk_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=options.whole(1, 1 << 40),
            help="Summarize in parts of N tokens (as many as the model takes)",
        ),
    ] = None,
) -> ExitCode:
    """A summary of files, or of stdin, however long.

    What is longer than the model's window is summarized in parts, and the parts' summaries again
    until one remains.
    """
    from mcli import run
    from mcli.job import Job

    named = {
        "points": points,
        "words": words,
        "style": style,
        "language": language,
        "focus": focus,
    }
    variables = {name: str(value) for name, value in named.items() if value is not None}
    paths = tuple(files or ())
    return run.once(
        Job("summarize", variables, paths, bundled=True, chunk_tokens=chunk_tokens), said
    )
