"""FLAGS: `mcli classify`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.settings import Said


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
    from mcli import inputs, plan, run

    words = [word.strip() for piece in labels or () for word in piece.split(",") if word.strip()]
    if labels_file is not None:
        lines = inputs.read_file(labels_file, inputs.Bounds()).splitlines()
        words += [line.strip() for line in lines if line.strip()]
    variables: dict[str, str | list[str] | tuple[str, ...]] = {}
    if words:
        variables["labels"] = tuple(words)
    if question is not None:
        variables["question"] = question
    expected = tuple(w.strip() for piece in expect or () for w in piece.split(",") if w.strip())
    job = plan.Job("classify", variables, tuple(files or ()), bundled=True, expect=expected)
    return run.once(job, said)
