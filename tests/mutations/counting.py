"""Mutations of counting tokens."""

from __future__ import annotations

from .mutation import Mutation, row

COUNT, CUT, COMMAND = "tokens/counting.py", "tokens/cutting.py", "counting.py"

MUTATIONS = (
    Mutation("cut-inside-a-character", "a cut has no more tokens when it is counted again", CUT, "over := size(head + text, encoding) - limit) > 0", "over := size(head + text, encoding) - limit) > 2", ("tokens/test_counting.py::test_a_cut_keeps_the_limit_when_counted_again",)),
    Mutation("a-line-break-for-the-cut", "nothing is added to a cut text", "output.py", 'if os.isatty(STDOUT) and not content.endswith("\\n") else', 'if not content.endswith("\\n") else', ("test_counting.py::TestTruncate::test_both_ends_are_kept_and_nothing_is_between",)),
    Mutation("stop-at-a-missing-file", "a missing file does not keep the others from being counted", COMMAND, "            failures.append(failure)", "            raise", ("test_counting.py::TestFiles::test_a_missing_one_spoils_the_code_and_not_the_rest",)),
    Mutation("a-seam-before-any-digit", "a text is cut where no token changes", "tokens/seams.py", "|[A-Za-z](?=[0-9])", "|[A-Za-z0-9](?=[0-9])", ("tokens/test_engines.py::test_no_seam_changes_a_token",)),
    Mutation("special-text-is-special", "the name of a special token is text", "tokens/fast.py", "not any(mark in text for mark in marks)", "True", (row("I-30"), "tokens/test_engines.py::test_no_name_of_a_special_token_is_special")),
    Mutation("white-space-panics", "a megabyte of white space does not end tiktoken", "tokens/tokenizer.py", "    except ValueError:", "    except KeyError:", (row("I-31-tiktoken"), "tokens/test_engines.py::test_a_megabyte_of_white_space")),
    Mutation("claim-to-be-exact", "an estimate says so", "tokens/families.py", "Choice(SHIPPED[0], approximate=True)", "Choice(SHIPPED[0], approximate=False)", (row("I-33-told"),)),
    Mutation("load-all-of-it", "the memory for a text does not grow with its length", COUNT, ">= AT_ONCE:", ">= 1 << 60:", ("tokens/test_counting.py::test_a_long_text_is_counted_a_few_parts_at_a_time",)),
    Mutation("composed-differently", "Qwen's text is composed before it is split", "tokens/families.py", 'frozenset({"qwen3"})', "frozenset()", ("tokens/test_engines.py::test_qwen_composes_before_it_splits",)),
    Mutation("long-s-is-no-s", "a small text is counted as tiktoken counts it, or left to it", "tokens/small.py", ' or one == "\\u017f"', "", ("tokens/test_small.py::test_what_is_not_sure_or_takes_long_is_left_to_a_tokenizer",)),
    Mutation("marks-are-letters", "a small text is split as tiktoken splits it", "tokens/small.py", '"Mn": _MARK', '"Mn": _LETTER', ("tokens/test_small.py::test_made_of_what_is_split_in_odd_ways",)),
    Mutation("half-a-table", "a broken table is no reason to fail", "tokens/small.py", "if len(self._file) != self._tokens + self._begins[tokens]:", "if False:", ("tokens/test_small.py::test_a_broken_table_is_no_reason_to_fail",)),
    Mutation("count-all-by-hand", "much text is worth a tokenizer", "tokens/engine.py", "_counted.append(len(text))", "_counted.append(0)", ("tokens/test_small.py::test_many_small_texts_are_worth_a_tokenizer",)),
)  # fmt: skip
