"""Mutations of a batch that is told to stop, and of what a killed one leaves."""

from __future__ import annotations

from .mutation import Mutation, row

CREW = "crew.py"
SIGNALS = "test_batch_signals.py::"

MUTATIONS = (
    Mutation("shown-before-the-disk", "an answer that is not on the disk is not shown", "book.py", "            await self._journal.keep(key, record.n, told)", "            import asyncio\n            asyncio.ensure_future(self._journal.keep(key, record.n, told))", ("test_crash.py::test_an_answer_that_is_not_on_the_disk_is_not_shown",)),
    Mutation("asked-before-begun", "after a crash it is known what may have been paid for", CREW, "        self._book.begin(key, record)\n", "", (row("B-13-fail"),)),
    Mutation("in-doubt-all-the-same", "--in-doubt fail sends nothing", "many.py", 'made.order.doubt == "fail"', "False", (row("B-13-fail"),)),
    Mutation("a-run-tells-of-one-record", "the end of a run tells what all of it took", "batch.py", "    failure.attempts, failure.charged = tally.attempts, tally.charged\n", "", ("test_batch_recipes.py::test_the_end_of_a_run_tells_what_all_of_it_took",)),
    Mutation("a-repair-that-was-cut-cost-nothing", "what was asked of a record that a cap cut counts", "crew.py", "            self.tally.spent(failure.attempts, failure.charged, failure.cost_usd)\n", "", ("test_batch_recipes.py::test_a_cap_in_the_middle_of_a_repair_is_counted_and_the_record_asked_again",)),
    Mutation("spent-is-forgotten", "what the journal spent counts for the caps", "book.py", "            purse.already(spent.usd, spent.attempts)", "            pass", ("test_batch.py::test_caps_stop_it_before_they_are_passed",)),
    Mutation("no-grace", "what is in flight when Ctrl-C comes is kept", CREW, "call_later(GRACE_S, self._out_of_grace)", "call_later(0, self._out_of_grace)", (SIGNALS + "test_what_is_in_flight_ends_and_is_kept",)),
    Mutation("what-nohup-ignores", "what is ignored stays ignored", CREW, "if signal.getsignal(each) is not signal.SIG_IGN]", "]", (SIGNALS + "test_what_is_ignored_stays_ignored",)),
    Mutation("leave-a-batch-s-checkers", "the second Ctrl-C ends the checkers too", CREW, "            offspring.die(number)\n", "            signal.signal(number, signal.SIG_DFL)\n            signal.raise_signal(number)\n", (SIGNALS + "test_the_second_takes_the_checkers_along",)),
    Mutation("all-of-an-input", "no record is read for a provider that is down", "api/pace.py", "        if self.ended is not None:\n            raise _not_sent(self.ended)\n        if self._comers", "        if self._comers", ("api/test_pace.py::test_after_the_end_no_record_begins",)),
)  # fmt: skip
