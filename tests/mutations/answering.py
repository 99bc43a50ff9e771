"""Mutations of who answers (`--fallback`), what it thought, and how many answers there are."""

from __future__ import annotations

from .mutation import Mutation

FALLBACK, THINKING = "fallback.py", "thinking.py"

MUTATIONS = (
    Mutation("fall-back-on-anything", "only what is 75 is asked of another model", FALLBACK, "not isinstance(failure, TryAgain) or ", "", ("test_fallback.py::test_what_is_no_75_is_the_end",)),
    Mutation("fall-back-on-what-was-shown", "text that was shown is not asked of another model", FALLBACK, " or self._shown or late", " or late", ("test_fallback.py::test_nobody_else_is_asked_once_something_was_shown",)),
    Mutation("forget-who-did-not-answer", "attempts are counted over all models", FALLBACK, "sum(each.attempts for each in self._failures) + exchange.attempts", "exchange.attempts", ("test_fallback.py::test_the_next_is_asked_where_one_is_busy",)),
    Mutation("price-of-the-one-that-was-asked", "an answer costs what the model costs that answered", "purse.py", "model = fallback.answering(request, completion.model)", "model = request.model", ("test_fallback.py::test_who_answered_is_told",)),
    Mutation("keep-a-stranger-s-answer", "another model's answer is not cached as the first one's", "answering.py", "if place and exchange.request.model == request.model:", "if place:", ("test_fallback.py::test_an_answer_of_another_is_not_kept_as_the_first_s",)),
    Mutation("thoughts-as-they-are", "a model's words cannot drive the terminal", "output.py", "redaction.visible(redaction.redact(line))", "line", ("test_reasoning.py::test_it_drives_no_terminal_and_no_ci_runner_and_tells_no_key",)),
    Mutation("thoughts-without-a-mark", "a model's words are no order to a CI runner", THINKING, 'MARK = "| "', 'MARK = ""', ("test_reasoning.py::test_it_drives_no_terminal_and_no_ci_runner_and_tells_no_key",)),
    Mutation("reasoning-is-an-answer-cut-short", "that there is only reasoning is told", "chat.py", "bool(self.reasoning or counted)", "False", ("test_reasoning.py::test_reasoning_alone_is_no_answer",)),
    Mutation("several-for-the-price-of-one", "each of several answers is counted", "terms.py", "most_output(params, terms) * answers(params)", "most_output(params, terms)", ("test_params.py::test_each_of_them_is_paid_for",)),
    Mutation("forget-what-came-with-the-calls", "a turn that calls tools goes back as it came", "messages.py", "dict(completion.carried)", "{}", ("test_tool_rounds.py::TestWhatCameWithTheCalls::test_a_server_that_demands_it_is_content",)),
    Mutation("send-the-thought-of-any-turn", "reasoning goes back with calls only", "api/codec.py", "kept.all() if found else {}", "kept.all()", ("test_tool_rounds.py::TestWhatCameWithTheCalls::test_reasoning_before_an_answer_stays_here",)),
    Mutation("rounds-beyond-the-window", "a round that no longer fits is not sent", "toolwork.py", "fitting.refuse_grown(request, known, _TOO_MUCH)", "pass", ("test_tool_rounds.py::TestTheWindow::test_a_round_that_no_longer_fits_is_not_sent",)),
    Mutation("a-filter-never-says-no", "models --filter that finds none is 1", "listing.py", "ExitCode.NO if verdict is False else ExitCode.OK", "ExitCode.OK", ("test_models.py::test_a_filter_is_a_text_or_a_pattern_and_finding_none_is_1",)),
    Mutation("our-price-as-the-endpoint-s", "what is ours is marked as ours", "offers.py", "ours=tuple(found)", "ours=()", ("test_models.py::test_ours_stand_in_and_are_marked",)),
)  # fmt: skip
