"""EDGE: a command run with the server up.

The command takes this process's place (`exec`) and the server moves into a process of its own, so
the command's streams, terminal, signals, job control and exit status are its own, with nobody in
between to get them wrong: Ctrl-C, `kill` and `timeout` reach it exactly once. The server goes when
the command ends, however that happens.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from mcli import system
from mcli.errors import reason
from mcli.sandbox.server import Server

NOT_EXECUTABLE = 126
NOT_FOUND = 127

_KEYS = ("MCLI_API_KEY", "MCLI_API_KEY_FILE")
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


class CannotRun(Exception):
    """The command cannot be run: why, and the status a shell would give (126 or 127)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def run_with(server: Server, argv: Sequence[str]) -> NoReturn:
    """Become the command `argv`, which finds `server` in its environment.

    Never returns: the process *is* the command from here on. Raises CannotRun if it is not found
    or not executable, and OSError if no process can be made. To be called before the server is
    started, in a process that has no thread yet.
    """
    environment = _environment(server.url)
    program = _locate(argv[0], environment["PATH"])
    if system.WINDOWS:
        _serve_beside(server, [program, *argv[1:]], environment)
    leash, held = os.pipe()
    _move_out(server, leash)
    os.close(leash)
    server.close()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Python ignores these two for itself; a command expects them as its parent had them.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        _replace(program, list(argv), environment)
    except OSError as error:
        os.write(held, b"!")
        raise CannotRun(
            NOT_EXECUTABLE, f'cannot run "{argv[0]}": {reason(error, str(error))}'
        ) from None


def _serve_beside(server: Server, argv: list[str], environment: dict[str, str]) -> NoReturn:
    """Where no process can become another: run the command, and end with its status. Ctrl-C is the
    command's, and so is what becomes of it."""
    server.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        os._exit(subprocess.run(argv, env=environment, check=False).returncode)
    except OSError as error:
        why = f'cannot run "{argv[0]}": {reason(error, str(error))}'
        raise CannotRun(NOT_EXECUTABLE, why) from None


def _locate(name: str, path: str) -> str:
    """The program's path, as a shell would find it in the directories of `path`."""
    if found := shutil.which(name, path=path):
        return found
    if shutil.which(name, os.F_OK, path) or (os.sep in name and os.path.isdir(name)):
        raise CannotRun(NOT_EXECUTABLE, f'cannot run "{name}": not executable')
    raise CannotRun(NOT_FOUND, f'cannot run "{name}": not found')


def _environment(url: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _KEYS}
    # Called as .venv/bin/mcli, we are not on the path, and CMD is most likely to be mcli.
    path = [inherited.get("PATH") or os.defpath, os.path.dirname(sys.executable)]
    ours = {
        "MCLI_PROFILE": "sandbox",
        "MCLI_BASE_URL": url,
        "MCLI_NO_KEY": "1",
        "PATH": os.pathsep.join(path),
    }
    if any(name in inherited for name in _PROXIES):
        # No proxy can reach this machine's loopback for us.
        direct = inherited.get("no_proxy") or inherited.get("NO_PROXY") or ""
        direct = ",".join(filter(None, (direct, "127.0.0.1")))
        ours |= {"no_proxy": direct, "NO_PROXY": direct}
    return inherited | ours


def _replace(program: str, argv: list[str], environment: dict[str, str]) -> NoReturn:
    try:
        os.execve(program, argv, environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    # A script without `#!`: the shell's, as execvp(3) has it.
    os.execve("/bin/sh", ["sh", program, *argv[1:]], environment)


def _move_out(server: Server, leash: int) -> None:
    """Serve from another process until this one, or what it becomes, has ended.

    Forked twice: a command that waits for all its children must not meet one it never made.
    """
    owner = os.getpid()
    watch = _watch(owner)
    between = os.fork()
    if between == 0:
        with contextlib.suppress(BaseException):
            os.setsid()
            if os.fork() == 0:
                _serve_for(server, owner, watch, leash)
        os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(between, 0)
    if watch is not None:
        os.close(watch)


def _serve_for(server: Server, owner: int, watch: int | None, leash: int) -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    _let_go({server.fileno(), leash, *([] if watch is None else [watch])}, server.logs)
    server.start()
    # The other end closes when the command takes over; a byte says that it could not.
    if not os.read(leash, 1):
        _wait_for(owner, watch)


def _let_go(kept: set[int], stderr_too: bool) -> None:
    """Close what was inherited, so that no pipe stays open because the server has it too."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in {0, 1} if stderr_too else {0, 1, 2}:
        if descriptor not in kept | {null}:
            os.dup2(null, descriptor)
    for descriptor in map(int, os.listdir("/dev/fd")):
        if descriptor not in kept | {0, 1, 2}:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _watch(process: int) -> int | None:
    """A descriptor that becomes readable when the process ends, where the system has one."""
    try:
        return os.pidfd_open(process)
    except (AttributeError, OSError):
        return None


def _wait_for(process: int, watch: int | None) -> None:
    if watch is not None:
        select.select([watch], [], [])
        return
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(process, 0)
            time.sleep(0.2)
