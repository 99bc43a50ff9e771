"""`mcli usage` from outside: the ledger added up, and what is doubtful about it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from datetime import datetime
from typing import Any

import pytest

from mcli import ledger, periods
from mcli.ledger import Entry
from tests.program import Program
from tests.startup.start import loaded
from tests.test_ledger import at, folder
from tests.test_startup import HEAVY

LINES = (
    at("2026-10-31T23:30:00Z", prompt_tokens=5, completion_tokens=1, cost_usd=0.5),
    at("2026-11-01T10:00:00Z", prompt_tokens=10, completion_tokens=2, cost_usd=0.25, recipe="x"),
    at("2026-11-01T11:00:00Z", asked="new", command="run", recipe="x", host="other"),
    at("2026-11-02T10:00:00Z", how="auth", charged="no"),
    at("2026-11-02T10:00:00Z", how="reply_cut", charged="yes"),
)


def fill(program: Program, *lines: bytes) -> None:
    folder(program).mkdir(0o700, parents=True, exist_ok=True)
    for line in lines:
        month = re.search(rb"20\d\d-\d\d", line)
        name = month[0].decode() if month else "2026-11"
        with (folder(program) / f"{name}.jsonl").open("ab") as file:
            file.write(line)


@pytest.fixture
def filled(mcli: Program) -> Program:
    fill(mcli, *LINES)
    mcli.env["TZ"] = "UTC"
    return mcli


def total(program: Program, *argv: str, **env: str) -> dict[str, Any]:
    return program("usage", "--json", *argv, **env).json["data"]["total"]


def test_without_a_request_it_prints_nothing(mcli: Program) -> None:
    done = mcli("usage")
    assert (done.code, done.out, done.err) == (0, "", "")
    told = mcli("usage", "--json").json
    assert (told["data"]["rows"], told["data"]["total"]["requests"]) == ([], 0)
    assert mcli("usage", HOME="").code == 0


def test_a_request_of_just_now_is_in_it(mcli: Program) -> None:
    mcli("ask", "hi")
    rows = mcli("usage").out.splitlines()

    assert rows == [f"{datetime.now():%Y-%m-%d}\t1\t0\t9\t3\t0.000450\t0", "total" + rows[0][10:]]


def test_by_day_with_what_is_unknown(filled: Program) -> None:
    done = filled("usage", "--since", "2026-10", "--until", "2026-11")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "2026-10-31\t1\t0\t5\t1\t0.500000\t0",
        "2026-11-01\t2\t0\t10\t2\t0.250000\t1",
        "2026-11-02\t2\t2\t0\t0\t0.000000\t1",
        "total\t5\t2\t15\t3\t0.750000\t2",
    ]


def test_json_holds_everything(filled: Program) -> None:
    told = filled("usage", "--since", "2026-10", "--until", "2026-11", "--by", "model", "--json")

    data = told.json["data"]
    assert (data["by"], data["since"], data["until"]) == (
        "model", "2026-10-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00",
    )  # fmt: skip
    assert [row["model"] for row in data["rows"]] == ["gpt-4", "new"]
    assert data["rows"][1] == {
        "model": "new", "requests": 1, "failed": 0, "prompt_tokens": 0, "completion_tokens": 0,
        "cost_usd": None, "unknown_cost": 1,
    }  # fmt: skip
    assert data["total"]["cost_usd"] == 0.75


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("recipe", ["ask", "x"]),
        ("command", ["ask", "run"]),
        ("host", ["h", "other"]),
    ],
)
def test_by_something_else_the_dearest_is_first(filled: Program, by: str, names: list[str]) -> None:
    done = filled("usage", "--by", by, "--since", "2026-10", "--until", "2026-11")
    assert [row.split("\t")[0] for row in done.out.splitlines()] == [*names, "total"]


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("argv", "requests"),
    [
        (("--since", "2026-11-01", "--until", "2026-11-01"), 2),
        (("--since", "2026-11-01T10:30", "--until", "2026-11-02"), 3),
        (("--since", "2026-11-01T12:30+02:00", "--until", "2026-11-02"), 3),
        (("--until", "2026-10"), 1),
        (("--until", "2026-12-01"), 4),
        (("--until", "2026-11-01T10:00", "--since", "2026-10-01"), 1),
    ],
)
def test_a_span(filled: Program, argv: tuple[str, ...], requests: int) -> None:
    """The last but one: 30 days, the first of them the second of November."""
    expected = 2 if argv == ("--until", "2026-12-01") else requests
    assert total(filled, *argv)["requests"] == expected


def test_days_are_local_days(filled: Program) -> None:
    argv = ("usage", "--since", "2026-10", "--until", "2026-11")
    days = [row.split("\t")[:2] for row in filled(*argv, TZ="Europe/Berlin").out.splitlines()]
    assert days == [["2026-11-01", "3"], ["2026-11-02", "2"], ["total", "5"]]

    days = [row.split("\t")[0] for row in filled(*argv, TZ="Pacific/Kiritimati").out.splitlines()]
    assert days == ["2026-11-01", "2026-11-02", "2026-11-03", "total"]


def test_only_the_months_asked_for_are_read(filled: Program) -> None:
    fill(filled, b'{"at":"2026-10', b"\n")
    (folder(filled) / "2026-09.jsonl").mkdir()

    assert filled("usage", "--since", "2026-11-01", "--json").json["warnings"] == []
    assert filled("usage", "--since", "2026-10-01", "--json").json["warnings"] != []
    done = filled("usage", "--since", "2026-09-01")
    assert (done.code, done.slug) == (66, "unreadable")


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--since", "7"), "bad_flag"),
        (("--since", "soon"), "soon"),
        (("--since", "2026-02-30"), "2026-02-30"),
        (("--since", "9999-12-31"), "9999"),
        (("--until", "0001-01-01"), "0001"),
        (("--since", "2026-11", "--until", "2026-10"), "not before"),
        (("--since", ""), "is not a date"),
        (("--by", "key"), "--by"),
    ],
)
def test_a_span_that_is_none_is_2(mcli: Program, argv: tuple[str, ...], words: str) -> None:
    done = mcli("usage", *argv)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_what_is_damaged_is_counted_and_left_out(filled: Program) -> None:
    rubbish = (b"\xff\xfe\n", b"{}\n", b"x" * 5_000_000 + b"\n", b"\n", b'{"at":"2026-11')
    fill(filled, *rubbish)
    done = filled("usage", "--since", "2026-11-01")
    told = filled("usage", "--since", "2026-11-01", "--json")

    assert (done.code, done.out.splitlines()[-1].split("\t")[1]) == (0, "4")
    assert done.err == "mcli: lines of the ledger that cannot be read, and were left out: 4\n"
    assert (told.json["data"]["total"]["requests"], told.err) == (4, "")
    assert told.json["warnings"] == [done.err[6:-1]]


def test_names_from_a_ledger_that_somebody_changed_are_harmless(mcli: Program) -> None:
    now = periods.now()
    raw = ledger.line(Entry(now, asked="gpt-4", attempts=1, how="ok", charged="yes"))
    fill(mcli, raw.replace(b"gpt-4", rb"a\tb\n\u001b[2J\ud800"))
    assert mcli("usage", "--by", "model").out.startswith("a b \x1b[2J?\t1")
    assert "\x1b[2J" not in on_a_terminal(mcli, "--by", "model")


def test_on_a_terminal_it_is_a_table_with_bars(filled: Program) -> None:
    filled.env["NO_COLOR"] = "1"
    lines = on_a_terminal(filled, "--since", "2026-10", "--until", "2026-11").splitlines()

    assert lines[0].split() == ["day", "requests", "failed", "in", "out", "USD", "unknown"]
    assert [line.split()[7:] for line in lines[1:]] == [["█" * 12], ["█" * 6], [], []]
    assert all(len(line) <= 80 for line in lines)


def on_a_terminal(program: Program, *argv: str) -> str:
    screen, terminal = pty.openpty()
    subprocess.run(
        program.argv("usage", *argv), env=program.env, stdout=terminal, check=True, timeout=60
    )
    os.close(terminal)
    shown = os.read(screen, 1 << 16).decode()
    os.close(screen)
    return shown


def test_it_needs_no_configuration_and_loads_little(mcli: Program) -> None:
    mcli.configure("profile: [broken\n")

    assert mcli("usage").code == 0
    assert loaded(mcli, "usage", "--json") & set(HEAVY) == set()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_ledger(filled: Program) -> None:
    line = at("2026-11-01T10:00:00Z", cost_usd=0.5)
    fill(filled, line * 40_000)
    code = (
        "import sys; from mcli import cli; cli.main(['usage', '--since', '2026-11-01']);"
        "sys.stderr.write(open('/proc/self/status').read())"
    )
    argv = [filled.argv()[0], "-c", code]
    done = subprocess.run(argv, env=filled.env, capture_output=True, check=True, text=True)

    assert done.stdout.splitlines()[-1].split("\t")[1] == "40004"
    # Its own peak in KiB, not that of the test; the file alone has 8 MB, its entries 40.
    assert int(done.stderr.partition("VmHWM:")[2].split()[0]) < 70_000
