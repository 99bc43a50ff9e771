"""Mutations of bounds: of time, of size, of waiting."""

from __future__ import annotations

from .mutation import Mutation, by_library, row

CALLS, BODY, SSE = "api/calls.py", "api/body.py", "api/sse.py"

TIME = (
    Mutation("no-deadline", "--timeout holds over all attempts and waits", "api/persist.py", "timeout_at(patience.deadline):\n            while", "timeout_at(None):\n            while", (row("N-17"),)),
    Mutation("no-deadline-for-stdin", "--timeout holds while stdin is read", "deadline.py", "max(at - time.monotonic(), 1e-6)", "0", (row("P-17"),)),
    Mutation("the-clock-starts-late", "--timeout counts from the start", "sending.py", "began if chosen.timeout_given else time.monotonic()", "time.monotonic()", ("test_sending.py::test_a_timeout_that_was_given_counts_from_the_start",)),
    Mutation("a-fifo-for-ever", "--timeout holds while an output FIFO has no reader", "run.py", "deadline.alarm(patience.deadline, patience.limit_s)", "deadline.alarm(None, 0)", (row("P-35-fifo"),)),
    Mutation("leave-politely", "a resolver that hangs does not hold the process", "__main__.py", "os._exit(code", "sys.exit(code", (row("P-35"),)),
    Mutation("connect-for-ever", "connecting has a bound of its own", "api/pool.py", "timeout(CONNECT_S)", "timeout(None)", ("api/test_client.py::test_connecting_has_a_bound_of_its_own",)),
    Mutation("the-bound-on-connecting-stays", "an answer may take longer than connecting", "api/watch.py", "self._timer.reschedule(None)", "pass", ("api/test_client.py::test_an_answer_may_take_longer_than_connecting",)),
    Mutation("a-header-for-ever", "a stream must begin within a minute", CALLS, "HEADER_S if self._streams else None", "None", ("api/test_calls.py::test_a_stream_that_does_not_begin",)),
    Mutation("a-body-within-the-header-s-time", "a stream may last longer than its beginning", CALLS, "timer.reschedule(None)", "pass", ("api/test_calls.py::test_a_stream_may_last_longer_than_its_beginning",)),
    Mutation("silence-for-ever", "silence inside a reply has a bound", BODY, "timeout(IDLE_S)", "timeout(None)", ("api/test_calls.py::test_a_reply_that_falls_silent",)),
    Mutation("no-progress-for-ever", "pings alone do not keep a stream alive", CALLS, "timeout(PROGRESS_S)", "timeout(None)", ("api/test_calls.py::test_a_stream_that_does_not_move_on",)),
    Mutation("linger-for-ever", "a stream whose answer is whole is not waited for", CALLS, "LINGER_S if assembly.ended else PROGRESS_S", "PROGRESS_S", (row("N-15-silent", "stream"),)),
    Mutation("an-error-for-ever", "the words of an error are waited for a second", CALLS, "timeout(ERROR_S)", "timeout(None)", (row("N-58-stalled"),)),
    Mutation("wait-for-a-silent-stdin", "a stdin that stays silent beside a prompt is told", "inputs.py", "_await_first_byte(PATIENCE_S)", "pass", ("test_inputs.py::test_a_prompt_does_not_wait_for_ever_for_data",)),
    Mutation("nobody-reads", "a reader that leaves ends the request", "loop.py", "if watch and ", "if False and ", (row("P-06-late"),)),
)  # fmt: skip

SIZE = (
    Mutation("a-reply-of-any-size", "replies are bounded", BODY, "if size > LARGEST:", "if False:", ("api/test_body.py::test_a_body_over_the_limit_is_left_unread",)),
    Mutation("unfold-all-at-once", "a packed reply unfolds a piece at a time", BODY, "decompress(piece, _PIECE)", "decompress(piece)", ("api/test_body.py::test_a_bomb_unfolds_no_further_than_the_limit_and_a_little_at_a_time",)),
    Mutation("a-header-of-any-size", "the header of a reply is bounded", "api/pool.py", "if header.size > LARGEST_HEADER:", "if False:", (row("N-75-cap"),)),
    Mutation("interim-replies-for-ever", "interim replies are bounded", "api/watch.py", "if self._interim > MOST_INTERIM:", "if False:", (by_library("N-20"),)),
    Mutation("a-line-of-any-length", "a line of a stream is bounded", SSE, "if len(self._rest) + self._size > LARGEST_EVENT:", "if False:", ("api/test_sse.py::test_an_event_that_never_ends_is_refused_at_the_limit",)),
    Mutation("an-event-of-any-size", "an event of many lines is bounded", SSE, "        if self._size > LARGEST_EVENT:\n            raise EventTooLarge", "", ("api/test_sse.py::test_an_event_over_the_limit_is_refused_however_it_is_cut",)),
    Mutation("input-of-any-size", "--max-input bounds the input", "inputs.py", "len(raw) > bounds.most:", "len(raw) < 0:", ("test_inputs.py::test_too_much_input_is_not_sent",)),
    Mutation("a-bound-for-each-file", "--max-input bounds all files together", "inputs.py", "left = None if left is None else left - len(raw)", "pass", ("test_inputs.py::test_the_limit_is_for_all_files_together",)),
    Mutation("templates-of-any-size", "what a template makes is bounded", "template.py", "if written > LARGEST:", "if False:", ("test_template.py::test_the_text_is_bounded_also_where_steps_are_allowed",)),
    Mutation("templates-without-end", "rendering a template is bounded", "template.py", "        fuel=fuel,\n", "", ("test_template.py::test_the_steps_are_bounded",)),
    Mutation("recipes-of-any-depth", "recipes and configuration are bounded", "documents.py", "if depth > _DEEPEST or nodes > _MOST_NODES:", "if False:", ("test_documents.py::test_a_hostile_document_is_refused",)),
)  # fmt: skip

MUTATIONS = (*TIME, *SIZE)
