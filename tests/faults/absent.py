"""The cases of the catalogue that have no row, each with the reason."""

from __future__ import annotations

SHOWN = "shown by "
"""Before the name of a test, where a case takes more than a row plays, such as two runs."""
BATCH, JOURNAL = SHOWN + "tests/test_batch.py::test_", SHOWN + "tests/test_batch_journal.py::test_"

ABSENT: dict[str, str] = {
    "S-13": "no setting names a header, so the key is the only secret that is sent: Authorization",
    "P-11": "CPython ends with status 1 before a line of ours runs, and sends nothing",
    "P-19": JOURNAL + "a_run_that_was_killed_goes_on_and_asks_again_what_was_in_flight",
    "P-21": JOURNAL + "a_full_disk_stops_it_and_the_torn_end_is_passed_over",
    "P-25": BATCH + "two_at_one_journal_is_75",
    "I-25": BATCH + "a_changed_row_is_asked_again_and_the_others_are_not",
    "B-06": BATCH + "a_storm_of_429_is_waited_out_by_all",
    "B-09": BATCH + "what_is_done_is_not_asked_again",
    "B-10": BATCH + "failures_for_good_are_kept_unless_they_are_asked_for",
    "B-11": BATCH + "a_journal_of_another_run_is_78_and_says_what_changed",
    "B-13": JOURNAL + "what_is_in_doubt_is_asked_again_left_out_or_refused",
    "B-14": SHOWN + "tests/benchmarks/batch.py::grown",
    "B-16": BATCH + "a_reader_who_leaves_ends_it_and_the_journal_has_what_came",
}
