"""FLAGS: `mcli completion`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import ANYWAY, documented
from mcli.said import Said


@documented(
    ANYWAY,
    ("Complete in this shell", 'eval "$(mcli completion bash)"'),
    ("In every bash", "echo 'eval \"$(mcli completion bash)\"' >> ~/.bashrc"),
)
@options.takes(("json", "debug"))
def completion(
    said: Said,
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"],
        typer.Argument(metavar="SHELL", show_default=False, help="bash, zsh, fish or powershell"),
    ],
) -> ExitCode:
    """The script by which a shell completes the command line of mcli at a Tab."""
    from mcli import showing

    return showing.completion(shell, said)
