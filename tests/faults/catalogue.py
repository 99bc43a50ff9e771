"""What a row of the fault table is, and the words to write one with.

The rows: `rows_connection` (what goes wrong on the wire), `rows_network` (names, TLS, proxies),
`rows_replies` (what is wrong with the reply), `rows_status` (errors the server reports, and waits),
`rows_process` (signals, descriptors, disks), `rows_secrets`, `rows_output`, `rows_input`,
`rows_batch` (many records). To add a case, add a row there: what is injected and how the run must
end. What must hold on every row is in `oracles`; how a row is played, in `stage`; ids that have no
row, and why, in `absent`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from . import scenes
from .oracles import Expect, Prefix
from .server import Script

BUFFERED, STREAM, JSON, TERMINAL = "buffered", "stream", "json", "terminal"
"""The answer whole in a pipe, as it comes (`--stream`), in an envelope, or to a person."""
BOTH, IN_PIPE, STREAMED = (BUFFERED, STREAM, JSON), (BUFFERED, JSON), (STREAM,)
PLAIN, SEEN = (BUFFERED,), (TERMINAL,)
"""Only as plain text, where the command line itself says how it prints; only on a terminal."""
WIRE = STREAMED
"""The modes of a row whose reply only makes sense for a request that asks for a stream."""
FEW = range(1, 3)
"""One attempt or two: what is spoilt after the header may be tried once more, or not at all."""


@dataclass(frozen=True, slots=True)
class Call:
    """How the program is started, in an otherwise bare environment.

    `via` is a line of bash in which `"$@"` stands for the command. `files` stand in the working
    directory beforehand; a name that ends in `/` is a folder. `@URL@`, `@PORT@`, `@HOME@`,
    `@ROOT@`, `@TESTS@`, `@PYTHON@`, `@CA@` and `@LOCALES@` stand for what is known only when it
    starts.
    """

    argv: tuple[str, ...] = ("ask", "hi")
    stdin: bytes = b""
    _: KW_ONLY
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    via: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    key: str = ""
    """the key's source as the configuration has it; the bare key is in `@HOME@/secret`"""
    mode: str = "0644"
    """of the configuration and of that file, octal"""


@dataclass(frozen=True, slots=True)
class Strike:
    """A signal for the program's process group, as Ctrl-C is: its number, and when it comes.

    `when` is `asked` (a request has arrived), `shown` (something stands on stdout), or a number of
    seconds after the start.
    """

    signal: int
    when: float | str = "asked"


def answers(text: str = "ok", attempts: int | None = 1, gap: float = 0.0) -> Expect:
    """Exit 0 with this answer and a newline."""
    return Expect(0, None, text + "\n", attempts, gap)


def fails(
    code: int,
    slug: str,
    attempts: int | range | None = 1,
    shown: str | Prefix = "",
    says: str = "",
) -> Expect:
    """This exit code and slug, with nothing on stdout but what was `shown` before."""
    return Expect(code, slug, shown, attempts, says=(says,) if says else ())


def dies(signal: int, shown: str | Prefix = "", attempts: int | range | None = 1) -> Expect:
    """Killed by the signal itself, in silence."""
    return Expect(-signal, None, shown, attempts)


OK, ANSWER = scenes.ok(), answers()


@dataclass(frozen=True, slots=True)
class Again:
    """The fault is gone, and the same command succeeds in the same home.

    `call` of None is the row's own without its `env`, `via`, `key` and `mode`, which carry faults.
    """

    call: Call | None = None
    script: Script = OK
    expect: Expect = ANSWER


HEALED = Again()
ASKED = Again(Call())
"""Where the command line or its input is the fault, another command line has to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case: what happens, and how a run ends in a pipe, and with `--stream` if it differs."""

    id: str
    """the catalogue's, with a suffix for a variant"""
    script: Script
    expect: Expect
    streamed: Expect | None = None
    _: KW_ONLY
    terminal: Expect | None = None
    """on a terminal, where it differs from `streamed`"""
    modes: tuple[str, ...] = BOTH
    call: Call = Call()
    timeout: float = 10
    retries: int = 2
    limits: bool = True
    """whether `--timeout`, `--retries` and the flags of the mode stand behind the command"""
    door: str = "open"
    """`shut`: the port refuses; `jammed`: it does not even answer"""
    tls: str = ""
    """a certificate of `tls.Front`, or a way in which its handshake fails"""
    strikes: tuple[Strike, ...] = ()
    again: Again | None = HEALED
    slow: bool = False
    """only in CI, because it waits"""
    why: str = ""

    def expected(self, mode: str) -> Expect:
        """How a run in that mode must end."""
        if mode == TERMINAL:
            return self.terminal or self.streamed or self.expect
        return (self.streamed or self.expect) if mode == STREAM else self.expect
