"""EDGE: what one operating system has and another lacks; nobody else asks which one this is.

Each name here works everywhere. Where a thing is missing, its docstring says what is lost by that.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mcli import homes
from mcli.errors import ConfigFailure

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

WINDOWS = os.name == "nt"
POSIX = not WINDOWS
KEEPS_AUTHORITIES = WINDOWS or sys.platform == "darwin"
"""Whether the system is asked whom TLS trusts; elsewhere it is written in files."""

NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""Windows follows links: making one takes rights there that few have."""
CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
NOCTTY: int = getattr(os, "O_NOCTTY", 0)
BINARY: int = getattr(os, "O_BINARY", 0)
"""Without it Windows would turn a line break into two bytes."""

SIGINT: int = signal.SIGINT
SIGPIPE: int = getattr(signal, "SIGPIPE", 13)
ENDINGS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals by which a person, a supervisor or a closed terminal ends a program."""

_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR


def need_posix(what: str) -> None:
    """Raise ConfigFailure where `what`, which is made of processes and descriptors, cannot be."""
    if WINDOWS:
        raise ConfigFailure("not_on_windows", f"{what} cannot be had on Windows", "use it in WSL")


def direction(descriptor: int) -> int:
    """What it was opened for: O_RDONLY, O_WRONLY or O_RDWR; Windows does not tell, so for both.
    Raises OSError if it is closed."""
    try:
        import fcntl
    except ImportError:
        os.fstat(descriptor)
        return os.O_RDWR
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & _ACCESS


def pread(descriptor: int, most: int, at: int) -> bytes:
    """Bytes from the offset `at` on; the place where the next read begins stays. On Windows two
    threads must not do it at once with one descriptor."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, most, at)
    stood = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        os.lseek(descriptor, at, os.SEEK_SET)
        return os.read(descriptor, most)
    finally:
        os.lseek(descriptor, stood, os.SEEK_SET)


def sync_data(descriptor: int) -> None:
    """What was written is on the disk; of the rest only what is needed to find it."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def is_mine(status: os.stat_result) -> bool:
    """Whether the file is this user's. Windows has no numbers for users: there all are, and who may
    read what in a home is its own affair."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def set_mode(descriptor: int, mode: int) -> None:
    """Who may read and write it; of no meaning on Windows."""
    if POSIX:
        os.fchmod(descriptor, mode)


def home(environ: Mapping[str, str]) -> str:
    """The home that a person's environment names, or nothing."""
    return homes.home(environ, WINDOWS)


def proxies() -> dict[str, str]:
    """What stands between this machine and others, by the scheme of the URL."""
    named = any(name.lower().endswith("_proxy") for name in os.environ)
    if not (named or KEEPS_AUTHORITIES):  # only those two know of others
        return {}
    from urllib.request import getproxies  # half of what the standard library has of the Web

    return getproxies()


def is_reader_gone(error: OSError) -> bool:
    """Whether a write failed because nobody reads any more."""
    return isinstance(error, BrokenPipeError) or (WINDOWS and error.errno == errno.EINVAL)


def looking(number: int) -> Callable[[], bool]:
    """What tells, without waiting, whether there is something to read from that socket."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return lambda: bool(poll.poll(0))
    return lambda: bool(select.select([number], [], [], 0)[0])


def has_arrived(number: int) -> bool:
    """Whether the other end has received all that was sent on that socket; only Linux can tell."""
    try:
        import fcntl
        import termios

        told = fcntl.ioctl(number, termios.TIOCOUTQ, b"\0" * 4)
    except (ImportError, OSError):
        return False
    return sys.platform == "linux" and not any(told)


def has_bytes(descriptor: int, within_s: float) -> bool:
    """Whether a pipe has bytes, or its end, within the time. Windows cannot tell: it has."""
    if not hasattr(select, "poll"):
        return True
    waiter = select.poll()
    waiter.register(descriptor, select.POLLIN)
    return bool(waiter.poll(within_s * 1000))


def before_naming(close: Callable[[], None]) -> None:
    """Windows renames and removes no file that is open: there it is closed first. Elsewhere it is
    kept, and with it its lock, until it has its name."""
    if WINDOWS:
        close()


def lock_of(path: Path) -> Path:
    """The file whose lock is that of a file which is replaced while it is held: itself, or where
    what is open cannot be replaced, one beside it, which stays."""
    return path.with_name(f"{path.name}.lock") if WINDOWS else path


def all_may_write(mode: int) -> bool:
    """Whether everybody on this machine may write to a file; Windows does not tell by its mode."""
    return POSIX and bool(mode & stat.S_IWOTH and not stat.S_ISCHR(mode))


@contextmanager
def held_back() -> Generator[None]:
    """In the block no signal of ENDINGS comes; on Windows one may."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def attend(loop: AbstractEventLoop, number: signal.Signals, call: Callable[[int], None]) -> None:
    """From now on the signal makes the event loop call `call` with its number."""
    if POSIX:
        loop.add_signal_handler(number, call, number)
        return

    def ring(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(call, number)

    signal.signal(number, ring)


def let_kill(loop: AbstractEventLoop, number: signal.Signals) -> None:
    """The end of `attend`: the signal kills again."""
    if POSIX:
        loop.remove_signal_handler(number)
    signal.signal(number, signal.SIG_DFL)


def die_by(number: int) -> NoReturn:
    """End this process by that signal, so that shells and loops see it; where it is unknown, with
    the status that a shell would make of it."""
    if POSIX:
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(128 + number)


def kill_group(number: int) -> None:
    """End a process and all of its group; on Windows that process alone."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(number, signal.SIGKILL)
        else:
            os.kill(number, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        pass
