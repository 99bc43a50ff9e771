"""A batch takes the descriptors that there are, and waits where there are fewer than jobs."""

from __future__ import annotations

import resource

import pytest

from mcli import descriptors
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The soft limit and the hard one, of which the test may say what they are."""
    told = [100, 100]

    def tell(_: int) -> tuple[int, ...]:
        return tuple(told)

    def take(_: int, wanted: tuple[int, int]) -> None:
        told[:] = wanted

    monkeypatch.setattr(resource, "getrlimit", tell)
    monkeypatch.setattr(resource, "setrlimit", take)
    monkeypatch.setattr(descriptors, "_open", lambda: 10)
    return told


class TestRoom:
    def test_the_soft_limit_rises_as_far_as_is_needed(self, limits: list[int]) -> None:
        limits[1] = 4096

        assert descriptors.room(1000) == 1000
        assert limits == [10 + descriptors.SPARE + 1000, 4096]

    def test_it_does_not_sink(self, limits: list[int]) -> None:
        limits[:] = [4096, 4096]

        assert descriptors.room(8) == 8
        assert limits == [4096, 4096]

    def test_the_hard_one_is_the_end(self, limits: list[int]) -> None:
        assert descriptors.room(1000) == 100 - 10 - descriptors.SPARE

    def test_there_is_always_one(self, limits: list[int]) -> None:
        limits[:] = [20, 20]

        assert descriptors.room(1000) == 1

    def test_a_kernel_that_refuses_is_no_end(
        self, limits: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise ValueError("not allowed to raise maximum limit")

        monkeypatch.setattr(resource, "setrlimit", refuse)
        limits[1] = 4096

        assert descriptors.room(1000) == 100 - 10 - descriptors.SPARE

    def test_no_limit_is_none(self, limits: list[int]) -> None:
        limits[:] = [resource.RLIM_INFINITY] * 2

        assert descriptors.room(5000) == 5000


def test_more_jobs_than_descriptors_wait(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("Paris."))
    records = b"".join(b"record %d\n" % n for n in range(200))
    capped = ["sh", "-c", 'ulimit -n 70; exec "$@" < records', "sh"]
    (mcli.home / "records").write_bytes(records)

    done = mcli.started(capped, "batch", "-e", "Say", "--text", "-j", "150")

    assert (done.code, done.stdout, done.stderr) == (0, b"Paris.\n" * 200, b"")
    assert len(server.requests) == 200
    assert server.connections <= 70
