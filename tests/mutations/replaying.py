"""Mutations of recordings and of the cache."""

from __future__ import annotations

from .mutation import Mutation

CASSETTE, RECORDING, CACHE = "api/cassette.py", "api/recording.py", "api/cache.py"
LINES, ANSWERS = "api/test_recording.py::", "test_cache.py::"

RECORD = (
    Mutation("record-what-was-cut", "a reply that was cut is not recorded", CASSETTE, "status >= 300 or not (cut or tee.broke)", "True", ("test_record.py::TestWhatIsNotWholeIsNotRecorded::test_a_cut_reply",)),
    Mutation("record-the-key", "a recording is free of keys", RECORDING, 'return redaction.redact_all({"path": ending, "body": kept})', 'return {"path": ending, "body": kept}', (LINES + "TestSecrets::test_a_secret_is_hidden_in_request_and_reply",)),
    Mutation("record-the-host", "the host is no part of a request", RECORDING, "path = urlsplit(call.url).path", "path = call.url", (LINES + "test_the_key_leaves_out_host_key_order_and_stream",)),
    Mutation("compare-how-it-travels", "a stream replays in a pipe", RECORDING, 'UNKEYED = ("stream", "stream_options")', "UNKEYED = ()", (LINES + "test_the_key_leaves_out_host_key_order_and_stream",)),
    Mutation("record-out-of-order", "a recording is the same in whichever order it was made", CASSETTE, 'sorted([*known, *entries], key=attrgetter("key"))', "[*known, *entries]", ("test_record.py::TestTheFile::test_it_adds_and_keeps_the_order_of_the_requests",)),
    Mutation("forget-what-was-recorded", "recording adds to the file", CASSETTE, "sorted([*known, *entries]", "sorted([*entries]", ("test_record.py::TestTheFile::test_it_adds_and_keeps_the_order_of_the_requests",)),
    Mutation("always-the-first-reply", "the second equal request gets the second reply", CASSETTE, "self._played[key] += 1", "pass", ("api/test_cassette.py::test_the_kth_equal_request_gets_the_kth_reply_then_the_last",)),
    Mutation("retry-a-recording", "a recorded failure is final", "sending.py", "chosen.retries if chosen.keeping.replay is None else 0", "chosen.retries", ("test_record.py::TestWhatWasSeenIsSeenAgain::test_a_retried_failure_is_the_last_reply_alone",)),
)  # fmt: skip

KEEP = (
    Mutation("never-too-old", "a kept answer grows old", CACHE, "not 0 <= time.time() - entry", "not 0 <= -time.time() + entry", (ANSWERS + "test_an_answer_grows_old",)),
    Mutation("one-for-all-endpoints", "another endpoint answers for itself", CACHE, "[base_url, body, reading]", "[body, reading]", (ANSWERS + "test_another_endpoint_answers_for_itself",)),
    Mutation("read-as-anything", "an answer is kept for what it was read as", CACHE, "[base_url, body, reading]", "[base_url, body]", (ANSWERS + "test_whatever_else_is_asked_is_sent",)),
    Mutation("keep-what-was-cut", "only a complete answer is kept", CACHE, 'exchange.completion.finish_reason == "length"', "False", (ANSWERS + "test_what_is_no_complete_answer_is_not_kept",)),
    Mutation("keep-the-key", "an answer that repeats the key is not kept", CACHE, "if redaction.redact(told) != told:", "if False:", (ANSWERS + "test_an_answer_that_repeats_the_key_is_not_kept",)),
    Mutation("keep-it-for-all", "a kept answer is its owner's alone", CACHE, "private=True", "private=False", (ANSWERS + "test_it_is_for_its_owner_alone",)),
    Mutation("cache-past-a-recording", "a recording has what the wire says", "keeping.py", "self.cache_s if self.record is None and self.replay is None else None", "self.cache_s", (ANSWERS + "test_a_recording_goes_past_it",)),
)  # fmt: skip

MUTATIONS = (*RECORD, *KEEP)
