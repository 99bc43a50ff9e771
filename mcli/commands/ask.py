"""FLAGS: `mcli ask`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode, UsageFailure
from mcli.help_screen import ANSWERING, documented
from mcli.said import Said


@documented(
    ANSWERING,
    ("Ask about what another program prints", 'git diff | mcli ask "Anything risky in this diff?"'),
    (
        "One field of an answer that fits a schema",
        "mcli ask -f mail.txt 'Who wrote it?' --schema person.json --get .name",
    ),
)
@options.takes(options.COMPLETION)
def ask(
    said: Said,
    prompt: Annotated[str | None, typer.Argument(metavar="[PROMPT]", show_default=False)] = None,
    schema: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="JSON Schema that the answer must fit; checked here"),
    ] = None,
    get: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Print one field of the JSON answer: .a.b[0]"),
    ] = None,
    repair: options.Repair = None,
    thread: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Go on with the conversation in FILE, and add to it"),
    ] = None,
    keep_turns: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=options.whole(0, 1 << 20),
            help="Send the last N turns of it; the file keeps all",
        ),
    ] = None,
    messages: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The conversation so far, as JSON; - is stdin"),
    ] = None,
    tool: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Offer the tools in FILE, JSON or YAML (repeatable)"),
    ] = None,
    allow_tool: options.AllowTool = None,
    max_steps: options.MaxSteps = None,
) -> ExitCode:
    """One completion: PROMPT, then the data of -f files or stdin."""
    from mcli import conversing, run
    from mcli.job import Job

    if repair is not None and schema is None and get is None:
        raise UsageFailure("bad_flag", "--repair belongs to --schema or --get")
    if prompt is not None and not prompt.strip():
        raise UsageFailure("blank_prompt", "the prompt is blank", "is a variable unset?")
    job = Job(
        "ask",
        {} if prompt is None else {"prompt": prompt},
        bundled=True,
        rule="required" if prompt is None and messages is None else None,
        schema_file=schema,
        get=get,
        repair=repair,
        messages_file=messages,
        thread=thread,
        keep_turns=keep_turns,
        tool_files=tuple(tool or ()),
        allow_tools=tuple(allow_tool or ()),
        max_steps=max_steps,
    )
    conversing.check(job, said)
    return run.once(job, said)
