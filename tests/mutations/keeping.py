"""Mutations of connections that are kept, and of how many there are."""

from __future__ import annotations

from .mutation import Mutation, row

POOL, CONNECTION = "api/pool.py", "api/connection.py"
TEST = "api/test_pool.py::"

MUTATIONS = (
    Mutation("what-was-left-is-the-next-reply", "a kept connection never hands one reply's bytes to the next request", CONNECTION, "self._ended or http.trailing_data[0]:", "self._ended:", (f"{TEST}test_what_stands_behind_a_reply_is_nobody_s",)),
    Mutation("ask-twice-for-nothing", "a request that was read is not sent again for free", POOL, "if not is_kept or hangup.heard:", "if not is_kept:", (f"{TEST}test_one_that_was_read_is_not_sent_again",)),
    Mutation("kept-interim-replies-for-ever", "interim replies are bounded on our connections", CONNECTION, "if interim > MOST_INTERIM:", "if False:", (row("N-20"),)),
    Mutation("kept-for-ever", "a connection is closed before servers usually close it", CONNECTION, "self._loop.time() - self._idle_since > MOST_IDLE_S:", "False:", (f"{TEST}test_one_that_nobody_used_for_long_is_not_used_again",)),
    Mutation("dial-in-vain", "without a descriptor a call waits for a connection", POOL, "self._most = self._open", "raise", (f"{TEST}test_without_a_descriptor_calls_wait_for_one_another",)),
    Mutation("more-jobs-than-descriptors", "there are no more jobs than descriptors", "descriptors.py", "min(wanted, soft - (need - wanted))", "wanted", ("test_descriptors.py::TestRoom::test_the_hard_one_is_the_end",)),
    Mutation("write-where-nobody-reads", "a ledger that was removed is begun anew", "ledger.py", "st_nlink > 0", "st_nlink >= 0", ("test_ledger.py::TestPen::test_what_others_do_to_it_is_seen",)),
)  # fmt: skip
