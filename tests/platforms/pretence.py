"""This program as on another operating system: `python -m tests.platforms.pretence windows ask hi`.

What that system lacks is missing in the modules that `mcli` imports from here on, and what it does
otherwise is done so; Python's own modules and the libraries were loaded before, and keep what they
have. It shows what would fail to start or to find its tool; not how Windows itself behaves.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import errno
import fcntl
import importlib
import os
import pkgutil
import select
import signal
import socket
import stat
import struct
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

PACKAGE = Path(__file__).parents[2] / "mcli"
UNIX_ONLY = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog")
BINARY = 1 << 24
"""Windows's O_BINARY: no number that Linux knows."""

ON_WINDOWS: dict[str, str] = {
    "os": "O_NOFOLLOW O_CLOEXEC O_NONBLOCK O_NOCTTY O_DIRECTORY O_SYNC O_DSYNC O_TMPFILE O_ACCMODE "
    "fchmod fchown chown lchown chroot fchdir fdatasync sync pread pwrite preadv pwritev readv writev "
    "fork forkpty register_at_fork getuid geteuid getgid getegid getgroups setuid setgid killpg "
    "getpgid getpgrp setpgid setpgrp setsid getsid tcgetpgrp wait wait3 wait4 waitid P_PID WNOHANG "
    "WNOWAIT WEXITED WIFEXITED mkfifo mknod statvfs fstatvfs uname sysconf confstr pipe2 sendfile "
    "set_blocking get_blocking posix_spawn nice getloadavg ctermid ttyname openpty pidfd_open lockf "
    "memfd_create copy_file_range splice eventfd sched_getaffinity getxattr posix_fallocate",
    "signal": "SIGHUP SIGPIPE SIGKILL SIGALRM SIGCHLD SIGQUIT SIGSTOP SIGTSTP SIGCONT SIGUSR1 SIGUSR2 "
    "SIGXFSZ SIGWINCH SIGTTIN SIGTTOU SIG_BLOCK SIG_UNBLOCK SIG_SETMASK ITIMER_REAL alarm setitimer "
    "getitimer pthread_sigmask pthread_kill sigwait sigpending siginterrupt pause",
    "select": "poll epoll EPOLLIN POLLIN POLLOUT POLLHUP",
    "socket": "AF_UNIX SO_REUSEPORT",
    "time": "clock_gettime clock_settime CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_REALTIME tzset",
}  # fmt: skip
ON_MACOS: dict[str, str] = {
    "os": "fdatasync O_TMPFILE waitid pidfd_open memfd_create copy_file_range splice eventfd pipe2 "
    "sched_getaffinity getrandom getxattr posix_fallocate posix_fadvise",
    "signal": "SIGPOLL SIGPWR SIGSTKFLT SIGRTMIN SIGRTMAX sigtimedwait sigwaitinfo pidfd_send_signal",
    "select": "epoll EPOLLIN",
    "socket": "SO_PEERCRED AF_VSOCK",
    "time": "CLOCK_BOOTTIME",
}


def put_on(name: str) -> None:
    """From now on what is imported finds that system."""
    _load_the_others()
    {"windows": _windows, "macos": _macos}[name]()


def _load_the_others() -> None:
    """All that `mcli` will want of Python and its libraries, now or later."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                found = [node.module]
            for name in found:
                if name.split(".")[0] not in ("mcli", "redis", "msvcrt"):
                    importlib.import_module(name)
    for name in ("asyncio", "concurrent.futures.thread", "encodings.idna", "httpx2", "rich.table"):
        importlib.import_module(name)


def _without(module: ModuleType, names: Iterable[str], **others: Any) -> ModuleType:
    """Like `module` but for these; in `sys.modules` in its place."""
    shown = ModuleType(module.__name__)
    gone = set(names)
    shown.__dict__.update({n: v for n, v in vars(module).items() if n not in gone} | others)
    sys.modules[module.__name__] = shown
    return shown


def _macos() -> None:
    def there(what: Callable[..., Any]) -> Callable[..., Any]:
        def seek(path: Any, *more: Any, **named: Any) -> Any:
            if isinstance(path, str | Path) and str(path).startswith("/proc"):
                raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
            return what(path, *more, **named)

        return seek

    for module in (os, signal, select, socket, time):
        _without(module, ON_MACOS[module.__name__].split())
    sys.modules["os"].__dict__["listdir"] = there(os.listdir)
    Path.read_text = there(Path.read_text)
    builtins.open = there(builtins.open)


def _windows() -> None:
    gone = {name: told.split() for name, told in ON_WINDOWS.items()}
    for name in UNIX_ONLY:
        sys.modules[name] = None  # pyright: ignore[reportArgumentType]
    _without(os, gone["os"], name="nt", O_BINARY=BINARY, open=_open, kill=_kill,
             stat=_plain(os.stat), unlink=_plain(os.unlink, os.O_RDWR),
             replace=_plain(os.replace, os.O_RDWR))  # fmt: skip
    _without(signal, gone["signal"], signal=_signal)
    _without(select, gone["select"], select=_select)
    _without(socket, gone["socket"])
    _without(time, gone["time"])
    sys.modules["msvcrt"] = SimpleNamespace(  # pyright: ignore[reportArgumentType]
        LK_NBLCK=2, LK_UNLCK=0, locking=_locking
    )
    asyncio.new_event_loop = _Proactor


class _Proactor(asyncio.SelectorEventLoop):
    """Windows's loop waits for sockets, but for no pipe and no signal."""

    def add_reader(self, *_: Any) -> None:
        raise NotImplementedError

    def add_signal_handler(self, *_: Any) -> None:
        raise NotImplementedError


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    _refuse(dir_fd)
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    if not flags & BINARY and str(path) != os.devnull:
        raise AssertionError(f"{path}: opened as text, so that line breaks become two bytes")
    return os.open(path, flags & ~BINARY, mode)


def _plain(call: Callable[..., Any], writes: int = 0) -> Callable[..., Any]:
    """A call that knows no descriptor of a directory; and if it `writes`, no file that is open."""

    def plain(*args: Any, **named: Any) -> Any:
        _refuse(*(value for name, value in named.items() if name.endswith("dir_fd")))
        for path in args if writes else ():
            if os.path.realpath(path) in _opened():
                raise PermissionError(errno.EACCES, "it is open", str(path))
        return call(*args, **named)

    return plain


def _opened() -> set[str]:
    """What this process has open."""
    found: set[str] = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
    return found


def _refuse(*descriptors: int | None) -> None:
    if any(each is not None for each in descriptors):
        raise NotImplementedError("dir_fd unavailable on this platform")


def _kill(process: int, number: int) -> None:
    raise AssertionError("on Windows this ends the process at once, with the number as its status")


def _signal(number: int, handler: Any) -> Any:
    if number not in (signal.SIGINT, signal.SIGTERM, signal.SIGABRT):
        raise ValueError("invalid signal value")
    return signal.signal(number, handler)


def _select(reads: Any, writes: Any, rest: Any, timeout: float | None = None) -> Any:
    for each in (*reads, *writes):
        if not stat.S_ISSOCK(os.fstat(each).st_mode):
            raise OSError(errno.ENOTSOCK, "Windows waits for sockets alone")
    return select.select(reads, writes, rest, timeout)


def _locking(descriptor: int, how: int, count: int) -> None:
    """msvcrt's: of `count` bytes from where the descriptor stands, and nobody else's to read."""
    at = os.lseek(descriptor, 0, os.SEEK_CUR)
    kind = fcntl.F_WRLCK if how else fcntl.F_UNLCK
    asked = struct.pack("hhqqi4x", kind, os.SEEK_SET, at, count, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, asked)
    except (BlockingIOError, PermissionError):
        raise PermissionError(errno.EACCES, "Permission denied") from None


def import_all() -> list[str]:
    """The names of all modules of `mcli`, each imported."""
    import mcli

    names = [found.name for found in pkgutil.walk_packages(mcli.__path__, "mcli.")]
    for name in names:
        importlib.import_module(name)
    return names


if __name__ == "__main__":
    put_on(sys.argv[1])
    sys.argv[1:] = sys.argv[2:]
    if sys.argv[1:] == ["import-all"]:
        print(len(import_all()))
    else:
        from mcli.__main__ import entry

        entry()
