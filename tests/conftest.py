"""Fixtures: a scripted server, and the program pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import WHOLE
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer, serve
from tests.program import Program

__all__ = ["mcli", "serve", "server"]

settings.register_profile("whole", deadline=None)  # a busy machine is not a failure
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile("whole" if WHOLE else "quick")


@pytest.hookimpl(tryfirst=True)  # before the slow ones are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a sweep the quick tests take the first case, of a module of sweeps its first; CI all."""
    begun: set[object] = set()
    for item in items:
        if item.get_closest_marker("slow"):
            continue
        if isinstance(item, pytest.Function) and item.get_closest_marker("sweep"):
            alone = any(mark.name == "sweep" for mark in item.own_markers)
            name = (item.parent, item.originalname) if alone else item.path
            if name in begun:
                item.add_marker("slow")
            begun.add(name)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """A server that answers `Paris.`; `server.play(…)` gives it another part."""
    with FaultyServer(ok("Paris.")) as faulty:
        yield faulty


@pytest.fixture
def mcli(tmp_path: Path, server: FaultyServer) -> Program:
    """The program in an empty home, its default profile pointed at `server`."""
    program = Program(tmp_path / "home")
    program.point_at(server.base_url)
    return program
