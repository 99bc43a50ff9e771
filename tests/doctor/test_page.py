"""The transcripts of `mcli help doctor`, made anew."""

from __future__ import annotations

import json
import re

import pytest

from mcli import manual
from tests.doctor.looking import endpoint
from tests.faults.scenes import error
from tests.faults.server import FaultyServer
from tests.program import Program

PAGE = manual.page("doctor")
SCRIPTS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(DOCUMENT,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
REFUSED = endpoint(error(401, name="invalid_api_key", message="no such key"))
NO_KEY = "check the key, which came from environment TEST_KEY"


def columns(text: str) -> list[list[str]]:
    """The cells of lines in columns, be they set by blanks or tabs."""
    return [re.split(r"\t| {2,}", line.rstrip()) for line in text.splitlines()]


def as_printed(text: str, home: str) -> str:
    """What differs between two machines, as the page has it."""
    text = text.replace(home, "/home/me")
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:40613", text)
    return re.sub(r"(mcli|Python) [\d.]+", r"\1 N", text)


@pytest.mark.slow
def test_in_the_sandbox_all_is_well(mcli: Program, server: FaultyServer) -> None:
    server.close()
    mcli.configure("").unlink()
    done = mcli.shell(SCRIPTS[0], LANG="C.UTF-8")

    printed = as_printed(done.out, str(mcli.home))
    assert done.code == 0
    assert columns(printed) == columns(as_printed(SHOWN[0], "/home/me"))


@pytest.mark.slow
def test_what_is_not_well_is_soon_found(mcli: Program, server: FaultyServer) -> None:
    server.play(REFUSED)
    done = mcli.shell(SCRIPTS[1])

    assert columns(done.out) == columns(SHOWN[1])


def test_the_document_has_the_shape_of_the_page(mcli: Program, server: FaultyServer) -> None:
    server.play(REFUSED)
    page, told = json.loads(DOCUMENT), mcli("doctor", "--json").json

    assert {**told, "checks": 0, "elapsed_s": 0} == {**page, "checks": 0, "elapsed_s": 0}
    assert page["checks"] == [check for check in told["checks"] if check["status"] != "ok"]


@pytest.mark.slow
def test_a_job_looks_before_its_work(mcli: Program, server: FaultyServer) -> None:
    server.play(REFUSED)

    assert mcli.shell(SCRIPTS[2]).out == f"access: {NO_KEY}\n"
