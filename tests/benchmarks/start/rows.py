"""The rows of the table, and by which programs each is measured."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.benchmarks.start.programs import CURL, MCLI, MINIMAL, Stage, Where, asking
from tests.benchmarks.start.spending import Command
from tests.benchmarks.tokens import MEGABYTE, english

BARE = "python -c pass"
CALLS = 200
"""Of a loop."""
LOOP = 'i=0; while [ "$i" -lt "$0" ]; do "$@" || exit; i=$((i + 1)); done'
RECIPE = 'messages:\n  - system: Answer in a sentence.\n  - user: "{{ data }}"\n'


@dataclass(frozen=True, slots=True)
class Row:
    """A row: as `--only` names it, and as the table does."""

    name: str
    title: str


SPENT = (
    Row("floor", "an interpreter that does nothing"),
    Row("version", "`--version`"),
    Row("help", "`--help`"),
    Row("ask-help", "`ask --help`"),
    Row("tab", "a Tab that completes a recipe"),
    Row("count-1kb", "`count-tokens`, 1 KB"),
    Row("count-1mb", "`count-tokens`, 1 MB"),
    Row("count-50mb", "`count-tokens`, 50 MB"),
    Row("http", "`ask`, http"),
    Row("http-stream", "`ask --stream`, http"),
    Row("https", "`ask`, https"),
    Row("https-stream", "`ask --stream`, https"),
    Row("uncompiled", "`ask`, http, no byte-code"),
    Row("run", "`run` of a recipe, http"),
    Row("replay", "`ask --replay`"),
)
LOOPS = Row("loop", f"{CALLS} calls in a shell loop, http")
FIRST = Row("first-token", "first token to first byte, http")
TAIL = Row("tail", "`ask`, http, all cores busy")
ROWS = (*SPENT, LOOPS, FIRST, TAIL)

Lines = dict[str, dict[str, Command]]
"""Of each row the programs."""


def spent(stage: Stage, places: Mapping[str, Where]) -> Lines:
    """The commands of `SPENT`, in its order. Makes what they read."""
    http, https = places["http"], places["https"]
    told: Lines = {
        "floor": {BARE: Command((str(stage.python), "-c", "pass"), stage.env)},
        "version": {MCLI: stage.mcli("--version", owes=b"mcli")},
        "help": {MCLI: stage.mcli("--help", owes=b"ask")},
        "ask-help": {MCLI: stage.mcli("ask", "--help", owes=b"--model")},
        "tab": {MCLI: stage.mcli("__complete", "recipes", "run", "", owes=b"translate")},
    }
    for size, name in ((1000, "1kb"), (MEGABYTE, "1mb"), (50 * MEGABYTE, "50mb")):
        path = stage.folder / name
        path.write_text(english(size))
        told[f"count-{name}"] = {MCLI: stage.mcli("count-tokens", stdin=path, owes=b"\n")}
    told["http"], told["http-stream"] = (asking(stage, http, way) for way in (False, True))
    told["https"], told["https-stream"] = (asking(stage, https, way) for way in (False, True))
    told["uncompiled"] = {MCLI: uncompiled(stage, told["http"][MCLI])}
    told["run"] = {MCLI: recipe(stage, http)}
    told["replay"] = {MCLI: replay(stage, http)}
    for title, python in stage.peers.items():
        if title.startswith("llm"):
            llm, env = str(python.with_name("llm")), told["http"][title].env
            told["version"][title] = Command((llm, "--version"), env, b"llm")
            told["help"][title] = Command((llm, "--help"), env, b"Commands")
    return told


def uncompiled(stage: Stage, command: Command) -> Command:
    """The same where neither installing nor running has compiled: by uv, in many an image."""
    bare = stage.folder / "uncompiled"
    (packages,) = stage.python.parent.parent.glob("lib/python*/site-packages")
    shutil.copytree(packages, bare, ignore=shutil.ignore_patterns("__pycache__", "pip"))
    env = {"PYTHONPATH": str(bare), "PYTHONDONTWRITEBYTECODE": "1"}
    return replace(command, env={**command.env, **env})


def recipe(stage: Stage, where: Where) -> Command:
    """A recipe of a person's own, by its path, over data from stdin."""
    path = stage.folder / "sentence.yaml"
    path.write_text(RECIPE)
    words = ("run", str(path), "--base-url", where.url)
    return stage.mcli(*words, stdin=stage.folder / "1kb", owes=b"Paris")


def replay(stage: Stage, where: Where) -> Command:
    """A call that was recorded before. Records it."""
    words = ("ask", "-n", "hi", "--base-url", where.url)
    tape = str(stage.folder / "tape")
    made = stage.mcli(*words, "--record", tape)
    subprocess.run(made.argv, env=made.env, check=True, stdout=subprocess.DEVNULL)
    return stage.mcli(*words, "--replay", tape, owes=b"Paris")


def loops(stage: Stage, where: Where) -> dict[str, Command]:
    """Many calls one after another, as a script makes them. llm and the SDK would take minutes."""
    asked = asking(stage, where, streamed=False)
    chosen = [title for title in (MCLI, MINIMAL, CURL) if title in asked]
    return {title: looped(asked[title]) for title in chosen}


def looped(command: Command) -> Command:
    """`CALLS` runs, by a shell."""
    argv = ("sh", "-c", LOOP, str(CALLS), *command.argv)
    return replace(command, argv=argv)
