"""README and --help against the program: every command, flag, exit code and variable."""

from __future__ import annotations

import re

import pytest
import typer

from mcli import library, manpage, manual, recipe_document, variables
from mcli.cli import app
from mcli.errors import ExitCode
from mcli.settings import VARIABLES
from tests.program import ROOT

README = (ROOT / "README.md").read_text()
ROOT_COMMAND = typer.main.get_command(app)


def commands():
    for name, command in ROOT_COMMAND.commands.items():
        yield name, command
        yield from ((f"{name} {n}", c) for n, c in getattr(command, "commands", {}).items())


COMMANDS = dict(commands())
FLAGS = sorted(
    {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        if parameter.param_type_name == "option"
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"`{name}" in README or f"mcli {name}" in README
    assert COMMANDS[name].help


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_is_in_the_readme(flag: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", README)


def test_no_flag_of_the_readme_is_invented() -> None:
    own = README.partition("## Contributing")[0]
    shown = set(re.findall(r"`(-{1,2}[a-z][\w-]*)", own))

    assert shown - set(FLAGS) - {"--help", "-h", "--version"} == set()


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_in_the_readme(code: ExitCode) -> None:
    assert re.search(rf"^\| {int(code)} \|", README, re.MULTILINE)


def test_the_manual_has_the_same_exit_codes_as_the_readme() -> None:
    assert exit_codes(manual.page("exit-codes")) == exit_codes(README)


def exit_codes(text: str) -> list[str]:
    """The lines of the table of exit codes."""
    table = text.partition("| code | name | meaning |")[2].partition("\n\n")[0]
    assert table
    return table.splitlines()


@pytest.mark.parametrize("topic", manual.topics())
def test_every_topic_of_the_manual_is_in_the_readme(topic: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith("| `help [TOPIC]`"))

    assert f"`{topic}`" in row
    assert f"`mcli help {topic}`" in README


def test_no_topic_of_the_readme_is_invented() -> None:
    shown = set(re.findall(r"`mcli help ([\w-]+)`", README))

    assert shown - set(manpage.names(ROOT_COMMAND)) == set(manual.topics())


@pytest.mark.parametrize("topic", manual.topics())
def test_no_flag_of_the_manual_is_invented(topic: str) -> None:
    """Whether it stands alone or behind `mcli`; another program's stands behind its name."""
    spans = re.findall(r"`((?:mcli |-)[^`\n]*)`", manual.page(topic))
    shown = {flag for span in spans for flag in re.findall(r"(?<![\w-])-{1,2}[a-z][\w-]*", span)}

    assert shown - set(FLAGS) - {"--help", "-h"} == set()


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_no_variable_is_read_that_is_not_listed() -> None:
    read = {
        word
        for path in (ROOT / "mcli").rglob("*.py")
        for word in re.findall(r"\bMCLI_[A-Z_]+\b", path.read_text())
    }

    assert read == set(VARIABLES)


def test_every_bundled_recipe_is_in_the_readme_with_its_inputs() -> None:
    for path in (ROOT / "recipes").glob("*.yaml"):
        bundled = library.bundled(path.stem).recipe
        row = next(line for line in README.splitlines() if line.startswith(f"| `{path.stem}`"))
        assert all(name in row for name in bundled.inputs), path.stem


def test_the_recipe_keys_are_in_the_readme() -> None:
    assert all(f"`{key}`" in README for key in (*recipe_document.KEYS, *variables.TYPES))
