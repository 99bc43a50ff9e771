"""Mutations of the records of a batch: how they are read, and how their answers are printed."""

from __future__ import annotations

from .mutation import Mutation

FRAMING, INTO, SOURCE = "records/framing.py", "records/into.py", "records/source.py"
JSONL, TABLES, TARGETS = "records/jsonl.py", "records/tables.py", "records/targets.py"
KINDS = "test_batch_recipes.py::"
BAD = ("records/test_in.py::test_a_bad_record_fails_and_the_next_is_read",)

MUTATIONS = (
    Mutation("forget-a-comma-at-the-end-of-a-piece", "records do not depend on how a pipe cuts them", FRAMING, '(?="|\\Z)', '(?=")', ("records/test_in.py::test_a_cell_in_quotes_may_be_cut_anywhere",)),
    Mutation("hold-a-record-without-end", "memory is bounded, however long a record", FRAMING, "len(self._part) + len(part) > self._most", "False", ("records/test_in.py::test_a_record_without_end_is_not_held",)),
    Mutation("the-second-of-two-names", "an object with one name twice is a failed record", JSONL, "if len(found) != len(pairs):", "if False:", BAD),
    Mutation("ragged-rows", "a row with other cells than the header is a failed record", TABLES, "if len(cells) != columns:", "if len(cells) < columns:", BAD),
    Mutation("a-price-loses-its-zero", "a number keeps how it was written", JSONL, "parse_float=_number, ", "", ("records/test_in.py::test_rows_of_json_have_fields_id_and_their_text",)),
    Mutation("two-members-of-one-name", "an answer takes the place of the field of its name", INTO, "return any(told.json_text(name) in row for name in names)", "return False", ("records/test_out.py::test_an_answer_is_put_into_a_row_of_json",)),
    Mutation("a-lone-cr-unquoted", "CSV that is written is read back", INTO, "lineterminator=_CRLF).writerow", 'lineterminator="\\n").writerow', ("records/test_out.py::test_csv_reads_back_what_is_written",)),
    Mutation("forge-the-error-of-a-row", "no answer says that its record failed", INTO, "if name != self.error}", "}", (KINDS + "test_an_answer_cannot_say_that_its_record_failed",)),
    Mutation("calls-have-no-fields-and-are-well", "a row without fields has failed, and the run with it", "records/told.py", "if called or not isinstance(data, dict):", "if not isinstance(data, dict):", (KINDS + "test_calls_of_tools_have_no_fields",)),
    Mutation("kept-is-good-for-every-form", "what a journal kept is good only for the form that it fits", "each.py", 'not kept["ok"] or not self._blueprint.wants_fields', "True", (KINDS + "test_what_was_kept_as_another_form_has_fields_or_has_failed",)),
    Mutation("a-record-stops-the-batch", "what a record brings ends no run", "batch.py", ', "bad_template")', ")", (KINDS + "test_a_record_that_makes_too_much_of_a_template_is_one_that_failed",)),
    Mutation("an-id-leads-elsewhere", "a record's id cannot lead out of the directory", TARGETS, 'if "/" in value or "\\\\" in value:', "if False:", ("records/test_out.py::test_what_fills_a_template_stays_where_it_says",)),
    Mutation("wait-in-the-middle-of-it-all", "a silent pipe keeps nobody else waiting", SOURCE, "await _readable(descriptor)", "pass", ("records/test_source.py::test_a_fifo_is_opened_once_and_waited_for",)),
    Mutation("open-a-fifo-twice", "who writes into a FIFO is not ended by a look at it", SOURCE, 'if path != "-" and _waits(path):', "if False:", ("records/test_source.py::test_a_writer_of_a_fifo_is_not_ended",)),
)  # fmt: skip
