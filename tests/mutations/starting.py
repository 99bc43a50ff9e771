"""Mutations that make a start dearer, and of what is told before anything is loaded."""

from __future__ import annotations

from .mutation import Mutation

ENTRY = "__main__.py"
FIGURES = ("startup/test_figures.py::test_a_command_loads_opens_and_makes_what_the_figures_say",)

MUTATIONS = (
    Mutation("load-http-for-nothing", "a start loads nothing that it does not need", "errors.py", "from __future__ import annotations\n", "from __future__ import annotations\nimport httpx2\n", FIGURES),
    Mutation("compile-at-import", "a start compiles no expression that the command does not use", "expressions.py", "self._flags = flags\n", "self._flags = flags\n        re.compile(pattern, flags)\n", FIGURES),
    Mutation("make-a-dataclass", "a start makes no dataclass", "said.py", "@frozen\n", "@__import__('dataclasses').dataclass(frozen=True)\n", FIGURES),
    Mutation("read-the-prices-again", "a file is read once", "prices.py", "@lru_cache(64)\n", "", FIGURES),
    Mutation("forget-what-is-owed", "help that a disk took half of is no success", ENTRY, "return owed or os._exit(0)", "os._exit(0)", ("test_at_once.py::test_what_a_disk_takes_of_it_is_not_written_again",)),
    Mutation("version-to-nobody-is-ok", "a version that could not be written is no success", ENTRY, "    except OSError:\n        return owed\n", "    except OSError:\n        os._exit(0)\n", ("test_at_once.py::test_where_it_cannot_be_written_that_is_74",)),
    Mutation("help-from-any-path", "a word that is no command shows no file", ENTRY, "or not all(map(_is_name, words))", "or False", ("test_at_once.py::test_what_is_no_command_gets_no_screen",)),
    Mutation("interrupted-with-a-traceback", "Ctrl-C is quiet from the first moment", ENTRY, "except KeyboardInterrupt:", "except ZeroDivisionError:", ("test_at_once.py::test_an_interrupt_kills_it_in_silence",)),
)  # fmt: skip
