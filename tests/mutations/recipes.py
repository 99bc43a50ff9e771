"""Mutations of recipes, and of answers that were to be JSON."""

from __future__ import annotations

from .mutation import Mutation, row

LIBRARY, DOCUMENT, STRUCTURED = "library.py", "recipe_document.py", "structured.py"
ASKING, FORMS, SCHEMA, CASES = "asking.py", "api/forms.py", "schema.py", "cases.py"

FORMAT = (
    Mutation("extend-in-a-circle", "recipes that extend one another in a circle are 78", LIBRARY, "if os.path.realpath(path) in seen:", "if False:", (row("I-13"),)),
    Mutation("extend-without-end", "ten levels of extends at most", LIBRARY, "if len(chain) > MOST_LEVELS:", "if False:", (row("I-13-deep"),)),
    Mutation("extend-from-anywhere", "a recipe reads nothing outside its directory", LIBRARY, "if os.path.isabs(name) or os.path.commonpath((folder, target)) != folder:", "if False:", (row("I-14"), row("I-14-link"))),
    Mutation("read-a-fifo", "a recipe reads regular files only", LIBRARY, "if os.path.exists(target) and not os.path.isfile(target):", "if False:", (row("I-14-fifo"),)),
    Mutation("inherit-the-tests", "the tests of a recipe are its own", DOCUMENT, 'if key != "tests"', "if True", ("test_recipe.py::test_a_recipe_adds_to_the_one_that_it_extends",)),
    Mutation("replace-the-params", "params add to those below", DOCUMENT, "{**strict.mapping(inherited[key]), **strict.mapping(own[key])}", "strict.mapping(own[key])", ("test_recipe.py::test_a_recipe_adds_to_the_one_that_it_extends",)),
    Mutation("examples-are-templates", "an example's data is no template", "recipe.py", "{**values, **example.values}, example.data, room)", "{**values, **example.values}, template.fill(example.data, values, turn.place), room)", ("test_recipe.py::test_examples_stand_before_the_last_user_message",)),
    Mutation("a-test-that-cannot-fail", "a test of a recipe fails where the answer is another", CASES, "if fold(word) not in text:", "if False:", ("test_cases.py::test_what_does_not_hold_is_told",)),
)  # fmt: skip

JSON = (
    Mutation("any-json-fits", "what does not fit its schema is never 0", STRUCTURED, "if problem := schema.complaint(value, wanted):", "if problem := '':", (row("O-15-once"),)),
    Mutation("not-a-number-is-json", "NaN is no JSON", STRUCTURED, "parse_constant=_refuse", "parse_constant=float", (row("O-15-nan"),)),
    Mutation("the-first-of-two", "which of two values is meant is not ours to choose", STRUCTURED, "if len(blocks) == 1:", "if blocks:", ("test_structured.py::test_what_is_no_json_is_refused",)),
    Mutation("repair-without-end", "an answer is asked for again as often as said", ASKING, "repair -= 1", "pass", ("test_asking.py::test_it_is_asked_for_no_oftener_than_allowed",)),
    Mutation("repair-what-was-cut", "what was cut is not asked for again", "reading.py", " and failure.slug in structured.REPAIRABLE", "", ("test_asking.py::test_what_is_cut_or_refused_is_not_asked_for_again",)),
    Mutation("keep-the-error-from-the-model", "the model is told what was wrong", "reading.py", "structured.complaint(failure, how.schema)", '"again"', (row("O-15-mended"),)),
    Mutation("forget-the-first-bill", "what the first answer cost is counted", ASKING, "attempts=spent.attempts + more.attempts", "attempts=more.attempts", ("test_asking.py::test_one_that_does_not_is_asked_for_again_with_what_was_wrong",)),
    Mutation("one-way-to-ask", "a server without schemas is asked in another way", FORMS, "form.way not in _NEXT", "True", (row("O-15-object"),)),
    Mutation("ask-without-the-schema", "JSON mode tells the model the schema", FORMS, "structured.instruction(form.schema)", 'structured.instruction(None)', (row("O-15-object"),)),
    Mutation("follow-references-without-end", "a schema is checked in bounded time", SCHEMA, " or again[place, id(target)] > 1", "", ("test_schema.py::test_a_schema_that_repeats_itself_at_one_place_is_refused",)),
)  # fmt: skip

MUTATIONS = (*FORMAT, *JSON)
