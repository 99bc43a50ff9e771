"""ENTRY: the list of commands, and the one place where a failure becomes a line and a number."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

import typer

from mcli import __version__, envelope, output
from mcli.commands.ask import ask
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
from mcli.errors import ExitCode, Failure, ReaderGone, UsageFailure, WriteFailure, reason

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
app.add_typer(recipes, name="recipes")
app.command()(models)
app.add_typer(config, name="config")
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
    """Run one command line. The exit code, or the negative number of the signal to die of."""
    before_dashes = list(argv[: argv.index("--")] if "--" in argv else argv)
    try:
        if before_dashes[:1] == ["--version"]:
            output.text(f"mcli {__version__}")
            return ExitCode.OK
        return int(app(args=list(argv), prog_name="mcli", standalone_mode=False) or ExitCode.OK)
    except ReaderGone:
        return -signal.SIGPIPE
    except Failure as failure:
        return _report(failure, before_dashes)
    except _CommandLineError as error:
        return _report(_usage(error), before_dashes)
    except typer.Abort:
        return -signal.SIGINT
    except SystemExit:
        # Nothing of ours exits: this is Typer, whose help text met a closed pipe.
        return -signal.SIGPIPE
    except OSError as error:
        failure = WriteFailure("io_error", reason(error, type(error).__name__))
        return _report(failure, before_dashes)
    except BaseException as error:  # noqa: BLE001 - uncaught it would exit with 1: a verdict
        return _report(_bug(error, before_dashes), before_dashes)


def _report(failure: Failure, argv: list[str]) -> int:
    """The failure's line on stderr, and with `--json` its envelope on stdout."""
    code = int(failure.exit_code)
    try:
        if "--json" in argv:
            output.failure_envelope(envelope.of_failure(failure))
    except ReaderGone:
        return -signal.SIGPIPE
    except WriteFailure as failed:
        if not isinstance(failure, WriteFailure):
            failure, code = failed, int(failed.exit_code)
    output.failure_line(failure, _color(argv))
    return code


def _color(argv: list[str]) -> str:
    """What `--color` says, also where the rest of the command line is wrong."""
    said = [word.removeprefix("--color=") for word in argv if word.startswith("--color=")]
    said += [value for flag, value in pairwise(argv) if flag == "--color"]
    return said[-1] if said else "auto"


def _usage(error: Exception) -> UsageFailure:
    """Typer's complaint on one line, with where to find out more."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mcli"
    told: Any = getattr(error, "format_message", error.__str__)()
    message = " ".join(str(told).split()).rstrip(".")
    message = message[:1].lower() + message[1:] if message else "the command line is incomplete"
    return UsageFailure("usage", message, f"see {command} --help")


def _bug(error: BaseException, argv: list[str]) -> Failure:
    """What is told of an internal error: its kind and place, never its text or its variables."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    if "--debug" in argv:
        output.traceback_text("".join(traceback.format_exception(error)))
    place = f"{os.path.basename(last.filename)}:{last.lineno}"
    message = f"internal error: {type(error).__name__} at {place}"
    return Failure("bug", message, "report it, with --debug", charged="maybe")
