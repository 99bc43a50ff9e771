from __future__ import annotations

import ast
import json
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.sandbox.snippets import block, language
from tests.scripting.page import need

NASTY = (
    "\n \nend it: \"\"\" ''' ``` */ --> -- ?> \\ </script> {{x}} %> "
    "\x00\u2028\u202e #{x} $(rm) NOTE\nmore"
)

LANGUAGES = (
    *("python", "javascript", "typescript", "bash", "go", "rust", "c", "c++", "java", "ruby"),
    *("php", "sql", "json", "yaml", "toml", "html", "css"),
)


def code_of(name: str, task: str) -> str:
    first, *body, last = block(name, task).split("\n")
    assert first.startswith("```")
    assert last == "```"
    assert not any("```" in line for line in body)
    return "\n".join(body)


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("one fenced code block", "python"),
        ("Answer with one fenced code block.\nLanguage: go\n", "go"),
        ("Language:   Objective C  \nLanguage: rust", "Objective C"),
        ("Language:\nLanguage: rust", "rust"),
        ("In the Language: rust", "python"),
    ],
)
def test_the_language_is_read_from_its_line(system: str, name: str) -> None:
    assert language(system) == name


@pytest.mark.parametrize("name", [*LANGUAGES, "brainfuck", "Ada 95"])
def test_every_snippet_says_where_it_comes_from_and_quotes_the_task(name: str) -> None:
    code = code_of(name, "reverse a list\nin place").replace('\\"', '"')
    assert 'From the mcli sandbox, not from a model. The task: "reverse a list".' in code


@pytest.mark.parametrize("task", ["reverse a list", NASTY, "", "x" * 500, "日本語 ünï"])
def test_python_compiles_and_says_so_in_its_docstring(task: str) -> None:
    function = ast.parse(code_of("Py", task)).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert "mcli sandbox" in (ast.get_docstring(function) or "")


@settings(deadline=None)
@given(st.text())
def test_no_task_breaks_a_snippet(task: str) -> None:
    ast.parse(code_of("python", task))
    assert json.loads(code_of("json", task))["source"] == "mcli sandbox"
    assert yaml.safe_load(code_of("yaml", task)) == {"source": "mcli sandbox"}
    assert tomllib.loads(code_of("toml", task)) == {"source": "mcli sandbox"}
    for name in LANGUAGES:
        assert len(code_of(name, task).splitlines()) == len(code_of(name, "").splitlines())


@pytest.mark.parametrize(
    ("name", "suffix", "checker"),
    [
        ("bash", "sh", ["bash", "-n"]),
        ("javascript", "js", ["node", "--check"]),
        ("c", "c", ["gcc", "-Wall", "-Werror", "-fsyntax-only"]),
        ("c++", "cc", ["g++", "-Wall", "-Werror", "-fsyntax-only"]),
    ],
)
def test_a_checker_has_no_complaint(
    name: str, suffix: str, checker: list[str], tmp_path: Path
) -> None:
    need(checker[0])
    path = tmp_path / f"snippet.{suffix}"
    path.write_text(code_of(name, NASTY) + "\n", encoding="utf-8")
    subprocess.run([*checker, str(path)], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize(
    ("name", "tag"), [("JS", "javascript"), ("c++", "c++"), ("Ada 95", "ada95"), ("a`b", "ab")]
)
def test_the_fence_names_the_language(name: str, tag: str) -> None:
    assert block(name, "x").startswith(f"```{tag}\n")


def test_an_unknown_language_gets_a_comment_line() -> None:
    assert code_of("brainfuck", "add").startswith("# From the mcli sandbox")
