"""Fuzz target: any bytes are a recipe or one complaint, and a recipe fills in or says why not.

The first byte says what the rest is read as: a recipe, or a `.prompt.yml`.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any

import atheris

with atheris.instrument_imports(include=["mcli"]):
    from mcli import (
        documents,
        findings,
        prompt_yml,
        recipe,
        recipe_document,
        strict,
        template,
        variables,
    )
    from mcli.errors import ConfigFailure, Failure, UsageFailure
    from mcli.recipe import Recipe
    from mcli.redaction import excerpt, visible
    from mcli.strict import Complaints, Node
    from mcli.variables import Input

LONGEST_S = 2.0
"""CPU time for all of it, instrumented: a second without."""

DATA = "data {{ x }} {% if %}"
SAMPLES = {"integer": "7", "number": "0.5", "boolean": "yes", "list": ("a", "b"), "file": DATA}


def read(root: Node, prompt: bool, complaints: Complaints = strict.STRICT) -> Recipe:
    """The recipe in a document."""
    return (prompt_yml if prompt else recipe_document).read(root, "r", complaints)


def check_failure(failure: Failure, name: str = "") -> None:
    """Assert that it says what is wrong, and where, in a line."""
    assert type(failure) in (ConfigFailure, UsageFailure), failure
    shown = excerpt(failure.message, 2000)
    assert shown, "a failure without words"
    assert "\n" not in shown
    assert visible(shown) == shown
    assert failure.message.startswith(name), failure.message


def check_kept(failure: ConfigFailure, complaints: Complaints) -> None:
    """Assert that the complaint that ends the reading is among those that are kept."""
    told = [kept.message for kept in complaints.kept]
    assert not told or failure.message in told, (failure.message, told)


def sample(declared: Input) -> str | tuple[str, ...]:
    """A value that the input takes."""
    if declared.type == "enum":
        return declared.values[0]
    return SAMPLES.get(declared.type, DATA)


def check_filling(found: Recipe) -> None:
    """Assert that the recipe makes messages, or one failure; what is data stays data."""
    given = {name: sample(declared) for name, declared in found.inputs.items()}
    try:
        values: dict[str, Any] = variables.bind(found.inputs, given, found.name)
        values["label_lines"] = "- a\n- b"
        messages = recipe.render(found, values, DATA, "mine")
    except (ConfigFailure, UsageFailure) as failure:
        check_failure(failure)
        return
    assert [m.content for m in messages].count("mine") >= 1
    assert sum(len(m.content) for m in messages) < template.LARGEST
    for case in found.tests:
        known = {name: case.variables[name] for name in case.variables}
        with suppress(UsageFailure):
            variables.bind(found.inputs, known, found.name)


def check(raw: bytes) -> None:
    """Assert all of it for one file."""
    began = time.process_time()
    prompt, source = raw[:1] == b"p", raw[1:]
    try:
        root = documents.parse(source, "r.yaml")
    except ConfigFailure as failure:
        check_failure(failure, "r.yaml:")
        return
    complaints = Complaints(keep=True)
    with suppress(ConfigFailure):  # more than are kept, or what nothing can be read behind
        read(root, prompt, complaints)
    try:
        found = read(root, prompt)
    except ConfigFailure as failure:
        check_failure(failure, "r.yaml")
        check_kept(failure, complaints)
    else:
        assert not complaints.kept, complaints.kept
        check_filling(found)
        if not prompt:
            for doubt in findings.doubts(root, found):
                assert doubt.message
    assert time.process_time() - began < LONGEST_S


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
