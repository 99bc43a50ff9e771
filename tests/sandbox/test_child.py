"""`run_with` takes its process over, so each case is a process of its own."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

import mcli
from mcli.sandbox.child import CannotRun, run_with
from mcli.sandbox.server import open_server

from .asking import dial

ROOT = Path(mcli.__file__).parent.parent

RUN = """
import sys
from mcli.sandbox.child import CannotRun, run_with
from mcli.sandbox.server import open_server
try:
    run_with(open_server(0, log=LOG), sys.argv[1:])
except CannotRun as error:
    sys.exit(error.status)
"""

# A terminal becomes ours when the leader of a session opens it.
ON_A_TERMINAL = "import os; os.open(os.ttyname(0), os.O_RDWR)" + RUN


def script(text: str = RUN, log: str = "None") -> list[str]:
    return [sys.executable, "-c", text.replace("LOG", log)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def run(
    *argv: str,
    stdin: bytes = b"",
    before: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
    log: str = "None",
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*before, *script(log=log), *argv],
        input=stdin,
        capture_output=True,
        env=env or environment(),
        timeout=30,
        check=False,
    )


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", code


@pytest.mark.parametrize("status", [0, 1, 7, 75, 255])
def test_the_status_is_the_commands(status: int) -> None:
    done = run("sh", "-c", f"exit {status}")
    assert (done.returncode, done.stdout, done.stderr) == (status, b"", b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGPIPE, signal.SIGINT])
def test_death_by_a_signal_is_the_commands(number: signal.Signals) -> None:
    assert run("sh", "-c", f"kill -{number.value} $$").returncode == -number


def test_a_command_that_is_not_there_is_127_and_one_that_cannot_run_126(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("data")
    nowhere = tmp_path / "nowhere"
    nowhere.write_text("#!/no/such/interpreter\n")
    nowhere.chmod(0o755)
    for command, status in (
        ("no-such-command-anywhere", 127),
        (str(tmp_path / "missing"), 127),
        ("", 127),
        (str(plain), 126),
        (str(tmp_path), 126),
        (str(nowhere), 126),
    ):
        done = run(command)
        assert (done.returncode, done.stdout, done.stderr) == (status, b"", b""), command


def test_the_reason_names_the_command() -> None:
    server = open_server(0)
    with pytest.raises(CannotRun, match=r'^cannot run "no-such-command": not found$') as caught:
        run_with(server, ["no-such-command"])
    server.close()
    assert caught.value.status == 127


def test_a_script_without_an_interpreter_line_is_the_shells(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text('echo "$1 $MCLI_PROFILE"; exit 3\n')
    path.chmod(0o755)
    done = run(str(path), "one")
    assert (done.returncode, done.stdout) == (3, b"one sandbox\n")


def test_the_streams_are_the_commands() -> None:
    done = run("sh", "-c", "cat; echo problem >&2", stdin=b"line\n" * 10_000)
    assert done.stdout == b"line\n" * 10_000
    assert done.stderr == b"problem\n"


def test_the_environment_points_to_the_server_and_holds_no_key() -> None:
    env = environment(
        MCLI_API_KEY="sk-secret",
        MCLI_API_KEY_FILE="/secret",
        MCLI_PROFILE="other",
        KEPT="kept",
        http_proxy="http://proxy.invalid:1",
        no_proxy="example.com",
    )
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    seen = subprocess.run(
        [*script(), *python(code)], env=env, capture_output=True, text=True, timeout=30, check=True
    ).stdout
    assert "secret" not in seen
    for part in (
        '"MCLI_PROFILE": "sandbox"',
        '"MCLI_BASE_URL": "http://127.0.0.1:',
        '"MCLI_NO_KEY": "1"',
        '"KEPT": "kept"',
        '"no_proxy": "example.com,127.0.0.1"',
    ):
        assert part in seen


ASK = """
import json, os, sys, urllib.request
body = {"model": "m", "messages": [{"role": "user", "content": "from the command"}]}
data = json.dumps(body).encode()
url = os.environ["MCLI_BASE_URL"] + "/chat/completions"
reply = urllib.request.urlopen(urllib.request.Request(url, data), timeout=20).read()
"""


def test_the_command_is_answered() -> None:
    done = run(*python(ASK + "sys.stdout.buffer.write(reply)"))
    assert "“from the command”".encode() in done.stdout
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_log_still_reaches_its_stderr() -> None:
    log = "lambda line: print(line, file=sys.stderr, flush=True)"
    done = run(*python(ASK), log=log)
    assert done.stderr == b"POST /v1/chat/completions 200\n"


def test_closed_streams_stay_closed_and_harm_nothing(tmp_path: Path) -> None:
    path = tmp_path / "reply"
    store = f"open({str(path)!r}, 'wb').write(reply + str(os.path.exists('/dev/fd/1')).encode())"
    done = run(*python(ASK + store), before=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"))
    assert done.returncode == 0
    reply = path.read_bytes()
    assert "“from the command”".encode() in reply


def test_no_pipe_is_held_open_by_the_server() -> None:
    """Readers see the end of what the command has closed although the server still runs."""
    reading, writing = os.pipe()
    code = f"import os, sys; os.close(1); os.close({writing}); sys.stdin.read()"
    with subprocess.Popen(
        [*script(), *python(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[writing],
        env=environment(),
    ) as process:
        os.close(writing)
        assert process.stdout is not None
        assert process.stdout.read() == b""
        assert os.read(reading, 1) == b""
        assert process.poll() is None
        process.communicate(timeout=30)
    os.close(reading)
    assert process.returncode == 0


def test_the_command_has_no_child_it_did_not_make() -> None:
    code = "import os\ntry: os.wait()\nexcept ChildProcessError: print('none')"
    assert run(*python(code)).stdout == b"none\n"


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    code = "import signal; print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
    done = run(*python(code), before=("sh", "-c", 'trap "" INT; exec "$@"', "sh"))
    assert done.stdout == b"True\n"


COUNT = """
import os, signal, sys
heard = []
for name in ("HUP", "INT", "TERM", "USR1", "USR2", "QUIT"):
    number = signal.Signals["SIG" + name]
    signal.signal(number, lambda number, _: heard.append(number))
print(os.environ["MCLI_BASE_URL"], flush=True)
sys.stdin.readline()
print(*heard)
sys.exit(len(heard))
"""


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "USR1", "USR2", "QUIT"])
def test_a_signal_reaches_the_command_once(name: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    with subprocess.Popen(
        [*script(), *python(COUNT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        # To the whole group, as `timeout` and a terminal do it; the server must not care.
        os.killpg(process.pid, number)
        out, _ = process.communicate(b"\n", timeout=30)
    assert (process.returncode, out) == (1, f"{number.value}\n".encode())


def test_ctrl_c_on_a_terminal_reaches_the_command_once() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*script(ON_A_TERMINAL), *python(COUNT)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(),
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = _until(ours, b"/v1\r\n")
        os.write(ours, b"\x03")
        shown += _until(ours, b"^C")
        os.write(ours, b"\n")
        assert process.wait(30) == 1, shown
    os.close(ours)


def _until(terminal: int, ending: bytes) -> bytes:
    shown = b""
    while ending not in shown:
        shown += os.read(terminal, 1000)
    return shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_goes_when_the_command_ends(number: signal.Signals) -> None:
    with subprocess.Popen(
        [*script(), "sh", "-c", 'echo "$MCLI_BASE_URL"; exec sleep 60'],
        stdout=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        dial(url).close()
        process.send_signal(number)
        assert process.wait(30) == -number
    patience = 2000
    while _answers(url) and patience:
        time.sleep(0.01)
        patience -= 1
    assert patience


def _answers(url: str) -> bool:
    try:
        dial(url).close()
    except ConnectionRefusedError:
        return False
    return True
