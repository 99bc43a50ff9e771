"""EDGE: a tool's command, run: its arguments on stdin, bounded in time and in what it says.

The environment is an allow-list, so no key is in it. The command is a process group of its own,
which is ended with it, whatever it left behind: when it is done, late or too loud, when we are
cancelled, and when a signal ends us.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import subprocess
import threading
import time

from mcli import offspring
from mcli.errors import reason
from mcli.shapes import frozen
from mcli.toolbox import Command

LIMIT_S = 60.0
"""How long a command may take."""

MOST_BYTES = 64 << 10
"""Bytes of output; a command that has more to say is ended."""

_MOST_COMPLAINTS = 4096
_MOST_NOISE = 1 << 20
"""Bytes on stderr: so many are told, and so many borne."""

INHERITED = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "USER", "LOGNAME", "TERM")
"""Variables that a command gets, beside those that begin with LC_."""

_BLINK_S = 0.05
_GRACE_S = 0.2
"""How long is listened for what a command said last."""


@frozen
class Outcome:
    """What the model is told, and the command's exit status: negative for the signal that ended it,
    None if it was never begun."""

    text: str
    status: int | None


async def run(command: Command, arguments: str) -> Outcome:
    """Run a command to its end."""
    attempt = _Attempt(command, arguments)
    try:
        return await asyncio.to_thread(attempt.run)
    finally:
        attempt.stop()


class _Attempt:
    """One run, in a thread of its own."""

    def __init__(self, command: Command, arguments: str) -> None:
        self._command = command
        self._left = arguments.encode("utf-8", "replace")
        self._said = bytearray()
        self._complained = bytearray()
        self._noise = 0
        self._cut = self._late = False
        self._stopped = threading.Event()
        self._group: int | None = None

    def stop(self) -> None:
        """End it, from another thread, which may be about to leave."""
        self._stopped.set()
        if self._group is not None and self._group in offspring.groups:
            offspring.kill(self._group)

    def run(self) -> Outcome:
        try:
            with offspring.starting:
                process = self._start()
                self._group = process.pid
                offspring.groups.add(process.pid)
        except (OSError, ValueError) as error:
            return Outcome(f"the command cannot be run: {reason(error, 'not executable')}", None)
        try:
            self._attend(process)
        finally:
            offspring.kill(process.pid)  # not reaped yet, so its number is nobody else's
            offspring.groups.discard(process.pid)
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):
                    stream.close()  # pyright: ignore[reportOptionalMemberAccess]
        return self._outcome(process.returncode)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._command.folder,
            env=_environment(),
            start_new_session=True,
            bufsize=0,
        )

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        """Feed it and listen, until it is done, late, too loud or unwanted."""
        streams = (process.stdin, process.stdout, process.stderr)
        stdin, stdout, stderr = (stream.fileno() for stream in streams if stream is not None)
        until = time.monotonic() + LIMIT_S
        with selectors.DefaultSelector() as waiting:
            for descriptor in (stdin, stdout, stderr):
                os.set_blocking(descriptor, False)
                events = selectors.EVENT_WRITE if descriptor == stdin else selectors.EVENT_READ
                waiting.register(descriptor, events)
            while not self._stopped.is_set() and not self._cut:
                ended = _ended(process)
                if time.monotonic() >= until:
                    self._late = not ended
                    return
                if ended and stdout not in waiting.get_map():
                    return
                if ended:  # but what it left behind may hold its output open
                    until = min(until, time.monotonic() + _GRACE_S)
                for key, _ in waiting.select(_BLINK_S):
                    if key.fd == stdin and not self._feed(stdin):
                        waiting.unregister(stdin)
                        assert process.stdin
                        process.stdin.close()
                    elif key.fd != stdin and not self._listen(key.fd, key.fd == stdout):
                        waiting.unregister(key.fd)

    def _feed(self, stdin: int) -> bool:
        """Hand on what it takes; False if that was all."""
        try:
            self._left = self._left[os.write(stdin, self._left[:65536]) :]
        except BlockingIOError:
            return True
        except OSError:  # it does not want to know
            return False
        return bool(self._left)

    def _listen(self, descriptor: int, said: bool) -> bool:
        """Take what it has to say; False at the end."""
        try:
            piece = os.read(descriptor, 65536)
        except BlockingIOError:
            return True
        if said:
            self._said += piece
            self._cut = len(self._said) > MOST_BYTES
        else:
            self._complained += piece[: _MOST_COMPLAINTS - len(self._complained)]
            self._noise += len(piece)
            self._cut = self._noise > _MOST_NOISE
        return bool(piece)

    def _outcome(self, status: int) -> Outcome:
        said = bytes(self._said[:MOST_BYTES]).decode("utf-8", "replace")
        if self._late:
            head = f"the command was ended after {LIMIT_S:.0f} s"
        elif self._cut:
            head = f"the command was ended: more than {MOST_BYTES:,} bytes of output, cut here"
        elif status == 0:
            return Outcome(said, status)
        else:
            how = f"signal {-status}" if status < 0 else f"status {status}"
            head = f"the command failed with {how}"
        complained = bytes(self._complained).decode("utf-8", "replace")
        return Outcome("\n".join(filter(None, (head, complained.strip(), said))), status)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in INHERITED or name.startswith("LC_")
    }


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended; it is left as it is, so that its number stays its own."""
    if not hasattr(os, "waitid"):  # macOS
        return process.poll() is not None
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        return os.waitid(os.P_PID, process.pid, flags) is not None
    except ChildProcessError:
        return True
