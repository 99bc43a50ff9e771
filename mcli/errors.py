"""CORE: everything that can go wrong, as one tree, each kind with the exit code it means.

    Failure
    ├── UsageFailure        2   flags, arguments, missing variables; nothing was sent
    ├── Partial             3   a batch ended, and some of its records failed for good
    ├── UnusableAnswer      4   the model answered, but the answer cannot be used
    ├── BadInput           65   the input is not valid
    ├── NoInput            66   the input is missing, unreadable or empty
    ├── Refused            69   the service refuses this request, or the host is unknown
    ├── CannotCreate       73   the output cannot be created, or exists
    ├── WriteFailure       74   a write failed: disk full, stdout closed
    ├── TryAgain           75   network, busy server, cut stream, deadline
    ├── BadReply           76   the reply cannot be understood, or TLS is not trusted
    ├── NotAllowed         77   key, quota, proxy authentication, a cap
    └── ConfigFailure      78   config file, recipe, key, environment, base URL

Any step may raise one; only `cli.main` turns it into a line on stderr and an exit code.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from mcli.chat import Completion, Step

Charged = Literal["no", "maybe", "yes"]


class ExitCode(IntEnum):
    """What the process says when it ends. Scripts depend on the numbers."""

    OK = 0
    """complete answer delivered and flushed"""
    NO = 1
    """it worked, and the check you asked for says no"""
    USAGE = 2
    """flags, arguments, missing variables; nothing was sent"""
    PARTIAL = 3
    """the batch ended and some records failed for good"""
    UNUSABLE = 4
    """the model answered, but the answer is cut, empty, filtered, not a label, no code, or unfit"""
    BAD_INPUT = 65
    """input is not valid: encoding, NUL bytes, too long"""
    NO_INPUT = 66
    """input missing, unreadable or empty"""
    REFUSED = 69
    """the service refuses this request (400, 404, 422), or the host is unknown"""
    BUG = 70
    """internal error"""
    CANNOT_CREATE = 73
    """the output cannot be created, or exists"""
    IO_ERROR = 74
    """a write failed: disk full, stdout closed"""
    TRY_AGAIN = 75
    """network, 408/409/425/429/5xx, cut stream, deadline: run again unchanged"""
    BAD_REPLY = 76
    """the reply cannot be understood or is over the limits; TLS not trusted"""
    NOT_ALLOWED = 77
    """401, 402, 403, quota exhausted, proxy authentication, a cap or budget you set"""
    CONFIG = 78
    """config file, recipe, key, environment, a base URL that redirects"""


class Recovery(Enum):
    """What a failed attempt leaves open (the classes A to E of the retry policy)."""

    NOT_SENT = "A"
    """the request never reached the server: try again"""
    REJECTED = "B"
    """the server said "later": try again"""
    MAYBE_CHARGED = "C"
    """sent, but no reply came: try again, it may be paid for twice"""
    CHARGED = "D"
    """the reply began and was spoilt: once more at most, and only if nothing was shown"""
    PERMANENT = "E"
    """asking again gives the same"""


CHARGES: dict[Recovery, Charged] = {
    Recovery.NOT_SENT: "no",
    Recovery.REJECTED: "no",
    Recovery.MAYBE_CHARGED: "maybe",
    Recovery.CHARGED: "yes",
    Recovery.PERMANENT: "no",
}


_DOUBT: dict[Charged, int] = {"no": 0, "maybe": 1, "yes": 2}


def worse(one: Charged, other: Charged) -> Charged:
    """What is to be feared of two attempts."""
    return max(one, other, key=_DOUBT.__getitem__)


class Failure(Exception):
    """What happened (`message`), what to do about it (`hint`), and what is known of the request.

    Messages are lower case without a full stop; `slug` is the stable name scripts may match.
    `wait` is the delay in seconds that the server asked for, `param` the request field that it
    objects to, `attempts` counts requests sent, `doubtful` those that may have been charged,
    `elapsed_s` is filled in by `run`, `completion` holds what the model did say,
    `cost_usd` what was paid (None: unknown, or nothing), `data` what a command that does many
    things had done by then, and `steps` the calls of tools that were answered.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(
        self,
        slug: str,
        message: str,
        hint: str = "",
        *,
        recovery: Recovery = Recovery.PERMANENT,
        charged: Charged | None = None,
    ) -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.hint = hint
        self.recovery = recovery
        self.charged: Charged = charged or CHARGES[recovery]
        self.status: int | None = None
        self.wait: float | None = None
        self.param = ""
        self.request_id: str | None = None
        self.attempts = 0
        self.doubtful = 0
        self.elapsed_s: float | None = None
        self.completion: Completion | None = None
        self.cost_usd: float | None = None
        self.data: Any = None
        self.recipe: str | None = None
        self.warnings: tuple[str, ...] = ()
        self.steps: tuple[Step, ...] = ()


class UsageFailure(Failure):
    exit_code = ExitCode.USAGE


class Partial(Failure):
    exit_code = ExitCode.PARTIAL


class UnusableAnswer(Failure):
    exit_code = ExitCode.UNUSABLE


class BadInput(Failure):
    exit_code = ExitCode.BAD_INPUT


class NoInput(Failure):
    exit_code = ExitCode.NO_INPUT


class Refused(Failure):
    exit_code = ExitCode.REFUSED


class CannotCreate(Failure):
    exit_code = ExitCode.CANNOT_CREATE


class WriteFailure(Failure):
    exit_code = ExitCode.IO_ERROR


class TryAgain(Failure):
    exit_code = ExitCode.TRY_AGAIN


class BadReply(Failure):
    exit_code = ExitCode.BAD_REPLY


class NotAllowed(Failure):
    exit_code = ExitCode.NOT_ALLOWED


class ConfigFailure(Failure):
    exit_code = ExitCode.CONFIG


def reason(error: BaseException, otherwise: str) -> str:
    """Why the system refused, in lower case as messages are; `otherwise` if it does not say."""
    return (getattr(error, "strerror", None) or otherwise).lower()


class ReaderGone(Exception):
    """Whoever read our stdout has left. Not a Failure: the process dies by SIGPIPE, silently."""


class Interrupted(Exception):
    """A signal ended a run that was given the time to end well. Not a Failure: the process dies by
    the signal `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
