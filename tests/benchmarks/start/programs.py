"""The programs that are compared: how each is installed, and how it asks a server once."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import tools
from tests.benchmarks.batch import LLM, SDK
from tests.benchmarks.start.server import DRIP
from tests.benchmarks.start.spending import Command
from tests.faults import tls
from tests.program import ROOT

HERE = Path(__file__).parent
MODEL = "gpt-4o-mini"
MCLI, MINIMAL, CURL = "mcli", "httpx2, minimal script", "curl"


@dataclass(frozen=True, slots=True)
class Where:
    """One of the servers' base URLs, and what a program needs to trust it."""

    name: str
    url: str
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """An empty home and the programs. `peers` has the interpreters of those that could be had."""

    folder: Path
    python: Path
    peers: Mapping[str, Path]
    env: Mapping[str, str]

    def mcli(self, *words: str, stdin: Path | None = None, owes: bytes = b"") -> Command:
        """mcli with a model and a key in its environment."""
        mine = {"MCLI_MODEL": MODEL, "MCLI_API_KEY": "sk-none"}
        program = str(self.python.with_name("mcli"))
        return Command((program, *words), {**self.env, **mine}, owes, stdin or Path(os.devnull))


def install(folder: Path) -> Path:
    """The interpreter of a new environment with mcli from a wheel, compiled, as pip does it."""
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    asked = [python, "-m", "pip", "install", "-q", f"{wheel}[fast]"]
    subprocess.run(asked, check=True, stderr=subprocess.DEVNULL)
    return python


def peers(below: Path) -> dict[str, Path]:
    """The interpreters of llm and the SDK by their titles; without what cannot be installed."""
    found: dict[str, Path] = {}
    for title, package, pin in ((f"llm {LLM}", "llm", LLM), (f"openai {SDK}", "openai", SDK)):
        try:
            found[title] = tools.install(package, pin, below=below) / "bin" / "python"
        except subprocess.CalledProcessError as error:
            print(f"{title} cannot be installed, and is left out: {error}", file=sys.stderr)  # noqa: T201
    return found


def clean(folder: Path) -> dict[str, str]:
    """The environment of all: nothing of the caller's but the PATH."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}


def places(folder: Path, http: int, https: int) -> list[Where]:
    """The servers. The authority of the certificate is one more in the system's own file, since
    reading that file is what https costs anyone."""
    trusted = folder / "trusted.pem"
    system = ssl.get_default_verify_paths().openssl_cafile
    own = Path(tls.authority()).read_bytes()
    trusted.write_bytes((Path(system).read_bytes() if Path(system).exists() else b"") + own)
    return [
        Where("http", f"http://{tls.HOST}:{http}/v1", {}),
        Where("https", f"https://{tls.HOST}:{https}/v1", {"SSL_CERT_FILE": str(trusted)}),
        Where("drip", f"http://{tls.HOST}:{http}{DRIP}/v1", {}),
    ]


def point_llm(folder: Path, known: list[Where]) -> None:
    """Make of each server a model of llm's, which is called as the server is."""
    names = [(where.name, where.url) for where in known]
    models = [{"model_id": name, "model_name": MODEL, "api_base": url} for name, url in names]
    (folder / "extra-openai-models.yaml").write_text(json.dumps(models))


def asking(stage: Stage, where: Where, streamed: bool) -> dict[str, Command]:
    """One question by each program. All owe the same answer."""
    env, owes = {**stage.env, **where.env}, b"Paris"
    ours = stage.mcli("ask", "-n", "hi", "--base-url", where.url, *["--stream"] * streamed)
    more = ["stream"] * streamed
    asked = {MCLI: Command(ours.argv, {**ours.env, **where.env}, owes)}
    script = (str(stage.python), str(HERE / "minimal.py"), where.url, "hi", *more)
    asked[MINIMAL] = Command(script, env, owes)
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": streamed}
    if curl := shutil.which("curl"):
        words = (curl, "-sS", *["-N"] * streamed, "-H", "Content-Type: application/json")
        words += ("-H", "Authorization: Bearer sk-none", "-d", json.dumps(body))
        asked[CURL] = Command((*words, f"{where.url}/chat/completions"), env, owes)
    for title, python in stage.peers.items():
        if title.startswith("llm"):
            whole = ["--no-stream"] * (not streamed)
            words = (str(python.with_name("llm")), "-m", where.name, "--no-log", *whole, "hi")
            theirs = {"LLM_USER_PATH": str(stage.folder), "OPENAI_API_KEY": "sk-none"}
            asked[title] = Command(words, {**env, **theirs}, owes)
        else:
            words = (str(python), str(HERE / "sdk.py"), where.url, "hi", *more)
            asked[title] = Command(words, env, owes)
    return asked
