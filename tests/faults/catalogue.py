"""What a row of the fault table is, and the words to write one with.

The rows: `rows_connection` (what goes wrong on the wire), `rows_replies` (what is wrong with the
reply), `rows_status` (errors the server reports, and waits). To add a case, add a row there: what
is injected (`scenes`) and how the run must end. What must hold on every row is in `oracles`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from .oracles import Expect, Prefix
from .server import Script

BUFFERED, STREAM = "buffered", "stream"
BOTH, IN_PIPE, STREAMED = (BUFFERED, STREAM), (BUFFERED,), (STREAM,)
WIRE = STREAMED
"""The modes of a row whose reply only makes sense for a request that asks for a stream."""
FEW = range(1, 3)
"""One attempt or two: what is spoilt after the header may be tried once more, or not at all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case: what happens, and how a run ends in a pipe, and with `--stream` if it differs."""

    id: str
    """the catalogue's, with a suffix for a variant"""
    script: Script
    expect: Expect
    streamed: Expect | None = None
    _: KW_ONLY
    modes: tuple[str, ...] = BOTH
    argv: tuple[str, ...] = ("ask", "hi")
    stdin: bytes = b""
    timeout: float = 10
    retries: int = 2
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    listening: bool = True
    why: str = ""


def answers(text: str = "ok", attempts: int = 1, gap: float = 0.0) -> Expect:
    """Exit 0 with this answer and a newline."""
    return Expect(0, None, text + "\n", attempts, gap)


def fails(
    code: int, slug: str, attempts: int | range | None = 1, shown: str | Prefix = "", says: str = ""
) -> Expect:
    """This exit code and slug, with nothing on stdout but what was `shown` before."""
    return Expect(code, slug, shown, attempts, says=(says,) if says else ())
