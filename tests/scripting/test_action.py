"""`.github/actions/mcli` and `.pre-commit-hooks.yaml`: what a CI makes of them, made here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.faults.scenes import error, ok
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program
from tests.scripting.page import need

ACTION: Any = yaml.safe_load((ROOT / ".github/actions/mcli/action.yml").read_text())
INSTALL, RUN = (step for step in ACTION["runs"]["steps"] if "run" in step)


@dataclass(frozen=True)
class Step:
    """What a step left: its status, what the runner reads, and the files that it wrote for it."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


def play(desk: Program, step: Mapping[str, Any], **inputs: str) -> Step:
    """Run a step as GitHub's runner does: `${{ inputs.x }}` is put in, but never into a script."""
    assert "${{" not in step["run"]
    given = {name: each.get("default", "") for name, each in ACTION["inputs"].items()} | inputs
    env = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: given[found[1]], value)
        for name, value in step["env"].items()
    }
    files = {name: desk.home / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.write_text("")
    (desk.home / "GITHUB_PATH").touch()
    paths = [*(desk.home / "GITHUB_PATH").read_text().splitlines(), str(desk.wrapper().parent)]
    bare = {name: os.environ[name] for name in os.environ if name.startswith("PIP_")}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={
            **bare, **env, **{name: str(path) for name, path in files.items()},
            "GITHUB_PATH": str(desk.home / "GITHUB_PATH"),
            "GITHUB_ACTION_PATH": str(ROOT / ".github/actions/mcli"),
            "RUNNER_TEMP": str(desk.home), "HOME": str(desk.home), "TEST_KEY": desk.env["TEST_KEY"],
            "PATH": os.pathsep.join([*paths, os.environ["PATH"]]),
            **({} if step is INSTALL else {"PYTHONPATH": str(ROOT)}),
        },
        cwd=desk.home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.stderr == ""
    told = files["GITHUB_OUTPUT"].read_text().splitlines()
    outputs = dict(line.split("=", 1) for line in told)
    return Step(done.returncode, done.stdout, outputs, files["GITHUB_STEP_SUMMARY"].read_text())


@pytest.fixture
def desk(mcli: Program, server: FaultyServer) -> Program:
    (mcli.home / "a text.txt").write_text("One.\n")
    return mcli


def test_an_answer_is_a_file_and_a_summary(desk: Program, server: FaultyServer) -> None:
    server.play(ok("Short."))
    done = play(desk, RUN, recipe="summarize", files="a text.txt\n", vars="points=2\n")

    answer = desk.home / "mcli-answer.txt"
    assert (done.code, done.log) == (0, "")
    assert done.outputs == {"status": "0", "file": str(answer)}
    assert answer.read_text() == "Short.\n"
    assert done.summary == "### mcli: summarize\n\n```text\nShort.\n```\n"
    assert b"One." in server.requests[0].raw


def test_a_hostile_answer_reaches_no_log_and_leaves_no_fence(
    desk: Program, server: FaultyServer
) -> None:
    answer = "::add-mask::x\n````\n![](http://evil.example/?q)\n##[error]no\n"
    server.play(ok(answer))
    done = play(desk, RUN, recipe="summarize", files="a text.txt", output="out.md")

    assert (done.code, done.log) == (0, "")
    assert done.summary.endswith(f"\n\n`````text\n{answer}`````\n")
    assert done.outputs["file"] == "out.md"


@pytest.mark.parametrize(
    ("status", "busy", "kind", "code"),
    [(503, "fail", "warning", 75), (503, "pass", "warning", 0), (401, "pass", "error", 77)],
)
def test_a_failure_is_an_annotation(
    desk: Program, server: FaultyServer, status: int, busy: str, kind: str, code: int
) -> None:
    server.play(error(status, "100% ::error::\r\nno"))
    (desk.home / ".config/mcli/config.yaml").write_text(
        (desk.home / ".config/mcli/config.yaml").read_text() + "    retries: 0\n"
    )
    done = play(desk, RUN, recipe="summarize", files="a text.txt", busy=busy)

    assert done.code == code
    told = int(done.outputs["status"])
    assert done.log.startswith(f"::{kind} title=mcli exit {told}::mcli: HTTP {status}")
    assert "100%25 " in done.log
    assert done.log.count("\n") == 1
    assert "file" not in done.outputs
    assert f"Exit {told}, no answer." in done.summary


def test_what_a_stranger_wrote_is_no_script(desk: Program, server: FaultyServer) -> None:
    evil = '$(touch pwned)"; touch pwned; `touch pwned`'
    done = play(desk, RUN, recipe="summarize", files="a text.txt", vars=f"focus={evil}")

    assert done.code == 0
    assert not (desk.home / "pwned").exists()
    assert "touch pwned" in server.requests[0].raw.decode()


def test_a_file_whose_name_is_a_flag(desk: Program, server: FaultyServer) -> None:
    (desk.home / "--json").write_text("Two.\n")
    done = play(desk, RUN, recipe="summarize", files="--json")

    assert done.code == 0
    assert b"Two." in server.requests[0].raw


@pytest.mark.slow
def test_it_is_installed_from_its_checkout(desk: Program, server: FaultyServer) -> None:
    installed = play(desk, INSTALL)
    (desk.home / "bin/mcli").unlink()
    server.play(ok("Short."))

    assert (installed.code, installed.log) == (0, "")
    (folder,) = (desk.home / "GITHUB_PATH").read_text().splitlines()
    done = subprocess.run([f"{folder}/mcli", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"mcli ")


def commit(repository: Path) -> None:
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@localhost", "-C", str(repository)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], check=True, capture_output=True)


@pytest.mark.slow
def test_the_hook_of_pre_commit(tmp_path: Path) -> None:
    need("pre-commit")
    hooks, work = tmp_path / "hooks", tmp_path / "work"
    for name in ("mcli", "recipes", "completions", "README.md", "LICENSE", "pyproject.toml"):
        source, target = ROOT / name, hooks / name
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    commit(hooks)
    (work / "recipes").mkdir(parents=True)
    (work / "recipes/good.yaml").write_text("messages: [{user: hi}]\n")
    (work / "other.yaml").write_text("no: recipe\n")
    (work / ".pre-commit-config.yaml").write_text(
        f"repos: [{{repo: {hooks}, rev: HEAD, hooks: [{{id: mcli-recipes}}]}}]\n"
    )
    commit(work)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pre-commit", "run", "--all-files"], cwd=work, capture_output=True, text=True,
            check=False, env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")},
        )  # fmt: skip

    assert run().returncode == 0, run().stdout
    (work / "recipes/bad.yaml").write_text("mesages: []\n")
    commit(work)
    failed = run()
    assert failed.returncode == 1
    assert "recipes/bad.yaml:1:1: " in failed.stdout
    assert "other.yaml" not in failed.stdout
