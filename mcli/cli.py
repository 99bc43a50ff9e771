"""ENTRY: the list of commands, and the one place where a failure becomes a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from mcli import correcting, ending, output, system
from mcli.commands.ask import ask
from mcli.commands.batch import batch
from mcli.commands.classify import classify
from mcli.commands.codegen import codegen
from mcli.commands.completion import completion
from mcli.commands.config import config
from mcli.commands.count_tokens import count_tokens
from mcli.commands.doctor import doctor
from mcli.commands.help import show_help
from mcli.commands.models import models
from mcli.commands.recipes import recipes
from mcli.commands.run import run_recipe
from mcli.commands.sandbox import sandbox
from mcli.commands.summarize import summarize
from mcli.commands.usage import usage
from mcli.errors import (
    ExitCode,
    Failure,
    Interrupted,
    ReaderGone,
    WriteFailure,
    reason,
)
from mcli.help_screen import SETTINGS, Commands

app = Commands(
    help="Chat completions you can put in a script.",
    add_completion=False,
    subcommand_metavar="COMMAND [ARGS]...",
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)
app.command()(ask)
app.command()(summarize)
app.command()(classify)
app.command()(codegen)
app.command("count-tokens")(count_tokens)
app.command("run", add_help_option=False)(run_recipe)
app.command()(batch)
app.add_typer(recipes, name="recipes")
app.command()(models)
app.add_typer(config, name="config")
app.command()(doctor)
app.command()(usage)
app.command()(sandbox)
app.command()(completion)
app.command("help")(show_help)

# The base of everything Typer raises for a wrong command line; it does not export it by name.
_CommandLineError: type[Exception] = typer.BadParameter.__mro__[1]


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end", is_eager=True)
    ] = False,
) -> None:
    """Chat completions you can put in a script."""


def main(argv: Sequence[str], owed: bytes = b"") -> int:
    """Run one command line, which `ending` knows, or write what is `owed` of its answer. The exit
    code, or the negative number of the signal to die of.
    """
    try:
        if owed:
            output.write_all(output.STDOUT, owed)
            return ExitCode.OK
        return int(app(args=list(argv), prog_name="mcli", standalone_mode=False) or ExitCode.OK)
    except ReaderGone:
        return -system.SIGPIPE
    except Interrupted as interrupted:
        return -interrupted.number
    except Failure as failure:
        return ending.report(failure)
    except _CommandLineError as error:
        return ending.report(correcting.usage(error))
    except typer.Abort:
        return -system.SIGINT
    except SystemExit:
        # Nothing of ours exits: this is Typer, whose help text met a closed pipe.
        return -system.SIGPIPE
    except OSError as error:
        return ending.report(WriteFailure("io_error", reason(error, type(error).__name__)))
    except BaseException as error:  # noqa: BLE001 - uncaught it would exit with 1: a verdict
        return ending.report(ending.bug(error))
