"""`mcli doctor` about this machine: folders, terminal, locale, tokenizer."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest

from mcli.doctor import completing, folders, machine
from tests.doctor.looking import lines, listing
from tests.faults.server import FaultyServer
from tests.program import Program


def test_a_folder_that_others_can_look_into(mcli: Program) -> None:
    path = mcli.home / ".local" / "state" / "mcli"
    path.mkdir(parents=True)
    path.chmod(0o755)

    assert lines(mcli("doctor", "--offline"))["state"] == [
        "warning", f'"{path}", mode 0755: others on this machine can look into it',
        f'chmod 700 "{path}"',
    ]  # fmt: skip


def test_a_folder_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mcli").mkdir(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    state, _ = folders.kept({"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}, must=True)

    assert state.status == "problem"
    assert "belongs to another user" in state.message


def test_nothing_is_made_or_left_by_looking(mcli: Program, server: FaultyServer) -> None:
    server.play(listing("gpt-4"))
    before = sorted(mcli.home.rglob("*"))
    assert mcli("doctor").code == 0
    assert mcli("doctor", "--offline").code == 0

    assert sorted(mcli.home.rglob("*")) == before


def test_a_ledger_that_cannot_be_read(mcli: Program) -> None:
    place = mcli.home / ".local" / "state" / "mcli" / "ledger"
    place.parent.mkdir(mode=0o700, parents=True)
    place.write_text("")
    told = lines(mcli("doctor", "--offline"))["ledger"]

    assert told[0] == "warning"
    assert told[1] == "the ledger cannot be read: not a directory"


def shown(program: Program, columns: int, **env: str) -> str:
    """What a terminal of that width shows of `doctor --offline`."""
    leader, follower = pty.openpty()
    ioctl(follower, TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    argv = program.argv("doctor", "--offline")
    child = subprocess.Popen(argv, env={**program.env, **env}, cwd=program.home, stdout=follower)
    os.close(follower)
    raw = b""
    with suppress(OSError):  # EIO: the last one who had it open has left
        while piece := os.read(leader, 65536):
            raw += piece
    os.close(leader)
    assert child.wait(60) == 0
    return raw.decode().replace("\r\n", "\n")


def test_on_a_terminal_it_is_a_table_with_what_to_do_below(mcli: Program) -> None:
    text = shown(mcli, 100, LC_ALL="C", NO_COLOR="1")

    assert "\t" not in text
    assert "100 columns, without colour: NO_COLOR is set" in text
    head, _, tail = text.partition("LC_ALL=C: the terminal may take UTF-8 for something else")
    assert head.splitlines()[-1].startswith("warning  locale ")
    assert tail.splitlines()[1].strip() == "set LANG=C.UTF-8"


def test_a_narrow_terminal_is_told(mcli: Program) -> None:
    text = shown(mcli, 40, TERM="xterm", LANG="C.UTF-8")

    assert "widen it, or use" in text


def test_the_tokenizer_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.tokenizer("gpt-4o", None).message.endswith("o200k_base for gpt-4o: exact")
    assert machine.tokenizer("zzz", None).message.endswith("o200k_base for zzz: an estimate")
    assert machine.tokenizer("zzz", "cl100k_base").message.endswith("for zzz: exact")
    assert machine.tokenizer(None, "no_such").status == "problem"

    def broken(text: str, encoding: str) -> int:
        raise RuntimeError

    monkeypatch.setattr(machine.counting, "count", broken)
    assert machine.tokenizer("gpt-4", None).status == "problem"
    monkeypatch.setattr(machine.counting, "count", lambda text, encoding: 3)
    assert machine.tokenizer("gpt-4", None).status == "problem"


@pytest.mark.parametrize(
    ("shell", "env", "path"),
    [
        ("bash", {}, "/home/me/.local/share/bash-completion/completions/mcli"),
        ("bash", {"XDG_DATA_HOME": "/d"}, "/d/bash-completion/completions/mcli"),
        ("zsh", {"FPATH": "/a:/b"}, "/b/_mcli"),
        ("zsh", {}, "/usr/share/zsh/site-functions/_mcli"),
        ("fish", {}, "/home/me/.config/fish/completions/mcli.fish"),
        ("fish", {"XDG_CONFIG_HOME": "/c"}, "/c/fish/completions/mcli.fish"),
    ],
)
def test_where_shells_look(shell: str, env: dict[str, str], path: str) -> None:
    assert Path(path) in completing.places(shell, Path("/home/me"), env)
