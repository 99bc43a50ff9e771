"""EDGE: this program and what it runs in: others of its name, terminal, locale, tokenizer."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from mcli import __version__, output, profiles
from mcli.doctor.finding import Check, ok, problem, warning
from mcli.tokens import counting, engine

NARROW = 60
"""Columns below which a table is hardly one."""

_NAME = "mcli"
_OURS = (b"mcli.__main__", b"-m mcli")
"""What stands in the script that an installer makes for us, or in one that somebody wrote."""
_HEAD = 4096
_TRIAL = ("hello world", 2)
"""A text, and how many tokens all vocabularies that we ship make of it."""
_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")


def program(environ: Mapping[str, str]) -> Check:
    """Which program this is, and what a shell calls by its name: MinIO's client, and a tool of
    MosaicML, are called so too."""
    told = f"mcli {__version__}, Python {platform.python_version()}, {platform.system()}"
    named = called(environ.get("PATH", ""))
    if not named:
        return warning("program", f"{told}; no mcli is in PATH", "add its folder to PATH")
    first = named[0]
    if is_ours(first):
        return ok("program", f'{told}, "{first}"')
    return warning(
        "program",
        f'{told}; but "{first}", which PATH finds first, is another program',
        "call mcli-llm, or put the folder of this one before it",
    )


def called(path: str) -> list[Path]:
    """The programs of our name that `path` leads to, the first of them the one that is run."""
    folders = [Path(folder) for folder in path.split(os.pathsep) if folder]
    found = [folder / _NAME for folder in folders]
    return [each for each in found if os.access(each, os.X_OK) and each.is_file()]


def is_ours(path: Path) -> bool:
    """Whether that is this program, as far as can be told without running it."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return head.startswith(b"#!") and any(mark in head for mark in _OURS)


def terminal(environ: Mapping[str, str], color: str) -> Check:
    """Where the output goes, and how it looks there."""
    if not os.isatty(output.STDOUT):
        return ok("terminal", "stdout is none: tables are lines with tabs, and answers come whole")
    width = shutil.get_terminal_size().columns
    colors = (
        "in colour" if output.colored(output.STDOUT, color) else f"without colour{_why(environ)}"
    )
    told = f"{width} columns, {colors}"
    if width < NARROW:
        return warning("terminal", f"{told}: tables are folded", "widen it, or use --json")
    return ok("terminal", told)


def _why(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return ": NO_COLOR is set"
    return ": TERM is dumb" if environ.get("TERM") == "dumb" else ""


def locale(environ: Mapping[str, str]) -> Check:
    """Whether what is shown as UTF-8, which is all that mcli writes, is read as that."""
    name = next((name for name in _LOCALE if environ.get(name)), None)
    value = environ[name] if name else "C"
    told = f"{name}={value}" if name else "none is set"
    if "utf8" in value.lower().replace("-", ""):
        return ok("locale", told)
    if not os.isatty(output.STDOUT):
        return ok("locale", f"{told}; UTF-8 is read and written all the same")
    return warning(
        "locale", f"{told}: the terminal may take UTF-8 for something else", "set LANG=C.UTF-8"
    )


def tokenizer(model: str | None, own: str | None) -> Check:
    """What counts, tried; and how well for `model`, of which a person may have said its encoding
    (`own`)."""
    choice = counting.choose(model or "")
    name = engine.name()
    encoding = own or choice.encoding
    if not engine.has(encoding):
        hint = 'pip install "mcli-llm[fast]", or name another'
        return problem("tokenizer", f"{name} has no {encoding}", hint)
    text, tokens = _TRIAL
    try:
        found = counting.count(text, encoding)
    except Exception as error:  # noqa: BLE001 - whatever a library does, it is told here
        return problem("tokenizer", f"{name} fails: {type(error).__name__}", "install it again")
    if found != tokens:
        told = f'{name} makes {found} tokens of "{text}", not {tokens}'
        return problem("tokenizer", told, "install it again")
    if model is None:
        return ok("tokenizer", f"{name}, {encoding}")
    if choice.approximate and own is None:
        return ok("tokenizer", f"{name}, {encoding} for {model}: an estimate")
    return ok("tokenizer", f"{name}, {encoding} for {model}: exact")


def shell(environ: Mapping[str, str]) -> str:
    """The name of the person's shell; nothing where it is not known."""
    return Path(environ.get("SHELL", "")).name


def home(environ: Mapping[str, str]) -> Path:
    """The folder of the person, in which shells look."""
    return profiles.directory({"HOME": environ.get("HOME", "")}).parent.parent
