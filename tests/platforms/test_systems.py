"""The program where fcntl, termios and half of `os` are missing, and where only Linux's own are:
every command still does its work, or says in one line that it cannot."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program, Result

SYSTEMS = ("windows", "macos")


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> Any:
    return request.param


def run(name: str, program: Program, *args: str, stdin: bytes = b"") -> Result:
    """The program's run on that system; `import-all` in place of a command line is that."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.platforms.pretence", name, *args],
        env=program.env,
        cwd=program.home,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.sweep
def test_every_module_can_be_imported(system: str, mcli: Program) -> None:
    found = run(system, mcli, "import-all")

    assert (found.err, found.code) == ("", 0)
    modules = [path for path in (ROOT / "mcli").rglob("*.py") if path.name != "__init__.py"]
    assert int(found.out) >= len(modules)


@pytest.mark.slow
class TestOnEach:
    @pytest.mark.parametrize(
        "argv", [["--version"], ["--help"], ["help", "exit-codes"]], ids=" ".join
    )
    def test_it_starts(self, system: str, mcli: Program, argv: list[str]) -> None:
        found = run(system, mcli, *argv)

        assert (found.code, found.stdout, found.err) == (0, mcli(*argv).stdout, "")

    def test_it_counts(self, system: str, mcli: Program) -> None:
        found = run(system, mcli, "count-tokens", stdin=b"one two")

        assert (found.code, found.out, found.err) == (0, "2\n", "")

    def test_it_asks_and_writes(self, system: str, mcli: Program, server: FaultyServer) -> None:
        server.play(ok("first"))
        for _ in range(2):  # the second time there is a file to be replaced
            found = run(system, mcli, "ask", "hi", "-o", "out.txt")
            assert (found.code, found.err) == (0, "")
        assert (mcli.home / "out.txt").read_bytes() == b"first\n"
        assert [path.name for path in mcli.home.iterdir() if "mcli-" in path.name] == []
        told = run(system, mcli, "ask", "hi", "--json").json
        assert (told["ok"], told["text"]) == (True, "first")
        assert run(system, mcli, "ask", "hi", stdin=b"more").out == "first\n"

    def test_no_clobber(self, system: str, mcli: Program, server: FaultyServer) -> None:
        for code in (0, 73):
            found = run(system, mcli, "ask", "hi", "-o", "out.txt", "--no-clobber")
            assert found.code == code, found.err

    def test_a_file_that_all_may_write(
        self, system: str, mcli: Program, server: FaultyServer
    ) -> None:
        """By its mode every file of Windows is such a one, and the mode means nothing there."""
        (mcli.home / ".config" / "mcli" / "config.yaml").chmod(0o666)

        assert run(system, mcli, "ask", "hi").code == (78 if system == "macos" else 0)

    def test_the_cache(self, system: str, mcli: Program, server: FaultyServer) -> None:
        answers = [run(system, mcli, "ask", "hi", "--cache", "1h", "--json") for _ in range(2)]

        assert [one.json["cached"] for one in answers] == [False, True]

    def test_a_recording(self, system: str, mcli: Program, server: FaultyServer) -> None:
        for word in ("hi", "ho"):
            recorded = run(system, mcli, "ask", word, "--record", "tape.jsonl")
            assert (recorded.code, recorded.err) == (0, "")
        server.requests.clear()

        again = run(system, mcli, "ask", "hi", "--replay", "tape.jsonl")

        assert (again.stdout, again.code) == (recorded.stdout, 0)
        assert len((mcli.home / "tape.jsonl").read_text().splitlines()) == 2
        assert server.requests == []

    def test_a_conversation(self, system: str, mcli: Program, server: FaultyServer) -> None:
        for word in ("hi", "ho"):
            assert run(system, mcli, "ask", word, "--thread", "talk.jsonl").code == 0

        assert len(server.requests[-1].body["messages"]) == 4

    @pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
    def test_a_batch_with_a_journal(
        self, system: str, mcli: Program, server: FaultyServer, piped: bool
    ) -> None:
        (mcli.home / "in.txt").write_bytes(b"one\ntwo\n")
        argv = ["batch", "-e", "{{ data }}", "--text", "-o", "out.txt"]
        argv += [] if piped else ["in.txt"]
        stdin = b"one\ntwo\n" if piped else b""

        first = run(system, mcli, *argv, stdin=stdin)
        asked = len(server.requests)
        second = run(system, mcli, *argv, stdin=stdin)

        assert (first.code, second.code, first.err, second.err) == (0, 0, "", "")
        assert asked == len(server.requests) == 2
        assert (mcli.home / "out.txt").read_text().count("\n") == 2

    def test_the_ledger_and_a_budget(
        self, system: str, mcli: Program, server: FaultyServer
    ) -> None:
        config = mcli.home / ".config" / "mcli" / "config.yaml"
        mcli.configure(f"{config.read_text()}budget: {{usd: 5, per: day}}\n")
        for _ in range(2):
            found = run(system, mcli, "ask", "hi", "--rpm", "60", "-v")
            assert found.code == 0, found.err
            assert "cannot be" not in found.err

        told = run(system, mcli, "usage", "--json").json
        assert told["data"]["total"]["requests"] == 2


@pytest.mark.slow
class TestOnWindows:
    def test_code_is_not_checked(self, mcli: Program, server: FaultyServer) -> None:
        server.play(ok("```python\nx = (\n```"))

        told = run("windows", mcli, "codegen", "a task", "--json").json

        assert told["data"]["checked"] is None
        assert told["warnings"] == ["not checked: Windows has no limits for checkers"]

    @pytest.mark.parametrize(
        "argv",
        [
            ["codegen", "a task", "--write", "new"],
            ["ask", "hi", "--allow-tool", "it", "--tool", "tools.json"],
        ],
        ids=["write", "tool"],
    )
    def test_what_cannot_be_had_says_so(
        self, mcli: Program, server: FaultyServer, argv: list[str]
    ) -> None:
        (mcli.home / "tools.json").write_text("[]")

        found = run("windows", mcli, *argv)

        assert (found.code, found.slug, found.out) == (78, "not_on_windows", "")
        assert server.requests == []

    def test_a_command_with_the_sandbox(self, mcli: Program) -> None:
        code = "import os, sys; sys.exit(len(os.environ['MCLI_BASE_URL'].split(':')))"

        assert run("windows", mcli, "sandbox", "--", sys.executable, "-c", code).code == 3
        found = run("windows", mcli, "sandbox", "--", "no-such-program")
        assert (found.code, found.err) == (127, 'mcli: cannot run "no-such-program": not found\n')
