"""FLAGS: `mcli help`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import ANYWAY, documented
from mcli.said import Said


@documented(
    ANYWAY,
    ("Every failure, and what to do about it", "mcli help exit-codes"),
    ("Every flag of a command", "mcli help mcli-ask | less"),
)
@options.takes(("json", "debug", "color"))
def show_help(
    said: Said,
    context: typer.Context,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", show_default=False)] = None,
) -> ExitCode:
    """A page of the manual, or the list of its topics; offline.

    A command is a topic, too: its manual page, as man shows it. Where a topic has its name, that
    one is shown, and mcli-COMMAND names the manual page.
    """
    from mcli import manpage, showing

    if topic is None:
        return showing.topics(said)
    return showing.page(topic, said, manpage.texts(context.find_root().command))
