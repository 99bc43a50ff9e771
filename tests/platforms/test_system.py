"""The branches of `mcli.system` and `mcli.folders` for what Linux has and others have not."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from pathlib import Path

import pytest

from mcli import folders, system
from mcli.errors import ConfigFailure


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "WINDOWS", True)
    monkeypatch.setattr(system, "POSIX", False)


def test_reading_at_a_place_without_pread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread")
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    descriptor = os.open(path, os.O_RDONLY)
    os.lseek(descriptor, 2, os.SEEK_SET)

    assert (system.pread(descriptor, 3, 5), system.pread(descriptor, 3, 99)) == (b"567", b"")
    assert os.read(descriptor, 1) == b"2"
    os.close(descriptor)


def test_a_socket_without_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(system.select, "poll")
    one, other = socket.socketpair()
    with one, other:
        has_come = system.looking(one.fileno())
        assert not has_come()
        other.send(b"x")
        assert has_come()
    assert system.has_bytes(0, 0.0)


def test_a_reader_that_has_gone(windows: None) -> None:
    assert system.is_reader_gone(BrokenPipeError())
    assert system.is_reader_gone(OSError(errno.EINVAL, "Invalid argument"))
    assert not system.is_reader_gone(OSError(errno.ENOSPC, "No space left on device"))


def test_elsewhere_an_invalid_argument_is_no_reader() -> None:
    assert not system.is_reader_gone(OSError(errno.EINVAL, "Invalid argument"))


def test_who_owns_a_file_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert not system.is_mine(tmp_path.stat())
    monkeypatch.delattr(os, "geteuid")
    assert system.is_mine(tmp_path.stat())


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [({"USERPROFILE": "C:\\u"}, "C:\\u"), ({"HOME": "/h", "USERPROFILE": "C:\\u"}, "/h"), ({}, "")],
)
def test_the_home(windows: None, environ: dict[str, str], wanted: str) -> None:
    assert system.home(environ) == wanted


def test_the_home_elsewhere() -> None:
    assert system.home({"USERPROFILE": "/u"}) == ""


def test_death_by_a_signal_is_a_status(windows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(os, "kill", lambda *_: ended.append(-1))

    system.die_by(signal.SIGINT)

    assert ended == [130]


def test_a_signal_reaches_a_loop_that_knows_none(windows: None) -> None:
    came: list[int] = []

    async def wait() -> None:
        loop = asyncio.get_running_loop()
        system.attend(loop, signal.SIGTERM, came.append)
        os.kill(os.getpid(), signal.SIGTERM)
        while not came:
            await asyncio.sleep(0)
        system.let_kill(loop, signal.SIGTERM)

    asyncio.run(wait())

    assert came == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_signals_come_where_none_can_be_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask")
    with system.held_back():
        pass


def test_a_process_without_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[tuple[int, int]] = []
    monkeypatch.delattr(os, "killpg")
    monkeypatch.setattr(os, "kill", lambda *told: ended.append(told))

    system.kill_group(4711)

    assert ended == [(4711, signal.SIGTERM)]


def test_a_lock_lies_beside_what_cannot_be_replaced_while_it_is_open(windows: None) -> None:
    assert system.lock_of(Path("a/tape.jsonl")) == Path("a/tape.jsonl.lock")


def test_what_cannot_be_had(windows: None) -> None:
    with pytest.raises(ConfigFailure, match=r"^--write cannot be had on Windows$"):
        system.need_posix("--write")


def test_a_folder_that_cannot_be_held_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "OPENS", False)
    with folders.opened(tmp_path) as place:
        assert place.descriptor is None
        os.close(place.open("a", os.O_WRONLY | os.O_CREAT))
        place.rename("a", "b")
        assert place.names() == ["b"]
        assert place.status_of("b").st_size == 0
        assert os.path.samestat(place.status(), tmp_path.stat())
        place.remove("b")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError), folders.opened(tmp_path / "none"):  # noqa: PT011 - any
        pass
