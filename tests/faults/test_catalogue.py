"""Every row of the fault table against the real program, as a subprocess in a bare environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pytest

from . import rows_connection, rows_replies, rows_status, scenes
from .catalogue import BOTH, STREAM, Row, answers, fails
from .oracles import CANARY, Run, complaints, left_alone
from .server import FaultyServer

TABLE = [*rows_connection.ROWS, *rows_replies.ROWS, *rows_status.ROWS]
CASES = [(row, mode) for row in TABLE for mode in row.modes]
ASKED = sorted({(row.argv, mode) for row, mode in CASES})
"""Each distinct command of the table once."""

ROOT = Path(__file__).parents[2]
GRACE_S = 2.0
"""How much later than `--timeout` the program may end."""
LONGEST_S = 30.0
"""No row takes longer, whatever its `--timeout`."""
START_S = 4.0
"""What a busy machine may need to start an interpreter, which is not the program's time."""

CONFIG = """\
profile: faulty
profiles:
  faulty: {{base_url: "{url}", key: {{env: CANARY_KEY}}, model: test-model}}
"""


def _cases() -> Iterator[Any]:
    """Every row in each of its modes; the quick tests take one row of a number, CI takes all."""
    seen: set[tuple[str, str]] = set()
    for row, mode in CASES:
        number = row.id.split("-")[1]
        marks = [pytest.mark.slow] if (number, mode) in seen else []
        seen.add((number, mode))
        yield pytest.param(row, mode, id=f"{row.id}-{mode}", marks=marks)


@pytest.mark.parametrize(("row", "mode"), list(_cases()))
def test_fault(row: Row, mode: str, tmp_path: Path) -> None:
    """A fault ends as its row says, and every generic check holds."""
    expect = row.streamed or row.expect if mode == STREAM else row.expect
    with FaultyServer(row.script, listening=row.listening) as server:
        found = complaints(run(row, mode, server, tmp_path), expect)
    assert not found, "\n".join([f"{row.id} {mode} {row.why}", *found])


@pytest.mark.parametrize(("argv", "mode"), ASKED, ids=[f"{' '.join(a)}-{m}" for a, m in ASKED])
def test_recovers(argv: tuple[str, ...], mode: str, tmp_path: Path) -> None:
    """Once the fault is gone, the same command in the same home succeeds."""
    row = Row("recovers", scenes.status(503), fails(75, "server_busy"), argv=argv, retries=0)
    with FaultyServer(row.script) as server:
        found = complaints(run(row, mode, server, tmp_path), row.expect)
        server.play(scenes.ok())
        found += complaints(run(row, mode, server, tmp_path), answers())
    assert not found, "\n".join(found)


def test_ids_are_unique() -> None:
    """A failure names one row."""
    assert [id for id, count in Counter(row.id for row in TABLE).items() if count > 1] == []


def test_modes_are_known() -> None:
    """A misspelt mode would run nothing and pass."""
    assert all(row.modes and set(row.modes) <= set(BOTH) for row in TABLE)


def run(row: Row, mode: str, server: FaultyServer, home: Path) -> Run:
    """Run the row's command against `server`, with `home` as the only place it may write to."""
    for folder in left_alone(home):
        folder.mkdir(exist_ok=True)
    config = home / "config.yaml"
    config.write_text(CONFIG.format(url=server.base_url))
    argv = [sys.executable, "-m", "mcli", *row.argv, *_flags(row, mode)]
    data = home / "stdin"
    data.write_bytes(row.stdin)
    with data.open("rb") as stdin:
        child = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=left_alone(home)[0],
            env=_environment(home, config) | dict(row.env),
            start_new_session=True,
        )
    stdout, stderr = _drain(child.stdout), _drain(child.stderr)
    status, killed, peak = _wait(child, min(row.timeout, LONGEST_S) + GRACE_S + START_S)
    orphans = _end_group(child.pid)
    return Run(status, killed, stdout(), stderr(), peak, orphans, home, server)


def _drain(pipe: IO[bytes] | None) -> Callable[[], bytes]:
    """Read a pipe to its end in a thread; call the result to wait for it."""
    assert pipe is not None
    found: list[bytes] = []

    def read() -> None:
        with pipe:
            found.append(pipe.read())

    def wait() -> bytes:
        thread.join()
        return found[0]

    thread = Thread(target=read, daemon=True)
    thread.start()
    return wait


def _flags(row: Row, mode: str) -> list[str]:
    limits = ["--timeout", str(row.timeout), "--retries", str(row.retries)]
    return [*limits, "--stream"] if mode == STREAM else limits


def _environment(home: Path, config: Path) -> dict[str, str]:
    """As under `env -i`: nothing of the caller's but PATH."""
    cwd, user, tmp = left_alone(home)
    assert cwd.is_dir()
    folders = {
        f"XDG_{name}_HOME": f"{home}/{name}" for name in ("CONFIG", "STATE", "CACHE", "DATA")
    }
    return folders | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(user),
        "TMPDIR": str(tmp),
        "MCLI_CONFIG": str(config),
        "CANARY_KEY": CANARY,
    }


def _wait(child: subprocess.Popen[bytes], seconds: float) -> tuple[int, bool, int]:
    """Exit code, whether it had to be killed, and its peak of memory in bytes.

    The memory is that of the program's own address space: what wait4 tells includes that of the
    test process it was forked from.
    """
    ends, late, peak = time.monotonic() + seconds, False, 0
    while child.poll() is None:
        peak = max(peak, _high_water(child.pid))
        if time.monotonic() > ends and not late:
            late = True
            child.kill()
        time.sleep(0.01)
    return child.returncode, late, peak


def _high_water(process: int) -> int:
    """The most memory that a process has had, in bytes; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return sum(int(n) * 1024 for n in re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE))


def _end_group(group: int) -> bool:
    """Kill what is left of a process group; True if there was something."""
    try:
        os.killpg(group, 9)
    except ProcessLookupError:
        return False
    return True
