"""Mutations of the ledger, of what is added up from it, and of the budget."""

from __future__ import annotations

from .mutation import Mutation

LEDGER, SPENT, ACCOUNTING, STATE = "ledger.py", "spent.py", "accounting.py", "state.py"
LINES, BUDGETS, SUMS = "test_ledger.py::", "test_budget.py::", "test_usage.py::"
ALONE = ("test_waiting.py::test_a_call_takes_the_lock_of_the_ledger_alone_and_syncs_nothing",)

MUTATIONS = (
    Mutation("merge-with-the-torn", "a torn line swallows no other", LEDGER, 'torn = size > 0 and', 'torn = False and', (LINES + "TestWhatIsTorn::test_ends_where_the_next_line_begins",)),
    Mutation("follow-a-link", "no link is followed to write the ledger", STATE, "_SAFELY = system.NOFOLLOW | ", "_SAFELY = ", (LINES + "TestThatCannotBeWritten::test_a_link",)),
    Mutation("unsalted", "a fingerprint tells nobody the key", STATE, "key=salt, ", "", (LINES + "TestTheFingerprint::test_is_of_the_key_and_of_this_machine",)),
    Mutation("ledger-with-the-key", "the ledger is free of keys", LEDGER, "redaction.excerpt(value, _LONGEST_WORD) if is_word else value", "value", (LINES + "TestALine::test_has_no_prompt_no_answer_and_no_key",)),
    Mutation("enter-a-replay", "only what was really sent is in the ledger", ACCOUNTING, "if chosen.keeping.replay is not None:", "if False:", (LINES + "TestNoLine::test_of_a_kept_or_recorded_answer",)),
    Mutation("unknown-is-nothing", "an unknown cost is not counted as 0", "usage.py", "int(entry.cost_usd is None and not free)", "0", (SUMS + "test_by_day_with_what_is_unknown",)),
    Mutation("forget-the-killed", "what a killed run set aside stays counted", SPENT, 'self.held[entry.id or ""] = entry.held_usd', "pass", (BUDGETS + "TestWhatCounts::test_what_was_killed_stays_counted_and_is_told",)),
    Mutation("count-the-rejected", "what was certainly not charged is given back", SPENT, 'entry.charged != "no" and held is not None', "held is not None", (BUDGETS + "TestWhatCounts::test_a_failure_counts_where_it_may_be_charged",)),
    Mutation("believe-the-sum", "the kept sum is never believed against the ledger", SPENT, "if not self._fits(place, names):", "if False:", (BUDGETS + "TestTheSum::test_a_ledger_that_was_cut_is_read_again",)),
    Mutation("sync-the-ledger", "a call syncs nothing that was not asked for", LEDGER, "    if os.write(descriptor, data) != len(data):", "    os.fsync(descriptor)\n    if os.write(descriptor, data) != len(data):", ALONE),
    Mutation("wait-for-the-ledger", "who holds the ledger keeps nobody from an answer", STATE, "locks.take(descriptor)", "locks.wait(descriptor)", ALONE),
)  # fmt: skip
