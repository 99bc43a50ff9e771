"""FLAGS: `mcli classify`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode, UsageFailure
from mcli.help_screen import ANSWERING, documented
from mcli.said import MOST_VOTES, Said


@documented(
    {**ANSWERING, ExitCode.NO: "another label"},
    ("One label, spelled as given", "mcli classify -l positive,negative,neutral review.txt"),
    (
        "The exit status as the answer",
        "mcli classify -q -l spam,ham --expect spam mail.txt || echo keep",
    ),
)
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
        str | None,
        typer.Option(metavar="PATH", help="The set, a line each: name | alias = description"),
    ] = None,
    question: Annotated[str | None, typer.Option(metavar="TEXT", help="What to decide")] = None,
    multi: Annotated[
        bool, typer.Option("--multi", help="Every label that fits, a line each")
    ] = False,
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Exit 0 if it is one of these, else 1"),
    ] = None,
    votes: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=options.whole(1, MOST_VOTES),
            help="Ask N times, and print what most say",
        ),
    ] = "1",  # pyright: ignore[reportArgumentType]
    min_confidence: Annotated[
        float | None,
        typer.Option(metavar="P", parser=options.share, help="Be so sure, 0 to 1, else --unsure"),
    ] = None,
    unsure: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Print this where it is not decided (exit 4)"),
    ] = None,
) -> ExitCode:
    """One label of a closed set for files, or for stdin; several with --multi."""
    from mcli import run
    from mcli.ballot import Ballot
    from mcli.job import Job

    variables: dict[str, str | list[str] | tuple[str, ...]] = {}
    if labels is not None:
        variables["labels"] = _words(labels, "--labels")
    if question is not None:
        variables["question"] = question
    if multi:
        variables["multi"] = "true"
    job = Job(
        "classify",
        variables,
        tuple(files or ()),
        bundled=True,
        labels_file=labels_file,
        expect=_words(expect, "--expect") if expect is not None else (),
        ballot=Ballot(votes, min_confidence, unsure),
    )
    return run.once(job, said)


def _words(pieces: list[str], flag: str) -> tuple[str, ...]:
    """The words of a comma list; none at all is a variable that was not set."""
    words = tuple(w.strip() for piece in pieces for w in piece.split(",") if w.strip())
    if not words:
        raise UsageFailure("bad_labels", f"{flag} is blank", "is a variable unset?")
    return words
