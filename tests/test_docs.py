"""README and manual against the program: every command, flag, exit code and variable.

The README is one page; the manual, `mcli/help/*.md`, has the rest. What the program has is in one
of them.
"""

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
PAGES = {topic: manual.page(topic) for topic in manual.topics()}
DOCUMENTS = "\n".join((README, *PAGES.values()))
TOPIC = re.compile(r"`mcli\s+help\s+([\w-]+)`")
MOST_LINES = 160
"""Of a README that is read to its end."""
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
def test_every_command_is_in_the_readme_and_the_manual_and_has_help(name: str) -> None:
    assert f"`{name}" in README or f"mcli {name}" in README
    assert re.search(rf"(^## |`|, ){name}\b", PAGES["commands"], re.MULTILINE)
    assert COMMANDS[name].help


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_is_in_the_readme_or_the_manual(flag: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", DOCUMENTS)


def test_no_flag_of_the_readme_is_invented() -> None:
    own = README.partition("## Contributing")[0]
    shown = set(re.findall(r"`(-{1,2}[a-z][\w-]*)", own))

    assert shown - set(FLAGS) - {"--help", "-h", "--version"} == set()


def test_the_readme_is_one_page() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_every_exit_code_is_in_the_manual_by_its_name() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", exit_codes(PAGES["exit-codes"]), re.MULTILINE)

    assert rows == [(str(int(code)), code.name.lower()) for code in ExitCode]


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    told = README.partition("In short: ")[2].partition("\n\n")[0]

    assert {0, 75} <= {int(number) for number in re.findall(r"\d+", told)} <= set(ExitCode)
    assert "`mcli help exit-codes`" in told


def exit_codes(text: str) -> str:
    """The table of exit codes."""
    return text.partition("| code | name | meaning |")[2].partition("\n\n")[0]


@pytest.mark.parametrize("topic", manual.topics())
def test_the_readme_leads_to_every_page_of_the_manual(topic: str) -> None:
    assert f"[{topic}](mcli/help/{topic}.md)" in README


def test_every_page_that_is_named_is_there() -> None:
    named = {topic for text in (README, *PAGES.values()) for topic in TOPIC.findall(text)}
    linked = re.findall(r"\]\(([^):]+)\)", DOCUMENTS)

    assert named - {"TOPIC"} <= set(manual.topics()) | set(manpage.names(ROOT_COMMAND))
    assert [path for path in linked if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("topic", manual.topics())
def test_no_flag_of_the_manual_is_invented(topic: str) -> None:
    """Whether it stands alone or behind `mcli`; another program's stands behind its name."""
    spans = re.findall(r"`((?:mcli |-)[^`\n]*)`", manual.page(topic))
    shown = {flag for span in spans for flag in re.findall(r"(?<![\w-])-{1,2}[a-z][\w-]*", span)}

    assert shown - set(FLAGS) - {"--help", "-h", "--version"} == set()


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_is_in_the_readme_or_the_manual(name: str) -> None:
    assert f"`{name}`" in DOCUMENTS


def test_no_variable_is_read_that_is_not_listed() -> None:
    read = {
        word
        for path in (ROOT / "mcli").rglob("*.py")
        for word in re.findall(r"\bMCLI_[A-Z_]+\b", path.read_text())
    }

    assert read == set(VARIABLES)


def test_every_bundled_recipe_is_in_the_manual_with_its_inputs() -> None:
    rows = PAGES["recipes"].splitlines()
    for path in (ROOT / "recipes").glob("*.yaml"):
        bundled = library.bundled(path.stem).recipe
        row = next(line for line in rows if line.startswith(f"| `{path.stem}`"))
        assert all(name in row for name in bundled.inputs), path.stem


def test_the_recipe_keys_are_in_the_manual() -> None:
    assert all(f"`{key}`" in PAGES["recipes"] for key in (*recipe_document.KEYS, *variables.TYPES))
