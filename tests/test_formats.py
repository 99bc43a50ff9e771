"""The table of formats: mcli's column says what the recipe format and the commands have."""

from __future__ import annotations

import re

from mcli import library, output_document, recipe_document
from tests.program import ROOT

PAGE = (ROOT / "mcli" / "help" / "formats.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("| |", "| ---"))
]

RECIPE = "tests/test_recipe.py::"
PROVEN = {
    "a file runs from a shell pipe": "tests/test_cli.py",
    "typed inputs": RECIPE + "test_a_variable_gets_its_type",
    "defaults of inputs": RECIPE + "test_what_is_not_given_is_its_default",
    "what is missing is named before a request": RECIPE
    + "test_everything_that_is_wrong_is_named_at_once",
    "an unknown key is an error": RECIPE + "test_a_mistake_is_refused_where_it_stands",
    "a JSON Schema of the format, for editors": "tests/test_recipe_schema.py",
    "few-shot turns": RECIPE + "test_examples_stand_before_the_last_user_message",
    "composition": RECIPE + "test_a_recipe_adds_to_the_one_that_it_extends",
    "data and variables are never templates": RECIPE
    + "test_data_and_variables_are_never_templates",
    "no code runs, no file is read unasked": "tests/faults/rows_recipes.py",
    "output by a JSON Schema": "tests/faults/rows_structured.py",
    "… checked by the runner": "tests/faults/rows_structured.py",
    "… asked again where it does not fit": "tests/test_asking.py",
    "one field printed": "tests/faults/rows_structured.py",
    "one label of a closed set": "tests/test_labels.py",
    "code without its fence": "tests/test_fences.py",
    "tests in the same file": "tests/test_recipes.py",
    "… with exit code, JSON and JUnit": "tests/test_results.py",
    "… without a network": "tests/test_record.py",
    "the file is a command of its own": "tests/test_run.py::test_a_recipe_is_a_command_of_its_own",
    "bound to a vendor": "tests/interop",
}  # fmt: skip
"""What holds each cell of mcli's column."""


def test_every_cell_of_ours_is_held_by_a_test() -> None:
    assert [row[0] for row in ROWS] == list(PROVEN)
    for held in PROVEN.values():
        path, _, name = held.partition("::")
        assert (ROOT / path).exists(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text(), held


def test_every_row_has_all_formats() -> None:
    assert {len(row) for row in ROWS} == {8}
    assert all(cell for row in ROWS for cell in row)


def test_the_words_of_our_column_exist() -> None:
    words = set(re.findall(r"`([^`]+)`", " ".join(row[1] for row in ROWS)))
    kinds = set(library.schema_text("recipe").split('"'))
    known = {*recipe_document.KEYS, *output_document.KEYS, *kinds, "--replay", "#!"}
    assert words <= known
