"""The examples of `mcli help scripting`, taken from the page and run by the tools they are for."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mcli import documents, manual, strict
from mcli.errors import ExitCode
from tests.faults.scenes import Scene, error, hangup, ok
from tests.faults.server import End, FaultyServer, Reply, Seen
from tests.program import KEY, ROOT, Program, Result

BUSY = error(503)
NO_KEY = error(401)


def fences(page: str) -> dict[tuple[str, int], tuple[str, str]]:
    """Kind and text of each fenced block, by its section and its number there."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        name = section.partition("\n")[0]
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        found |= {(name, number): block for number, block in enumerate(blocks)}
    return found


FENCES = fences(manual.page("scripting"))
USED: set[tuple[str, int]] = set()


def example(section: str, number: int, kind: str) -> str:
    """A block of the page, which must be of that kind."""
    found, text = FENCES[section, number]
    assert found == kind
    USED.add((section, number))
    return text


LABEL, VERDICT, AGAIN, LOOP = (example("bash", number, "sh") for number in range(4))
HEAD, DIFF = (example("Pipes", number, "sh") for number in range(2))
TIMEOUT = example("timeout", 0, "sh")
BISECT = example("git bisect run", 0, "sh")
MAILED, PATIENT = (example("cron", number, "crontab") for number in range(2))
UNITS = [example("systemd", number, "ini") for number in range(3)]
MAKEFILE = example("make", 0, "make")
XARGS, XARGS_CODES = (example("xargs", number, "sh") for number in range(2))
JOBLOG, HALT = (example("parallel", number, "sh") for number in range(2))
WORKFLOW = example("GitHub Actions", 0, "yaml")
PIPELINE = example("GitLab", 0, "yaml")


def test_every_example_of_the_page_is_run_here() -> None:
    assert set(FENCES) == USED
    assert manual.page("scripting").count("```") == 2 * len(FENCES)


def need(tool: str) -> None:
    """Skip where the tool is missing, but not in CI, which installs it."""
    if not shutil.which(tool) and "CI" not in os.environ:
        pytest.skip(f"{tool} is not installed")


@pytest.fixture
def desk(mcli: Program, server: FaultyServer) -> Program:
    """The program where nobody sits: one attempt, its key in a file, `mcli` in ~/.local/bin."""
    mcli.configure(
        f"profile: test\nprofiles:\n  test:\n    base_url: {server.base_url}\n    model: gpt-4\n"
        "    key: {file: ~/.config/mcli/key}\n    retries: 0\n"
    )
    (mcli.home / ".config" / "mcli" / "key").write_text(f"{KEY}\n")
    bin_folder = mcli.home / ".local" / "bin"
    bin_folder.mkdir(parents=True)
    wrapper = bin_folder / "mcli"
    wrapper.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {mcli.argv()[0]} -m mcli "$@"\n')
    wrapper.chmod(0o755)
    mcli.env.pop("TEST_KEY")
    git = {"NAME": "A", "EMAIL": "a@example.org"}
    mcli.env |= {f"GIT_{who}_{k}": v for who in ("AUTHOR", "COMMITTER") for k, v in git.items()}
    for name in ("report", "notes"):
        (mcli.home / f"{name}.txt").write_text(f"the {name}\n")
    return mcli


def letters(desk: Program) -> Path:
    """A folder with three letters, whose names and texts are one, two and three."""
    folder = desk.home / "mail"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.txt").write_text(f"letter {name}\n")
    return folder


def by_text(scenes: Mapping[str, Scene], otherwise: Scene) -> Scene:
    """The scene whose word is in the request."""

    def choose(seen: Seen) -> Reply:
        named = (scene for word, scene in scenes.items() if word.encode() in seen.raw)
        scene = next(named, otherwise)
        return scene if isinstance(scene, Reply) else scene(seen)

    return choose


def instead(desk: Program, name: str, script: str) -> None:
    """Put a script in the place of a program."""
    path = desk.home / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def bare(desk: Program, *argv: str) -> Result:
    """Run a command as cron does: hardly any environment, /bin/sh, no terminal."""
    env = {"HOME": str(desk.home), "LOGNAME": "me", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        argv, env=env, cwd=desk.home, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


# -- bash


def test_a_label_names_the_folder_and_a_failure_moves_nothing(
    desk: Program, server: FaultyServer
) -> None:
    (desk.home / "bug").mkdir()
    (desk.home / "mail.txt").write_text("it crashes\n")
    server.play([NO_KEY, ok("bug")])
    failed, done = desk.shell(LABEL), desk.shell(LABEL)

    assert (failed.code, failed.slug) == (77, "auth")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (desk.home / "bug" / "mail.txt").exists()


@pytest.mark.parametrize(
    ("scene", "code", "place"),
    [(ok("spam"), 0, "spam"), (ok("ham"), 0, "inbox"), (BUSY, 75, ""), (NO_KEY, 77, "")],
)
def test_a_question_has_three_answers(
    desk: Program, server: FaultyServer, scene: Scene, code: int, place: str
) -> None:
    for folder in ("spam", "inbox"):
        (desk.home / folder).mkdir()
    (desk.home / "mail.txt").write_text("buy now\n")
    server.play(scene)

    assert desk.shell(VERDICT).code == code
    assert (desk.home / place / "mail.txt").exists()


@pytest.mark.parametrize(
    ("script", "code", "slept"),
    [
        ([ok("Short.")], 0, "0\n"),
        ([BUSY, BUSY, ok("Short.")], 0, "0\n60\n300\n"),
        ([BUSY, NO_KEY, ok("Short.")], 77, "0\n60\n"),
        ([BUSY], 75, "0\n60\n300\n"),
    ],
)
def test_again_later_only_where_that_can_help(
    desk: Program, server: FaultyServer, script: list[Scene], code: int, slept: str
) -> None:
    instead(desk, "sleep", 'echo "$1" >> "$HOME/slept"')
    server.play(script)

    assert desk.shell(AGAIN).code == code
    assert (desk.home / "slept").read_text() == slept
    assert (desk.home / "summary.txt").exists() == (code == 0)


def test_the_loop_stops_at_a_failure_and_goes_on_where_it_stopped(
    desk: Program, server: FaultyServer
) -> None:
    folder = letters(desk)
    server.play([ok("Short."), BUSY])
    failed = desk.shell(LOOP)
    server.play(ok("Short."))
    done = desk.shell(LOOP)

    assert (failed.code, failed.slug) == (75, "server_busy")
    assert (done.code, done.out, done.err, len(server.requests)) == (0, "", "", 2)
    assert len(list(folder.glob("*.summary"))) == 3


def test_ctrl_c_ends_the_whole_loop(desk: Program, server: FaultyServer) -> None:
    letters(desk)
    server.play(hangup(End.STALL))
    desk.shell("true")  # makes the wrapper
    env = {**desk.env, "PATH": f"{desk.home}/bin:{desk.env['PATH']}"}
    bash = subprocess.Popen(
        ["bash", "-c", LOOP], env=env, cwd=desk.home, start_new_session=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 30
    while not server.requests and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(bash.pid, signal.SIGINT)

    assert bash.wait(10) == -signal.SIGINT
    assert len(server.requests) == 1


# -- pipes, timeout, bisect


@pytest.mark.parametrize("lines", [5, 200_000])
def test_head_may_leave_early(desk: Program, server: FaultyServer, lines: int) -> None:
    server.play(ok("\n".join(f"name {n}" for n in range(lines))))
    done = desk.shell(HEAD)

    assert (done.code, done.out, done.err) == (0, "name 0\nname 1\nname 2\n", "")


def test_a_failure_in_front_of_head_is_still_one(desk: Program, server: FaultyServer) -> None:
    server.play(BUSY)

    assert (desk.shell(HEAD).code, desk.shell(HEAD).slug) == (75, "server_busy")


@pytest.mark.parametrize(
    ("git", "code", "asked", "written"),
    [
        ("echo 3 files", 0, 1, True),
        ("echo no such branch >&2; exit 128", 66, 0, False),
        ("echo 3 files; exit 1", 1, 1, True),
    ],
)
def test_a_producer_that_fails_shows(
    desk: Program, server: FaultyServer, git: str, code: int, asked: int, written: bool
) -> None:
    instead(desk, "git", git)

    assert (desk.shell(DIFF).code, len(server.requests)) == (code, asked)
    assert (desk.home / "change.txt").exists() == written


def test_the_deadline_of_mcli_comes_before_that_of_timeout(
    desk: Program, server: FaultyServer
) -> None:
    done = desk.shell(TIMEOUT)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (desk.home / "summary.txt").read_text() == "Paris.\n"

    server.play(hangup(End.STALL))
    assert TIMEOUT.count("330") == TIMEOUT.count("5m") == 1
    late = desk.shell(TIMEOUT.replace("330", "30").replace("5m", "1s"))
    assert (late.code, late.slug) == (75, "deadline")


@pytest.mark.parametrize(
    ("third", "code", "verdict"),
    [
        (ok("clear"), 0, "{4} is the first bad commit"),
        (ok("confusing"), 0, "{3} is the first bad commit"),
        (BUSY, 2, "There are only 'skip'ped commits left to test"),
        (NO_KEY, 128, "exit code 255"),
    ],
    ids=["clear", "confusing", "busy", "no-key"],
)
def test_bisect_finds_the_commit(
    desk: Program, server: FaultyServer, third: Scene, code: int, verdict: str
) -> None:
    need("git")
    commits = "git init -q .; " + "".join(
        f"echo text {n} > INSTALL.md; git add INSTALL.md; git commit -q -m {n}; git tag t{n}; "
        for n in range(1, 6)
    )
    server.play(
        by_text({"text 2": ok("clear"), "text 3": third, "text 4": ok("confusing")}, ok("clear"))
    )
    done = desk.shell(f"{commits} git tag v1.0 t1; {BISECT}")
    hashes = desk.shell("git rev-parse t1 t2 t3 t4 t5").out.split()

    assert verdict.format("", *hashes) in done.out + done.err
    assert done.code == code or code == 128  # how it says "aborted" differs between versions


# -- cron and systemd


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

    today = time.strftime("%Y-%m-%d")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (desk.home / "digests" / f"{today}.txt").read_text() == "Paris.\n"
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


# -- make, xargs, parallel


def test_make_keeps_the_old_file_and_does_what_is_missing(
    desk: Program, server: FaultyServer
) -> None:
    need("make")
    (desk.home / "Makefile").write_text(MAKEFILE)
    first = desk.shell("make")
    assert (first.code, len(server.requests)) == (0, 2)

    again = desk.shell("make")
    assert (again.code, len(server.requests)) == (0, 2)

    later = time.time() + 5
    os.utime(desk.home / "notes.txt", (later, later))
    server.play([BUSY, ok("New.")])
    failed = desk.shell("make")
    assert failed.code == 2
    assert "Error 75" in failed.err
    assert (desk.home / "notes.summary").read_text() == "Paris.\n"

    assert desk.shell("make").code == 0
    assert (desk.home / "notes.summary").read_text() == "New.\n"
    assert len(server.requests) == 2


def test_xargs_says_123_whatever_failed(desk: Program, server: FaultyServer) -> None:
    folder = letters(desk)
    done = desk.shell(XARGS)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert len(list(folder.glob("*.txt.summary"))) == 3

    for scene in (BUSY, NO_KEY):
        server.play(by_text({"letter two": scene}, ok("Short.")))
        assert desk.shell(XARGS).code == 123
        assert (folder / "two.txt.summary").read_text() == "Paris.\n"


def test_the_codes_that_xargs_hides_are_written_down(desk: Program, server: FaultyServer) -> None:
    folder = letters(desk)
    server.play(by_text({"letter two": BUSY}, ok("Short.")))
    busy = desk.shell(XARGS_CODES)
    assert busy.code == 123
    assert (desk.home / "failed.txt").read_text() == "75 mail/two.txt\n"
    assert len(list(folder.glob("*.summary"))) == 2

    server.play(NO_KEY)
    stopped = desk.shell(XARGS_CODES.replace("-P 4", "-P 1"))
    assert (stopped.code, len(server.requests)) == (124, 1)


def test_the_job_log_has_the_real_codes_and_what_failed_is_done_again(
    desk: Program, server: FaultyServer
) -> None:
    need("parallel")
    folder = letters(desk)
    server.play(by_text({"letter one": NO_KEY, "letter two": BUSY}, ok("Short.")))
    failed = desk.shell(JOBLOG)
    rows = [row.split("\t") for row in (desk.home / "jobs.log").read_text().splitlines()]
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    codes = {row["Command"].split()[2]: row["Exitval"] for row in named}
    assert failed.code == 2
    assert codes == {"mail/one.txt": "77", "mail/two.txt": "75", "mail/three.txt": "0"}

    server.play(ok("Short."))
    again = desk.shell(JOBLOG.replace("parallel", "parallel --resume-failed", 1))
    assert (again.code, len(server.requests)) == (0, 2)
    assert len(list(folder.glob("*.summary"))) == 3


@pytest.mark.parametrize(("scene", "code"), [(BUSY, 75), (NO_KEY, 77), (ok("Short."), 0)])
def test_halt_hands_on_the_code_of_the_job(
    desk: Program, server: FaultyServer, scene: Scene, code: int
) -> None:
    need("parallel")
    letters(desk)
    server.play(by_text({"letter two": scene}, ok("Short.")))

    assert desk.shell(HALT).code == code


# -- CI


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
    json.dumps(job)
