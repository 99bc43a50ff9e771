"""FLAGS: `mcli classify`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode, UsageFailure
from mcli.said import Said


@options.takes(options.COMPLETION)
def classify(
    said: Said,
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...")] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "-l", "--labels", metavar="A,B,C", help="The set; name=description (repeatable)"
        ),
    ] = None,
    labels_file: Annotated[
        str | None, typer.Option(metavar="PATH", help="The set, a label a line")
    ] = None,
    question: Annotated[str | None, typer.Option(metavar="TEXT", help="What to decide")] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL,…", help="Exit 0 if it is one of these, else 1"),
    ] = None,
) -> ExitCode:
    """One label of a closed set for files, or for stdin.

    mcli classify -l positive,negative,neutral < review.txt
    """
    from mcli import run
    from mcli.job import Job

    variables: dict[str, str | list[str] | tuple[str, ...]] = {}
    if labels is not None:
        variables["labels"] = _words(labels, "--labels")
    if question is not None:
        variables["question"] = question
    job = Job(
        "classify",
        variables,
        tuple(files or ()),
        bundled=True,
        labels_file=labels_file,
        expect=_words(expect, "--expect") if expect is not None else (),
    )
    return run.once(job, said)


def _words(pieces: list[str], flag: str) -> tuple[str, ...]:
    """The words of a comma list; none at all is a variable that was not set."""
    words = tuple(w.strip() for piece in pieces for w in piece.split(",") if w.strip())
    if not words:
        raise UsageFailure("bad_labels", f"{flag} is blank", "is a variable unset?")
    return words
