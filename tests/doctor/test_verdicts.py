"""The verdicts of `doctor` without a network: tables."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from mcli.doctor import addressing, finding, keying, machine, network, service
from mcli.doctor.finding import Status

URLS: list[tuple[str, bool, Status, str]] = [
    ("https://api.example/v1", False, "ok", "https://api.example/v1, by the profile"),
    ("https://api.example/v1/v1", False, "warning", "version twice"),
    ("https://api.example/openai/v2/v2/x", False, "warning", "version twice"),
    ("https://api.example/v1/v10", False, "ok", ""),
    ("https://api.example/v1/models", False, "warning", "names a call"),
    ("https://api.example/v1/completions", False, "warning", "names a call"),
    ("http://api.example/v1", False, "warning", "key and text cross the network unencrypted"),
    ("http://127.0.0.1:8399/v1", True, "ok", ""),
]


@pytest.mark.parametrize(("url", "at_home", "state", "says"), URLS, ids=[row[0] for row in URLS])
def test_base_urls(url: str, at_home: bool, state: Status, says: str) -> None:
    check = addressing.base_url(url, "profile", at_home, has_key=True)

    assert check.status == state
    assert says in check.message
    assert bool(check.hint) == (state != "ok")


MODELS: list[tuple[str | None, list[str], Status, str]] = [
    ("gpt-4", ["gpt-4"], "ok", ""),
    ("llama3", ["llama3:latest"], "ok", ""),
    ("gpt4", ["x", "gpt-4"], "warning", 'did you mean "gpt-4"?'),
    ("zzz", ["gpt-4"], "warning", "mcli models lists them"),
    ("zzz", [], "warning", "load one, or ask who runs the server"),
    (None, ["gpt-4"], "warning", "name one with -m or in the profile, such as gpt-4"),
    (None, [], "warning", "name one with -m or in the profile"),
]


@pytest.mark.parametrize(("model", "listed", "state", "hint"), MODELS, ids=str)
def test_models(model: str | None, listed: list[str], state: Status, hint: str) -> None:
    check = addressing.model(model, "profile", listed)

    assert (check.status, check.hint) == (state, hint)


@pytest.mark.parametrize(
    "key",
    ["your-api-key", "sk-...", "<key>", "sk-XXXXXXXX", "$KEY", "${KEY}", "changeme", "aaaa",
     "MEGALLM_API_KEY", "sk-abc"],
)  # fmt: skip
def test_what_is_no_key(key: str) -> None:
    assert keying.looks_wrong(key, at_home=False)


@pytest.mark.parametrize(
    "key", ["sk-mega-0f3b9e6a7c5d4e2f8a1b", "gsk_Zk3vTq9LmN2bXc7R", "sk-proj-a_B-c9D8e7F6g5H4"]
)
def test_what_is_one(key: str) -> None:
    assert keying.looks_wrong(key, at_home=False) == ""


def test_a_server_of_one_s_own_takes_a_short_word() -> None:
    assert keying.looks_wrong("ollama", at_home=True) == ""


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("astray_s", "state"), [(0, "ok"), (60, "ok"), (-60, "ok"), (61, "warning"), (-61, "warning")]
)
def test_clocks(astray_s: float, state: Status) -> None:
    assert service.clock(formatdate(NOW, usegmt=True), NOW + astray_s).status == state


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 32 Jan 2027 08:00:00 GMT", "9" * 400])
def test_a_date_that_is_none(date: str) -> None:
    assert service.clock(date, NOW).status == "ok"


@pytest.mark.parametrize(
    ("days", "state"), [(90, "ok"), (14, "ok"), (13.9, "warning"), (0.5, "warning")]
)
def test_certificates(days: float, state: Status) -> None:
    ends = time.strftime("%b %d %H:%M:%S %Y GMT", time.gmtime(NOW + days * 86400))
    check = network.certificate("TLSv1.3", {"notAfter": ends}, NOW, "")

    assert check.status == state
    assert f"in {int(days)} days (2027-" in check.message


def test_programs_of_our_name(tmp_path: Path) -> None:
    heads = {
        "ours": b"#!/usr/bin/python3\nfrom mcli.__main__ import entry\n",
        "wrapped": b'#!/bin/sh\nexec python3 -m mcli "$@"\n',
        "minio": b"\x7fELF\x02 mcli.__main__",
        "mosaicml": b"#!/usr/bin/python3\nfrom mcli.cli.cli import main\n",
    }
    for name, head in heads.items():
        (tmp_path / name).write_bytes(head)

    assert [name for name in heads if machine.is_ours(tmp_path / name)] == ["ours", "wrapped"]
    assert not machine.is_ours(tmp_path / "missing")


def test_a_problem_alone_is_not_well_and_nothing_drives_the_terminal() -> None:
    fine, odd = finding.ok("a", "b"), finding.warning("c", "\x1b[2J\nd", "e")

    assert finding.is_well([fine, odd])
    assert not finding.is_well([fine, finding.problem("f", "g", "h")])
    assert finding.row(odd) == ("warning", "c", "\\x1b[2J d", "e")
    told = finding.document([fine, odd], 0.12345)
    assert (told["verdict"], told["elapsed_s"]) == (True, 0.123)
    assert told["checks"][1]["message"] == "\\x1b[2J d"
