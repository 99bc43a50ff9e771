"""FLAGS: `mcli batch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from mcli import batch as arithmetic
from mcli import options
from mcli.batch import Halt
from mcli.errors import ExitCode, UsageFailure
from mcli.help_screen import ANSWERING, documented
from mcli.said import Said


def _halt(word: str) -> Halt:
    try:
        return arithmetic.halt(word)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@documented(
    {**ANSWERING, ExitCode.PARTIAL: "some failed"},
    ("A label for each line", "mcli batch classify -D labels=spam,ham --text < mails.txt"),
    (
        "A new column; the same again goes on",
        "mcli batch -e 'In French: {{ title }}' rows.csv --into fr -o out.csv",
    ),
)
@options.takes(options.BATCH, options.IN_A_BATCH)
def batch(
    said: Said,
    recipe: Annotated[str | None, typer.Argument(metavar="RECIPE", show_default=False)] = None,
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[INPUT]...")] = None,
    template: Annotated[
        str | None,
        typer.Option("-e", metavar="TEMPLATE", help="A recipe written on the spot, for RECIPE"),
    ] = None,
    format: Annotated[
        Literal["lines", "jsonl", "csv", "tsv", "files", "openai-batch"] | None,
        typer.Option("--from", help="What INPUT holds (by its name; lines from stdin)"),
    ] = None,
    nul: Annotated[
        bool, typer.Option("-0", "--null", help="Records, or names of files, end with NUL")
    ] = False,
    data_field: Annotated[
        str | None, typer.Option("--input", metavar="FIELD", help="The field that is the data")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", parser=options.whole(0, 1 << 40), help="The first N records"),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="Print the row itself with the answer in FIELD"),
    ] = None,
    into_fields: Annotated[
        bool, typer.Option("--into-fields", help="Each key of a JSON answer becomes a field")
    ] = False,
    text: Annotated[
        bool, typer.Option("--text", help="Print the answers, exactly one line a record")
    ] = False,
    each: Annotated[
        str | None,
        typer.Option(
            "--output-each", metavar="PATH", help="Write a file a record: {dir}/{stem}.de{ext}"
        ),
    ] = None,
    unordered: Annotated[
        bool, typer.Option("--unordered", help="Print in the order of completion")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j",
            "--jobs",
            metavar="N",
            parser=options.whole(1, 10_000),
            help="Requests in flight at most (8)",
        ),
    ] = None,
    halt: Annotated[
        Halt | None,
        typer.Option(metavar="N|P%", parser=_halt, help="Stop when so many have failed"),
    ] = None,
    journal: Annotated[
        str | None, typer.Option(metavar="FILE", help="Keep what is answered: go on from there")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Start the journal over")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for what failed for good")
    ] = False,
    in_doubt: Annotated[
        Literal["retry", "skip", "fail"],
        typer.Option(help="Requests that a crash left without an answer"),
    ] = "retry",
    to: Annotated[
        Literal["openai-batch"] | None,
        typer.Option(help="With --dry-run: lines for a provider's batch endpoint"),
    ] = None,
) -> ExitCode:
    """Any recipe over many records, lines, JSONL, CSV or files, one answer a line."""
    recipe, paths = _meant(recipe, inputs or (), template, format)
    from mcli import many  # behind what needs nothing of it
    from mcli.job import Job
    from mcli.order import Order

    order = Order(
        paths, format, nul, limit, data_field, into, into_fields, text, each, unordered, jobs,
        halt or Halt(), journal, new, retry_failed, in_doubt, to,
    )  # fmt: skip
    return many.run(Job(recipe, template=template), order, said)


def _meant(
    first: str | None, more: Sequence[str], template: str | None, format: str | None
) -> tuple[str, tuple[str, ...]]:
    """What the recipe is called, and the inputs: the first word is one of them where the recipe is
    written elsewhere. Raises UsageFailure where there is none."""
    if template is not None and not template.strip():
        raise UsageFailure("blank_prompt", "the template is blank", "is a variable unset?")
    elsewhere = "-e" if template is not None else format if format == "openai-batch" else None
    if elsewhere is not None:
        return elsewhere, (*([] if first is None else [first]), *more)
    if first is None:
        raise UsageFailure("usage", "missing RECIPE", "see mcli batch --help")
    return first, tuple(more)
