"""Mutations of what a batch refuses, and of what it says."""

from __future__ import annotations

from .mutation import Mutation

FORMS, CORE = "test_batch_forms.py::", "test_batch_core.py::"

MUTATIONS = (
    Mutation("write-over-the-input", "an input is not written over, by whatever name", "refusing.py", "return os.path.isfile(one) and os.path.samestat(os.stat(one), found)", "return False", (f"{FORMS}TestWhatComesOut::test_what_cannot_be_meant_is_refused_and_nothing_is_touched",)),
    Mutation("a-row-wins", "what -D says no row changes", "blueprint.py", "if name not in self.recipe.inputs or name in found:", "if name not in self.recipe.inputs:", (f"{FORMS}TestWhatGoesIn::test_what_a_person_fixed_no_row_changes",)),
    Mutation("a-cap-for-all", "what is below a cap is sent", "crew.py", "if failure.slug not in batch.CAPS:", "if True:", (f"{FORMS}TestRecipes::test_what_is_below_a_cap_is_sent",)),
    Mutation("no-host-fails-all", "a host that is not there fails no record", "batch.py", "failure.slug in OF_ALL or ", "", (f"{CORE}test_what_is_wrong_for_all_ends_the_run",)),
    Mutation("fail-and-say-nothing", "the failure line of a batch says why", "batch.py", "; the first: {tally.first}", "", (f"{FORMS}TestWhatComesOut::test_the_failure_line_says_why",)),
    Mutation("forget-a-file-s-path", "a file's row has its path and not its text", "records/into.py", "if record.id is not None and record.id == record.place:", "if False:", (f"{FORMS}TestWhatComesOut::test_a_line_or_a_path_goes_with_its_answer",)),
)  # fmt: skip
