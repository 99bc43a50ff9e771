"""The command lines whose start is held: what people and scripts start most."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program

from .start import Start, seen

RECORDING = "recording.jsonl"


@dataclass(frozen=True)
class Line:
    """A command line as it is typed, and what it meets."""

    typed: str
    stdin: bytes = b""
    answer: str = "Paris."
    """what the server says"""
    code: int = 0
    """how it ends: one that fails before its work would hold nothing"""
    before: str = ""
    """a command line that is run first, in the same home"""
    configured: bool = True
    """whether there is a configuration file"""

    @property
    def told(self) -> str:
        return f"mcli {self.typed}".rstrip()

    @property
    def words(self) -> list[str]:
        return shlex.split(self.typed)

    @contextmanager
    def met(self, home: Path) -> Iterator[Program]:
        """The program in that home, which must be new, with all that the command line needs."""
        program = Program(home)
        with FaultyServer(ok(self.answer)) as server:
            if self.configured:
                program.point_at(server.base_url)
            if self.before:
                assert program(*shlex.split(self.before)).code == 0
            yield program

    def start(self, home: Path) -> Start:
        """Run it once, and see what its start does."""
        with self.met(home) as program:
            found = seen(program, *self.words, stdin=self.stdin)
        assert found.code == self.code, f"{self.told} ends with {found.code}"
        return found


LINES = (
    Line("--version"),
    Line("--help"),
    Line("ask --help"),
    Line("__complete recipes run ''", configured=False),
    Line("__complete inputs run translate -D ''", configured=False),
    Line("help"),
    Line("help exit-codes"),
    Line("askk", code=2),
    Line("ask --wrong", code=2),
    Line("config path"),
    Line("recipes list"),
    Line("usage", before="ask -n hi"),
    Line("count-tokens", b"text", configured=False),
    Line("ask --dry-run -n hi"),
    Line("ask -n hi"),
    Line("ask hi", b"text"),
    Line("ask -n --stream hi"),
    Line(f"ask -n hi --replay {RECORDING}", before=f"ask -n hi --record {RECORDING}"),
    Line("ask -n hi --rpm 60"),
    Line("run translate -D to=French", b"text"),
    Line("classify -l spam,ham", b"text", "spam"),
    Line("codegen -n --lang python one", answer="```python\nx = 1\n```\n"),
    Line("batch -e 'Say {{ data }}'", b"a\nb\nc\n"),
)
KEYS = dict(zip("abcdefghijklmnopqrstuvwxyz", LINES, strict=False))
"""The letter by which the figures call each."""
