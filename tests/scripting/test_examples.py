"""The examples of `mcli help examples`: recorded against the sandbox, then replayed without it."""

from __future__ import annotations

import pytest

from mcli import manual
from tests.faults.scenes import Scene, ok
from tests.faults.server import FaultyServer
from tests.program import Program, Result
from tests.scripting.page import BUSY, NO_KEY, bare, fences, need

pytestmark = pytest.mark.sweep

FENCES = fences(manual.page("examples"))
HOOK = FENCES["A git hook that writes the commit message", 0][1]
REVIEW = FENCES["A CI job that fails on a risky diff", 0][1]
REPORT = FENCES["A cron job that reports a log", 0][1]
CRONTAB = FENCES["A cron job that reports a log", 1][1]
IN_SANDBOX = "mcli sandbox -- bash script"
CHANGE = (
    "rm -rf .git; git init -q . && echo a > f && git add f && git commit -q -n -m 1 && git tag base"
    " && echo 'CHANGED' > f && git add f"
)


def twice(desk: Program, script: str, server: FaultyServer) -> tuple[Result, Result]:
    """Run a script against the sandbox, recorded, and again by replay; nobody else is asked."""
    (desk.home / "script").write_text(script)
    tape = str(desk.home / "tape.jsonl")
    recorded = desk.shell(IN_SANDBOX, MCLI_RECORD=tape, MCLI_MODEL="sandbox")
    server.close()
    replayed = desk.shell("bash script", MCLI_REPLAY=tape, MCLI_MODEL="sandbox")
    return recorded, replayed


def hooked(command: str, change: str = "hello") -> str:
    """A repository with the hook, and a command in it."""
    return (
        f"{CHANGE.replace('CHANGED', change)}\n"
        f"cat > .git/hooks/prepare-commit-msg <<'HOOK'\n{HOOK}HOOK\n"
        f"chmod +x .git/hooks/prepare-commit-msg\n{command}\ngit log -1 --format=%B"
    )


def test_the_hook_writes_the_message(desk: Program, server: FaultyServer) -> None:
    need("git")
    recorded, replayed = twice(desk, hooked("GIT_EDITOR=true git commit -q"), server)

    assert (recorded.code, recorded.err) == (0, "")
    assert "sandbox" in recorded.out
    assert (replayed.code, replayed.stdout, replayed.err) == (0, recorded.stdout, "")


@pytest.mark.parametrize(
    "command",
    ["git commit -q -m mine", "git commit -q --amend --no-edit",
     "git commit -q -m mine && git checkout -q -b side base && git merge -q --no-ff -m m master"],
)  # fmt: skip
def test_the_hook_leaves_a_message_alone(desk: Program, server: FaultyServer, command: str) -> None:
    need("git")
    desk.env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "init.defaultBranch"}
    done = desk.shell(hooked(command), GIT_CONFIG_VALUE_0="master")

    assert (done.code, done.err, len(server.requests)) == (0, "", 0)


@pytest.mark.parametrize("scene", [BUSY, NO_KEY])
def test_the_hook_never_blocks_a_commit(desk: Program, server: FaultyServer, scene: Scene) -> None:
    need("git")
    server.play(scene)
    done = desk.shell(hooked("GIT_EDITOR='echo by hand >' git commit -q"))

    assert (done.code, done.out) == (0, "by hand\n\n")


@pytest.mark.parametrize(("change", "code"), [("hello", 0), ("risk: high", 1)])
def test_the_job_fails_on_a_risky_diff(
    desk: Program, server: FaultyServer, change: str, code: int
) -> None:
    need("git")
    need("jq")
    script = f"{CHANGE.replace('CHANGED', change)}\ngit commit -q -m 2\nexport BASE=base\n{REVIEW}"
    recorded, replayed = twice(desk, script, server)

    assert [(r.code, r.out, r.err) for r in (recorded, replayed)] == [(code, "", "")] * 2


@pytest.mark.sweep
@pytest.mark.parametrize(("scene", "code"), [(BUSY, 75), (NO_KEY, 77), (ok("no JSON"), 4)])
def test_a_review_that_fails_is_no_verdict(
    desk: Program, server: FaultyServer, scene: Scene, code: int
) -> None:
    need("git")
    server.play(scene)
    done = desk.shell(f"{CHANGE}\ngit commit -q -m 2\nBASE=base\nset -o pipefail\n{REVIEW}")

    assert done.code == code
    assert not (desk.home / "review.json").exists()


def test_no_change_is_no_risk(desk: Program, server: FaultyServer) -> None:
    need("git")
    done = desk.shell(f"{CHANGE}\nBASE=base\n{REVIEW}")

    assert (done.code, done.out, done.err, len(server.requests)) == (0, "", "", 0)


def test_the_log_is_reported(desk: Program, server: FaultyServer) -> None:
    (desk.home / "app.log").write_text("start\nError: disk full\n")
    script = f"rm -f report.txt\n{REPORT.partition(chr(10))[2].replace('exec ', '')}cat report.txt"
    recorded, replayed = twice(desk, script, server)

    assert (recorded.code, recorded.err) == (0, "")
    assert "disk full" in recorded.out
    assert (replayed.code, replayed.stdout, replayed.err) == (0, recorded.stdout, "")


def test_without_errors_nothing_is_said(desk: Program, server: FaultyServer) -> None:
    (desk.home / "app.log").write_text("start\n")
    done = desk.shell(REPORT)

    assert (done.code, done.out, done.err, len(server.requests)) == (0, "", "", 0)


def test_a_failure_is_one_line_and_the_old_report_stays(
    desk: Program, server: FaultyServer
) -> None:
    (desk.home / "app.log").write_text("Error: disk full\n")
    (desk.home / "report.txt").write_text("old\n")
    server.play(BUSY)
    done = desk.shell(REPORT)

    assert (done.code, done.slug, done.out) == (75, "server_busy", "")
    assert (desk.home / "report.txt").read_text() == "old\n"


def test_cron_has_one_line_to_mail_and_only_of_a_failure(
    desk: Program, server: FaultyServer
) -> None:
    (desk.home / "report-log").write_text(REPORT)
    (desk.home / "app.log").write_text("Error: disk full\n")
    command = CRONTAB.splitlines()[1].split(None, 5)[5]
    done = bare(desk, "sh", "-c", command)
    server.play(BUSY)
    failed = bare(desk, "sh", "-c", command)

    assert (done.code, done.out, done.err) == (0, "", "")
    assert (failed.code, failed.slug, failed.out) == (75, "server_busy", "")


def test_every_example_is_run() -> None:
    assert [kind for kind, _ in FENCES.values()] == ["sh", "sh", "sh", "crontab"]
