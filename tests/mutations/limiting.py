"""Mutations of the limits that processes and machines share."""

from __future__ import annotations

from .mutation import Mutation

METER, FILE, GATE, PERSIST = "api/meter.py", "api/meter_sqlite.py", "limiting.py", "api/persist.py"
LOG, DOOR, LIVE = (
    "limits/test_meter.py::",
    "limits/test_limiting.py::",
    "limits/test_processes.py::",
)

MUTATIONS = (
    Mutation("one-too-many", "in any 60 seconds no more than `rpm` start", METER, "room = tally.rpm - tally.count - 1", "room = tally.rpm - tally.count", (LOG + "test_the_window_is_never_passed_and_is_filled",)),
    Mutation("pass-those-ahead", "who waits starts in order of arrival", METER, "_paced(tally, tally.ahead, ", "_paced(tally, 0, ", (LOG + "test_order_is_that_of_arrival",)),
    Mutation("tokens-of-those-ahead", "a large request is not passed by small ones", METER, "tally.tokens + tally.ahead_tokens + mine", "tally.tokens + mine", (LOG + "test_a_large_one_is_not_passed_by_small_ones",)),
    Mutation("take-all-at-once", "more than half of a window is spaced", METER, "    if steps <= 0:\n        return 0.0", "    if steps:\n        return 0.0", (LOG + "test_a_handful_goes_at_once_and_then_they_are_spaced",)),
    Mutation("wait-for-the-dead", "who is killed while it waits holds up nobody", FILE, 'run("DELETE FROM waiting WHERE seen<=?", now - LEASE_S)', "pass", (LOG + "test_a_dead_one_keeps_nobody_from_its_turn",)),
    Mutation("the-clock-went-back", "a clock that jumps stalls nobody for longer than a window", FILE, 'run("UPDATE starts SET at=?1 WHERE meter=?2 AND at>?1", now, self._name)', "pass", (LOG + "test_a_clock_that_jumps_stalls_nobody_for_longer_than_a_window",)),
    Mutation("alone-without-limits", "without a store a process keeps its limits alone", GATE, "                self._own.started(ask)\n", "", (DOOR + "test_without_a_store_a_process_keeps_its_limits_alone",)),
    Mutation("keep-what-was-not-sent", "what was reserved and not sent is given back", GATE, "failure.recovery is not Recovery.NOT_SENT", "True", (DOOR + "test_what_the_store_is_told_of_the_end",)),
    Mutation("sixty-lines", "a process has one request in the line at a time", GATE, "async with self._line:", "if True:", (DOOR + "test_a_process_has_one_request_in_the_line_at_a_time",)),
    Mutation("charge-for-waiting", "a deadline that ends a wait at the gate charged nothing", PERSIST, " if sent else \"no\"", "", (DOOR + "test_a_wait_at_the_gate_is_no_attempt_and_was_not_charged",)),
)  # fmt: skip
