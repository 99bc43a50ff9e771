"""Mutations of a batch: what is kept before it is shown, what stops it, and how it is stopped."""

from __future__ import annotations

from .mutation import Mutation, row

CREW, BOOK, PACE = "crew.py", "book.py", "api/pace.py"
BATCH, CRASH, SIGNALS, ENGINE = (
    "test_batch.py::",
    "test_crash.py::",
    "test_batch_signals.py::",
    "test_engine.py::",
)

MUTATIONS = (
    Mutation("shown-before-kept", "an answer that was shown is never asked for again", CREW, "        await self._book.keep(key, record, envelope)\n        await self._settle(record, envelope)", "        await self._settle(record, envelope)\n        await self._book.keep(key, record, envelope)", (CRASH + "test_an_answer_that_is_not_on_the_disk_is_not_shown",)),
    Mutation("asked-before-begun", "a crash leaves no request unknown", CREW, "        self._book.begin(key, record)\n", "", (row("B-13-fail"),)),
    Mutation("as-they-come", "answers come in the order of the input", "lineup.py", "if self._ordered and number != self._next:", "if False:", (BATCH + "test_an_answer_a_line_in_the_order_of_the_input",)),
    Mutation("ask-again-in-doubt", "--in-doubt skip never pays twice", BOOK, 'return _in_doubt(record) if self._doubt == "skip" else None', "return None", (row("B-13-skip"),)),
    Mutation("doubt-is-no-failure", "--in-doubt fail stops before anything is sent", "many.py", 'if made.order.doubt == "fail" and opened.spent.unended:', "if False:", (row("B-13-fail"),)),
    Mutation("no-halt", "--halt stops the run", CREW, "if self._halt.reached(self.tally.bad, self.tally.ended) and not self._stopping:", "if False:", (BATCH + "test_it_halts_when_so_many_have_failed",)),
    Mutation("on-with-a-refused-key", "a refused key stops the run", "batch.py", "return failure.exit_code in _STOPS and failure.slug not in OWN", "return False", (row("B-04"),)),
    Mutation("spent-is-forgotten", "what the journal spent counts for the caps", BOOK, "            purse.already(spent.usd, spent.attempts)", "            pass", (BATCH + "test_caps_stop_it_before_they_are_passed",)),
    Mutation("no-grace", "what is in flight when Ctrl-C comes is kept", CREW, "while clock() < until and not self._pace.rests(until):", "while False:", (SIGNALS + "test_what_is_in_flight_ends_and_is_kept",)),
    Mutation("grace-for-nobody", "Ctrl-C in a pause of the server ends at once", CREW, " and not self._pace.rests(until)", "", (SIGNALS + "test_while_all_wait_for_the_server_it_ends_at_once",)),
    Mutation("cut-is-doubt", "what only waited for its turn is not in doubt", CREW, "self._at_rest = self._pace.sent == 0", "self._at_rest = False", (SIGNALS + "test_while_all_wait_for_the_server_it_ends_at_once",)),
    Mutation("what-nohup-ignores", "what is ignored stays ignored", CREW, "if signal.getsignal(each) is not signal.SIG_IGN]", "]", (SIGNALS + "test_what_is_ignored_stays_ignored",)),
    Mutation("no-pause-for-all", "a wait that the server asks for holds all", PACE, "                self._pause(now + failure.wait)", "                pass", ("api/test_pace.py::test_a_wait_that_is_asked_for_holds_all_and_then_one_goes_after_the_other",)),
    Mutation("on-with-a-dead-server", "a provider that is down is not burnt through", "api/breaker.py", "return self.suspects and (not self._alive or now - self._heard >= SILENCE_S)", "return False", (row("B-05"),)),
    Mutation("all-of-a-dead-input", "the rest of the input is left for a provider that is back", PACE, "if self.ended is not None or self._closed:", "if self._closed:", (row("B-05"),)),
    Mutation("one-outcome-for-another", "an outcome is whose id it has", "engine.py", "answer = self._waiting.get(outcome.id)", "answer = next(iter(self._waiting.values()), None)", (ENGINE + "test_each_gets_its_own_outcome",)),
    Mutation("a-checker-born-late", "a signal while a checker is being born ends that too", "offspring.py", "    if _births:\n", "    if False:\n", ("test_codecheck.py::test_a_signal_while_the_checker_is_being_born_takes_it_along",)),
)  # fmt: skip
