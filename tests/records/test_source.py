"""The input of a batch, read as it is needed: pipes without end, files in a row, ids."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from mcli.errors import BadInput, Failure, NoInput
from mcli.inputs import Bounds
from mcli.record import Record
from mcli.records import files, source
from mcli.records.framing import Rules
from mcli.records.source import Source, Wanted


def wanted(form: Any, *paths: str | Path, limit: int | None = None, zero: bool = False) -> Wanted:
    return Wanted(tuple(map(str, paths)), form, Rules(zero=zero), limit)


class Ids:
    """A stand-in for the index of ids."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[bytes, str]] = {}

    def same(self, name: str, digest: bytes, place: str) -> str | None:
        had, first = self.known.setdefault(name, (digest, place))
        return None if had == digest else first


def all_of(what: Source) -> list[Record]:
    async def gather() -> list[Record]:
        async with aclosing(what.records()) as found:
            return [record async for record in found]

    return asyncio.run(asyncio.wait_for(gather(), 20))


def test_files_follow_one_another(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"\xef\xbb\xbfa\nb")
    two.write_bytes(b"\xef\xbb\xbfc\n")
    what = Source(wanted("lines", one, two))
    what.check()

    assert [(r.n, r.data, r.place) for r in all_of(what)] == [
        (1, "a", f"{one}:1"), (2, "b", f"{one}:2"), (3, "c", f"{two}:1"),
    ]  # fmt: skip
    assert [r.n for r in all_of(Source(wanted("lines", one, two, limit=2)))] == [1, 2]
    assert all_of(Source(wanted("lines", one, limit=0))) == []


@pytest.mark.parametrize("form", ["lines", "jsonl", "csv"])
def test_what_is_not_there_is_found_before(tmp_path: Path, form: str) -> None:
    good = tmp_path / "good"
    good.write_text("a\n1\n")
    for bad in (tmp_path / "missing", tmp_path, "a\0"):
        with pytest.raises(NoInput):
            Source(wanted(form, good, bad)).check()


def test_tables_must_agree(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in "123")
    one.write_text("a,b\n1,2\n")
    two.write_text("a,b\r\n3,4\r\n")
    three.write_text("b,a\n1,2\n")
    what = Source(wanted("csv", one, two))
    what.check()
    assert [r.fields for r in all_of(what)] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert what.table is not None
    assert what.table.header == ("a", "b")
    with pytest.raises(BadInput) as failed:
        Source(wanted("csv", one, three)).check()
    assert failed.value.slug == "bad_header"


SAME = [
    ("jsonl", b'{"id":1,"a":1}\n{"id":2}\n{"id":"1","a":2}\n', 3),
    ("jsonl", b'{"\\u0069d":1,"a":1}\n{"i\\u0064":1}\n', 2),
    ("csv", b"id,a\n1,1\n1,2\n", 3),
    ("jsonl", b'{"id":1}\n{"id":1}\n{"a":1}\n{"a":2}\nx\n', None),
    ("csv", b"a,b\n1,1\n1,2\n", None),
]


@pytest.mark.parametrize(("form", "raw", "line"), SAME)
def test_an_id_given_twice_is_found_before_or_fails_in_a_pipe(
    tmp_path: Path, form: str, raw: bytes, line: int | None
) -> None:
    path = tmp_path / "in"
    path.write_bytes(raw)
    what = Source(wanted(form, path), Ids().same)
    if line is None:
        what.check()
    else:
        with pytest.raises(BadInput) as failed:
            what.check()
        assert failed.value.slug == "same_id"
        assert failed.value.message.startswith(f"{path}:{line}: ")
        first = 1 if form == "jsonl" else 2
        assert f"is that of {path}:{first}, " in failed.value.message

    reading, writing = os.pipe()
    os.write(writing, raw)
    os.close(writing)
    found = all_of(Source(wanted(form, f"/dev/fd/{reading}"), Ids().same))
    os.close(reading)
    assert [r.failure.slug for r in found if r.failure and r.failure.slug != "bad_record"] == (
        ["same_id"] if line else []
    )


def test_only_what_is_taken_counts(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'{"id":1,"a":1}\n{"id":2}\n{"id":1,"a":2}\n')
    Source(wanted("jsonl", path, limit=2), Ids().same).check()


def test_a_pipe_without_end_is_read_as_it_is_needed() -> None:
    reading, writing = os.pipe()
    what = Source(wanted("lines", f"/dev/fd/{reading}"))
    what.check()

    async def go() -> list[str | None]:
        got: list[str | None] = []
        others = 0
        async with aclosing(what.records()) as found:
            for text in (b"a\nb", b"c\n"):
                asked = asyncio.ensure_future(anext(found))
                for _ in range(5):
                    await asyncio.sleep(0)
                    others += 1
                assert not asked.done()  # nobody else waited for it
                os.write(writing, text)
                got.append((await asked).data)
            asked = asyncio.ensure_future(anext(found))
            await asyncio.sleep(0)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
        return got

    try:
        assert asyncio.run(asyncio.wait_for(go(), 20)) == ["a", "bc"]
    finally:
        os.close(reading)
        os.close(writing)


def test_a_fifo_is_opened_once_and_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    what = Source(wanted("lines", path))
    what.check()

    async def go() -> list[str | None]:
        async with aclosing(what.records()) as found:
            asked = asyncio.ensure_future(anext(found))
            await asyncio.sleep(0.01)
            assert not asked.done()
            writing = os.open(path, os.O_WRONLY)
            os.write(writing, b"a\nb\n")
            os.close(writing)
            return [(await asked).data, *[record.data async for record in found]]

    assert asyncio.run(asyncio.wait_for(go(), 20)) == ["a", "b"]


def test_a_writer_of_a_fifo_is_not_ended(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    writer = subprocess.Popen(["sh", "-c", f'exec 3> "{path}"; printf "a\\n" >&3'])
    what = Source(wanted("lines", path))
    for _ in range(50):
        what.check()
        time.sleep(0.002)  # the writer waits for somebody to open it
    assert writer.poll() is None
    assert [r.data for r in all_of(what)] == ["a"]
    assert writer.wait(20) == 0


def test_stdin_is_read_where_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(source, "STDIN", reading)
    os.write(writing, b"x y\0z\0")
    os.close(writing)
    assert [r.data for r in all_of(Source(wanted("lines", zero=True)))] == ["x y", "z"]

    os.close(reading)
    monkeypatch.setattr(source, "STDIN", 999)  # closed
    what = Source(wanted("lines"))
    what.check()
    assert all_of(what) == []


def test_a_device_is_read(tmp_path: Path) -> None:
    assert all_of(Source(wanted("lines", "/dev/null"))) == []
    found = all_of(Source(Wanted(("/dev/zero",), "lines", Rules(most=10), 0)))
    assert found == []


def test_files_are_records(tmp_path: Path) -> None:
    path = tmp_path / "a b.txt"
    path.write_text("text\n")
    os.mkfifo(tmp_path / "fifo")
    listed = wanted("files", path, tmp_path, tmp_path / "fifo", tmp_path / "missing")
    what = Source(listed)
    what.check()
    found = all_of(what)

    assert [(r.n, r.data, r.id) for r in found] == [
        (n, None, name) for n, name in enumerate(listed.paths, 1)
    ]
    assert files.text_of(found[0], Bounds()) == "text\n"
    for record in found[1:]:
        with pytest.raises(Failure) as failed:
            files.text_of(record, Bounds())
        assert failed.value.slug == "unreadable"
