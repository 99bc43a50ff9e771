"""Mutations of what `--help`, the manual pages and a wrong word tell."""

from __future__ import annotations

from .mutation import Mutation

SCREEN, ROFF, CORRECTING = "help_screen.py", "roff.py", "correcting.py"
WORDS = "test_wrong_words.py::"

MUTATIONS = (
    Mutation("help-forgets-the-rare-flags", "help names every flag", "headings.py", "Group(heading, first, rest) if brief", "Group(heading, first) if brief", ("test_help_screens.py::test_help_names_every_flag_shows_two_examples_and_ends_with_exit_codes",)),
    Mutation("no-code-of-a-truncated-answer", "help tells every exit code", SCREEN, "_words(ExitCode.UNUSABLE, ", "_words(", ("test_help_screens.py::test_no_fault_ends_a_command_with_a_code_that_it_does_not_tell",)),
    Mutation("suggest-a-flag-for-a-key", "nothing is suggested for a secret", CORRECTING, 'r"key|secret', 'r"secret', (WORDS + "test_nothing_is_suggested_for_a_secret",)),
    Mutation("a-dot-begins-a-request", "man shows every character of a page", ROFF, 'f"\\\\&{told}" if told.startswith(".") else told', "told", ("test_man.py::TestRoff::test_a_text_stands_for_itself",)),
)  # fmt: skip
