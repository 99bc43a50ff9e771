"""FLAGS: what `--help` shows: the flags by headings, examples, and the exit codes of the command.

`documented` gives a command its examples and exit codes, where it is defined. `Commands` is a
`typer.Typer` whose commands show them; the manual pages (`manpage`) are made of the same.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from mcli import headings, redaction, strict
from mcli.errors import ExitCode, UsageFailure
from mcli.shapes import frozen

_WIDTH = 78
_COLUMN = 22
"""Characters for the name of a flag, before what is said of it."""

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "terminal_width": _WIDTH}
"""Of Typer's contexts: a screen is the same however wide the terminal is."""

_LONGEST = 30
"""Characters of a wrong command that are told: what is longer may be a key."""

Function = TypeVar("Function", bound=Callable[..., Any])


def _words(*codes: ExitCode) -> dict[int, str]:
    return {int(code): code.name.lower().replace("_", " ") for code in codes}


ANYWAY = _words(ExitCode.OK, ExitCode.USAGE, ExitCode.BUG, ExitCode.IO_ERROR)
"""What any command may end with."""
SETTING = ANYWAY | _words(ExitCode.CONFIG)
"""And where settings or recipes are read."""
CALLING = SETTING | _words(
    ExitCode.REFUSED, ExitCode.CANNOT_CREATE, ExitCode.TRY_AGAIN,
    ExitCode.BAD_REPLY, ExitCode.NOT_ALLOWED,
)  # fmt: skip
"""And where a server is asked."""
ANSWERING = CALLING | _words(ExitCode.UNUSABLE, ExitCode.BAD_INPUT, ExitCode.NO_INPUT)
"""And where a model answers."""


@frozen
class Documentation:
    """Two or more examples, each what it does and its command line, and the exit codes, each with
    a word or two for it."""

    examples: tuple[tuple[str, str], ...]
    exits: Mapping[int, str]


def documented(
    exits: Mapping[int, str], *examples: tuple[str, str]
) -> Callable[[Function], Function]:
    """Give a command its exit codes and its examples; it stands in front of all other decorators
    but the one that makes it a command."""

    def dress(command: Function) -> Function:
        command.__dict__["documentation"] = Documentation(examples, dict(sorted(exits.items())))
        return command

    return dress


def documentation(command: Any) -> Documentation | None:
    """What a command says of itself; of a group, what its commands say: the first example of each,
    and every exit code."""
    if not hasattr(command, "commands"):
        return getattr(command.callback, "documentation", None)
    said = [told for each in command.commands.values() if (told := documentation(each))]
    examples = tuple(told.examples[0] for told in said if told.examples)
    codes = {code for told in said for code in told.exits}
    return Documentation(examples, _words(*(code for code in ExitCode if code in codes)))


class _Command(TyperCommand):
    """A command whose help is a screen."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        formatter.write("\n" + "".join(f"{line}\n" for line in _rest(self, ctx)))


class Group(TyperGroup):
    """A group of commands whose help is a screen, and that knows what was meant."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        formatter.write("\nCommands:\n" + "".join(f"{line}\n" for line in _listed(self)))
        formatter.write("".join(f"{line}\n" for line in _rest(self, ctx)))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        word = args[0]
        if word not in self.commands and not word.startswith("-"):
            near = strict.did_you_mean(word, self.commands)
            hint = f"{near} see {ctx.command_path} --help"
            if not near.endswith("?"):
                hint = f"{near}; see {ctx.command_path} --help"
            raise UsageFailure("usage", f'no such command "{_told(word)}"', hint)
        return super().resolve_command(ctx, args)


def _told(word: str) -> str:
    """A wrong command without what may be a key: the known ones before it is cut, and of any."""
    from mcli import keys

    keys.hide_all(os.environ)
    told = redaction.redact(word)
    return told if len(told) <= _LONGEST else f"{told[:8]}…"


class Commands(typer.Typer):
    """Typer, whose commands and groups show their help as a screen."""

    def __init__(self, cls: type[Group] = Group, **settings: Any) -> None:
        super().__init__(cls=cls, rich_markup_mode=None, add_completion=False, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Any:
        return super().command(name, cls=_Command, **settings)


def flags(command: Any) -> dict[str, Any]:
    """The flags of a command by name, without those that are hidden; its `--help` is the last."""
    return {each.name: each for each in command.get_params(context(command)) if _is_flag(each)}


def context(command: Any, name: str | None = None, parent: Any = None) -> Any:
    """A context to look at a command in, which Typer wants for everything."""
    return typer.Context(command, info_name=name, parent=parent, **SETTINGS)


def screens(root: Any) -> dict[tuple[str, ...], str]:
    """What `--help` shows, by the words of each command, none for the program itself."""
    return dict(_screens((), root, context(root, "mcli")))


def _screens(
    words: tuple[str, ...], command: Any, ctx: Any
) -> Iterator[tuple[tuple[str, ...], str]]:
    yield words, ctx.get_help() + "\n"
    for name, below in getattr(command, "commands", {}).items():
        yield from _screens((*words, name), below, context(below, name, ctx))


def _is_flag(parameter: Any) -> bool:
    return parameter.param_type_name == "option" and not parameter.hidden


def groups(command: Any, all_of_them: bool = False) -> list[headings.Group]:
    """The flags of a command by headings."""
    given = [(name, flag.rich_help_panel) for name, flag in flags(command).items()]
    return headings.grouped(given, all_of_them)


def record(flag: Any) -> tuple[str, str]:
    """A flag as it is written, with `...` where it may be repeated, and what is said of it."""
    written, told = flag.get_help_record(context(TyperCommand(None)))
    told = told.replace("Show this message and exit.", "Show this, and end")
    if flag.multiple:
        return f"{written}...", told.replace(" (repeatable)", "")
    return written, " ".join(told.split())


def summary(command: Any) -> str:
    """The first sentence of a command's help."""
    first = " ".join((command.help or "").split("\n\n")[0].split())
    return first.rstrip(".")


def _rest(command: Any, ctx: Any) -> Iterator[str]:
    """All that stands below the description."""
    told = documentation(command)
    if told:
        yield from ("Examples:", *(f"  {line}" for _, line in told.examples[:2]))
    of = flags(command)
    for group in groups(command):
        yield f"{group.heading}:"
        for name in group.explained:
            yield from _explained(*record(of[name]))
        named = ", ".join(_brief(of[name]) for name in group.named)
        if named:
            yield from _wrapped(f"{'also ' if group.explained else ''}{named}", 2)
    if told:
        codes = ", ".join(f"{code} {word}" for code, word in told.exits.items())
        yield from _wrapped(f"Exit codes: {codes}; mcli help exit-codes", 0)
    page = "-".join(ctx.command_path.split()[:2])
    yield f"Every flag explained: man {page}, or mcli help {page}"


def _listed(group: Any) -> Iterator[str]:
    """The commands of a group, a line each."""
    width = max(len(name) for name in group.commands)
    for name, command in group.commands.items():
        told = textwrap.shorten(summary(command), _WIDTH - width - 4, placeholder=" …")
        yield f"  {name:{width}}  {told}"


def _explained(written: str, told: str) -> Iterator[str]:
    """A flag and what is said of it, in two columns."""
    lines = textwrap.wrap(" ".join(told.split()), _WIDTH - _COLUMN - 4, break_on_hyphens=False)
    if len(written) > _COLUMN:
        yield f"  {written}"
        written = ""
    for line in lines or [""]:
        yield f"  {written:{_COLUMN}}  {line}".rstrip()
        written = ""


def _brief(flag: Any) -> str:
    """A flag by its names alone, in one unbreakable word."""
    names = "/".join((*sorted(flag.opts, key=len), *flag.secondary_opts))
    value = "" if flag.is_flag else record(flag)[0].rpartition(" ")[2].strip("<>")
    return f"{names}\xa0{value}" if value else names


def _wrapped(text: str, indent: int) -> list[str]:
    lines = textwrap.wrap(
        text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent or 2),
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    return [line.replace("\xa0", " ") for line in lines]
