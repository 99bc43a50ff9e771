"""The table of formats: our column says what the program has, and every cell says something."""

from __future__ import annotations

import re

import pytest

from mcli import manual, prompt_yml, recipe_document, variables
from mcli.recipe import Kind
from tests.faults import scenes
from tests.faults.server import FaultyServer
from tests.program import Program
from tests.test_docs import COMMANDS, FLAGS

KEYS = {
    *recipe_document.KEYS,
    *recipe_document.INPUT_KEYS,
    *(f"output.{key}" for key in recipe_document.OUTPUT_KEYS),
}
WORDS = {"label", ".prompt.yml", "#!", "run", "recipes schema", "recipes test --replay"}
"""What stands in backticks in our column and is no key: each has its test below or elsewhere."""


def rows() -> list[list[str]]:
    table = manual.page("formats").partition("<!-- formats -->\n")[2].partition("<!-- end -->")[0]
    return [
        [cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table.splitlines()
    ]


HEAD, _, *ROWS = rows()
OURS = {row[0]: row[1] for row in ROWS}

SAID = {
    "its program checks the answer against it",
    "stands in a shell pipe",
    "the file can be a command",
    "tests again without network",
    "data are never a template",
    "runs no code",
    "an unknown key",
}
"""The rows that no key stands for; the one run below shows each."""

RECIPE = """#!{python} -m mcli run
inputs: {{language: {{default: German}}}}
messages: [{{user: "{{{{ language }}}}: {{{{ data }}}}"}}]
output: {{schema: {{type: object, required: [a]}}, get: a, repair: 1}}
tests: [{{data: x, expect: {{equals: yes}}}}]
"""


def test_the_table_is_full() -> None:
    assert HEAD[1] == "mcli"
    assert all(len(row) == len(HEAD) and all(row) for row in ROWS)
    versions = manual.page("formats").partition("<!-- formats -->")[0]
    assert all(f"| {name} |" in versions for name in HEAD[1:])


@pytest.mark.parametrize("feature", OURS)
def test_our_column_names_what_there_is(feature: str) -> None:
    named = set(re.findall(r"`([^`]+)`", OURS[feature]))

    assert named <= KEYS | WORDS
    assert named or feature in SAID


def test_the_words_that_are_no_keys() -> None:
    assert {"run", "recipes schema", "recipes test"} <= set(COMMANDS)
    assert "--replay" in FLAGS
    assert "label" in Kind.__args__
    assert ".prompt.yml" in prompt_yml.ENDINGS
    assert f"{len(variables.TYPES)} types" in OURS["typed inputs"]


def test_a_recipe_in_a_pipe_as_a_command_and_again_without_network(
    mcli: Program, server: FaultyServer
) -> None:
    path = mcli.home / "r.yaml"
    path.write_text(RECIPE.format(python="/usr/bin/env -S " + mcli.argv()[0]))
    path.chmod(0o755)
    answers = [scenes.ok("{}"), scenes.ok('{"a": "yes"}')]
    server.play(answers * 2)
    piped = mcli.shell("echo '{{ language }}' | ./r.yaml -D language=Dutch | tr a-z A-Z")
    asked = server.requests[0].body["messages"][-1]["content"]
    refused = server.requests[1].body["messages"]

    assert (piped.out, piped.err) == ("YES\n", "")
    assert asked == "Dutch: {{ language }}\n"
    assert "does not fit its schema" in refused[-1]["content"]

    tested = mcli("recipes", "test", "--record", "tape", str(path))
    sent = len(server.requests)
    again = mcli("recipes", "test", "--replay", "tape", str(path))
    assert (tested.code, again.code, len(server.requests)) == (0, 0, sent)
    assert again.out == tested.out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("modle: x", "r.yaml:1:1: unknown key"),
        ("model: !!python/name:os.system", "r.yaml:1:8: tags are not allowed"),
        ("description: x\nrun: id", "r.yaml:2:1: unknown key"),
    ],
)
def test_an_unknown_key_and_code_are_refused_with_their_place(
    mcli: Program, line: str, says: str
) -> None:
    (mcli.home / "r.yaml").write_text(f'{line}\nmessages: [{{user: "{{{{ data }}}}"}}]\n')

    assert says in mcli("recipes", "check", "r.yaml").out
