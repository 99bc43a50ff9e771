"""The program as a script sees it: a command line, an environment, three streams, a status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import forked

ROOT = Path(__file__).parent.parent
KEY = "sk-canary-7f3a9c51d2e84b06a1c3"


@dataclass(frozen=True)
class Result:
    """What a run left: status (negative if a signal killed it) and the bytes of both streams."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def slug(self) -> str:
        """The slug in the failure line; the line must be the only one."""
        line = self.err
        assert line.count("\n") == 1, line
        assert line.startswith("mcli: "), line
        return line.rpartition("[")[2].split(",")[0].rstrip("]\n")


@dataclass
class Program:
    """mcli in a home of its own, with nothing of the caller's environment but what is set here."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.env = {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            **self.env,
        }

    def point_at(self, base_url: str, **profile: str) -> None:
        """Make `base_url` the default profile, with a model and a key."""
        lines = [f"base_url: {base_url}", "key: {env: TEST_KEY}", "model: gpt-4"]
        lines += [f"{name}: {value}" for name, value in profile.items()]
        self.configure("profile: test\nprofiles:\n  test:\n    " + "\n    ".join(lines) + "\n")
        self.env["TEST_KEY"] = KEY

    def configure(self, text: str) -> Path:
        """Write the configuration file."""
        path = self.home / ".config" / "mcli" / "config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "mcli", *args]

    def started(self, starter: list[str], *args: str) -> Result:
        """Run it by another program, which gets its command line."""
        done = subprocess.run(
            [*starter, *self.argv(*args)],
            env=self.env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def __call__(self, *args: str, stdin: bytes | int | None = None, **more: str) -> Result:
        """Run it to the end; `stdin` is bytes, a descriptor, or nothing (/dev/null)."""
        env = {**self.env, **more}
        with open(os.devnull, "rb") as nothing:
            given = nothing.fileno() if stdin is None else stdin
            if forked.fits(args, env, self.home, given):
                return Result(*forked.run(args, env, self.home, given, timeout=60))
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL}
        if isinstance(stdin, bytes):
            streams = {"input": stdin}
        elif stdin is not None:
            streams = {"stdin": stdin}
        done = subprocess.run(
            self.argv(*args),
            env=env,
            cwd=self.home,
            capture_output=True,
            timeout=60,
            check=False,
            **streams,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def wrapper(self) -> Path:
        """An `mcli` that is this program."""
        path = self.home / "bin" / "mcli"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {sys.executable} -m mcli "$@"\n')
        path.chmod(0o755)
        return path

    def shell(self, script: str, **more: str) -> Result:
        """Run a script of bash in which `mcli` is this program."""
        env = {**self.env, **more}
        env["PATH"] = f"{self.wrapper().parent}{os.pathsep}{env['PATH']}"
        done = subprocess.run(
            ["bash", "-c", script],
            env=env,
            cwd=self.home,
            capture_output=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Result(done.returncode, done.stdout, done.stderr)


def recorded(script: str, folder: Path) -> bytes:
    """What `script`, which takes the name of a file, records of this program anew."""
    program, new = Program(folder / "home"), folder / "new.jsonl"
    done = subprocess.run(
        [ROOT / script, new], env={**program.env, "MCLI": str(program.wrapper())},
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b""), done.stdout.decode()
    return new.read_bytes()
