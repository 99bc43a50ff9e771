"""Mutations of whether to ask again, when, and with what."""

from __future__ import annotations

from .mutation import Mutation, row

RETRY, PERSIST, ADAPT = "api/retry.py", "api/persist.py", "api/adapt.py"
OFTEN = ("api/test_retry.py::test_how_often",)
LONG = ("api/test_retry.py::test_how_long",)

HOW_OFTEN = (
    Mutation("one-retry-more", "--retries bounds the attempts", RETRY, "attempts > retries", "attempts > retries + 1", OFTEN),
    Mutation("retry-the-permanent", "what asking again cannot mend is asked once", RETRY, "failure.recovery is Recovery.PERMANENT or ", "", OFTEN),
    Mutation("count-spoilt-replies-wrongly", "at most one attempt more after spoilt replies", RETRY, "self.spoilt + (failure.recovery is Recovery.CHARGED)", "int(failure.recovery is Recovery.CHARGED)", (row("N-24-mixed"),)),
    Mutation("two-more-after-spoilt-replies", "at most one attempt more after spoilt replies", RETRY, "tally.spoilt > 1", "tally.spoilt > 2", OFTEN),
    Mutation("retry-quota", "no retry of an exhausted quota", "api/verdicts.py", "(400, 401, 403, 429) and _says(told, QUOTA)", "(400, 401, 403) and _says(told, QUOTA)", (row("N-66"),)),
    Mutation("retry-bad-requests", "no retry of a bad request", "api/verdicts.py", "frozenset({408,", "frozenset({400, 408,", (row("N-56-400"),)),
    Mutation("no-retry-of-503", "a busy server is asked again", "api/verdicts.py", "502, 503, 504,", "502, 504,", (row("N-59-503"),)),
    Mutation("a-server-may-forbid-nothing", "x-should-retry: false is heeded", "api/verdicts.py", 'advice == "false"', 'advice == "no"', (row("N-67-no"),)),
    Mutation("a-server-may-demand-anything", "a refused key is not retried, whatever is advised", "api/verdicts.py", " and not isinstance(failure, NotAllowed)", "", (row("N-67-auth"),)),
    Mutation("retry-what-was-shown", "text that was shown is not asked for again", "api/calls.py", "failure.recovery = Recovery.PERMANENT", "pass", (row("N-11", "stream"),)),
    Mutation("count-one-attempt-less", "attempts are counted as they were made", PERSIST, "tally.attempts + 1\n                except", "tally.attempts\n                except", ("api/test_persist.py::test_a_short_burst_is_waited_out",)),
    Mutation("forget-attempts-of-a-failure", "attempts are counted as they were made", PERSIST, "        failure.attempts = self.tally.attempts\n        failure.charged = self", "        failure.charged = self", ("api/test_persist.py::test_a_long_burst_is_not",)),
    Mutation("forget-attempts-before-an-adaption", "attempts are counted over adapted requests too", "api/calls.py", "attempts += failure.attempts", "attempts = failure.attempts", (row("N-56-both", "json"),)),
    Mutation("forget-what-was-paid-for", "`charged` is the worst of all attempts", PERSIST, "self.charged = worse(self.charged, failure.charged)", "self.charged = failure.charged", ("api/test_persist.py::test_what_was_paid_for_is_known",)),
)  # fmt: skip

HOW_LONG = (
    Mutation("ignore-retry-after", "never sooner than the server asked", "api/verdicts.py", "failure.wait = retry.wait_asked(headers)", "failure.wait = None", (row("N-62-one"),)),
    Mutation("ignore-retry-after-ms", "never sooner than the server asked", RETRY, '_values(headers, "retry-after-ms")', '_values(headers, "retry-after-us")', (row("N-62-ms"),)),
    Mutation("jitter-below-retry-after", "never sooner than the server asked", RETRY, "failure.wait + jitter() * ", "failure.wait - jitter() * ", LONG),
    Mutation("the-first-of-two-waits", "never sooner than the server asked", RETRY, "return max(waits)", "return waits[0]", ("api/test_retry.py::test_the_wait_that_a_reply_asks_for",)),
    Mutation("date-by-the-local-clock", "a wait until a date holds though the clock is off", RETRY, "(now if base is None else mktime_tz(base))", "now", ("api/test_retry.py::test_a_date_counts_from_the_servers_clock",)),
    Mutation("wait-a-day", "a wait that is too long is told at once", RETRY, "failure.wait > LONGEST_WAIT_S", "failure.wait > 1e9", LONG),
    Mutation("sleep-past-the-deadline", "no sleep that no answer could follow", RETRY, "wait + LEAST_TIME_FOR_AN_ANSWER_S >= time_left_s", "wait < 0", (row("N-63-late"),)),
    Mutation("no-backoff", "a busy server is not hammered", RETRY, "max(SHORTEST_BACKOFF_S, jitter() * ceiling(tally.attempts))", "0.0", LONG),
    Mutation("constant-backoff", "a busy server is asked ever later", RETRY, "FIRST_BACKOFF_S * 2 ** min(attempt - 1, 30)", "FIRST_BACKOFF_S", ("api/test_retry.py::test_the_backoff_doubles_up_to_a_cap",)),
    Mutation("endless-backoff", "a backoff has a cap", RETRY, "min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S", "min(1e9, FIRST_BACKOFF_S", ("api/test_retry.py::test_the_backoff_doubles_up_to_a_cap",)),
    Mutation("tell-no-reason", "that a deadline stands in the way is told", PERSIST, "if why:", "if False:", ("api/test_persist.py::test_a_pause_past_the_deadline_is_told_at_once",)),
)  # fmt: skip

WITH_WHAT = (
    Mutation("drop-what-a-person-asked-for", "only what nobody asked for is left out", ADAPT, 'name == "stream_options" or name in request.soft', "True", (row("N-56-person"),)),
    Mutation("adapt-without-end", "a request is adapted three times at most", ADAPT, "if len(changed) >= MOST_CHANGES:", "if False:", ("api/test_adapt.py::test_a_server_that_refuses_everything_is_asked_three_times_more_at_most",)),
    Mutation("adapt-back-and-forth", "no name is tried twice", ADAPT, " and _TWINS[name] not in changed", "", (row("N-56-never"),)),
    Mutation("adapt-a-value-too-large", "a value that is too large is not another name", ADAPT, "if _TOO_MUCH.search(failure.message):", "if False:", ("api/test_adapt.py::test_a_value_that_is_too_large_is_not_a_name_that_is_unknown",)),
    Mutation("adapt-in-silence", "an adapted request is a warning", "api/calls.py", "warnings = (*request.warnings, *changed.values())\n            return", "warnings = request.warnings\n            return", ("test_cli.py::TestEnvelope::test_an_adapted_parameter_is_a_warning",)),
)  # fmt: skip

MUTATIONS = (*HOW_OFTEN, *HOW_LONG, *WITH_WHAT)
