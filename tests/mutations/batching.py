"""Mutations of a batch: its workers, its pace, the order of its lines and what it does in doubt."""

from __future__ import annotations

from .mutation import Mutation

CREW, BOOK, CORE, PACE = "crew.py", "book.py", "batch.py", "api/pace.py"
WHOLE, CREWED = "test_batch.py::", "test_crew.py::"
PACED, LINED = "api/test_pace.py::", "test_lineup.py::"
STOPPED, FILED = "test_batch_stopped.py::", "test_batch_files.py::"
FORMED, ARITHMETIC = "test_batch_forms.py::", "test_batch_core.py::"

MUTATIONS = (
    Mutation("shown-and-then-kept", "an answer is in the journal before it is shown", CREW, "        await self._book.keep(key, record, envelope)\n        await self._settle(record, envelope)\n", "        await self._settle(record, envelope)\n        await self._book.keep(key, record, envelope)\n", (CREWED + "test_an_answer_is_in_the_journal_before_it_is_shown",)),
    Mutation("lines-as-they-come", "lines are in the order of the input", "lineup.py", "if self._ordered and number != self._next:", "if False:", (LINED + "test_any_order_comes_out_as_one",)),
    Mutation("on-without-a-key", "a refused key stops the run", CORE, "return failure.slug in OF_ALL or (failure.exit_code in _STOPS and failure.slug not in OWN)", "return False", (WHOLE + "test_a_refused_key_or_a_spent_quota_stops_the_run",)),
    Mutation("paid-for-twice", "what may have been paid is not asked again against your word", BOOK, '_in_doubt(record) if self._doubt == "skip" else None', "None", (CREWED + "test_in_doubt_what_may_be_paid_is_asked_left_out_or_refused",)),
    Mutation("all-at-once-after-429", "a server that is busy is asked by half as many", PACE, "max(1.0, self.limit / 2), now", "self.limit, now", (PACED + "test_a_429_halves_once_a_second_and_answers_raise_it_again",)),
    Mutation("a-dead-server-asked-on", "a server that is down is given up on", PACE, "self.end(_given_up(failure))", "pass", (PACED + "test_a_server_that_never_answered_is_given_up_on_after_ten",)),
    Mutation("write-over-the-input", "an input is not written over, by whatever name", "refusing.py", "return os.path.isfile(one) and os.path.samefile(one, other)", "return False", (f"{FORMED}TestWhatComesOut::test_what_cannot_be_meant_is_refused_and_nothing_is_touched",)),
    Mutation("a-row-wins", "what -D says no row changes", "blueprint.py", "if name not in self.recipe.inputs or name in found:", "if name not in self.recipe.inputs:", (f"{FORMED}TestWhatGoesIn::test_what_a_person_fixed_no_row_changes",)),
    Mutation("a-cap-for-all", "what is below a cap is sent", "crew.py", "if failure.slug not in batch.CAPS:", "if True:", (f"{FORMED}TestRecipes::test_what_is_below_a_cap_is_sent",)),
    Mutation("no-host-fails-all", "a host that is not there fails no record", "batch.py", "failure.slug in OF_ALL or ", "", (f"{ARITHMETIC}test_what_is_wrong_for_all_ends_the_run",)),
    Mutation("fail-and-say-nothing", "the failure line of a batch says why", "batch.py", "; the first: {tally.first}", "", (f"{FORMED}TestWhatComesOut::test_the_failure_line_says_why",)),
    Mutation("forget-a-file-s-path", "a file's row has its path and not its text", "records/into.py", "if record.id is not None and record.id == record.place:", "if False:", (f"{FORMED}TestWhatComesOut::test_a_line_or_a_path_goes_with_its_answer",)),
    Mutation("rest-after-a-signal", "a signal ends the wait before a retry", PACE, "            self._retries.close()\n", "            pass\n", (STOPPED + "test_a_signal_ends_the_wait_before_a_retry",)),
    Mutation("begin-after-a-signal", "after a signal no turn is waited for", CREW, "        self._pace.hurry(_INTERRUPTED)\n", "", (STOPPED + "test_a_signal_ends_the_wait_for_a_limit_and_nothing_more_is_sent",)),
    Mutation("wait-for-an-hour", "a server that wants more than two minutes ends the run", PACE, "if failure.wait > LONGEST_WAIT_S:", "if False:", (PACED + "test_a_wait_of_more_than_two_minutes_is_the_end",)),
    Mutation("the-journal-as-output", "the journal is not the output, also before it is there", "refusing.py", "return os.path.realpath(one) == os.path.realpath(other)", "return False", (FILED + "test_one_file_has_one_purpose",)),
    Mutation("an-answer-over-an-input", "no answer is written over an input", "records/each.py", "if self._own and not", "if False and not", (FILED + "test_an_answer_goes_over_no_input_and_no_other_file_of_the_run",)),
    Mutation("no-room-for-our-own", "what is set aside for our own is waited for", "accounting.py", "                    if not ours.count:\n                        raise\n", "                    raise\n", ("test_budget.py::test_a_batch_waits_for_what_is_set_aside_for_its_own",)),
)  # fmt: skip
