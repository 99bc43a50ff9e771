"""SHELL: the conversation that a question goes on with: messages that are given, or a thread."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager

from mcli import history, inputs, messages, output, thread, thread_file
from mcli.chat import Exchange
from mcli.errors import BadInput, NoInput, UsageFailure
from mcli.history import History
from mcli.inputs import Bounds
from mcli.job import Job
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import frozen, replace
from mcli.thread_file import Held
from mcli.tokens import conversation

UNFINISHED = "this turn is not in the conversation: it ends in calls of tools"


@frozen
class Talk:
    """What was said before, and the file that takes what is said now, if there is one."""

    history: History
    file: Held | None = None

    def keep(self, exchange: Exchange) -> Exchange:
        """Put the turn into the file, and give the file to others. Raises WriteFailure. A turn that
        ends in calls of tools is not complete, and not kept: the exchange that is given back says
        so."""
        if self.file is None:
            return exchange
        if exchange.completion.calls:
            return replace(exchange, warnings=(*exchange.warnings, UNFINISHED))
        answer = messages.answered(exchange.completion)
        turn = self.history.turn(exchange.request.messages, answer)
        self.file.append(thread.line(turn, exchange.completion))
        self.file.close()
        return exchange


def check(job: Job, said: Said) -> None:
    """Raise UsageFailure for flags that do not go together."""
    if job.thread is None and job.keep_turns is not None:
        raise UsageFailure("bad_flag", "--keep-turns belongs to --thread")
    if job.thread is not None and job.messages_file is not None:
        raise UsageFailure("bad_flag", "--thread and --messages exclude each other")
    if job.thread is not None and (not job.thread.strip() or job.thread == "-"):
        raise UsageFailure("bad_flag", f'--thread "{job.thread}" names no file')
    for flag, path in (("-o", said.output), ("--record", said.record), ("--replay", said.replay)):
        if job.thread is not None and path is not None and _is_same(job.thread, path):
            raise UsageFailure("bad_flag", f'--thread and {flag} both name "{path}"')
    if job.thread is not None and _takes_the_answer(job.thread):
        told = f'stdout is the file of the conversation, "{job.thread}"'
        raise UsageFailure("bad_flag", told, "the answer goes elsewhere: the turn is added anyway")


def given(job: Job, bounds: Bounds) -> History:
    """The messages of `--messages`, which are the whole conversation. Raises NoInput, BadInput."""
    name = job.messages_file
    if name is None:
        return history.NONE
    called = "stdin" if name == "-" else name
    text = inputs.read_file(name, bounds)
    if not text.strip():
        raise NoInput("empty_input", f"{called}: empty", "nothing was sent")
    try:
        return History(messages.read_all(conversation.parse(text, called)), whole=True)
    except ValueError as error:
        raise BadInput("bad_messages", f"{called}: {error}") from None


def seen(job: Job, before: History) -> History:
    """What the file of the thread holds, without its lock; `before` where there is no thread.
    Raises CannotCreate or BadInput."""
    if job.thread is None:
        return before
    return History(thread_file.look(job.thread).last(job.keep_turns))


@contextmanager
def gone_on_with(job: Job, before: History, chosen: Settings, began: float) -> Generator[Talk]:
    """The thread, for us alone until its turn is kept; or `before`. Waits for others as long as the
    command may take. Raises TryAgain, CannotCreate or BadInput."""
    if job.thread is None:
        yield Talk(before)
        return
    until = chosen.ends(began)
    if until is None:
        until = time.monotonic() + chosen.timeout_s
    with thread_file.held(job.thread, until, chosen.timeout_s) as file:
        past = History(file.thread.last(job.keep_turns))
        try:
            yield Talk(past, file)
        except BadInput as failure:
            if failure.slug == "context_length" and past.messages:
                fewer = "a smaller --keep-turns" if job.keep_turns else "--keep-turns N"
                failure.hint = f"{fewer} sends fewer of the conversation's turns; or another model"
            raise


def _takes_the_answer(name: str) -> bool:
    """Whether stdout is the regular file called `name`: the answer would be damage in it."""
    try:
        there, out = os.stat(name), os.fstat(output.STDOUT)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(out.st_mode) and os.path.samestat(there, out)


def _is_same(one: str, other: str) -> bool:
    """Whether two names, of files that are or will be, mean the same file."""
    try:
        return os.path.realpath(one) == os.path.realpath(other) or os.path.samefile(one, other)
    except (OSError, ValueError):
        return False
