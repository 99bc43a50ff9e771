"""Mutations of what the documents say: README, manual, transcript, and our lines beside others."""

from __future__ import annotations

from .mutation import Mutation

DOCS = "test_docs.py::"

MUTATIONS = (
    Mutation("rename-a-flag", "a flag that the manual names is there", "options.py", '"--no-clobber", help="Never replace a file"', '"--no-overwrite", help="Never replace a file"', (DOCS + "test_every_flag_is_in_the_readme_or_the_manual", DOCS + "test_no_flag_of_the_manual_is_invented")),
    Mutation("renumber-an-exit-code", "the manual has the numbers of the program", "errors.py", "NO_INPUT = 66", "NO_INPUT = 67", (DOCS + "test_every_exit_code_is_in_the_manual_by_its_name",)),
    Mutation("another-answer-than-shown", "the transcript of the first steps is what comes", "sandbox/choosing.py", "best = max(choices", "best = min(choices", ("scripting/test_first_steps.py::test_what_was_typed_brings_what_is_shown",)),
    Mutation("no-tests-of-prompt-yml", "who comes from gh models can test the files", "prompt_yml.py", 'part("testData"', 'part("testdata"', ("scripting/test_coming_from.py::test_our_lines_run",)),
)  # fmt: skip
