"""What each command loads, seen in a clean interpreter: only that proves that a deferral defers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program

HEAVY = (
    "httpx2",
    "httpcore2",
    "tiktoken",
    "splintr",
    "rich",
    "asyncio",
    "yaml",
    "minijinja",
    "ssl",
    "pydantic",
    "sqlite3",
    "redis",
)
PROBE = """
import atexit, sys
from mcli.cli import main
code = main(sys.argv[1:])
print("loaded:", *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded(mcli: Program, *argv: str, stdin: bytes = b"") -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *argv],
        env=mcli.env,
        cwd=mcli.home,
        input=stdin,
        capture_output=True,
        check=True,
    )
    return set(done.stderr.decode().rpartition("loaded:")[2].split())


@pytest.mark.parametrize(
    "argv",
    [
        ["--version"],
        ["--help"],
        ["ask", "--help"],
        ["doctor", "--help"],
        ["batch"],
        ["config", "path"],
        ["recipes", "test", "--help"],
        ["help"],
        ["help", "exit-codes"],
        ["help", "mcli-ask"],
        ["askk"],
        [],
        ["ask", "--wrong"],
    ],
    ids=" ".join,
)
def test_what_needs_nothing_loads_nothing_heavy(mcli: Program, argv: list[str]) -> None:
    assert loaded(mcli, *argv) & set(HEAVY) == set()


def test_counting_loads_the_tokenizer_and_no_http(mcli: Program) -> None:
    mcli.env["MCLI_CONFIG"] = ""
    mcli.env["XDG_CONFIG_HOME"] = str(mcli.home / "empty")
    found = loaded(mcli, "count-tokens", stdin=b"text")

    assert found & {*HEAVY, "requests"} == {"splintr"}


def test_without_splintr_it_loads_tiktoken(mcli: Program) -> None:
    (mcli.home / "splintr.py").write_text("raise ImportError")
    mcli.env["MCLI_CONFIG"] = ""
    mcli.env["PYTHONPATH"] = f"{mcli.home}:{mcli.env['PYTHONPATH']}"

    assert loaded(mcli, "count-tokens", stdin=b"text") & {*HEAVY, "requests"} == {
        "yaml",
        "tiktoken",
    }


@pytest.mark.parametrize(
    "argv",
    [
        ["count-tokens", "-q", "--max", "4"],
        ["count-tokens", "--truncate", "4"],
        ["count-tokens", "-h"],
    ],
    ids=" ".join,
)
def test_where_bytes_prove_the_answer_no_tokenizer_is_loaded(
    mcli: Program, argv: list[str]
) -> None:
    assert loaded(mcli, *argv, stdin=b"text") & {"splintr", "tiktoken", "httpx2"} == set()


def test_a_completion_loads_no_rich_and_no_tokenizer(mcli: Program, server: FaultyServer) -> None:
    found = loaded(mcli, "ask", "hi")

    assert {"asyncio", "h11"} <= found
    assert (
        found
        & {"httpx2", "httpcore2", "rich", "tiktoken", "splintr", "requests", "pydantic", "sqlite3"}
        == set()
    )


def test_limits_load_sqlite_and_redis_only_where_it_is_configured(
    mcli: Program, server: FaultyServer
) -> None:
    found = loaded(mcli, "ask", "hi", "--rpm", "60")

    assert "sqlite3" in found
    assert found & {"redis", "rich", "tiktoken", "splintr"} == set()


@pytest.mark.slow
def test_a_parser_is_loaded_for_code_between_fences_only(
    mcli: Program, server: FaultyServer
) -> None:
    assert "markdown_it" not in loaded(mcli, "ask", "hi")
    server.play(ok("x = 1"))
    assert "markdown_it" not in loaded(mcli, "codegen", "hi")
    server.play(ok('{"a": 1}'))
    assert "markdown_it" not in loaded(mcli, "ask", "hi", "--get", ".a")
    server.play(ok("```\nx\n```"))
    assert "markdown_it" in loaded(mcli, "codegen", "hi")


def test_doctor_loads_no_http_for_this_machine_alone(mcli: Program) -> None:
    mcli.env["MCLI_API_KEY"] = "sk-0123456789abcdef"

    assert loaded(mcli, "doctor", "--offline") & {"httpx2", "rich", "redis", "tiktoken"} == set()


def test_a_dry_run_loads_no_http(mcli: Program) -> None:
    assert "httpx2" not in loaded(mcli, "ask", "hi", "--dry-run")
