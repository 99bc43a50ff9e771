"""ENTRY: the list of commands, and the one place where a failure becomes a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mcli import __version__, ending, output, system
from mcli.commands.ask import ask
from mcli.commands.batch import batch
from mcli.commands.classify import classify
from mcli.commands.codegen import codegen
from mcli.commands.config import config
from mcli.commands.count_tokens import count_tokens
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
    UsageFailure,
    WriteFailure,
    reason,
)

app = typer.Typer(
    help="Chat completions you can put in a script.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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
app.command()(usage)
app.command()(sandbox)
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


def main(argv: Sequence[str]) -> int:
    """Run one command line, which `ending` knows. The exit code, or the negative number of the
    signal to die of.
    """
    try:
        if argv[:1] == ["--version"]:
            output.text(f"mcli {__version__}")
            return ExitCode.OK
        return int(app(args=list(argv), prog_name="mcli", standalone_mode=False) or ExitCode.OK)
    except ReaderGone:
        return -system.SIGPIPE
    except Interrupted as interrupted:
        return -interrupted.number
    except Failure as failure:
        return ending.report(failure)
    except _CommandLineError as error:
        return ending.report(_usage(error))
    except typer.Abort:
        return -system.SIGINT
    except SystemExit:
        # Nothing of ours exits: this is Typer, whose help text met a closed pipe.
        return -system.SIGPIPE
    except OSError as error:
        return ending.report(WriteFailure("io_error", reason(error, type(error).__name__)))
    except BaseException as error:  # noqa: BLE001 - uncaught it would exit with 1: a verdict
        return ending.report(ending.bug(error))


def _usage(error: Exception) -> UsageFailure:
    """Typer's complaint on one line, with where to find out more."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mcli"
    told: Any = getattr(error, "format_message", error.__str__)()
    message = " ".join(str(told).split()).rstrip(".")
    message = message[:1].lower() + message[1:] if message else "the command line is incomplete"
    hint = f"see {command} --help"
    if message.startswith("no such option") and "key" in message:
        message = message.partition(" (")[0]  # Typer would suggest --no-key
        hint = "no flag takes a key, since others can read it there; use MCLI_API_KEY"
    return UsageFailure("usage", message, hint)
