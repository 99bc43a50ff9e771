"""A set of new files below a directory: all of them or none, through no link, none executable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcli import filetree, output
from mcli.errors import CannotCreate, WriteFailure

FILES = {"src/deep/a.py": "a = 1", "src/b.py": "b\n", "README.md": "", "c": "c"}


def tree(folder: Path) -> dict[str, bytes]:
    """Everything below `folder`; of a directory an empty name behind its slash."""
    return {
        str(path.relative_to(folder)) + ("/" if path.is_dir() and not path.is_symlink() else ""): (
            path.read_bytes() if path.is_file() else b""
        )
        for path in folder.rglob("*")
    }


def test_all_are_written_with_a_line_end_and_not_executable(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        filetree.write(str(tmp_path / "new"), FILES)
    finally:
        os.umask(before)

    assert tree(tmp_path / "new") == {
        "src/": b"", "src/deep/": b"", "src/deep/a.py": b"a = 1\n", "src/b.py": b"b\n",
        "README.md": b"", "c": b"c\n",
    }  # fmt: skip
    assert (tmp_path / "new" / "c").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new" / "c").stat().st_nlink == 1


def test_what_stands_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "mine").write_text("mine")
    filetree.write(str(tmp_path), FILES)

    assert (tmp_path / "src" / "mine").read_text() == "mine"
    assert (tmp_path / "src" / "deep" / "a.py").read_text() == "a = 1\n"


def taken(folder: Path, how: str) -> None:
    """Make the place of `src/b.py` one that cannot be had."""
    place = folder / "src" / "b.py"
    if how == "parent-link":
        (folder.parent / "elsewhere").mkdir()
        (folder / "src").symlink_to("../elsewhere")
        return
    if how == "parent-file":
        (folder / "src").write_text("")
        return
    place.parent.mkdir()
    if how == "file":
        place.write_text("mine")
    elif how == "directory":
        place.mkdir()
    elif how == "link":
        place.symlink_to("../../elsewhere")
    else:
        os.mkfifo(place)


@pytest.mark.parametrize("how", ["file", "directory", "link", "fifo", "parent-link", "parent-file"])
def test_one_that_cannot_be_had_leaves_everything_as_it_was(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    taken(folder, how)
    before = tree(tmp_path)

    with pytest.raises(CannotCreate) as caught:
        filetree.write(str(folder), {"c": "c", "z/new/x": "x", "src/b.py": "b"})
    assert caught.value.slug == ("not_inside" if how.startswith("parent") else "exists")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("at", range(3))
def test_a_disk_that_is_full_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    written: list[bytes] = []

    def write(descriptor: int, data: bytes, name: str = "") -> None:
        if len(written) == at:
            raise WriteFailure("write_failed", "no space left on device")
        written.append(data)

    monkeypatch.setattr(output, "write_all", write)
    with pytest.raises(WriteFailure):
        filetree.write(str(tmp_path / "new"), FILES)
    assert tree(tmp_path) == {}


def test_what_can_be_known_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("gone")
    for name in ("file", "dangling", "gone/new", "gone/../new", "gone/new/"):
        with pytest.raises(CannotCreate) as caught:
            filetree.check(str(tmp_path / name))
        assert caught.value.slug == "no_directory"
    for name in ("", "a\0b"):
        with pytest.raises(CannotCreate):
            filetree.check(name)
    filetree.check(str(tmp_path))
    filetree.check(str(tmp_path / "new"))
