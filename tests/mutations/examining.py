"""Mutations of `doctor`: what it looks at, and what it is not to tell or spend."""

from __future__ import annotations

from .mutation import Mutation

LOOKING, PROBING, VERDICTS = (
    f"doctor/test_{name}.py::" for name in ("looking", "probing", "verdicts")
)

MUTATIONS = (
    Mutation("well-with-a-problem", "exit 1 where a command would fail", "doctor/finding.py", 'check.status != "problem" for', "True for", (f"{LOOKING}test_nobody_answers_at_that_port",)),
    Mutation("tell-the-key", "no line of doctor has the key", "doctor/keying.py", 'told = f"from {source}, {len(key)} characters"', 'told = f"from {source}, {key}"', (f"{LOOKING}test_all_is_well_and_one_request_is_sent",)),
    Mutation("offline-calls", "--offline opens no connection", "doctor/examination.py", "if offline or replays:", "if replays:", (f"{LOOKING}test_offline_nothing_is_opened",)),
    Mutation("probe-unasked", "without --probe nothing is spent", "doctor/examination.py", "if not probe or not visit.may_call:", "if not visit.may_call:", (f"{PROBING}test_without_it_nothing_is_asked_of_a_model",)),
    Mutation("busy-is-unable", "a busy server says nothing of what it can do", "doctor/probes.py", '"no" if failure.slug in _REFUSED else "unclear"', '"no"', (f"{PROBING}test_a_cap_a_budget_and_the_ledger_hold",)),
    Mutation("record-the-doctor", "doctor adds nothing to a recording", "doctor/examination.py", "replace(chosen, keeping=Keeping())", "chosen", (f"{PROBING}test_nothing_is_recorded",)),
)  # fmt: skip
