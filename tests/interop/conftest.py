"""Fixtures: a llama.cpp server with a random model, and the program pointed at it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.program import Program

MODEL = "random-llama"
WINDOW = 2048
START_S = 60.0
"""A server that is not up by then never will be."""


@dataclass(frozen=True)
class Llama:
    """A running server."""

    base_url: str

    def ask(self, body: Any) -> Any:
        """What it replies to a chat completion's body, read without any client of ours."""
        request = urllib.request.Request(
            f"{self.base_url}/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)


@pytest.fixture(scope="session")
def interop_python() -> str:
    """The python of the environment that `.ci/interop-env` makes."""
    python = os.environ.get("MCLI_INTEROP_PYTHON")
    if python:
        return python
    reason = "MCLI_INTEROP_PYTHON is not set to the path that .ci/interop-env prints"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def llama(interop_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """A server whose model takes messages in any order."""
    with serving(interop_python, tmp_path_factory.mktemp("llama")) as server:
        yield server


@pytest.fixture
def mcli(tmp_path: Path, llama: Llama) -> Program:
    """The program in an empty home, its built-in profile for llama.cpp pointed at `llama`."""
    return pointed_at(llama, tmp_path)


def pointed_at(server: Llama, folder: Path) -> Program:
    """A program that calls `server` without a key."""
    program = Program(folder / "home")
    program.configure(
        "profile: llamacpp\n"
        f"profiles: {{llamacpp: {{base_url: '{server.base_url}', model: {MODEL}}}}}\n"
    )
    return program


@contextmanager
def serving(
    python: str, folder: Path, *, strict: bool = False, key: str = "", window: int = WINDOW
) -> Iterator[Llama]:
    """A server while the block runs: its template strict or not, asking for `key` if there is one.

    It takes any free port and says which in its log.
    """
    model = folder / "model.gguf"
    maker = Path(__file__).with_name("make_gguf.py")
    subprocess.run([python, maker, model, *["--strict"] * strict], check=True)
    log = folder / "server.log"
    argv = [python, "-m", "llama_cpp.server", "--model", model, "--model_alias", MODEL]
    argv += ["--host", "127.0.0.1", "--port", "0", "--n_ctx", str(window), "--verbose", "false"]
    argv += ["--api_key", key] if key else []
    with log.open("wb") as stream:
        process = subprocess.Popen(
            argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        yield Llama(f"{_address(process, log)}/v1")
    finally:
        _stop(process)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the server listens, once it answers there."""
    ends = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < ends:
        told = re.search(r"running on (http://\S+)", log.read_text(errors="replace"))
        if told and _answers(told[1]):
            return told[1]
        time.sleep(0.1)
    pytest.fail(f"the llama.cpp server does not answer:\n{log.read_text(errors='replace')}")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/v1/models", timeout=10):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == 401  # up, and it wants its key
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
