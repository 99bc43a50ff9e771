"""Mutations of what is read and written, and of how the process ends."""

from __future__ import annotations

from .mutation import Mutation, row

OUTPUT, OUTFILE, INPUTS, CLI, RUN = "output.py", "outfile.py", "inputs.py", "cli.py", "run.py"
TO_FILE = "test_output.py::TestFile::"

FILES = (
    Mutation("no-sync", "a file is on disk before it takes the old one's place", OUTFILE, "os.fsync(descriptor)\n                system.before", "system.before", (row("P-22"),)),
    Mutation("no-sync-of-the-folder", "a new name survives a power cut", OUTFILE, "sync_directory(target.parent)", "pass", (row("P-20-folder"),)),
    Mutation("no-lock", "two that write one file do not share a draft", OUTFILE, "locks.take(descriptor)", "pass", ("test_outfile.py::test_a_draft_that_somebody_writes_is_left_alone",)),
    Mutation("a-draft-of-two-names", "a planted draft does not reach another file", OUTFILE, " and status.st_nlink == 1", "", ("test_outfile.py::test_a_planted_draft_reaches_no_other_file",)),
    Mutation("a-draft-of-somebody", "a draft is replaced only by its owner", OUTFILE, "system.is_mine(status) and ", "", ("test_outfile.py::test_a_draft_of_somebody_else_is_left_alone",)),
    Mutation("leave-a-draft", "a failed write leaves nothing behind", OUTFILE, "                os.unlink(name)\n                raise", "                raise", (row("P-20-rename"),)),
    Mutation("signals-while-writing", "a signal leaves no draft", "system.py", "signal.SIG_BLOCK, ENDINGS", "signal.SIG_BLOCK, ()", (row("P-20-term"),)),
    Mutation("a-mode-of-its-own", "a replaced file keeps its mode", OUTFILE, "system.set_mode(descriptor, _mode(target, private))", "pass", (TO_FILE + "test_a_replaced_file_keeps_its_mode",)),
    Mutation("rename-over-a-link", "a link's target is replaced and not the link", OUTFILE, " replace(Path(os.path.realpath(path)), output", " replace(Path(path), output", (TO_FILE + "test_a_link_s_target_is_replaced_not_the_link",)),
    # Never with a test that names /dev/null: as root it would replace the machine's own.
    Mutation("rename-over-devices", "a device or FIFO is written, not renamed over", OUTFILE, "return target.exists() and not (", "return False and not (", ("test_outfile.py::test_a_fifo_is_still_one",)),
    Mutation("clobber-late", "--no-clobber holds to the end", OUTFILE, "            if fresh:", "            if False:", (TO_FILE + "test_no_clobber_holds_though_the_file_appears_meanwhile",)),
    Mutation("clobber-told-late", "--no-clobber is told before a request", OUTFILE, "if target.exists() and no_clobber:", "if False:", (TO_FILE + "test_what_can_be_known_is_known_before_a_request",)),
    Mutation("check-no-file", "an output that cannot be is told before a request", "plan.py", "outfile.check(said.output, said.no_clobber)", "pass", (TO_FILE + "test_what_can_be_known_is_known_before_a_request",)),
)  # fmt: skip

STREAMS = (
    Mutation("a-short-write-is-a-write", "stdout holds the whole answer", OUTPUT, "view = view[os.write(descriptor, view) :]", "view = view[os.write(descriptor, view) : 0]", ("test_output.py::TestStdoutTrouble::test_a_slow_reader_gets_all_of_it",)),
    Mutation("no-waiting-for-room", "a non-blocking stdout is waited for", OUTPUT, "except BlockingIOError:", "except InterruptedError:", ("test_output.py::TestStdoutTrouble::test_a_slow_reader_gets_all_of_it",)),
    Mutation("a-full-disk-is-well", "an answer that was not written is not 0", OUTPUT, 'raise WriteFailure("write_failed", f"{name}: {why}") from None', "return", (row("P-08"),)),
    Mutation("a-reader-gone-is-well", "an answer that nobody read is not 0", OUTPUT, "raise ReaderGone from None", "return", (row("P-05"),)),
    Mutation("check-no-stdout", "a closed stdout is told before a request", OUTPUT, "if closed:", "if False:", (row("P-09"),)),
    Mutation("own-no-descriptors", "a closed descriptor is not taken by a file", "__main__.py", "    _own_the_descriptors(system.direction)\n", "", (row("P-10"),)),
    Mutation("one-line-end-more", "an answer keeps its line end", OUTPUT, 'write(content if content.endswith("\\n") else content + "\\n")', 'write(content + "\\n")', ("test_output.py::test_the_answer_and_one_line_end_if_it_lacks_one",)),
    Mutation("text-of-the-locale", "UTF-8 whatever the locale", OUTPUT, 'return content.encode("utf-8", "surrogateescape")', 'return content.encode("ascii", "replace")', (row("P-32"),)),
    Mutation("stream-into-a-pipe", "in a pipe, stdout holds the whole answer or nothing", "plan.py", "return os.isatty(output.STDOUT) if said.stream is None else said.stream", "return said.stream is not False", (row("N-09"),)),
    Mutation("notes-unasked", "success is silent on stderr", "sending.py", "output.note if said.verbose else _silence", "output.note", (row("N-06-once"),)),
    Mutation("no-envelope-for-a-failure", "--json is one envelope for every outcome", "failing.py", 'if "--json" in flags:', "if False:", (row("N-06", "json"),)),
    Mutation("all-is-retryable", "75 alone means run me again", "envelope.py", "failure.exit_code is ExitCode.TRY_AGAIN", "True", (row("N-56-400", "json"),)),
    Mutation("half-a-pair-in-json", "an odd file name does not spoil the JSON", OUTPUT, 'return _HALF.sub(lambda found: f"\\\\u{ord(found[0]):04x}", told)', "return told", ("test_cli.py::test_an_odd_file_name_does_not_spoil_the_json",)),
)  # fmt: skip

INPUT = (
    Mutation("replace-in-the-input", "input that is no UTF-8 is 65", INPUTS, 'raw.decode("utf-8", bounds.invalid)', 'raw.decode("utf-8", "replace")', (row("P-13-c"),)),
    Mutation("binary-is-text", "input with NUL bytes is 65", INPUTS, "if nul >= 0:", "if False:", (row("P-14"),)),
    Mutation("nothing-is-input", "empty input is 66 and nothing is sent", INPUTS, "    if not text.strip():\n        raise NoInput", "    if False:\n        raise NoInput", ("test_inputs.py::test_data_is_needed_though_the_recipe_says_something",)),
    Mutation("a-mark-is-input", "one byte-order mark is dropped", INPUTS, 'text.removeprefix("\\ufeff")', "text", (row("P-18"),)),
    Mutation("read-stdin-anyway", "-n leaves stdin alone", INPUTS, "if no_stdin or os.isatty(STDIN):", "if os.isatty(STDIN):", ("test_inputs.py::test_with_n_a_loop_keeps_its_stdin",)),
    Mutation("swallow-a-loop-s-list", "the list of a while-read loop is not swallowed", INPUTS, "if 0 < offset < status.st_size:", "if False:", ("test_inputs.py::test_a_loop_s_file_is_not_swallowed",)),
    Mutation("stdin-beside-files", "stdin is left alone where a file is named", INPUTS, "    if paths:\n        pieces = _files(paths, bounds)", '    if paths:\n        pieces = _files([*paths, "-"], bounds)', ("test_inputs.py::test_a_named_file_leaves_stdin_alone",)),
)  # fmt: skip

ENDS = (
    Mutation("interrupts-as-exceptions", "Ctrl-C is death by the signal itself", "__main__.py", "    _die_by_interrupts()\n", "", (row("P-01"),)),
    Mutation("never-ignore-an-interrupt", "what nohup ignores stays ignored", "__main__.py", " is signal.default_int_handler:", " is not None:", (row("P-03-ignored"),)),
    Mutation("exit-in-place-of-the-signal", "a reader that leaves is death by SIGPIPE itself", "system.py", "os.kill(os.getpid(), number)", "pass", ("test_output.py::TestStdoutTrouble::test_a_reader_that_leaves_is_death_by_the_signal_itself",)),
    Mutation("a-bug-is-a-verdict", "an internal error is 70", "ending.py", "sys.excepthook = _end", "pass", (row("S-06-import"),)),
    Mutation("no-verdict", "exit 1 is the verdict of a check", RUN, "ExitCode.NO if verdict is False else ExitCode.OK", "ExitCode.OK", ("test_cli.py::TestEnvelope::test_a_verdict_is_no_error",)),
    Mutation("late-is-for-ever", "75 means run me again", "errors.py", "exit_code = ExitCode.TRY_AGAIN", "exit_code = ExitCode.REFUSED", (row("N-06"),)),
    Mutation("quiet-is-loud", "-q prints no answer", RUN, "elif not said.quiet and ", "elif ", ("test_output.py::test_quiet_prints_no_answer",)),
)  # fmt: skip

MUTATIONS = (*FILES, *STREAMS, *INPUT, *ENDS)
