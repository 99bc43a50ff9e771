"""What `--help` shows of each command, and that its examples are real: each one is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mcli import headings, help_screen
from mcli.errors import ExitCode
from tests.faults.rows import TABLE as ROWS
from tests.program import Program
from tests.test_docs import COMMANDS, ROOT_COMMAND

LEAVES = {name: each for name, each in COMMANDS.items() if not hasattr(each, "commands")}
SCREENS = {"": ROOT_COMMAND, **COMMANDS}
MADE = help_screen.screens(ROOT_COMMAND)
SCREEN = 24
LONGEST = {"": 32, "batch": 54}
"""The program has a line a command, `batch` nineteen flags beside those that all have."""
SIGNALS = {129, 130, 141, 143}
FILES = {
    "app.log": "error: disk full\n" * 3,
    "mail.txt": "I love it. Ann\n",
    "person.json": '{"properties": {"name": {"type": "string"}}, "required": ["name"]}',
    "mails.txt": "buy now\nsee you at noon\n",
    "report.txt": "A report of the year.\n",
    "review.txt": "I love it.\n",
    "prompt.txt": "Be brief.\n",
    "fib.py": "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n",
    "rows.csv": "title\nHouse\nTree\n",
    "prompts/one.yaml": "messages: [{user: 'Say hello: {{ data }}'}]\n"
    "tests: [{data: hi, expect: {contains: sandbox}}]\n",
}
EXAMPLES = [
    pytest.param(name, line, id=f"{name or 'mcli'}-{n}".replace(" ", "-"))
    for name, command in LEAVES.items()
    for n, (_, line) in enumerate(getattr(help_screen.documentation(command), "examples", ()))
]
TOLERATED = {"mcli sandbox --fail": {0, 75}}
"""Where a failure is what the example shows, the codes that it may end with."""


@pytest.mark.parametrize("name", LEAVES)
def test_a_command_brings_its_examples_and_exit_codes(name: str) -> None:
    """They stand in front of its definition: `@documented(EXITS, (ABOUT, LINE), (ABOUT, LINE))`."""
    told = help_screen.documentation(LEAVES[name])

    assert told, f"mcli {name} has no @documented in front of it: see mcli/commands/ask.py"
    assert len(told.examples) == 2, f"mcli {name}: two examples"
    assert all(f"mcli {name}" in line for _, line in told.examples)
    assert all(about and not about.endswith(".") for about, _ in told.examples)
    assert {*help_screen.ANYWAY} <= {*told.exits} <= {*map(int, ExitCode), 126, 127}


def test_no_fault_ends_a_command_with_a_code_that_it_does_not_tell() -> None:
    """By the catalogue of faults, which plays each; a signal's status is no exit code."""
    untold: set[tuple[str, str, int]] = set()
    for row in ROWS:
        words = row.call.argv[:2]
        name = next((n for n in (" ".join(words), *words[:1]) if n in LEAVES), None)
        told = help_screen.documentation(LEAVES[name]) if name else None
        codes = {row.expected(mode).exit for mode in row.modes} - SIGNALS if told else set[int]()
        untold |= {(row.id, name or "", c) for c in codes if told and c > 0 and c not in told.exits}

    assert untold == set()


def screen_of(name: str) -> str:
    """What `--help` shows of a command, and a line break."""
    return MADE[tuple(name.split())]


@pytest.mark.sweep
@pytest.mark.parametrize("name", SCREENS)
def test_help_prints_the_screen_however_wide_the_terminal_is(mcli: Program, name: str) -> None:
    done = mcli(*name.split(), "--help")

    assert (done.code, done.out, done.err) == (0, screen_of(name), "")
    assert mcli(*name.split(), "-h", COLUMNS="200").out == done.out


@pytest.mark.parametrize("name", SCREENS)
def test_help_fits_a_screen(name: str) -> None:
    lines = screen_of(name).splitlines()
    few = len(help_screen.flags(SCREENS[name])) <= headings.MANY

    assert len(lines) <= LONGEST.get(name, SCREEN if few else 48)
    assert max(map(len, lines)) <= 78


@pytest.mark.parametrize("name", SCREENS)
def test_help_names_every_flag_shows_two_examples_and_ends_with_exit_codes(name: str) -> None:
    screen = screen_of(name)
    told = help_screen.documentation(SCREENS[name])

    for flag in help_screen.flags(SCREENS[name]).values():
        for word in () if flag.name == "help" else (*flag.opts, *flag.secondary_opts):
            assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", screen), word
    assert told
    assert all(f"  {line}\n" in screen for _, line in told.examples[:2])
    assert screen.count("\nExamples:\n") == 1
    ending = " ".join(screen.rpartition("\nExit codes: ")[2].split())
    assert ending.startswith(", ".join(f"{code} {word}" for code, word in told.exits.items()))
    page = "-".join(("mcli", *name.split()[:1]))
    assert ending.endswith(
        f"; mcli help exit-codes Every flag explained: man {page}, or mcli help {page}"
    )


@pytest.fixture
def furnished(mcli: Program) -> Program:
    """A home with the files that examples name, and a repository."""
    for name, text in FILES.items():
        path = mcli.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return mcli


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_an_example_is_real(furnished: Program, name: str, line: str) -> None:
    inside = "mcli sandbox" in line
    repository = "git init -q . 2> /dev/null && echo a > a && git add -N a"
    (furnished.home / "example.sh").write_text(f"set -o pipefail\n{repository}\n{line}\n")
    started = "bash example.sh" if inside else "mcli sandbox -- bash example.sh"
    done = furnished.shell(started)

    allowed = next((codes for begin, codes in TOLERATED.items() if line.startswith(begin)), {0})
    assert done.code in allowed, (name, line, done.err)
    tells = set(line.split()) & {"-v", "--probe"}
    assert done.code or tells or not re.search(r"^mcli: ", done.err, re.MULTILINE)


def test_a_flag_that_may_be_repeated_has_dots_and_env_stays(mcli: Program) -> None:
    screen = mcli("ask", "--help").out

    assert "-f, --file PATH...      Add a file's text; - is stdin\n" in screen
    assert "[env: MCLI_MODEL]" in screen


def test_a_recipes_own_help_is_as_before(mcli: Program) -> None:
    assert mcli("run", "translate", "--help").out.startswith("Usage: mcli run translate")
    assert "-h, --help" in mcli("run", "--help").out


def test_the_files_of_the_examples_are_used() -> None:
    lines = " ".join(line for _, line in (each.values for each in EXAMPLES))

    assert [name for name in FILES if Path(name).parts[0] not in lines] == []
