"""A quicker start of the program: a process that has loaded it, and forks for each run.

An interpreter that loads the program works for a fifth of a second before it does anything, and the
quick tests would start two thousand. Each run is still a process of its own, with its own
descriptors, environment, directory, command line, signals and end, and begins where the program
does, in `mcli.__main__.entry`. What only a new interpreter shows has one: `fits` says when.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from tests import WHOLE

ROOT = Path(__file__).parent.parent
PIPE = 65536
"""Bytes that a pipe takes before anybody reads."""
ORDER = 2**17
"""Bytes of an order, which is one message."""
_SPOKEN = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_")
"""How the variables begin that Python or the C library reads as it starts."""


def fits(argv: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: bytes | int) -> bool:
    """Whether a forked process would do the same as one with an interpreter of its own.

    Under .ci/run each has its own. So it has where the system lacks what this needs, where a
    variable speaks to the interpreter, where a module stands in the working directory, which is the
    first place that Python looks into, and where there is much to hand over.
    """
    if WHOLE or not hasattr(os, "pidfd_open"):
        return False
    spoken = {name for name in env if name.startswith(_SPOKEN)}
    plain = spoken == {"PYTHONPATH"} and env["PYTHONPATH"] == str(ROOT)
    short = len(_order(argv, env, cwd)) < ORDER and (isinstance(stdin, int) or len(stdin) <= PIPE)
    return plain and short and not any(cwd.glob("*.py"))


def run(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: bytes | int, timeout: float
) -> tuple[int, bytes, bytes]:
    """Run `mcli` with those words, as `subprocess.run` does: its status, stdout and stderr.

    After `timeout` seconds it is killed and `subprocess.TimeoutExpired` raised.
    """
    (inner, filled), (out, outside), (err, errside), (end, told) = (os.pipe() for _ in range(4))
    if isinstance(stdin, bytes):
        os.write(filled, stdin)
    given = [inner if isinstance(stdin, bytes) else stdin, outside, errside, told]
    socket.send_fds(_parent(), [_order(argv, env, cwd)], given)
    for descriptor in (inner, filled, outside, errside, told):
        os.close(descriptor)
    with os.fdopen(out, "rb", 0) as a, os.fdopen(err, "rb", 0) as b, os.fdopen(end, "rb", 0) as c:
        pid = int(c.readline())
        try:
            said = _read([a.fileno(), b.fileno(), c.fileno()], time.monotonic() + timeout)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            c.readline()  # so that it has ended
            raise subprocess.TimeoutExpired(["mcli", *argv], timeout) from None
    return int(said[2]), said[0], said[1]


def _read(sources: Sequence[int], ends: float) -> list[bytes]:
    """What comes from each until its end; `TimeoutError` at that monotonic time."""
    said = {source: bytearray() for source in sources}
    with selectors.DefaultSelector() as ready:
        for source in sources:
            ready.register(source, selectors.EVENT_READ)
        while ready.get_map():
            if (left := ends - time.monotonic()) <= 0:
                raise TimeoutError
            for key, _ in ready.select(left):
                if piece := os.read(key.fd, PIPE):
                    said[key.fd] += piece
                else:
                    ready.unregister(key.fd)
    return [bytes(said[source]) for source in sources]


def _order(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> bytes:
    return json.dumps([list(argv), dict(env), str(cwd), os.umask(os.umask(0o022))]).encode()


@cache
def _parent() -> socket.socket:
    """Where to send orders to the process that forks; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * ORDER)
    with theirs:
        words = [sys.executable, "-m", "tests.forked", str(theirs.fileno())]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        parent = subprocess.Popen(
            words, env=env, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    atexit.register(lambda: (ours.close(), parent.wait()))
    return ours


def serve(orders: socket.socket) -> None:
    """Fork for each order, and tell the end of each, until nobody can send any more."""
    import mcli

    for module in pkgutil.walk_packages(mcli.__path__, "mcli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    gc.freeze()
    running: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd == orders.fileno():
                    order, given, *_ = socket.recv_fds(orders, ORDER, 4)
                    if not order:
                        return
                    pid = os.fork() or _be(order, given[:3])
                    with suppress(BrokenPipeError):
                        os.write(given[3], b"%d\n" % pid)
                    for descriptor in given[:3]:
                        os.close(descriptor)
                    watched = os.pidfd_open(pid)
                    running[watched] = pid, given[3]
                    ready.register(watched, selectors.EVENT_READ)
                else:
                    pid, told = running.pop(key.fd)
                    ready.unregister(key.fd)
                    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    with suppress(BrokenPipeError):  # a test that was interrupted waits no longer
                        os.write(told, b"%d" % status)
                    os.close(key.fd)
                    os.close(told)


def _be(order: bytes, streams: Sequence[int]) -> NoReturn:
    """The program in a process that has just been forked."""
    from mcli import __main__ as program

    argv, env, cwd, mask = json.loads(order)
    for n, descriptor in enumerate(streams):
        os.dup2(descriptor, n)
    os.closerange(3, 4096)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(cwd)
    os.umask(mask)
    coerced = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}
    os.environ.clear()
    os.environ.update(env | coerced)
    time.tzset()
    sys.argv = [program.__file__, *argv]
    sys.path[0] = cwd
    program.entry()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
