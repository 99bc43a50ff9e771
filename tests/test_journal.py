"""A batch's journal: what was kept is found again, by one process at a time, whatever happens."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mcli import journal, journal_line, journal_writer
from mcli.errors import (
    BadInput,
    CannotCreate,
    ConfigFailure,
    Failure,
    TryAgain,
    WriteFailure,
)  # fmt: skip
from mcli.journal import Journal, Spent
from mcli.key_index import Known
from tests.journaling import FACTS, answer, batch, key, refusal
from tests.program import ROOT

SECOND_S = 60.0


def missing(tool: str) -> bool:
    return shutil.which(tool) is None


def keep(kept: Journal, *outcomes: tuple[int, dict[str, Any]], begin: bool = True) -> list[int]:
    """Keep what became of records, one after the other."""

    async def all_of_them() -> list[int]:
        found: list[int] = []
        for n, envelope in outcomes:
            if begin:
                kept.begin(key(n), n)
            found.append(await kept.keep(key(n), n, envelope))
        return found

    return asyncio.run(all_of_them())


def driven(
    path: Path, count: int = 6, jobs: int = 1, via: tuple[str, ...] = (), **options: Any
) -> tuple[int, list[str]]:
    """A process that keeps `count` records: its exit code, and the lines it said."""
    command = [*via, sys.executable, "-m", "tests.journaling", str(path), str(count), str(jobs)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECOND_S, check=False,
        **options,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def kept_of(lines: list[str]) -> set[int]:
    return {int(words.split()[1]) for words in lines if words.startswith("kept ")}


def done_in(path: Path, count: int = 6) -> set[int]:
    """The records whose answers are in the journal, and right."""
    with journal.opened(str(path), FACTS, new=False) as kept:
        found = {n: kept.find(key(n)) for n in range(count)}
        done = {n: known for n, known in found.items() if known and known.state == "done"}
        assert all(kept.read(known.offset) == answer(n) for n, known in done.items())
        return set(done)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.journal"


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of the file at each sync."""
    sizes: list[int] = []

    def counted(descriptor: int) -> None:
        sizes.append(os.fstat(descriptor).st_size)
        os.fdatasync(descriptor)

    monkeypatch.setattr(journal_writer, "_sync", counted)
    return sizes


class TestWhatIsKept:
    def test_it_is_found_again(self, path: Path) -> None:
        retry, permanent = refusal(True), refusal(False, charged="maybe")
        with journal.opened(str(path), FACTS, new=False) as kept:
            assert kept.find(key(1)) is None
            assert kept.spent == Spent()
            offsets = keep(kept, (1, answer(1)), (2, retry), (3, permanent))
            kept.begin(key(4), 4)
            kept.end(1, 2, 1)

        with journal.opened(str(path), FACTS, new=False) as kept:
            assert kept.find(key(1)) == Known("done", False, offsets[0])
            assert kept.find(key(2)) == Known("failed", True, offsets[1])
            assert kept.find(key(3)) == Known("failed", False, offsets[2])
            told = kept.find(key(4))
            assert told is not None
            assert told.state == "doubt"
            assert kept.find(key(5)) is kept.find(key(1, 2)) is None
            assert [kept.read(at) for at in offsets] == [answer(1), retry, permanent]
            assert kept.spent == Spent(usd=0.25, unknown=1, attempts=5, unended=1)

    def test_the_file_is_its_owners_alone(self, path: Path) -> None:
        with journal.opened(str(path), FACTS, new=False):
            pass
        assert path.stat().st_mode & 0o777 == 0o600

    def test_an_answer_stays_whatever_comes_after_it(self, path: Path) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            first, second = keep(kept, (1, answer(1)), (1, answer(2)))
            keep(kept, (1, refusal(True)))
            kept.begin(key(1), 1)
            keep(kept, (2, refusal(False)))
            kept.begin(key(2), 2)
        with journal.opened(str(path), FACTS, new=False) as kept:
            assert first < second
            assert kept.find(key(1)) == Known("done", False, second)
            again = kept.find(key(2))
            assert again is not None
            assert again.state == "doubt"

    def test_a_journal_of_many_pieces(self, path: Path) -> None:
        long = {**answer(0), "text": "x" * 300_000}
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (0, long), *((n, answer(n)) for n in range(1, 200)))
        with journal.opened(str(path), FACTS, new=False) as kept:
            found = [kept.find(key(n)) for n in range(200)]
            assert [kept.read(known.offset) for known in found if known] == [
                long, *(answer(n) for n in range(1, 200)),
            ]  # fmt: skip

    @pytest.mark.parametrize("end", [b"", b"00000", b"\0" * 100])
    def test_a_file_with_no_line_is_a_new_journal(self, path: Path, end: bytes) -> None:
        path.write_bytes(end)
        with journal.opened(str(path), FACTS, new=False) as kept:
            assert kept.header is None
            keep(kept, (1, answer(1)))
        assert path.read_bytes().startswith(end)
        assert done_in(path) == {1}

    def test_a_torn_end_is_left_and_ended_before_the_next_line(self, path: Path) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (1, answer(1)))
        torn = path.read_bytes() + journal_line.outcome(key(2), 2, answer(2))[:99]
        path.write_bytes(torn)

        assert done_in(path) == {1}
        assert path.read_bytes() == torn  # nothing was written, so nothing had to be ended
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (3, answer(3)))
        assert path.read_bytes().startswith(torn + b"\n")
        assert done_in(path) == {1, 3}

    def test_a_line_that_was_changed_meanwhile_is_not_believed(self, path: Path) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            (at,) = keep(kept, (1, answer(1)))
            raw = path.read_bytes()
            path.write_bytes(raw[:-9] + b"x" + raw[-8:])
            for offset in (at, at + 1, len(raw) + 10, len(raw.split(b"\n")[0]) + 1):
                with pytest.raises(BadInput, match="was changed since it was read"):
                    kept.read(offset)


class TestWhatIsRefused:
    def refusal(self, path: Path | str, new: bool = False) -> Failure:
        with pytest.raises(Failure) as caught, journal.opened(str(path), FACTS, new=new):
            pass
        return caught.value

    def test_a_link_a_directory_a_fifo_and_a_device(self, path: Path) -> None:
        target = path.with_name("target")
        path.symlink_to(target)
        os.mkfifo(path.with_name("fifo"))
        found = [
            self.refusal(path), self.refusal(path.parent), self.refusal(path.with_name("fifo")),
            self.refusal("/dev/null"), self.refusal(path.parent / "none" / "j"),
            self.refusal("a\0b"),
        ]  # fmt: skip

        assert {type(each) for each in found} == {CannotCreate}
        assert [each.slug for each in found] == [
            "cannot_create", "is_directory", "cannot_create", "cannot_create", "no_directory",
            "cannot_create",
        ]  # fmt: skip
        assert "is a link" in found[0].message
        assert not target.exists()

    def test_a_link_that_came_meanwhile(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The check of a name is no promise: opening follows no link either."""
        path.symlink_to(path.with_name("target"))
        monkeypatch.setattr(os, "lstat", os.stat)
        assert "is a link" in self.refusal(path).message

    def test_a_file_that_may_not_be_written(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> int:
            raise OSError(errno.EROFS, "read-only file system")

        monkeypatch.setattr(os, "open", refuse)
        assert self.refusal(path).slug == "no_permission"

    @pytest.mark.parametrize("new", [False, True])
    def test_what_is_no_journal(self, path: Path, new: bool) -> None:
        path.write_text("my notes\n")
        failure = self.refusal(path, new)

        assert (type(failure), failure.slug) == (BadInput, "bad_journal")
        assert failure.message == f"{path}:1 (byte 0): this is no journal of mcli"
        assert "name another file" in (failure.hint or "")
        assert path.read_text() == "my notes\n"

    def test_damage_in_the_middle(self, path: Path) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (1, answer(1)), (2, answer(2)))
        raw = path.read_bytes().replace(b"answer 1", b"answer X")
        path.write_bytes(raw)

        assert re.search(r":3 \(byte \d+\): it does not fit its", self.refusal(path).message)
        assert path.read_bytes() == raw
        with journal.opened(str(path), FACTS, new=True) as kept:
            assert kept.find(key(2)) is None

    def test_other_facts(self, path: Path) -> None:
        had = {"model": "gpt-4", "recipe": "a" * 64, "prompt": "x" * 300, "host": "h", "seed": "1"}
        now = {**had, "model": "gpt-5", "recipe": "b" * 64, "prompt": "x" * 301, "top_p": "1"}
        del now["seed"]
        with journal.opened(str(path), had, new=False):
            pass
        raw = path.read_bytes()
        with journal.opened(str(path), dict(reversed(had.items())), new=False):
            pass
        with pytest.raises(ConfigFailure) as caught, journal.opened(str(path), now, new=False):
            pass

        assert caught.value.slug == "journal_changed"
        assert caught.value.message == (
            f'the journal "{path}" was begun with something else: model was gpt-4, now gpt-5; '
            "recipe has changed; prompt has changed; seed was 1, now not set; "
            "top_p was not set, now 1"
        )
        assert "--new" in caught.value.hint
        assert path.read_bytes() == raw

    def test_a_file_system_without_locks(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOLCK, "no locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
        failure = self.refusal(path)
        assert (failure.slug, failure.hint) == ("cannot_create", "--journal FILE on a local disk")

    @pytest.mark.parametrize("new", [False, True])
    def test_a_journal_that_another_process_has(self, path: Path, new: bool) -> None:
        holder = (
            "import sys\nfrom mcli import journal\n"
            f"with journal.opened({str(path)!r}, {FACTS!r}, new=False):\n"
            "    print('held', flush=True); sys.stdin.read()\n"
        )
        command = [sys.executable, "-c", holder]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            raw = path.read_bytes()
            failure = self.refusal(path, new)
            process.kill()
        assert (type(failure), failure.slug) == (TryAgain, "journal_busy")
        assert re.search(rf"in use by (process {process.pid}|another process)$", failure.message)
        assert path.read_bytes() == raw != b""
        assert done_in(path) == set()  # kill -9 let go of the lock

    def test_a_journal_taken_away_while_its_lock_was_waited_for(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flock, times = fcntl.flock, 0

        def steal(descriptor: int, how: int) -> None:
            nonlocal times
            times += 1
            if times == 1:
                path.unlink()
            flock(descriptor, how)

        monkeypatch.setattr(fcntl, "flock", steal)
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (1, answer(1)))
        assert times == 2
        assert done_in(path) == {1}


class TestStartingOver:
    @pytest.mark.parametrize("version", [1, 2])
    def test_all_is_forgotten(self, path: Path, version: int) -> None:
        with journal.opened(str(path), {"model": "old"}, new=True) as kept:
            keep(kept, (1, answer(1)))
        path.write_bytes(path.read_bytes().replace(b'"v":1', b'"v":%d' % version, 1))
        with journal.opened(str(path), FACTS, new=True) as kept:
            assert kept.header is None
            assert kept.spent == Spent()
            assert kept.find(key(1)) is None
            keep(kept, (2, answer(2)))
        assert done_in(path) == {2}

    def test_one_that_begins_with_a_torn_header(self, path: Path) -> None:
        path.write_bytes(b"0000")
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (1, answer(1)))
        with journal.opened(str(path), FACTS, new=True) as kept:
            assert kept.find(key(1)) is None
        assert not path.read_bytes().startswith(b"0000\n")


class TestOnTheDisk:
    def test_many_at_once_share_a_sync(self, path: Path, syncs: list[int]) -> None:
        async def all_at_once(kept: Journal) -> None:
            await asyncio.gather(*(kept.keep(key(n), n, answer(n)) for n in range(100)))

        with journal.opened(str(path), FACTS, new=False) as kept:
            begun = len(syncs)
            asyncio.run(all_at_once(kept))
            assert len(syncs) - begun <= 2
        assert done_in(path, 100) == set(range(100))

    def test_what_comes_during_a_sync_shares_the_next(self, path: Path, syncs: list[int]) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            begun = len(syncs)
            asyncio.run(batch(kept, 400, 100))
            assert len(syncs) - begun <= 12

    @pytest.mark.parametrize("envelope", [answer(1), refusal(True)], ids=["done", "fail"])
    def test_nobody_hears_of_it_before(
        self, path: Path, syncs: list[int], envelope: dict[str, Any]
    ) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            (at,) = keep(kept, (1, envelope))
            assert syncs[-1] == path.stat().st_size > at

    def test_the_loop_goes_on_meanwhile(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async def race(kept: Journal) -> str:
            turns = asyncio.Event()
            keeping = asyncio.ensure_future(kept.keep(key(1), 1, answer(1)))
            loop = asyncio.get_running_loop()
            monkeypatch.setattr(
                journal_writer, "_sync",
                lambda _: loop.call_soon_threadsafe(turns.set) and time.sleep(0.05),
            )  # fmt: skip
            await turns.wait()
            told = "first" if not keeping.done() else "late"
            await keeping
            return told

        with journal.opened(str(path), FACTS, new=False) as kept:
            assert asyncio.run(race(kept)) == "first"

    def test_a_start_is_written_at_once_and_not_synced(self, path: Path, syncs: list[int]) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            begun = len(syncs)
            kept.begin(key(1), 1)
            assert path.read_bytes().endswith(journal_line.start(key(1), 1))
            assert len(syncs) == begun

    def test_what_nobody_waits_for_any_more_is_kept_too(self, path: Path) -> None:
        """Ctrl-C ends the loop; the answer that just came is there all the same."""

        async def leave(kept: Journal) -> None:
            keeping = asyncio.ensure_future(kept.keep(key(1), 1, answer(1)))
            await asyncio.sleep(0)
            assert not keeping.done()

        with journal.opened(str(path), FACTS, new=False) as kept:
            asyncio.run(leave(kept))
        assert done_in(path) == {1}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


Writing = Callable[[int, Any], int]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Makes the disk full after so many bytes, as a full one is: half a write goes through."""
    write: Writing = os.write

    def fill(room: int) -> None:
        left = room

        def stingy(descriptor: int, data: Any) -> int:
            nonlocal left
            if not os.readlink(f"/proc/self/fd/{descriptor}").endswith(".journal"):
                return write(descriptor, data)
            if not left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            count = write(descriptor, data[:left])
            left -= count
            return count

        monkeypatch.setattr(os, "write", stingy)

    yield fill
    monkeypatch.setattr(os, "write", write)


def failing(descriptor: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


class TestAWriteThatFails:
    @pytest.mark.parametrize("room", [0, 1, 60, 250])
    def test_the_answer_is_in_tmpdir_and_can_be_added(
        self, path: Path, elsewhere: Path, full: Callable[[int], None], room: int
    ) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (1, answer(1)))
            kept.begin(key(2), 2)
            kept.begin(key(3), 3)
            full(room)
            failures = []
            for n in (2, 3):
                with pytest.raises(WriteFailure) as caught:
                    keep(kept, (n, answer(n)), begin=False)
                failures.append(caught.value)
            with pytest.raises(WriteFailure) as caught:
                kept.begin(key(4), 4)
            assert failures == [caught.value] * 2
        full(1 << 30)
        (rescued,) = elsewhere.iterdir()
        assert rescued.stat().st_mode & 0o777 == 0o600
        assert caught.value.message == f'the journal "{path}": no space left on device'
        assert f"cat {rescued} >> {path}" in caught.value.hint

        before = path.read_bytes()
        command = caught.value.hint.partition("(")[2].partition(")")[0]
        subprocess.run(["sh", "-c", command], check=True)
        assert path.read_bytes() == before + rescued.read_bytes()
        assert done_in(path) == {1, 2, 3}

    def test_it_can_be_added_after_a_further_run_too(
        self, path: Path, elsewhere: Path, full: Callable[[int], None]
    ) -> None:
        path.write_bytes(b"0000")  # a torn end, whose ending is what is torn next
        with suppress(WriteFailure), journal.opened(str(path), FACTS, new=False) as kept:
            full(5)
            keep(kept, (2, answer(2)), begin=False)
        full(1 << 30)
        (rescued,) = elsewhere.iterdir()
        with journal.opened(str(path), FACTS, new=False) as kept:
            keep(kept, (1, answer(1)))
        path.write_bytes(path.read_bytes() + rescued.read_bytes())
        assert done_in(path) == {1, 2}

    def test_a_sync_that_failed_is_not_tried_again(
        self, path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def both(kept: Journal) -> list[Any]:
            one, two = (kept.keep(key(n), n, answer(n)) for n in (1, 2))
            return await asyncio.gather(one, two, return_exceptions=True)

        tried: list[int] = []
        with journal.opened(str(path), FACTS, new=False) as kept:
            monkeypatch.setattr(
                journal_writer, "_sync", lambda each: (tried.append(each), failing(each))
            )
            first, second = asyncio.run(both(kept))
            monkeypatch.setattr(journal_writer, "_sync", tried.append)
            for again in (lambda: keep(kept, (3, answer(3))), lambda: kept.begin(key(3), 3)):
                with pytest.raises(WriteFailure) as caught:
                    again()
                assert caught.value is first is second
        assert len(tried) == 1
        assert "input/output error" in caught.value.message
        (rescued,) = elsewhere.iterdir()
        path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n" + rescued.read_bytes())
        assert done_in(path) == {1, 2}

    def test_what_was_written_before_the_disk_was_full_is_kept(
        self, path: Path, elsewhere: Path, full: Callable[[int], None]
    ) -> None:
        async def both(kept: Journal) -> list[Any]:
            one, two = (kept.keep(key(n), n, answer(n)) for n in (1, 2))
            return await asyncio.gather(one, two, return_exceptions=True)

        with journal.opened(str(path), FACTS, new=False) as kept:
            full(len(journal_line.outcome(key(1), 1, answer(1))) + 10)
            at, failure = asyncio.run(both(kept))
            assert isinstance(failure, WriteFailure)
            assert kept.read(at) == answer(1)
        assert done_in(path) == {1}
        assert len(list(elsewhere.iterdir())) == 1

    @pytest.mark.parametrize("how", ["unlink", "append"])
    def test_a_file_that_somebody_else_changed(self, path: Path, elsewhere: Path, how: str) -> None:
        with journal.opened(str(path), FACTS, new=False) as kept:
            if how == "unlink":
                path.unlink()
            else:
                path.write_bytes(path.read_bytes() + b"\n")
            with pytest.raises(WriteFailure, match=r"somebody .* meanwhile"):
                keep(kept, (1, answer(1)))
        assert len(list(elsewhere.iterdir())) == 1

    def test_nowhere_is_any_room(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, full: Callable[[int], None]
    ) -> None:
        tried: list[str] = []

        def refuse(prefix: str) -> tuple[int, str]:
            tried.append(prefix)
            raise OSError(errno.ENOSPC, "no space left on device")

        monkeypatch.setattr("tempfile.mkstemp", refuse)
        with journal.opened(str(path), FACTS, new=False) as kept:
            full(0)
            for n in (1, 2):
                with pytest.raises(WriteFailure) as caught:
                    keep(kept, (n, answer(n)), begin=False)
        assert "could be written nowhere" in caught.value.hint
        assert len(tried) == 1

    def test_a_limit_of_the_size_of_files(self, path: Path, elsewhere: Path) -> None:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

        code, said = driven(path, 6, preexec_fn=limit)
        assert (code, said[-1].split()[1]) == (74, "write_failed")
        assert "file too large" in said[-1]
        assert done_in(path) == kept_of(said)
        (rescued,) = elsewhere.iterdir()
        path.write_bytes(path.read_bytes() + rescued.read_bytes())
        assert len(done_in(path)) == len(kept_of(said)) + 1

    @pytest.mark.skipif(missing("unshare"), reason="unshare is not installed")
    def test_a_full_disk(self, path: Path, elsewhere: Path) -> None:
        name = path.parent / "mnt"
        name.mkdir()
        script = f'mount -t tmpfs -o size=8k none {name} && "$@"; s=$?; cp {name}/j {path}; exit $s'
        via = ("unshare", "-Urm", "sh", "-c", script, "sh")
        code, said = driven(name / "j", 50, 4, via)

        assert code == 74
        assert "no space left on device" in said[-1]
        assert done_in(path, 50) == kept_of(said)
        (rescued,) = elsewhere.iterdir()
        path.write_bytes(path.read_bytes() + rescued.read_bytes())
        begun = {int(words.split()[1]) for words in said if words.startswith("begun ")}
        assert done_in(path, 50) == begun  # whatever was asked for is somewhere


STRACE = ("strace", "-f", "-qq", "-o", "/dev/null", "-P")


@pytest.mark.skipif(missing("strace"), reason="strace is not installed")
class TestBelow:
    @pytest.mark.sweep
    @pytest.mark.parametrize("jobs", [1, 4])
    @pytest.mark.parametrize("call", ["flock", "write", "fdatasync", "openat", "fsync"])
    def test_killed_at_any_moment_nothing_that_was_kept_is_lost(
        self, path: Path, call: str, jobs: int
    ) -> None:
        """SQLite's loop: killed at the first call of that kind on the file, the second, and on."""
        for when in range(1, 40):
            inject = ("-e", f"inject={call}:signal=KILL:when={when}")
            code, said = driven(path, 6, jobs, (*STRACE, str(path), *inject))
            assert code in (0, -signal.SIGKILL)
            had = done_in(path)
            assert had >= kept_of(said)
            code, said = driven(path, 6, jobs)
            assert (code, said[-1]) == (0, "ended")
            assert kept_of(said) == set(range(6)) - had
            path.unlink()
            if code == 0 and had == set(range(6)):
                return
        pytest.fail("it was still killed")

    @pytest.mark.sweep
    @pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
    @pytest.mark.parametrize("call", ["write", "fdatasync"])
    @pytest.mark.parametrize("when", ["4", "2+", "6+"])
    def test_after_an_error_nothing_more_is_begun(
        self, path: Path, elsewhere: Path, call: str, error: str, when: str
    ) -> None:
        inject = ("-e", f"inject={call}:error={error}:when={when}")
        code, said = driven(path, 6, 1, (*STRACE, str(path), *inject))

        assert code == 74
        failed = [at for at, words in enumerate(said) if words.startswith("failed ")]
        assert failed == [len(said) - 1]
        assert done_in(path) >= kept_of(said)
        for rescued in elsewhere.iterdir():
            path.write_bytes(path.read_bytes() + rescued.read_bytes())
        begun = {int(words.split()[1]) for words in said if words.startswith("begun ")}
        assert done_in(path) == begun
        assert driven(path, 6)[0] == 0
        assert done_in(path) == set(range(6))

    def test_what_was_kept_survives_a_power_cut_at_any_moment(
        self, path: Path, tmp_path: Path
    ) -> None:
        """What is on the disk is what was synced, and of the rest any beginning."""
        log = tmp_path / "log"
        via = ("strace", "-f", "-y", "-s", "40", "-e", "trace=write,fdatasync", "-o", str(log))
        assert driven(path, 20, 5, via)[0] == 0
        raw, cuts = path.read_bytes(), tmp_path / "cut.journal"
        moments = list(replayed(log.read_text(), str(path)))

        kept: set[int] = set()
        for synced, written, n in moments:
            if n is None:
                continue
            kept.add(n)
            for size in {synced, (synced + written) // 2, written}:
                cuts.write_bytes(raw[:size])
                assert done_in(cuts, 20) >= kept
        assert kept == set(range(20))


def replayed(log: str, path: str) -> Iterator[tuple[int, int, int | None]]:
    """What is surely on the disk, what was written, and the record that was said to be kept, after
    each call in the log of strace."""
    synced = written = 0
    under_way: dict[str, int] = {}
    cut_short = set[str]()
    for each in log.splitlines():
        thread, call = each.split(None, 1)
        ours, ended = f"<{path}>" in call, "unfinished" not in call
        if call.startswith("fdatasync(") and ours:
            under_way[thread] = written  # what is written from now on may not be meant
        if "fdatasync" in call and call.endswith(" = 0") and thread in under_way:
            synced = max(synced, under_way.pop(thread))
        if call.startswith("write(") and ours and not ended:
            cut_short.add(thread)
        elif "write" in call and (ours or thread in cut_short):
            cut_short.discard(thread)
            written += int(call.rpartition("= ")[2])
        said = re.match(r'write\(1<.*"kept (\d+)\\n"', call)
        yield synced, written, int(said[1]) if said else None
