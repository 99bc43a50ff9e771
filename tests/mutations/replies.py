"""Mutations of what is taken for an answer: exit 0 means the whole of it."""

from __future__ import annotations

from .mutation import Mutation, row

ASSEMBLY, CODEC, SSE, FLOW = "api/assembly.py", "api/codec.py", "api/sse.py", "api/textflow.py"
CALLS, BODY, VERDICTS = "api/calls.py", "api/body.py", "api/verdicts.py"
READING, LABELS, FENCES = "reading.py", "labels.py", "fences.py"

WHOLE = (
    Mutation("accept-a-missing-finish-reason", "a stream that was cut is no answer", ASSEMBLY, "if not self.ended:", "if False:", (row("N-13", "stream"),)),
    Mutation("any-end-is-an-end", "an unknown finish reason is not `stop`", CODEC, "return _NORMAL.get(reason.lower(), joined(reason))", 'return "stop"', (row("N-43"),)),
    Mutation("ignore-errors-in-a-stream", "an error in the stream is an error", ASSEMBLY, "codec.raise_error_in(chunk, self._headers)", "pass", (row("N-16-busy", "stream"),)),
    Mutation("ignore-errors-in-a-reply", "an error with status 200 is an error", CODEC, "    raise_error_in(value, headers)\n    choice", "    choice", (row("N-40-quota"),)),
    Mutation("ignore-a-broken-answer", "an answer that the provider broke off is none", CODEC, 'completion.finish_reason == "error"', "False", ("api/test_codec.py::test_an_answer_that_the_provider_broke_off_is_none",)),
    Mutation("any-choice", "the answer is the first choice", CODEC, "in (0, None)", "in (0, 1, None)", ("api/test_codec.py::test_the_first_choice_is_the_one_with_index_0",)),
    Mutation("a-204-is-an-error-like-any", "an empty reply is called that", CALLS, "if reply.status == 204:", "if False:", (row("N-41-204"),)),
    Mutation("a-page-is-a-stream", "a login page is told for what it is", CALLS, '(b"<", b"{")', '(b"{",)', (row("N-38", "stream"),)),
    Mutation("half-a-pack", "a packed reply must prove its end", BODY, "if not self._engine.eof:", "if False:", ("api/test_body.py::test_a_packed_body_without_its_end_is_not_a_body",)),
    Mutation("the-first-of-two-packs", "what stands behind a pack is not dropped", BODY, 'raise self._spoilt("goes on behind its end")', "return", ("api/test_body.py::test_two_packs_are_never_read_as_the_first_alone",)),
    Mutation("an-unknown-pack-is-text", "a packing that nobody knows is refused", BODY, 'if packing in ("", "identity"):', 'if packing not in ("gzip", "x-gzip", "deflate"):', (row("N-31-br"),)),
    Mutation("accept-truncated-answers", "a truncated answer is not 0", READING, 'completion.finish_reason == "length"', "False", (row("N-43"),)),
    Mutation("accept-filtered-answers", "a filtered answer is not 0", READING, 'completion.finish_reason == "content_filter"', "False", (row("N-45"),)),
    Mutation("accept-refusals", "a refusal is not 0", READING, "if completion.refusal:", "if False:", (row("N-45-refusal"),)),
    Mutation("accept-calls-of-tools", "an answer that calls tools is not 0", READING, "if completion.calls and not tools:", "if False:", (row("N-47"),)),
    Mutation("accept-empty-answers", "an empty answer is not 0", READING, "if not completion.text.strip() and not completion.calls:", "if False:", (row("N-46"),)),
    Mutation("forget-that-it-was-paid-for", "an unusable answer was paid for", "asking.py", 'failure.charged = "no" if exchange.cached else "yes"', "pass", ("test_output.py::test_exit_4_prints_nothing_but_keeps_the_text_in_the_envelope",)),
)  # fmt: skip

TEXT = (
    Mutation("lines-as-str-has-them", "U+2028 and its like are text", SSE, r'_LINE_END = expression(rb"\r\n|\n|\r")', r'_LINE_END = expression(rb"\r\n|\n|\r|\x0b|\x0c|\xc2\x85|\xe2\x80[\xa8\xa9]")', (row("N-35", "stream"),)),
    Mutation("replace-in-a-stream", "bytes that are no UTF-8 are not replaced", SSE, '.join(self._data).decode()', '.join(self._data).decode("utf-8", "replace")', (row("N-33", "stream"),)),
    Mutation("replace-in-a-reply", "bytes that are no UTF-8 are not replaced", CODEC, "value_of(bare.decode())", 'value_of(bare.decode("utf-8", "replace"))', (row("N-32"),)),
    Mutation("half-a-line-end", "CR and LF may come in two pieces", SSE, '(1 if self._rest.endswith(b"\\r") else 0)', "0", ("api/test_sse.py::test_every_small_cut_of_a_real_stream",)),
    Mutation("a-mark-is-text", "a byte-order mark is dropped", SSE, "if self._rest.startswith(_BOM):", "if False:", (row("N-36-bom", "stream"),)),
    Mutation("lose-the-last-event", "a stream may lack its last blank line", SSE, "            yield from self._line(line)\n        yield from self._dispatch()", "            yield from self._line(line)", (row("N-36-last", "stream"),)),
    Mutation("thinking-is-answer", "a leading think block is not the answer", FLOW, "if opening.startswith(_OPEN):", "if False:", ("api/test_textflow.py::test_a_leading_think_block_is_not_the_answer",)),
    Mutation("half-a-character", "a character may come in two deltas", FLOW, 'keep = 1 if self._held and', "keep = 0 if self._held and", (row("N-50-split", "stream"),)),
    Mutation("lose-what-was-held", "what was held back is shown at the end", CALLS, "self._hand_on(assembly.rest(), assembly.thought)", "pass", (row("N-15-held", "stream"), "api/test_calls.py::test_what_was_held_back_is_handed_on")),
    Mutation("invent-usage", "what is unknown is null", CODEC, " and value >= 0 else None", " else None", ("api/test_codec.py::test_usage_is_what_the_server_counted_or_unknown",)),
)  # fmt: skip

SHAPES = (
    Mutation("a-label-it-denies", "a label that is denied is not the answer", LABELS, "if _DENIAL.search(rest):", "if False:", ("test_labels.py::test_an_answer_that_means_no_label_or_several",)),
    Mutation("a-label-that-is-false", "a label that is false in JSON is not the answer", LABELS, "if fields[key]]", "]", ("test_labels.py::test_json_that_names_no_label",)),
    Mutation("read-for-ever", "an answer that is hard to read is given up at the deadline", "asking.py", 'with deadline.alarm(*limit, "the answer was not read"):', "if True:", ("test_asking.py::test_an_answer_that_is_hard_to_read_is_given_up_at_the_deadline",)),
    Mutation("minus-one-is-one", "a number with a sign is another", LABELS, "if signed else inner", "if False else inner", ("test_labels.py::test_an_answer_that_means_no_label_or_several",)),
    Mutation("leave-out-a-label", "of several labels none is left out silently", LABELS, "if every and set", "if False and set", ("test_labels.py::test_of_several_none_is_left_out_that_may_be_but_a_word",)),
    Mutation("the-first-of-several-labels", "an answer of several labels is none", LABELS, "if len(found) != 1:", "if not found:", ("test_labels.py::test_an_answer_that_means_no_label_or_several",)),
    Mutation("the-shortest-label-first", "`very good` does not also count as `good`", LABELS, "-len(pair[0])", "len(pair[0])", ("test_labels.py::test_the_label_that_an_answer_means",)),
    Mutation("a-label-inside-a-word", "a label stands as a word of its own", LABELS, r"(?<![\w+#./-])", "", ("test_labels.py::test_an_answer_that_means_no_label_or_several",)),
    Mutation("code-that-was-never-closed", "code that was cut is no answer", FENCES, "if not allow_open and not all(fence.closed for fence in found):", "if False:", ("test_fences.py::test_a_block_that_was_never_closed_is_not_an_answer",)),
    Mutation("a-fence-s-end-unknown", "a block that the answer's end cut is known as such", "commonmark.py", "code.count(\"\\n\") + 2", "code.count(\"\\n\") + 1", ("test_fences.py::test_a_fenced_block",)),
    Mutation("a-list-s-fence-lost", "a list's fence whose lines are not indented is read", "commonmark.py", "return flat if all(fence.closed for fence in flat) else found", "return found", ("test_fences.py::test_a_fence_where_models_put_them",)),
    Mutation("prose-is-code", "prose is not code", FENCES, "* 2 > len(lines)", "* 2 > 0", ("test_fences.py::test_prose_is_not_code",)),
    Mutation("any-block", "of several blocks the one in the language counts", FENCES, "max(matching or named or blocks,", "max(blocks,", ("test_fences.py::test_of_several_blocks_the_one_in_the_language_or_the_largest",)),
)  # fmt: skip

DECIDED = (
    Mutation("no-label-is-final", "what is no label is asked about once more", READING, 'failure.slug == "not_a_label"', "False", ("test_votes.py::test_an_answer_that_is_no_label_is_asked_about_once_more",)),
    Mutation("print-an-alias", "an alias is never printed", LABELS, "found[name] = None", "found[said] = None", ("test_labels.py::test_an_alias_is_read_as_its_label",)),
    Mutation("a-tie-is-a-verdict", "a tie decides nothing", "ballot.py", "if most <= max(", "if most < max(", ("test_ballot.py::test_a_tie_decides_nothing",)),
    Mutation("unknown-is-sure-enough", "a confidence that is not known is not enough", "ballot.py", "(sure is not None and sure >= least)", "sure is None or sure >= least", ("test_ballot.py::test_what_is_sure_enough",)),
    Mutation("sure-of-all-words", "the confidence is that in a label against the others", "confidence.py", "round(mass / total, _DIGITS)", "round(mass, _DIGITS)", ("test_confidence.py::test_the_mass_of_each_label",)),
    Mutation("one-vote-for-all", "each vote is kept for itself", "votes.py", "vote=number + 1", "vote=1", ("test_votes.py::test_votes_are_kept_and_replayed_one_by_one",)),
    Mutation("a-schema-for-everybody", "only a server that is known to is held to a schema", "settings.py", " and _is_at(base_url, profile)", "", ("test_votes.py::test_a_server_that_can_is_told_the_choice",)),
)  # fmt: skip

CAUSES = (
    Mutation("too-long-is-just-bad", "text that is too long is 65", VERDICTS, "and _says(told, CONTEXT)", "and False", (row("N-57-length"),)),
    Mutation("policy-is-just-bad", "a policy is called that", VERDICTS, "status in (400, 403, 422) and _says(told, POLICY)", "False", (row("N-56-policy"),)),
    Mutation("lose-the-request-id", "the request's name is told", VERDICTS, '"request-id", "cf-ray"', '"cf-ray"', (row("N-56-request-id"),)),
    Mutation("a-cut-is-just-late", "a failure tells what it cost", "api/mishaps.py", '"reply_cut", f"{host} hung up in the middle of its reply", "run it again",\n        recovery=Recovery.CHARGED', '"reply_cut", f"{host} hung up in the middle of its reply", "run it again",\n        recovery=Recovery.REJECTED', (row("N-24-mixed"),)),
    Mutation("distrust-is-just-late", "a certificate that is not trusted is not retried", "api/mishaps.py", "if isinstance(error, ssl.SSLCertVerificationError):", "if False:", (row("N-70"),)),
)  # fmt: skip

MUTATIONS = (*WHOLE, *TEXT, *SHAPES, *DECIDED, *CAUSES)
