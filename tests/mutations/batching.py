"""Mutations of a batch: its workers, its pace, the order of its lines and what it does in doubt."""

from __future__ import annotations

from .mutation import Mutation

CREW, BOOK, CORE, PACE = "crew.py", "book.py", "batch.py", "api/pace.py"
WHOLE, CREWED = "test_batch.py::", "test_crew.py::"
PACED, LINED = "api/test_pace.py::", "test_lineup.py::"

MUTATIONS = (
    Mutation("shown-and-then-kept", "an answer is in the journal before it is shown", CREW, "        await self._book.keep(key, record, envelope)\n        await self._settle(record, envelope)\n", "        await self._settle(record, envelope)\n        await self._book.keep(key, record, envelope)\n", (CREWED + "test_an_answer_is_in_the_journal_before_it_is_shown",)),
    Mutation("lines-as-they-come", "lines are in the order of the input", "lineup.py", "if self._ordered and number != self._next:", "if False:", (LINED + "test_any_order_comes_out_as_one",)),
    Mutation("on-without-a-key", "a refused key stops the run", CORE, "return failure.exit_code in _STOPS and failure.slug not in OWN", "return False", (WHOLE + "test_a_refused_key_or_a_spent_quota_stops_the_run",)),
    Mutation("paid-for-twice", "what may have been paid is not asked again against your word", BOOK, '_in_doubt(record) if self._doubt == "skip" else None', "None", (CREWED + "test_in_doubt_what_may_be_paid_is_asked_left_out_or_refused",)),
    Mutation("all-at-once-after-429", "a server that is busy is asked by half as many", PACE, "max(1.0, self.limit / 2), now", "self.limit, now", (PACED + "test_a_429_halves_once_a_second_and_answers_raise_it_again",)),
    Mutation("a-dead-server-asked-on", "a server that is down is given up on", PACE, "self.ended = self.ended or _given_up()", "pass", (PACED + "test_a_server_that_never_answered_is_given_up_on_after_ten",)),
)  # fmt: skip
