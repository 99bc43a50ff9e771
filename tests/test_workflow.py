"""The workflow of a forge runs scripts that are there, on each system and each Python."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.program import ROOT

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
JOBS = WORKFLOW["jobs"]


def scripts(job: str) -> list[str]:
    lines = " ".join(step.get("run", "") for step in JOBS[job]["steps"])
    return re.findall(r"\.ci/\S+", lines)


def test_its_scripts_are_there_and_the_own_ci_plays_the_portable_one() -> None:
    assert (scripts("all"), scripts("portable")) == ([".ci/run"], [".ci/portable"])
    assert ".ci/portable" in (ROOT / ".ci/run").read_text()
    assert (ROOT / ".ci/portable").exists()


def test_every_system_and_every_python_of_the_package_is_there() -> None:
    matrix = JOBS["portable"]["strategy"]["matrix"]
    project = (ROOT / "pyproject.toml").read_text()

    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"][0] == re.findall(r'requires-python = ">=([\d.]+)"', project)[0]
