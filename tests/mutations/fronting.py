"""Mutations of what is told before anything is loaded."""

from __future__ import annotations

from .mutation import Mutation

ENTRY = "__main__.py"

MUTATIONS = (
    Mutation("forget-what-is-owed", "help that a disk took half of is no success", ENTRY, "return owed or os._exit(0)", "os._exit(0)", ("test_at_once.py::test_what_a_disk_takes_of_it_is_not_written_again",)),
    Mutation("version-to-nobody-is-ok", "a version that could not be written is no success", ENTRY, "    except OSError:\n        return owed\n", "    except OSError:\n        os._exit(0)\n", ("test_at_once.py::test_where_it_cannot_be_written_that_is_74",)),
    Mutation("help-from-any-path", "a word that is no command shows no file", ENTRY, "or not all(map(_is_name, words))", "or False", ("test_at_once.py::test_what_is_no_command_gets_no_screen",)),
    Mutation("interrupted-with-a-traceback", "Ctrl-C is quiet from the first moment", ENTRY, "except KeyboardInterrupt:", "except ZeroDivisionError:", ("test_at_once.py::test_an_interrupt_kills_it_in_silence",)),
)  # fmt: skip
