"""cron, systemd, GitHub Actions and GitLab."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mcli import documents, strict
from mcli.errors import ExitCode
from tests.faults.scenes import Scene, ok
from tests.faults.server import FaultyServer
from tests.program import Program, Result
from tests.scripting.page import BUSY, NO_KEY, bare, example, need

pytestmark = pytest.mark.sweep

MAILED, PATIENT = (example("cron", number, "crontab") for number in range(2))
UNITS = [example("systemd", number, "ini") for number in range(3)]
WORKFLOW = example("GitHub Actions", 0, "yaml")
PIPELINE = example("GitLab", 0, "yaml")


def cron(desk: Program, crontab: str) -> Result:
    """Run the one job of a crontab: five fields, then a line for sh, in which `%` is escaped."""
    (line,) = (line for line in crontab.splitlines() if not re.match(r"[A-Z]+=", line))
    command = line.split(None, 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return bare(desk, "/bin/sh", "-c", command.replace("\\%", "%"))


def test_cron_has_nothing_to_mail_until_it_fails(desk: Program, server: FaultyServer) -> None:
    (desk.home / "digests").mkdir()
    done = cron(desk, MAILED)
    server.play(BUSY)
    failed = cron(desk, MAILED)

    assert (done.code, done.out, done.err) == (0, "", "")
    (digest,) = (desk.home / "digests").glob("20[0-9][0-9]-[01][0-9]-[0-3][0-9].txt")
    assert digest.read_text() == "Paris.\n"
    assert (failed.code, failed.out, failed.slug) == (75, "", "server_busy")


def test_cron_is_silent_about_what_the_next_run_mends(desk: Program, server: FaultyServer) -> None:
    server.play([ok("Short."), BUSY, NO_KEY])
    done, busy, refused = (cron(desk, PATIENT) for _ in range(3))

    assert [(run.out, run.err) for run in (done, busy)] == [("", "")] * 2
    assert re.fullmatch(r"mcli: .*\[auth, .*\]\n", refused.out)
    assert refused.err == ""


def test_systemd_takes_the_units(desk: Program, tmp_path: Path) -> None:
    need("systemd-analyze")
    paths = [tmp_path / unit.partition("\n")[0].removeprefix("# ") for unit in UNITS]
    for path, unit in zip(paths, UNITS, strict=True):
        path.write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *map(str, paths)],
        env={**desk.env, "XDG_RUNTIME_DIR": str(tmp_path)}, capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert {path.name for path in paths} == {"digest.service", "digest.timer", "once.service"}
    named = subprocess.run(
        ["systemd-analyze", "exit-status", "TEMPFAIL"], capture_output=True, check=True, timeout=60
    )
    assert re.search(rb"^TEMPFAIL +75 ", named.stdout, re.MULTILINE)


@pytest.mark.parametrize("unit", [UNITS[0], UNITS[2]], ids=["digest", "once"])
def test_what_a_unit_starts_works_in_a_bare_environment(desk: Program, unit: str) -> None:
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    done = bare(desk, *shlex.split(command.replace("%h", str(desk.home))))

    assert (done.code, done.out, done.err) == (0, "", "")
    assert (desk.home / "digest.txt").read_text() == "Paris.\n"


def test_the_unit_that_tries_again_does_so_for_75_alone() -> None:
    (codes,) = re.findall(r"^RestartPreventExitStatus=(.*)$", UNITS[2], re.MULTILINE)

    assert set(map(int, codes.split())) == set(ExitCode) - {ExitCode.OK, ExitCode.TRY_AGAIN}
    assert "SuccessExitStatus" not in UNITS[2]


def parsed(text: str) -> Any:
    """YAML without aliases, tags, doubled keys or YAML 1.1's surprises."""
    return strict.anything(documents.parse(text.encode(), "example"))


def change(desk: Program) -> None:
    """A repository with a commit on top of another."""
    need("git")
    made = desk.shell(
        "git init -q . && echo a > file && git add file && git commit -q -m 1 && "
        "echo b > file && git commit -q -a -m 2"
    )
    assert made.code == 0, made.err


def ci_step(desk: Program, script: str, shell: str) -> Result:
    """Run a script as a runner does: from a file, with the options that it gives bash."""
    path = desk.home / "step.sh"
    path.write_text(script)
    return desk.shell(
        f"exec bash {shell} {path}",
        RUNNER_TEMP=str(desk.home), GITHUB_STEP_SUMMARY=str(desk.home / "step-summary.md"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scene", "code", "summary", "log"),
    [
        (ok("::error::Fine.\n##[group]"), 0, "::error::Fine.\n##[group]\n", ""),
        (BUSY, 0, None, "::notice::the model is busy: no summary this time\n"),
        (NO_KEY, 77, None, ""),
    ],
    ids=["ok", "busy", "no-key"],
)
def test_the_step_of_github_actions(
    desk: Program, server: FaultyServer, scene: Scene, code: int, summary: str | None, log: str
) -> None:
    change(desk)
    workflow = parsed(WORKFLOW)
    (step,) = (s for s in workflow["jobs"]["summary"]["steps"] if s.get("shell") == "bash")
    server.play(scene)
    done = ci_step(desk, step["run"], "--noprofile --norc -eo pipefail")

    written = desk.home / "step-summary.md"
    assert (done.code, done.out) == (code, log)
    assert (written.read_text() if written.exists() else None) == summary
    assert b"-a\\n+b" in server.requests[0].raw
    assert "${{" not in step["run"]
    assert step["env"] == {"MEGALLM_API_KEY": "${{ secrets.MEGALLM_API_KEY }}"}


@pytest.mark.parametrize(("scene", "code"), [(ok("Fine."), 0), (BUSY, 75), (NO_KEY, 77)])
def test_the_script_of_gitlab(desk: Program, server: FaultyServer, scene: Scene, code: int) -> None:
    change(desk)
    job = parsed(PIPELINE)["summary"]
    server.play(scene)
    done = ci_step(desk, "\n".join(job["script"]), "-eo pipefail")

    assert (done.code, done.out) == (code, "")
    assert (desk.home / "summary.md").exists() == (code == 0)
    assert job["retry"] == {"max": 2, "exit_codes": [75]}
    assert job["artifacts"]["paths"] == ["summary.md"]
