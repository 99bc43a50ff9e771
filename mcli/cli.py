"""ENTRY: the list of commands, and the one place where a failure becomes a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main

from mcli import ending, output, system
from mcli.errors import (
    ExitCode,
    Failure,
    Interrupted,
    ReaderGone,
    WriteFailure,
    reason,
)
from mcli.help_screen import SETTINGS, Commands, Group

COMMANDS = {
    "ask": "ask:ask",
    "summarize": "summarize:summarize",
    "classify": "classify:classify",
    "codegen": "codegen:codegen",
    "count-tokens": "count_tokens:count_tokens",
    "run": "run:run_recipe",
    "batch": "batch:batch",
    "recipes": "recipes:recipes",
    "models": "models:models",
    "config": "config:config",
    "doctor": "doctor:doctor",
    "usage": "usage:usage",
    "sandbox": "sandbox:sandbox",
    "completion": "completion:completion",
    "help": "help:show_help",
}
"""The commands, each with its module in `mcli/commands/` and the name that it has there."""

_OWN_HELP = ("run",)
"""What shows its own help, which may be that of a recipe."""


class _Shelf(Mapping[str, Any]):
    """The commands by their names. One is imported and made of its definition when it is asked for:
    to make all of them takes 30 ms."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module, _, defined = COMMANDS[name].partition(":")
            self._made[name] = _made(
                name, getattr(import_module(f"mcli.commands.{module}"), defined)
            )
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _made(name: str, defined: Any) -> Any:
    """Typer's command of a definition, or of a group of them."""
    if not isinstance(defined, Commands):
        alone = Commands()
        alone.command(name, add_help_option=name not in _OWN_HELP)(defined)
        return typer.main.get_command(alone)
    group = typer.main.get_command(defined)
    group.name = name
    return group


class _Program(Group):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = _Shelf()


app = Commands(
    cls=_Program,
    help="Chat completions you can put in a script.",
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings=SETTINGS,
)

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
        program = typer.main.get_command(app)
        return int(program(list(argv), "mcli", standalone_mode=False) or ExitCode.OK)
    except ReaderGone:
        return -system.SIGPIPE
    except Interrupted as interrupted:
        return -interrupted.number
    except Failure as failure:
        return ending.report(failure)
    except _CommandLineError as error:
        return _corrected(error)
    except typer.Abort:
        return -system.SIGINT
    except SystemExit:
        # Nothing of ours exits: this is Typer, whose help text met a closed pipe.
        return -system.SIGPIPE
    except OSError as error:
        return ending.report(WriteFailure("io_error", reason(error, type(error).__name__)))
    except BaseException as error:  # noqa: BLE001 - uncaught it would exit with 1: a verdict
        return ending.crash(error)


def _corrected(error: Exception) -> int:
    """The end of a command line that cannot be meant."""
    from mcli import correcting

    return ending.report(correcting.usage(error))
