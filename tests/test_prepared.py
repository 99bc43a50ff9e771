"""What the bundled recipes say is the same, whether it is read from their YAML or made before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mcli import gist, library, prepared, strict
from mcli.catalogue import bundled_folder, recipes_in
from mcli.errors import ConfigFailure
from mcli.shapes import replace
from tests.program import ROOT, Program


@pytest.mark.parametrize("name", sorted(recipes_in(bundled_folder())))
def test_it_is_the_recipe_without_its_tests(name: str) -> None:
    path = bundled_folder() / f"{name}.yaml"
    read = library.load(path, {})

    assert prepared.document(path.read_bytes(), path) is not None
    assert library.bundled(name).recipe == replace(read, tests=())
    assert library.find(name, {}, tests=True).recipe == read


def test_the_file_is_what_the_recipes_make(tmp_path: Path) -> None:
    made = tmp_path / "recipes.json"
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, ROOT / ".ci" / "make-recipes", made], check=True, env=env)

    assert made.read_text() == prepared.FILE.read_text(), "run .venv/bin/python .ci/make-recipes"
    assert (tmp_path / "tab.tsv").read_text() == Path(gist.FILE).read_text(), ".ci/make-recipes"


def test_places_are_those_of_the_text() -> None:
    path = bundled_folder() / "ask.yaml"
    known = prepared.document(path.read_bytes(), path)
    assert known is not None
    messages = strict.mapping(known)["messages"]

    assert messages.place == f"{path}:5:1"
    assert path.read_text().splitlines()[4].startswith("messages:")


@pytest.mark.parametrize("told", [b"", b"{", b"{}", b"[]", b'{"ask": {"crc": 1}}', b"\xff"])
def test_where_it_is_broken_the_text_is_read(
    told: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipes.json").write_bytes(told)
    monkeypatch.setattr(prepared, "FILE", tmp_path / "recipes.json")

    assert library.bundled("ask").recipe.tests


def test_an_edited_recipe_is_read_as_it_stands(tmp_path: Path) -> None:
    package = tmp_path / "mcli"
    shutil.copytree(ROOT / "mcli", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    program = Program(tmp_path / "home")
    program.env["PYTHONPATH"] = str(tmp_path)
    recipe = tmp_path / "recipes" / "ask.yaml"
    edited = recipe.read_text().replace("on the command line", "in a test")
    recipe.write_text(edited)

    assert "in a test" in program("ask", "-n", "hi", "--dry-run", "-m", "m", "--no-key").out
    recipe.write_text(edited.replace("messages:", "massages:"))
    done = program("ask", "-n", "hi", "--dry-run", "-m", "m", "--no-key")
    assert (done.code, "ask.yaml:" in done.err) == (ConfigFailure.exit_code, True)
