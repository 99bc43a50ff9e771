"""The program as a script has it."""

from __future__ import annotations

import pytest

from tests.faults.server import FaultyServer
from tests.program import KEY, ROOT, Program


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
