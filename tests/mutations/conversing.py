"""Mutations of conversations: the file of a thread, and the messages that are sent again."""

from __future__ import annotations

from .mutation import Mutation, row

FILE, THREAD, MESSAGES = "thread_file.py", "thread.py", "messages.py"
OUTSIDE = "test_conversations.py::"

MUTATIONS = (
    Mutation("no-lock-of-a-thread", "processes side by side take turns", FILE, "locks.take(descriptor)", "pass", (row("P-26-busy"),)),
    Mutation("a-lock-let-go", "the lock is held from reading to adding", "conversing.py", "yield Talk(past, file)", "import fcntl; fcntl.flock(file._descriptor, fcntl.LOCK_UN); yield Talk(past, file)", (OUTSIDE + "TestSideBySide::test_every_turn_is_kept_and_each_has_seen_those_before",)),
    Mutation("print-before-it-is-kept", "a turn is on the disk before its answer is printed", "run.py", "                exchange = talk.keep(exchange)\n", "", (row("P-08-thread"),)),
    Mutation("no-sync-of-a-turn", "a turn survives a power cut", FILE, "_sync(self._descriptor)", "pass", (row("P-22-thread"),)),
    Mutation("half-a-turn-stays", "what cannot be written leaves the turns that were there", FILE, "os.ftruncate(self._descriptor, kept)\n                    raise", "pass\n                    raise", (row("P-23-thread"),)),
    Mutation("signals-in-a-turn", "a signal leaves no half of a turn", FILE, "with outfile.undisturbed():", "if True:", (row("P-20-thread-term"),)),
    Mutation("over-an-editor-s-work", "a file that an editor changed is left alone", FILE, "self._refuse_a_stranger()", "pass", (OUTSIDE + "TestFile::test_a_file_that_an_editor_replaced_is_not_written_over",)),
    Mutation("an-empty-thread-stays", "a first turn that fails leaves no file", FILE, "os.unlink(self._path)", "pass", (OUTSIDE + "TestFile::test_a_dangling_link_stays_where_nothing_was_said",)),
    Mutation("any-end-is-torn", "what is no turn of ours is never taken away", THREAD, "if not _is_torn(tail):", "if False:", ("test_thread.py::test_what_is_no_turn_is_damage_also_at_the_end",)),
    Mutation("a-whole-object-is-torn", "what a person wrote is not taken away", THREAD, "    return False\n\n\ndef _turn(", "    return True\n\n\ndef _turn(", ("test_thread.py::test_what_is_no_turn_is_damage_also_at_the_end",)),
    Mutation("its-own-answer", "a conversation does not take its own answer", "conversing.py", "return stat.S_ISREG(out.st_mode) and os.path.samestat(there, out)", "return False", (OUTSIDE + "TestThread::test_the_answer_does_not_go_into_it",)),
    Mutation("one-id-one-call", "two calls with one id are two", "api/codec.py", "calls.whole(fields)", "calls.feed(fields)", ("test_tools.py::TestCommands::test_calls_with_one_id_are_answered_one_by_one",)),
    Mutation("unsigned", "what a provider signed goes back", MESSAGES, ", **call.extra}", "}", ("test_tools.py::TestCommands::test_what_the_provider_signed_goes_back",)),
    Mutation("a-key-in-a-thread", "a key is in no thread", THREAD, "redaction.redact_all(messages.wire(message), _PACKED) for", "messages.wire(message) for", (row("S-10-thread"),)),
    Mutation("a-turn-of-tries", "what was asked again is one turn", "history.py", "(one for one in since if one.calls or one.role == \"tool\")", "since", ("test_messages.py::test_a_turn_is_what_was_added_without_attempts_that_were_no_use",)),
    Mutation("drop-further-fields", "messages are sent as they were given", MESSAGES, "{**told, **message.extra}", "told", ("test_messages.py::test_what_is_read_is_sent_as_it_was",)),
    Mutation("our-word-in-a-conversation", "the array is all of the conversation", "plan.py", "if material.history.whole:", "if False:", (OUTSIDE + "TestMessages::test_they_are_sent_as_they_are",)),
)  # fmt: skip
