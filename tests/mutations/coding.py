"""Mutations of what becomes of code: how it is checked, and where its files may go."""

from __future__ import annotations

from .mutation import Mutation, row

CHECKERS, CODECHECK, CODEFILES, FILETREE = (
    "checkers.py",
    "codecheck.py",
    "codefiles.py",
    "filetree.py",
)
CHECK, FILES, TREE = "test_codecheck.py::", "test_codefiles.py::", "test_filetree.py::"
MUCH = "test_codecheck_many.py::"
OUTSIDE = "test_codegen.py::"

CHECKED = (
    Mutation("broken-code-is-well", "code that is not well formed is 4", "verifying.py", "if verdict.passed is False:", "if False:", (OUTSIDE + "test_code_that_stays_broken_is_not_printed",)),
    Mutation("ask-not-again-for-code", "broken code is asked for again with the checker's word", "fences.py", 'frozenset({"check_failed", ', "frozenset({", (OUTSIDE + "test_code_that_is_not_well_formed_is_asked_for_again",)),
    Mutation("run-what-is-checked", "code is parsed and never run", CHECKERS, '("bash", "--norc", "--noprofile", "-n")', '("bash", "--norc", "--noprofile")', (CHECK + "test_nothing_is_run",)),
    Mutation("run-fish", "code is parsed and never run", CHECKERS, '"--no-execute", "/dev/stdin"', '"/dev/stdin"', (CHECK + "test_nothing_is_run",)),
    Mutation("a-compiler-reads-files", "a checker reads no file that the code names", CHECKERS, 'if language in ("c", "c++") and _includes_files(code):', "if False:", (CHECK + "test_what_has_no_checker_that_would_be_safe",)),
    Mutation("a-checker-has-the-key", "no checker gets a key", CODECHECK, '{"PATH": os.environ.get("PATH", os.defpath), **words}', "{**os.environ, **words}", (CHECK + "test_a_tool_sees_the_code_and_neither_keys_nor_home",)),
    Mutation("say-not-that-it-is-unchecked", "a checker that does not work is a warning", "verifying.py", "if verdict.said:", "if False:", (OUTSIDE + "test_a_checker_that_fails_is_a_warning",)),
    Mutation("a-broken-checker-s-word", "a checker that does not work says nothing of the code", CODECHECK, "if status != 0 or not said:", "if not said:", (CHECK + "test_a_tool_that_is_broken_or_slow_is_a_warning",)),
    Mutation("believe-the-fence", "what is no code of the language asked for is not printed as such", CHECKERS, "    language = languages.plain(wanted)\n", '    language = ""\n', (OUTSIDE + "test_what_is_no_code_of_the_language_asked_for_is_not_passed_off_as_it",)),
    Mutation("leave-what-a-checker-left", "what a checker left behind is ended with it", CODECHECK, " or not process.stdout.at_eof():", ":", (CHECK + "test_what_a_tool_left_behind_is_ended_with_it",)),
    Mutation("check-all-at-once", "much code at once is checked all the same", CODECHECK, "asyncio.Semaphore(AT_ONCE)", "asyncio.Semaphore(1000)", (MUCH + "test_so_many_run_at_once_and_no_more",)),
    Mutation("wait-for-a-checker-that-hangs", "a checker that hangs is not waited for with each record", CODECHECK, "if tool in room.hung:", "if False:", (MUCH + "test_a_checker_that_hangs_is_not_waited_for_each_time",)),
    Mutation("one-piece-hangs-the-checker", "code that hangs its checker leaves it to the others", CODECHECK, "        if status is None:\n            room.hung.add(tool)", "        if status is not None:\n            room.hung.add(tool)", (MUCH + "test_code_that_is_made_to_hang_its_checker_leaves_it_to_the_others",)),
    Mutation("leave-the-checker", "a signal leaves no checker behind", "offspring.py", "for group in tuple(groups):", "for group in ():", (CHECK + "test_a_signal_takes_the_checker_along",)),
)  # fmt: skip

WRITTEN = (
    Mutation("a-name-leads-out", "no file is written outside the directory, on any system", CODEFILES, "if _NOWHERE.search(path):", "if False:", (FILES + "test_a_name_that_is_not_safe_refuses_all",)),
    Mutation("a-hook-is-a-file", "no file is written that a tool runs by itself", CODEFILES, 'if part.startswith("."):', "if False:", (row("O-13-git"),)),
    Mutation("a-flag-is-a-name", "no file is written whose name is a flag", CODEFILES, 'if part.startswith("-"):', "if False:", (OUTSIDE + "test_a_name_that_is_a_flag_to_the_next_program_is_not_written",)),
    Mutation("two-names-for-one-file", "no file of an answer overwrites another", CODEFILES, "if other != name:", "if False:", (row("O-13-case"),)),
    Mutation("write-through-a-link", "no file is written through a link", FILETREE, "parent = os.open(part, _FOLDER | system.NOFOLLOW, dir_fd=parent)\n            except", "parent = os.open(part, _FOLDER, dir_fd=parent)\n            except", (TREE + "test_one_that_cannot_be_had_leaves_everything_as_it_was",)),
    Mutation("some-of-the-files", "all files are written or none", FILETREE, "            self._undo()\n            raise", "            raise", (TREE + "test_one_that_cannot_be_had_leaves_everything_as_it_was",)),
    Mutation("write-what-runs", "no file that is written can be executed", FILETREE, "_NEW, 0o644,", "_NEW, 0o755,", (row("O-13-mode"),)),
)  # fmt: skip

MUTATIONS = (*CHECKED, *WRITTEN)
