"""Fuzz target: any bytes are a recipe that renders, or are refused once, with their place, at once.

An input is read as a recipe and as a `.prompt.yml`, up to the first complaint and with all of them
kept. What loads is filled in and rendered, its schema is asked about a few values, and its tests
about an answer.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import atheris

with atheris.instrument_imports(include=["mcli"]):
    from mcli import cases, documents, findings, prompt_yml, recipe_document, schema, strict
    from mcli.cases import Outcome
    from mcli.chat import Message
    from mcli.errors import ConfigFailure, Failure
    from mcli.recipe import Recipe, render
    from mcli.redaction import excerpt
    from mcli.strict import STRICT, Complaints, Node
    from mcli.variables import Given, Input, bind

T = TypeVar("T")
Reader = Callable[["Node", str, "Complaints"], "Recipe"]

LONGEST_S = 1.0
"""Processor time for all that is done with one input."""
LONGEST_LINE = 300
NAME = "f.yaml"
WHOLE = ("larger than 1 MiB", "not UTF-8 at byte ", "the file is empty", "not valid YAML")
"""Complaints of a file that have no line."""
SLUGS = {"bad_document", "bad_template", "bad_schema"}
TOLD = re.compile(rf"{re.escape(NAME)}:[1-9]\d*:[1-9]\d*: \S", re.DOTALL)

PARENT = documents.parse(
    b"params: {temperature: 0}\ninputs: {to: {default: x}}\nmessages: [user: '{{ to }}']\n"
    b"tests: [{expect: {equals: x}}]\n",
    "parent.yaml",
)
VALUES: tuple[Any, ...] = (None, True, 10**30, "x" * 40, ["a", {}], {"label": "a", "n": -0.5})
ANSWERS = (
    Outcome("a", {"label": "a"}, "a", "", 3),
    Outcome("", None, "so\nlong", "the answer is not JSON", None),
)


def check_failure(failure: Failure) -> None:
    """Assert that a document is refused in words that lead to what is wrong with it."""
    assert type(failure) is ConfigFailure, failure
    assert failure.slug in SLUGS, failure.slug
    parts = failure.message.partition(": ")
    whole = parts[0] == NAME and parts[2].startswith(WHOLE)
    inherited = failure.message.startswith("parent.yaml:")
    assert whole or inherited or TOLD.match(failure.message), failure.message
    line = excerpt(str(findings.of(failure, NAME)), LONGEST_LINE)
    assert "\n" not in line, line
    assert len(line) <= LONGEST_LINE


def outcome(read: Callable[[], T]) -> T | Failure:
    """What reading comes to; anything but a result or a failure is a find."""
    try:
        return read()
    except Failure as failure:
        return failure


def check_readers(root: Node, read: Reader) -> Recipe | None:
    """The recipe in `root`. Assert that whoever wants one complaint and whoever wants all of them
    hear the same one first."""
    complaints = Complaints(keep=True)
    try:
        read(root, "f", complaints)
    except ConfigFailure as failure:
        complaints.kept.append(failure)  # that what it is about cannot be gone around, or is full
    for failure in complaints.kept:
        check_failure(failure)
    assert len(complaints.kept) <= strict.MOST_COMPLAINTS + 1
    alone = outcome(lambda: read(root, "f", STRICT))
    if isinstance(alone, Recipe):
        assert not complaints.kept, f"only in company: {complaints.kept[0].message}"
        return alone
    check_failure(alone)
    assert complaints.kept, f"only alone: {alone.message}"
    assert complaints.kept[0].message == alone.message
    return None


def word_for(declared: Input) -> str | tuple[str, ...]:
    """A value for an input, as a person would give it."""
    if declared.type == "list":
        return ("{{ a }}", "b")
    if declared.type == "enum":
        return declared.values[0]
    return {"integer": "7", "number": "-0.5", "boolean": "yes"}.get(declared.type, "{% x")


def rendered(recipe: Recipe, told: Given) -> tuple[Message, ...]:
    values = bind(recipe.inputs, told, recipe.name) | {"label_lines": "- a\n- b"}
    return render(recipe, values, "data {{ }}", "be brief")


def check_recipe(recipe: Recipe) -> None:
    """Assert that what was read can be used, or that one failure says why not."""
    given = {name: word_for(declared) for name, declared in recipe.inputs.items()}
    for told in (given, {name: given[name] for name in given if recipe.inputs[name].required}):
        found = outcome(lambda told=told: rendered(recipe, told))
        if isinstance(found, Failure):
            assert found.slug in {"bad_variables", "missing_variable", "bad_template"}, found
            assert found.message
            continue
        assert len(found) == len(recipe.turns) + 2 * len(recipe.examples) + 1
        for message in found:
            message.content.encode()
    if recipe.output.schema is not None:
        schema.check(recipe.output.schema)
        assert all(isinstance(schema.complaint(v, recipe.output.schema), str) for v in VALUES)
    for case in recipe.tests:
        for answer in ANSWERS:
            assert all(cases.unmet(case.expected, answer))


def documents_in(raw: bytes) -> list[tuple[Node, Reader]]:
    """The document in `raw`, with each way to read it; ConfigFailure if it is none."""
    root = documents.parse(raw, NAME)
    ways: list[tuple[Node, Reader]] = [(root, prompt_yml.read)]
    whole = root if recipe_document.parent(root) is None else recipe_document.merged(PARENT, root)
    return [*ways, (whole, recipe_document.read)]


def check(raw: bytes) -> None:
    """Assert all of it for one file."""
    began = time.process_time()
    try:
        found = [(root, check_readers(root, read)) for root, read in documents_in(raw)]
    except ConfigFailure as failure:
        check_failure(failure)
        found = []
    for root, recipe in found:
        if recipe is not None:
            check_recipe(recipe)
            for doubt in findings.doubts(root, recipe):
                assert doubt.line > 0
    took = time.process_time() - began
    assert took < LONGEST_S, f"{took:.1f} s of processor time"


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
