"""The commands of the program as shells need them: flags, arguments, and the values they take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from mcli import checkers, languages, library, manual
from mcli.cli import app
from mcli.tokens import counting

PROGRAMS = ("mcli", "mcli-llm")
LONGEST = 72
"""Characters of a description: what fits beside a flag on one line."""

Words = tuple[tuple[str, str], ...]
"""Words to choose from, each with what it means, or nothing."""


@dataclass(frozen=True, slots=True)
class Value:
    """What may stand in a place. `kind` is `words`, `files`, `folders`, `command` (that of
    another program) or `free`, or what only the program knows: `profiles`, `models`, `recipes`,
    `inputs`, `files-of-inputs`."""

    kind: str
    words: Words = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag by all its names; a `value` of None is none, `called` is what the help calls it."""

    names: tuple[str, ...]
    told: str
    value: Value | None = None
    called: str = ""
    many: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that stands without a flag, or all that are left."""

    value: Value
    called: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command by the words that call it, or, without words, the program itself."""

    path: tuple[str, ...]
    told: str
    flags: tuple[Flag, ...]
    arguments: tuple[Argument, ...]
    below: tuple[Command, ...] = ()

    def all(self) -> Iterator[Command]:
        """This one, and all below it."""
        yield self
        for command in self.below:
            yield from command.all()


FREE, FILES, FOLDERS = Value("free"), Value("files"), Value("folders")
_BY_CALLED = {
    "FILE": FILES, "PATH": FILES, "PATH|URL": FILES, "INPUT": FILES, "DIR": FOLDERS,
    "ID": Value("models"), "MODEL": Value("models"), "RECIPE": Value("recipes"),
    "NAME=PATH": Value("files-of-inputs"), "-- CMD": Value("command"),
}  # fmt: skip
"""What a value is, by what the help calls it."""


def tree() -> Command:
    """The whole program."""
    return _command((), typer.main.get_command(app), _by_name())


def _by_name() -> dict[str, Value]:
    """What a value is, by its flag or argument, where that says more than what it is called."""
    known = sorted({*checkers.CHECKED, *languages.KNOWN})
    styles = library.bundled("summarize").recipe.inputs["style"].values
    return {
        "--profile": Value("profiles"),
        "--var": Value("inputs"),
        "--get": FREE,
        "--lang": Value("words", tuple((name, "") for name in known)),
        "--encoding": Value("words", tuple((name, "") for name in counting.ENCODINGS)),
        "--style": Value("words", tuple((name, "") for name in styles)),
        "topic": Value("words", tuple((n, short(told)) for n, told in manual.topics().items())),
    }


def _command(path: tuple[str, ...], command: Any, named: dict[str, Value]) -> Command:
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    flags = [_flag(each, named) for each in options]
    if not any("--help" in flag.names for flag in flags):
        flags.append(Flag(("-h", "--help"), "Show this and end"))
    return Command(
        path,
        short(command.help or ""),
        tuple(flags),
        tuple(_argument(p, named) for p in command.params if p.param_type_name == "argument"),
        tuple(
            _command((*path, name), below, named)
            for name, below in sorted(getattr(command, "commands", {}).items())
            if not below.hidden
        ),
    )


def _flag(option: Any, named: dict[str, Value]) -> Flag:
    names = (*option.opts, *option.secondary_opts)
    told = short(option.help or "")
    if option.is_flag:
        return Flag(names, told)
    value = named.get(option.opts[-1], _value(option))
    return Flag(names, told, value, _called(option), option.multiple)


def _argument(argument: Any, named: dict[str, Value]) -> Argument:
    value = named.get(argument.name, _value(argument))
    return Argument(value, _called(argument), argument.nargs == -1)


def _value(parameter: Any) -> Value:
    choices = getattr(parameter.type, "choices", None)
    if choices is not None:
        return Value("words", tuple((str(word), "") for word in choices))
    return _BY_CALLED.get(_called(parameter), FREE)


def _called(parameter: Any) -> str:
    """`FILE` for `[FILE]...`."""
    return (parameter.metavar or parameter.name.upper()).removesuffix("...").strip("[].")


def short(told: str) -> str:
    """The first sentence, without what only the help needs, as far as it fits."""
    first = " ".join(told.partition("\n\n")[0].split())
    first = re.sub(r" ?(\[env: \w+\]|\(repeatable\))", "", first)
    first = re.split(r"(?<=\w)[.;] |: ", first)[0] if len(first) > LONGEST else first
    first = first.rstrip(".")
    return first if len(first) <= LONGEST else f"{first[: LONGEST - 1].rsplit(' ', 1)[0]}…"
