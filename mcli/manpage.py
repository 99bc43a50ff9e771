"""FLAGS: the manual pages of the commands, made of what defines them: flags, examples, exit codes.

`.ci/make-man` writes them into mcli/man/ for `man`, `mcli help` shows them as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from mcli import headings, help_screen, manual, page
from mcli.page import Block, Code, Heading, Item, Page, Section
from mcli.settings import VARIABLES

_ALWAYS = ("MCLI_CONFIG", "MCLI_API_KEY", "MCLI_API_KEY_FILE")
_SIGNALS = (
    "Death by a signal is death by that signal itself, which a shell shows as 129, 130, 141 or 143."
)


def texts(root: Any) -> dict[str, Callable[[], str]]:
    """What `mcli help` shows for the name of each command, and of each page."""
    named = {name: (lambda name=name: page.plain(of(root, name))) for name in names(root)}
    return {**{name.removeprefix("mcli-"): told for name, told in named.items()}, **named}


def names(root: Any) -> list[str]:
    """The names of all pages."""
    return ["mcli", *(f"mcli-{name}" for name in root.commands)]


def of(root: Any, name: str) -> Page:
    """The page called `name`, which is one of `names`."""
    if name == "mcli":
        return _whole(root)
    word = name.removeprefix("mcli-")
    command = root.commands[word]
    below = getattr(command, "commands", None)
    title = f"mcli {word}"
    shown = _group(title, below) if below else _command(title, command)
    topics = [word] if word in manual.topics() else []
    sections = (*shown, *_ending(command, topics))
    return Page(name, _lowered(help_screen.summary(command)), tuple(sections))


def _whole(root: Any) -> Page:
    """The page on the program."""
    listed = [
        Item(f"mcli-{name}(1)", f"{help_screen.summary(command)}.")
        for name, command in root.commands.items()
    ]
    told = (
        Section("SYNOPSIS", (_synopsis("mcli", root),)),
        Section("DESCRIPTION", tuple(_paragraphs(root))),
        Section("COMMANDS", tuple(listed)),
        Section("OPTIONS", tuple(_options(root))),
        *_ending(root, list(manual.topics())),
    )
    return Page("mcli", _lowered(help_screen.summary(root)), told)


def _command(title: str, command: Any) -> list[Section]:
    """The sections on one command down to its flags."""
    return [
        Section("SYNOPSIS", (_synopsis(title, command),)),
        Section("DESCRIPTION", tuple(_paragraphs(command))),
        Section("OPTIONS", tuple(_options(command))),
    ]


def _group(title: str, below: dict[str, Any]) -> list[Section]:
    """The sections on the commands of a group, each with its flags."""
    lines = tuple(_synopsis(f"{title} {name}", each) for name, each in below.items())
    blocks: list[Block] = []
    for name, each in below.items():
        blocks += [Heading(f"{title} {name}"), *_paragraphs(each)]
        blocks += [block for block in _options(each) if not isinstance(block, Heading)]
    return [Section("SYNOPSIS", lines), Section("COMMANDS", tuple(blocks))]


def _ending(command: Any, topics: list[str]) -> Iterator[Section]:
    """The sections behind the flags."""
    told = help_screen.documentation(command)
    if told:
        examples = (block for about, line in told.examples for block in (f"{about}:", Code(line)))
        yield Section("EXAMPLES", tuple(examples))
        codes = (Item(str(code), _meaning(code, word)) for code, word in told.exits.items())
        yield Section("EXIT STATUS", (*codes, _SIGNALS))
    meanings = dict(re.findall(r"^\| `(MCLI_\w+)` .*\| (.*) \|$", *_page("environment")))
    variables = (Item(name, _sentence(meanings[name])) for name in _variables(command))
    yield Section("ENVIRONMENT", (*variables, "All variables: mcli help environment."))
    others = ["mcli(1)"] if command.name else []
    pages = [f"mcli help {topic}" for topic in dict.fromkeys([*topics, "exit-codes", "scripting"])]
    yield Section("SEE ALSO", (", ".join([*others, *pages]),))


def _synopsis(title: str, command: Any) -> str:
    pieces = command.collect_usage_pieces(help_screen.context(command))
    return " ".join((title, *pieces))


def _paragraphs(command: Any) -> Iterator[str]:
    for each in (command.help or "").split("\n\n"):
        yield " ".join(each.split())


def _options(command: Any) -> Iterator[Block]:
    """The flags of a command, each explained, under their headings."""
    of = help_screen.flags(command)
    for group in help_screen.groups(command, all_of_them=True):
        if group.heading != headings.OWN:
            yield Heading(group.heading)
        for name in group.explained:
            written, told = help_screen.record(of[name])
            yield Item(written, f"{told}.")


def _variables(command: Any) -> list[str]:
    """The variables that its flags name, and those that no flag stands for."""
    under = getattr(command, "commands", {}).values() or [command]
    if not command.name:
        return list(VARIABLES)
    told = " ".join(help_screen.record(f)[1] for e in under for f in help_screen.flags(e).values())
    found = [name for name in VARIABLES if re.search(rf"\b{name}\b", told)]
    return [*found, *_ALWAYS] if "MCLI_PROFILE" in found else [*found, "MCLI_CONFIG"]


def _meaning(code: int, word: str) -> str:
    """What an exit code means, by the manual's table; a verdict is what the command says it is."""
    table = dict(re.findall(r"^\| (\d+) \| \w+ \| (.*?) \|", *_page("exit-codes")))
    return _sentence(word if code == 1 and word != "no" else table.get(str(code), word))


def _page(topic: str) -> tuple[str, re.RegexFlag]:
    """A page of the manual to look for the rows of a table in."""
    return manual.page(topic), re.MULTILINE


def _sentence(text: str) -> str:
    """A cell of a table as a sentence."""
    return f"{text[:1].upper()}{text[1:]}.".replace("`", "")


def _lowered(text: str) -> str:
    """The line on a page's name: no capital but of a word in capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
