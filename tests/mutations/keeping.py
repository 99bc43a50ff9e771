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
    Mutation("the-first-one-trusts-the-bundle", "connections side by side all trust whom the machine trusts", POOL, "            if was_whole:", "            if trust.is_whole:", ("api/test_authorities.py::test_connections_side_by_side_all_trust_the_bundle",)),
    Mutation("trust-another-system-s-bundle", "beside a folder of its own a machine trusts no other system's bundle", "api/authorities.py", "return Trust(context, own)", "return Trust(context, own or next(filter(os.path.isfile, _BUNDLES), None))", ("api/test_authorities.py::test_beside_a_folder_of_its_own_no_other_system_s_bundle_is_trusted",)),
    Mutation("letters-that-look-alike", "a plain URL is ASCII", "api/address.py", "re.IGNORECASE | re.ASCII,", "re.IGNORECASE,", ("api/test_address.py::test_what_is_not_plain_is_left_to_the_library",)),
    Mutation("no-descriptor-is-the-network-s-fault", "without a descriptor for one connection a command says so", POOL, "                        raise  # nobody", "                        raise mishaps.connecting(OSError(), self._server)  # nobody", (f"{TEST}test_without_a_descriptor_for_one_nobody_gives_one_back",)),
    Mutation("dial-in-vain", "without a descriptor a call waits for a connection", POOL, "self._most = self._open", "raise", (f"{TEST}test_without_a_descriptor_calls_wait_for_one_another",)),
    Mutation("more-jobs-than-descriptors", "there are no more jobs than descriptors", "descriptors.py", "min(wanted, soft - (need - wanted))", "wanted", ("test_descriptors.py::TestRoom::test_the_hard_one_is_the_end",)),
    Mutation("write-where-nobody-reads", "a ledger that was removed is begun anew", "ledger.py", "st_nlink > 0", "st_nlink >= 0", ("test_ledger.py::TestPen::test_what_others_do_to_it_is_seen",)),
    Mutation("reset-again-and-again", "what a server resets is not sent twice again and again", POOL, "        self._wary = WARY\n", "", (f"{TEST}test_a_server_that_resets_what_it_was_to_keep_is_asked_over_new_ones",)),
    Mutation("sent-again-though-it-was-read", "a request that was read is not sent again for free", CONNECTION, "self._heard or system.has_arrived(number)", "self._heard", (f"{TEST}test_a_request_that_was_read_before_the_end_is_not_sent_again",)),
    Mutation("a-bundled-recipe-extends-any", "a person's broken recipe breaks no bundled one", "library.py", "        own = {}  # what is bundled", "        pass  # what is bundled", ("test_recipe.py::test_what_is_bundled_extends_what_is_bundled",)),
)  # fmt: skip
