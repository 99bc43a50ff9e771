"""A Tab in each shell, for everything that can stand on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcli import manual
from tests.faults.scenes import as_json
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program
from tests.scripting.page import fences

from .terminal import INSTALLED, Shell

SHELLS = ("bash", "zsh", "fish")
FIRST_STEPS = manual.page("first-steps")
RECIPE = """\
description: "Sort a mail."
inputs:
  team: {help: Who reads it}
  kind: {type: enum, values: [kind-one, kind-two], default: kind-one}
  pages: {type: file, help: More of it}
messages: [{user: "{{ team }} {{ kind }} {{ pages }} {{ data }}"}]
"""
TABS = (
    ("mcli ", "ask", "count-tokens", "usage"),
    ("mcli summ", "mcli summarize"),
    ("mcli-llm summ", "mcli-llm summarize"),
    ("mcli recipes ", "check", "schema", "test"),
    ("mcli --ver", "mcli --version"),
    ("mcli recipes --he", "mcli recipes --help"),
    ("mcli ask --max-", "--max-tokens", "--max-requests"),
    ("mcli recipes test --jun", "mcli recipes test --junit"),
    ("mcli batch x --in-doubt ", "retry", "skip", "fail"),
    ("mcli ask --color=a", "always", "auto"),
    ("mcli ask --color=n", "--color=never"),
    ("mcli codegen x --lang java", "mcli codegen x --lang javascript"),
    ("mcli help ex", "examples", "exit-codes"),
    ("mcli completion ", "bash", "fish", "powershell", "zsh"),
    ("mcli ask --profile work", "work-one", "work-two"),
    ("mcli ask --profile=work-o", "--profile=work-one"),
    ("mcli ask -m mod", "model/a", "model/b:free"),
    ("mcli ask --fallback model/b:f", "model/b:free"),
    ("mcli ask --profile work-one -m mod", "-m model/other"),
    ("mcli run tri", "triage", "trial"),
    ("mcli batch tri", "triage", "trial"),
    ("mcli recipes show tri", "triage", "trial"),
    ("mcli run triage -D ", "team=", "kind=", "pages="),
    ("mcli batch -m gpt-4 triage --text -D te", "-D team="),
    ("mcli summarize -D sty", "-D style="),
    ("mcli run triage -D kind=k", "kind-one", "kind-two"),
    ("mcli run triage -D pages=uni", "pages=unique.txt"),
    ("mcli run triage --var-file team=uni", "team=unique.txt"),
    ("mcli ask -f note", "one.txt", "two.txt"),
    ("mcli ask --file=uni", "--file=unique.txt"),
    ("mcli run triage uni", "mcli run triage unique.txt"),
    ("mcli codegen x --write fold", "--write folder/"),
    ("mcli run ./uni", "mcli run ./unique.txt"),
    ("mcli summarize -- uni", "mcli summarize -- unique.txt"),
    ("mcli sandbox -- mcli-l", "mcli sandbox -- mcli-llm"),
    ("mcli sandbox -v -- mcli usage --by h", "--by host"),
)  # fmt: skip
NOT_THERE = (
    ("mcli ask --color ", "always", "unique.txt"),
    ("mcli ask --profile ", "work-one", "unique.txt"),
    ("mcli codegen x --write fold", "folder/", "folder.txt"),
    ("mcli run -e x uni", "unique.txt", "triage"),
    ("mcli run triage -D team=x -D ", "kind=", "team= "),
    ("mcli recipes ", "check", "summarize"),
)
"""Lines, what a Tab shows, and what it does not."""
TOLD = {
    "mcli ": "What was spent on this machine",
    "mcli ask --max-": "Token limit of the answer",
    "mcli help ex": "Exit codes, the failure line",
    "mcli run tri": "Sort a mail",
    "mcli run triage -D ": "Who reads it",
    "mcli ask --profile work": "127.0.0.1",
    "mcli ask -m mod": "8,192 tokens",
}
HOSTILE = (
    "$(touch owned)", "`touch owned`", "a;touch owned", "a b owned", "a'owned", 'a"owned',
    "a\\owned", "a\nowned", "a\towned", "a\x1b[2Jowned", "a|owned", "a&owned", "~owned",
    "a*owned", "-owned",    "a%owned", "=owned", "a\u202eowned", "{a,owned}", "#owned", "!owned",
)  # fmt: skip


@pytest.fixture
def home(mcli: Program, server: FaultyServer) -> Program:
    """A home with profiles, recipes, files, and the models of an endpoint that was asked once."""
    (mcli.home / "bin").mkdir(exist_ok=True)
    other = mcli.home / "bin" / "mcli-llm"
    other.symlink_to(mcli.wrapper())
    one = {"base_url": "http://127.0.0.1:9/v1", "key": "none", "model": "model/other"}
    two = {"base_url": server.base_url, "key": "none"}
    both = {"work-one": one, "work-two": two}
    mcli.configure(json.dumps({"profile": "work-two", "profiles": both}))
    own = mcli.home / ".config" / "mcli" / "recipes"
    own.mkdir()
    for name in ("triage", "trial"):
        (own / f"{name}.yaml").write_text(RECIPE)
    for name in ("notes one.txt", "notes two.txt", "unique.txt", "folder.txt", "files.txt"):
        (mcli.home / name).write_text("")
    (mcli.home / "folder").mkdir()
    list_models(mcli, server, "model/a", "model/b:free")
    return mcli


def list_models(mcli: Program, server: FaultyServer, *names: str) -> None:
    listed = [{"id": name, "context_length": 8192} for name in names]
    server.play(as_json({"object": "list", "data": listed}))
    assert mcli("models", "--json").code == 0


@pytest.mark.sweep
@pytest.mark.parametrize("shell", SHELLS)
def test_it_is_switched_on_as_the_manual_says(mcli: Program, shell: str) -> None:
    with Shell(shell, mcli) as opened:
        opened.press("mcli summ\t", "mcli summarize")


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_offers_what_may_stand_there(home: Program, shell: str) -> None:
    with Shell(shell, home) as opened:
        for line, *shown in TABS:
            opened.press(f"{line}\t", *shown)


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_the_tabs_of_the_first_steps(mcli: Program, shell: str) -> None:
    _, console = fences(FIRST_STEPS)["A first recipe", 0]
    recipe = "".join(line[2:] for line in console.splitlines(True) if line.startswith("> "))
    own = mcli.home / ".config" / "mcli" / "recipes"
    own.mkdir()
    (own / "triage.yaml").write_text(recipe.partition("END\n")[0])
    lines = fences(FIRST_STEPS)["Tab", 1][1].splitlines()

    with Shell(shell, mcli) as opened:
        for typed, made in (line.split("⇥") for line in lines):
            opened.press(f"{typed}\t", made.strip())


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_finds_the_files_of_an_installation(mcli: Program, shell: str) -> None:
    on = INSTALLED[shell].format(folder=ROOT / "completions")
    with Shell(shell, mcli, on=on) as opened:
        opened.press("mcli-llm summ\t", "mcli-llm summarize")
        opened.press("mcli usage --by h\t", "--by host")
        opened.press("mcli usage --by h\t", "--by host")


@pytest.mark.slow
def test_bash_completes_in_all_its_moods(home: Program) -> None:
    """Options are a person's to choose, and so are the names of files."""
    odd = "touch 'files+' 'retry' 'recipes*'; set -u; shopt -s failglob nocaseglob extglob"
    with Shell("bash", home, odd) as opened:
        for line, *shown in TABS:
            opened.press(f"{line}\t", *shown)


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_offers_nothing_else(home: Program, shell: str) -> None:
    with Shell(shell, home) as opened:
        for line, shown, other in NOT_THERE:
            assert other not in opened.press(f"{line}\t", shown), line


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_where_the_shell_shows_it_each_is_told_of(home: Program, shell: str) -> None:
    with Shell(shell, home) as opened:
        for line, told in TOLD.items():
            opened.press(f"{line}\t", told)


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_hostile_name_is_neither_offered_nor_run(
    mcli: Program, server: FaultyServer, shell: str
) -> None:
    lay_traps(mcli, server)
    # Nor is it asked by a function of the name, which may do more than answer.
    trap = "function mcli; touch owned; end" if shell == "fish" else "mcli() { touch owned; }"
    with Shell(shell, mcli, trap) as opened:
        for line in ("ask --profile ", "ask -m ", "run ", "run odd -D "):
            assert "owned" not in opened.press(f"mcli {line}\t", "fine", "other"), line
            opened.press(f"mcli {line}fin\t", f"{line}fine")

    assert not {"owned", "caught"} & {path.name for path in mcli.home.iterdir()}


def lay_traps(mcli: Program, server: FaultyServer) -> None:
    """Names that want to be run, of profiles, models and recipes; what is told of them may be shown
    as it stands."""
    names = ["fine", "other", *HOSTILE]
    profile = {"base_url": server.base_url, "key": "none"}
    mcli.configure(json.dumps({"profile": "fine", "profiles": dict.fromkeys(names, profile)}))
    list_models(mcli, server, *names)
    own = mcli.home / ".config" / "mcli" / "recipes"
    own.mkdir()
    for name in names:
        path = own / f"{name}.yaml"
        path.write_text('description: "$(touch caught) `touch caught` %F{red} \\x1b[2J"\n')
    inputs = "{fine: {help: '$(touch caught)`touch caught`'}, other: {help: \"\\e[2J\"}}"
    (own / "odd.yaml").write_text(f'inputs: {inputs}\nmessages: [{{user: "{{{{ data }}}}"}}]\n')


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_broken_configuration_writes_nothing_across_the_line(home: Program, shell: str) -> None:
    home.configure("profiles: [broken\n")
    broken: Path = home.home / ".config" / "mcli" / "recipes" / "triage.yaml"
    broken.write_text("messages: [\n")
    with Shell(shell, home) as opened:
        screen = opened.press("mcli ask --profile o\t", "ollama", "openai")
        screen += opened.press("mcli run triage -D \t", "-D ")
        screen += opened.press("mcli usage --by h\t", "--by host")

    assert "mcli: " not in screen
    assert "Traceback" not in screen
