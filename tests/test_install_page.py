"""`mcli help install`: its commands and files, tried; `.ci/install-ways` tries the ways."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml

from mcli import manual
from tests.program import ROOT, Program
from tests.scripting.page import fences

BLOCKS = fences(manual.page("install"))
EDITOR, CI = "Recipes in an editor", "In CI"


def block(section: str, number: int, kind: str) -> str:
    found, text = BLOCKS[section, number]
    assert found == kind
    return text


def test_every_way_is_tried_in_ci() -> None:
    page = manual.page("install").partition("## ")[0]
    ways = re.findall(r"^\| (\w+) \| `", page, re.MULTILINE)
    script = (ROOT / ".ci/install-ways").read_text()
    (tried,) = re.findall(r"ways=\(([a-z ]+)\)$", script, re.MULTILINE)

    assert ways == tried.split()
    assert "mcli-llm" in (ROOT / "pyproject.toml").read_text()


def test_the_schema_is_where_comment_and_pattern_look_for_it(mcli: Program) -> None:
    folder = mcli.home / "prompts"
    folder.mkdir()
    assert mcli.shell(block(EDITOR, 0, "sh")).code == 0
    recipe = block(EDITOR, 1, "yaml")
    (folder / "mine.yaml").write_text(recipe)

    (named,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", recipe, re.MULTILINE)
    assert json.loads((folder / named).read_text())["title"]
    assert mcli("recipes", "check", "prompts").code == 0
    ((schema, patterns),) = json.loads(block(EDITOR, 2, "json"))["yaml.schemas"].items()
    assert (mcli.home / schema).samefile(folder / named)
    assert any(fnmatch("prompts/mine.yaml", pattern) for pattern in patterns)


def test_the_hook_is_defined(mcli: Program) -> None:
    config: Any = yaml.safe_load(block(CI, 0, "yaml"))
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (used,) = config["repos"][0]["hooks"]

    assert used["id"] == hook["id"]
    assert re.search(used["files"], "prompts/a/b.yaml")
    for path, wanted in (("recipes/a.yaml", True), ("a/prompts/b/c.yml", True), ("a.yaml", False)):
        assert bool(re.search(hook["files"], path)) is wanted
    (mcli.home / "a.yaml").write_text("mesages: []\n")
    assert mcli(*hook["entry"].split()[1:], "a.yaml").code == 1


def test_the_action_takes_what_the_example_gives() -> None:
    action: Any = yaml.safe_load((ROOT / ".github/actions/mcli/action.yml").read_text())
    workflow: Any = yaml.safe_load(block(CI, 1, "yaml"))
    given = workflow["jobs"]["summary"]["steps"][1]["with"]

    assert set(given) <= set(action["inputs"])
    needed = {name for name, each in action["inputs"].items() if each.get("required")}
    assert needed <= set(given)


@pytest.mark.parametrize("name", ["on_windows", "lock"])
def test_what_differs_on_windows_is_told(name: str) -> None:
    assert name in manual.page("install").partition("## Windows")[2]
