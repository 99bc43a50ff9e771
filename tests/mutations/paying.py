"""Mutations of what a command may spend, and of what an answer is said to have cost."""

from __future__ import annotations

from .mutation import Mutation

PURSE, PRICES, TERMS = "purse.py", "prices.py", "terms.py"
ALONE, SEEN, LISTED = "test_purse.py::", "test_costs.py::", "test_prices.py::"

MUTATIONS = (
    Mutation("forget-what-is-in-flight", "requests side by side do not pass a cap together", PURSE, "within(self.spent_usd + self._reserved + usd,", "within(self.spent_usd + usd,", (ALONE + "test_no_cap_is_passed_and_what_fits_alone_is_sent",)),
    Mutation("refuse-instead-of-waiting", "what fits alone is sent when others are done", PURSE, "elif self._in_flight:", "elif False:", (ALONE + "test_no_cap_is_passed_and_what_fits_alone_is_sent",)),
    Mutation("unknown-costs-nothing", "where the cost is not known, the worst is spent", PURSE, "kept if owed is None else owed", "owed or 0.0", (ALONE + "test_where_the_cost_is_not_known_the_worst_is_spent",)),
    Mutation("a-doubtful-attempt-is-free", "an attempt that may have been charged is spent", PURSE, "self.spent_usd += kept * doubtful", "pass", (SEEN + "test_an_attempt_that_may_have_been_charged_is_spent_at_its_worst",)),
    Mutation("a-cap-without-a-price", "a cap that a person set is kept or refused", PURSE, "if model is None or self._replays or not self._caps.usd_given:", "if True:", (SEEN + "test_a_cap_without_a_price_is_refused_before_data_is_read",)),
    Mutation("a-replay-costs", "a script with a cap in its environment replays", PURSE, "if self._replays:", "if False:", (SEEN + "test_a_replay_and_a_dry_run_spend_nothing",)),
    Mutation("count-only-what-was-asked", "a parameter changed is a request more", "api/calls.py", "endpoint.another() if change else None", "None", (SEEN + "test_a_parameter_changed_is_a_request_more",)),
    Mutation("a-schema-is-free", "a schema is part of the prompt", "prompt_size.py", "if request.form is None else", "if True else", (ALONE + "test_a_schema_and_tools_are_counted_too",)),
    Mutation("guess-a-name", "nothing is guessed from a name like another", PRICES, 'b"\\t")', 'b"")', (LISTED + "test_nothing_is_guessed",)),
    Mutation("long-prompts-at-the-short-price", "a long prompt is counted at its price", TERMS, "if prompt > more_than:", "if False:", (LISTED + "test_from_so_many_tokens_on_all_of_them_cost_more",)),
    Mutation("the-last-answer-alone", "an answer asked for again cost both", "asking.py", "cost_usd=_plus(spent.cost_usd, more.cost_usd)", "cost_usd=more.cost_usd", (SEEN + "test_an_answer_that_was_asked_for_again_cost_both",)),
)  # fmt: skip
