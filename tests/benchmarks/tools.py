"""The programs that are compared: how each is installed, pointed at a server and run once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.rows import Row
from tests.faults.server import FaultyServer
from tests.program import Program

LIMIT_S = 10.0
"""A run that has not ended by then hangs, and is killed."""
PROMPT = "Say hello"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "mcli-ci" / "peers"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run left. `status` is negative if a signal killed it, and None if we had to."""

    status: int | None
    stdout: bytes
    stderr: str
    attempts: int


Prepare = Callable[[Path, str], tuple[list[str], dict[str, str]]]
"""Makes of an empty home and a base URL the command line and its environment."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, how it is pointed at a server, and the flags that limit it to five seconds."""

    title: str
    prepare: Prepare
    patience: tuple[str, ...] = ()


def ours() -> list[Tool]:
    """mcli as it is in a pipe, and with `--stream`."""

    def pointed(*more: str) -> Prepare:
        def prepare(home: Path, url: str) -> tuple[list[str], dict[str, str]]:
            program = Program(home)
            program.point_at(url)
            return program.argv("ask", PROMPT, *more), program.env

        return prepare

    limit = ("--timeout", "5")
    return [Tool("mcli", pointed(), limit), Tool("mcli --stream", pointed("--stream"), limit)]


def peers() -> list[Tool]:
    """The others, installed if they are not. Only one has a limit, and it is a variable."""
    llm = install("llm", "0.36")
    sgpt = install("shell_gpt", "1.5.1", "typer<0.20")  # it needs the click that typer brought then

    def point_llm(home: Path, url: str) -> tuple[list[str], dict[str, str]]:
        models = [{"model_id": "faulty", "model_name": "gpt-4", "api_base": url}]
        (home / "extra-openai-models.yaml").write_text(json.dumps(models))
        env = {"LLM_USER_PATH": str(home), "OPENAI_API_KEY": "sk-none"}
        return [str(llm / "bin" / "llm"), "-m", "faulty", "--no-log", PROMPT], env

    def point_sgpt(home: Path, url: str) -> tuple[list[str], dict[str, str]]:
        env = {"API_BASE_URL": url, "OPENAI_API_KEY": "sk-none", "REQUEST_TIMEOUT": "5"}
        flags = ["--no-cache", "--no-md", "--model=gpt-4"]
        return [str(sgpt / "bin" / "sgpt"), *flags, PROMPT], env

    return [
        Tool(f"llm {version(llm, 'llm')}", point_llm),
        Tool(f"shell_gpt {version(sgpt, 'shell_gpt')}", point_sgpt),
    ]


def install(name: str, pin: str, *more: str, below: Path = CACHE) -> Path:
    """An environment with that program, made once and kept in the cache."""
    folder = below / f"{name}-{pin}"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "-q", f"{name}=={pin}", *more]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
        (folder / "complete").touch()
    return folder


def version(folder: Path, name: str) -> str:
    """The version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({name!r}))"
    done = subprocess.run(
        [folder / "bin" / "python", "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def run(tool: Tool, row: Row) -> Outcome:
    """One run in an empty home; nothing but the loopback server can be reached."""
    with tempfile.TemporaryDirectory() as folder, FaultyServer(row.script) as server:
        home = Path(folder)
        argv, env = tool.prepare(home, server.base_url)
        argv += tool.patience if row.slow else ()
        nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
        path = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8"}
        env = path | nowhere | {"no_proxy": "127.0.0.1"} | env
        if row.stdin is None:
            os.mkfifo(home / "stdin")
        else:
            (home / "stdin").write_bytes(row.stdin)
        child = _start(argv, row, env, home)
        status = _end(child, row, server)
        stderr = (home / "stderr").read_text(errors="replace")
        stdout = (home / "stdout").read_bytes()
        return Outcome(status, stdout, stderr, len(server.requests))


def _start(argv: list[str], row: Row, env: dict[str, str], home: Path) -> subprocess.Popen[bytes]:
    """Start it under bash, which makes the redirections; a pipe has the status of our end."""
    command = f'exec "$@" {row.redirect}'
    if row.redirect.startswith("|"):
        command = f'"$@" {row.redirect}; exit ${{PIPESTATUS[0]}}'
    # A shell in the background ignores SIGINT, and so would what it starts.
    words = ["env", "--default-signal=INT,PIPE", "bash", "-c", command, "bash", *argv]
    # A pipe that nobody closes: whoever opens it for both ways is its own writer.
    way = "r+b" if row.stdin is None else "rb"
    with (
        open(home / "stdin", way, buffering=0) as given,
        open(home / "stdout", "wb") as out,
        open(home / "stderr", "wb") as err,
    ):
        return subprocess.Popen(
            words, env=env, cwd=home, start_new_session=True, stdin=given, stdout=out, stderr=err
        )


def _end(child: subprocess.Popen[bytes], row: Row, server: FaultyServer) -> int | None:
    """Wait for the end, send the row's signal on the way, and kill what is left."""
    deadline = time.monotonic() + LIMIT_S
    if row.signal is not None:
        while not server.answered and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1)
        with suppress(ProcessLookupError):  # it has ended already
            os.killpg(child.pid, row.signal)
    try:
        status = child.wait(max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return None
    if row.redirect.startswith("|") and status > 128:
        return 128 - status  # bash's word for a signal
    return status
