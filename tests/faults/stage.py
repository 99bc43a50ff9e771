"""How a row is played: the real program, as a subprocess in a bare environment, and a Run of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

from tests.program import ROOT

from . import locales, tls
from .bystander import BYSTANDER
from .catalogue import JSON, STREAM, TERMINAL, Row
from .oracles import CANARY, Run, complaints, left_alone
from .server import FaultyServer

GRACE_S = 2.0
"""How much later than `--timeout`, or than a signal, the program may end."""
LONGEST_S = 30.0
"""No row takes longer, whatever its `--timeout`."""
START_S = 4.0
"""What a busy machine may need to start an interpreter, which is not the program's time."""
SETTLED_S = 0.05
"""How long after its end the server is watched for a request that comes late."""

CONFIG = """\
profile: faulty
profiles:
  faulty: {base_url: "URL", key: KEY, model: test-model}
"""


def play(row: Row, mode: str, program: str = "mcli", *, heals: bool) -> list[str]:
    """Play the row in that mode and, if it failed as it should and `heals`, the same command
    without the fault; all complaints. `program` is the module that is run.
    """
    with _home() as home:
        found = _play(row, mode, home, program)
        if heals and not found:
            told = _play(_healed(row), mode, home, program)
            found = [f"once the fault is gone: {complaint}" for complaint in told]
    return found


def _healed(row: Row) -> Row:
    """The row without its fault."""
    assert row.again is not None
    trust = {"SSL_CERT_FILE": "@CA@"} if row.tls else {}
    call = replace(row.call, env=trust, via="", key="", mode="0644")
    return replace(
        row, script=row.again.script, expect=row.again.expect, streamed=None, terminal=None,
        call=row.again.call or call, door="open", strikes=(), timeout=10,
        tls="good" if row.tls else "",
    )  # fmt: skip


def _play(row: Row, mode: str, home: Path, program: str) -> list[str]:
    with ExitStack() as stack:
        server = stack.enter_context(FaultyServer(row.script, door=row.door))
        url = server.base_url
        if row.tls:
            url = stack.enter_context(tls.Front(row.tls, server.port)).base_url
        stage = Stage(row, mode, home, server, url, program)
        expect = row.expected(mode)
        says, hides = (tuple(map(stage.filled, words)) for words in (expect.says, expect.hides))
        return complaints(stage.run(), replace(expect, says=says, hides=hides))


@contextmanager
def _home() -> Iterator[Path]:
    """An empty home; it is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="mcli-row-"))
    try:
        for folder in left_alone(home):
            folder.mkdir()
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of a row: where it plays, and against which server."""

    row: Row
    mode: str
    home: Path
    server: FaultyServer
    url: str
    program: str

    def run(self) -> Run:
        """The run, from the start of the program to its end."""
        BYSTANDER.heard()
        before = self._set_out()
        child, out, err = self._start()
        killed, peak, cmdline = self._watch(child, out)
        orphans = _end_group(child.pid)
        streams, seen = (out.all(), err.all()), len(self.server.requests)
        time.sleep(SETTLED_S)
        return Run(
            child.returncode, killed, *streams, peak, orphans, self.home, self.server, before,
            self.mode == JSON, self.mode == TERMINAL, cmdline,
            len(self.server.requests) - seen, BYSTANDER.heard(),
        )  # fmt: skip

    def _set_out(self) -> dict[str, bytes]:
        """Put the row's files into the working directory; what stands there then."""
        cwd, call = left_alone(self.home)[0], self.row.call
        for name, content in call.files.items():
            path = cwd / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if name.endswith("/") else path.write_bytes(content)
        config = self.home / "config.yaml"
        key = self.filled(call.key) or "{env: CANARY_KEY}"
        config.write_text(CONFIG.replace("URL", self.url).replace("KEY", key))
        (self.home / "secret").write_text(CANARY + "\n")
        (self.home / "stdin").write_bytes(call.stdin)
        config.chmod(int(call.mode, 8))
        (self.home / "secret").chmod(int(call.mode, 8))
        return {
            str(path.relative_to(cwd)): path.read_bytes()
            for path in cwd.rglob("*")
            if path.is_file()
        }

    def _start(self) -> tuple[subprocess.Popen[bytes], _Drain, _Drain]:
        """The program, and what it says on stdout and stderr."""
        words = [sys.executable, "-m", self.program, *map(self.filled, self.row.call.argv)]
        words += self._flags()
        if self.row.call.via:
            words = ["bash", "-c", self.filled(self.row.call.via), "row", *words]
        (out, outside), (err, errside) = self._stream(), self._stream()
        inner, outer = -1, os.open(self.home / "stdin", os.O_RDONLY)
        if self.mode == TERMINAL and not self.row.call.stdin:
            os.close(outer)
            inner, outer = os.openpty()
        child = subprocess.Popen(
            words, stdin=outer, stdout=outside, stderr=errside, cwd=left_alone(self.home)[0],
            env=self._environment(), start_new_session=True,
        )  # fmt: skip
        for descriptor in (outer, outside, errside):
            os.close(descriptor)
        return child, _Drain(out, inner), _Drain(err)

    def _stream(self) -> tuple[int, int]:
        """Where to read what is written to the other: a pipe, or a terminal as it is."""
        if self.mode != TERMINAL:
            return os.pipe()
        inner, outer = os.openpty()
        tty.setraw(outer)
        return inner, outer

    def _flags(self) -> list[str]:
        if not self.row.limits:
            return []
        limits = ["--timeout", str(self.row.timeout), "--retries", str(self.row.retries)]
        return [*limits, *{STREAM: ["--stream"], JSON: ["--json"]}.get(self.mode, [])]

    def _environment(self) -> Mapping[str, str]:
        """As under `env -i`: nothing of the caller's but PATH; where colours are no wish."""
        _, user, tmp = left_alone(self.home)
        folders = {f"XDG_{name}_HOME": f"{self.home}/{name}" for name in ("STATE", "CACHE", "DATA")}
        own = {name: self.filled(value) for name, value in self.row.call.env.items()}
        return folders | {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(user),
            "TMPDIR": str(tmp),
            "MCLI_CONFIG": str(self.home / "config.yaml"),
            "CANARY_KEY": CANARY,
            "NO_COLOR": "1",
        } | own  # fmt: skip

    def filled(self, text: str) -> str:
        """`text` with the addresses and paths that are known only now."""
        places = {
            "@URL@": self.url,
            "@PORT@": str(self.server.port),
            "@HOME@": str(self.home),
            "@ROOT@": str(ROOT),
            "@TESTS@": str(ROOT / "tests" / "faults"),
            "@PYTHON@": sys.executable,
        }
        for mark, place in places.items():
            text = text.replace(mark, place)
        for mark, make in {"@CA@": tls.authority, "@LOCALES@": locales.folder}.items():
            text = text.replace(mark, make()) if mark in text else text
        return text

    def _watch(self, child: subprocess.Popen[bytes], out: _Drain) -> tuple[bool, int, bytes]:
        """Wait for the end. Whether it had to be killed, its peak of memory in bytes (that of its
        own address space: what wait4 tells includes the test process), and its command line.
        """
        ends = time.monotonic() + min(self.row.timeout, LONGEST_S) + GRACE_S + START_S
        began, killed, peak, cmdline = time.monotonic(), False, 0, b""
        strikes = list(self.row.strikes)
        while child.poll() is None:
            peak = max(peak, high_water(child.pid))
            with suppress(OSError):
                cmdline = Path(f"/proc/{child.pid}/cmdline").read_bytes() or cmdline
            if strikes and self._is_due(strikes[0].when, began, out):
                os.killpg(child.pid, strikes.pop(0).signal)
                if not strikes and self.row.expected(self.mode).exit < 0:
                    ends = min(ends, time.monotonic() + GRACE_S)
            if time.monotonic() > ends and not killed:
                killed = True
                os.killpg(child.pid, signal.SIGKILL)
            time.sleep(0.01)
        return killed, peak, cmdline

    def _is_due(self, when: float | str, began: float, out: _Drain) -> bool:
        if when == "asked":
            return bool(self.server.answered)
        if when == "shown":
            return bool(out.so_far)
        return time.monotonic() - began >= float(when)


class _Drain:
    """Reads a descriptor to its end in a thread; `beside` is closed with it."""

    def __init__(self, descriptor: int, beside: int = -1) -> None:
        self.so_far = bytearray()
        self._descriptors = [descriptor, beside]
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def all(self) -> bytes:
        """Everything, when it has ended."""
        self._thread.join()
        return bytes(self.so_far)

    def _read(self) -> None:
        with suppress(OSError):  # what a terminal says when its last writer has gone
            while piece := os.read(self._descriptors[0], 65536):
                self.so_far += piece
        for descriptor in self._descriptors:
            with suppress(OSError):
                os.close(descriptor)


def high_water(process: int) -> int:
    """The most memory that a process has had, in bytes; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return sum(int(n) * 1024 for n in re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE))


def _end_group(group: int) -> bool:
    """Kill what is left of a process group; True if there was something."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
