"""A journal in any order of asking, answering, failing, being killed and opened again."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mcli import journal, journal_line, journal_writer
from tests.journaling import FACTS, answer, key, refusal

NUMBERS = st.integers(0, 3)


class Machine(RuleBasedStateMachine):
    """`said` is what each record came to: what has to be found when the journal is opened next."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "j"
        self.said: dict[int, tuple[str, Any]] = {}
        self.begun: set[int] = set()
        self.attempts = 0
        self.unended = 0
        # The kernel's cache is as good as a disk for what is not about power cuts.
        self.unsynced = mock.patch.object(journal_writer, "_sync", return_value=None)
        self.unsynced.start()
        self.open()

    def open(self, new: bool = False) -> None:
        self.stack = ExitStack()
        self.kept = self.stack.enter_context(journal.opened(str(self.path), FACTS, new=new))

    @rule(n=NUMBERS)
    def start(self, n: int) -> None:
        self.kept.begin(key(n), n)
        self.begun.add(n)
        self.unended += 1
        if self.said.get(n, ("", None))[0] != "done":
            self.said[n] = ("doubt", None)

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), envelope=st.sampled_from([answer(1), refusal(True), refusal(False)]))
    def end(self, data: st.DataObject, envelope: dict[str, Any]) -> None:
        n = data.draw(st.sampled_from(sorted(self.begun)))
        asyncio.run(self.kept.keep(key(n), n, envelope))
        self.begun.discard(n)
        self.attempts += envelope["attempts"]
        self.unended -= 1
        if envelope["ok"] or self.said[n][0] != "done":
            self.said[n] = ("done" if envelope["ok"] else "failed", envelope)

    @rule(n=NUMBERS, cut=st.integers(0, 300))
    def killed(self, n: int, cut: int) -> None:
        """In the middle of a line, of which so many bytes were written."""
        joint = self.kept._writer._joint
        self.stack.close()
        line = joint + journal_line.outcome(key(n), n, answer(n))
        with self.path.open("ab") as file:
            file.write(line[: min(cut, len(line) - 2)])
        self.begun.clear()
        self.open()

    @rule()
    def ended(self) -> None:
        self.kept.end(0, 0, 0)
        self.stack.close()
        self.begun.clear()
        self.open()

    @rule()
    def started_over(self) -> None:
        self.stack.close()
        self.open(new=True)
        self.begun.clear()
        self.said.clear()
        self.attempts = self.unended = 0

    @invariant()
    def a_copy_says_it_all(self) -> None:
        """Whoever opens it now finds each record in its last state, and just one."""
        copy = self.path.with_name("copy")
        copy.write_bytes(self.path.read_bytes())
        with journal.opened(str(copy), FACTS, new=False) as found:
            for n in range(4):
                known = found.find(key(n))
                state, envelope = self.said.get(n, (None, None))
                assert (known.state if known else None) == state
                if known and envelope:
                    assert found.read(known.offset) == envelope
            assert found.spent.attempts == self.attempts
            assert found.spent.unended == self.unended

    def teardown(self) -> None:
        self.stack.close()
        self.unsynced.stop()
        self.folder.cleanup()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
