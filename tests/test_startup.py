"""What commands must never load, whatever the figures say: `startup/test_figures` holds those to
what each start does. What the figures have no line of is seen here in a clean interpreter."""

from __future__ import annotations

import pytest

from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program
from tests.startup.figures import committed
from tests.startup.lines import KEYS
from tests.startup.start import loaded

HEAVY = {
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
}


def by_figures(typed: str, within: str = "") -> set[str]:
    """The modules and packages that a command line loads, by the first word of their names; with
    `within` those of a package, by the word behind its name."""
    (key,) = (key for key, line in KEYS.items() if line.typed == typed)
    found = {name for name in committed()["modules"][key] if name.startswith(within)}
    return {name.removeprefix(within).split(".")[0] for name in found}


@pytest.mark.parametrize(
    "typed",
    [
        "--version",
        "--help",
        "ask --help",
        "__complete recipes run ''",
        "help",
        "help exit-codes",
        "askk",
        "ask --wrong",
        "config path",
        "usage",
    ],
)
def test_what_needs_nothing_loads_nothing_heavy(typed: str) -> None:
    assert by_figures(typed) & HEAVY == set()


@pytest.mark.sweep
@pytest.mark.parametrize(
    "argv",
    [
        ["recipes", "test", "--help"],
        ["doctor", "--help"],
        ["batch"],
        ["help", "mcli-ask"],
        [],
    ],
    ids=" ".join,
)
def test_nor_do_its_relatives(mcli: Program, argv: list[str]) -> None:
    assert loaded(mcli, *argv) & HEAVY == set()


@pytest.mark.parametrize(
    ("typed", "modules"),
    [
        ("ask -n hi", {"ask"}),
        ("count-tokens", {"count_tokens"}),
        ("recipes list", {"recipes"}),
        ("help exit-codes", {"help"}),
        ("askk", set[str]()),
    ],
)
def test_a_command_loads_its_own_module(typed: str, modules: set[str]) -> None:
    assert by_figures(typed, "mcli.commands.") == modules


def test_what_tells_of_a_failure_is_loaded_when_one_is_told() -> None:
    late = {"failing", "correcting"}

    assert by_figures("config path", "mcli.") & late == set()
    assert by_figures("ask --wrong", "mcli.") & late == late


def test_a_tab_loads_no_typer() -> None:
    assert "typer" not in by_figures("__complete recipes run ''")
    assert "typer" not in by_figures("__complete inputs run translate -D ''")


LONG = b"word " * 9000
"""What is worth a tokenizer."""


def test_counting_a_small_text_loads_no_tokenizer() -> None:
    assert by_figures("count-tokens") & {*HEAVY, "requests"} == set()


def test_counting_a_long_one_loads_the_tokenizer_and_no_http(mcli: Program) -> None:
    mcli.env["XDG_CONFIG_HOME"] = str(mcli.home / "empty")
    mcli.env["MCLI_CONFIG"] = ""

    assert loaded(mcli, "count-tokens", stdin=LONG) & {*HEAVY, "requests"} == {"splintr"}


def test_without_splintr_it_loads_tiktoken(mcli: Program) -> None:
    (mcli.home / "splintr.py").write_text("raise ImportError")
    mcli.env["MCLI_CONFIG"] = ""
    mcli.env["PYTHONPATH"] = f"{mcli.home}:{mcli.env['PYTHONPATH']}"

    assert loaded(mcli, "count-tokens", stdin=LONG) & {*HEAVY, "requests"} == {
        "yaml",
        "tiktoken",
    }


@pytest.mark.sweep
@pytest.mark.parametrize(
    "argv",
    [
        ["count-tokens", "-q", "--max", "4"],
        ["count-tokens", "--truncate", "4"],
    ],
    ids=" ".join,
)
def test_where_bytes_prove_the_answer_no_tokenizer_is_loaded(
    mcli: Program, argv: list[str]
) -> None:
    assert loaded(mcli, *argv, stdin=b"text") & {"splintr", "tiktoken", "httpx2"} == set()


def test_a_completion_loads_no_rich_and_no_tokenizer() -> None:
    found = by_figures("ask -n hi")

    assert {"asyncio", "h11"} <= found
    assert (
        found
        & {"httpx2", "httpcore2", "rich", "tiktoken", "splintr", "requests", "pydantic", "sqlite3"}
        == set()
    )


def test_limits_load_sqlite_and_redis_only_where_it_is_configured() -> None:
    found = by_figures("ask -n hi --rpm 60")

    assert "sqlite3" in found
    assert found & {"redis", "rich", "tiktoken", "splintr"} == set()


@pytest.mark.slow
def test_a_parser_is_loaded_for_code_between_fences_only(
    mcli: Program, server: FaultyServer
) -> None:
    assert "markdown_it" not in by_figures("ask -n hi")
    server.play(ok("x = 1"))
    assert "markdown_it" not in loaded(mcli, "codegen", "hi")
    server.play(ok('{"a": 1}'))
    assert "markdown_it" not in loaded(mcli, "ask", "hi", "--get", ".a")
    assert "markdown_it" in by_figures("codegen -n --lang python one")


def test_doctor_loads_no_http_for_this_machine_alone(mcli: Program) -> None:
    mcli.env["MCLI_API_KEY"] = "sk-0123456789abcdef"

    assert loaded(mcli, "doctor", "--offline") & {"httpx2", "rich", "redis", "tiktoken"} == set()


def test_a_dry_run_or_a_replay_loads_no_http() -> None:
    assert "httpx2" not in by_figures("ask --dry-run -n hi")
    assert "httpx2" not in by_figures("ask -n hi --replay recording.jsonl")
