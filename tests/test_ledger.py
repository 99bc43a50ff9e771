"""The ledger from outside: a line for each request that was made, and no answer lost to it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mcli import ledger, state
from mcli.ledger import Entry
from tests.faults.scenes import as_json, completion, drip, dumps, error, hangup, ok, whole
from tests.faults.server import FaultyServer
from tests.program import KEY, Program

PRICED = "models:\n  gpt-4: {input_usd: 1000, output_usd: 2000}\n"
COST = 9 * 0.001 + 3 * 0.002
"""What the usage of `scenes` costs by that."""


def folder(program: Program) -> Path:
    return program.home / ".local" / "state" / "mcli" / "ledger"


def files(program: Program) -> list[Path]:
    return sorted(folder(program).glob("*.jsonl"))


def entries(program: Program) -> list[dict[str, Any]]:
    raw = b"".join(path.read_bytes() for path in files(program))
    return [json.loads(line) for line in raw.splitlines()]


def add_to_config(program: Program, text: str) -> None:
    path = program.home / ".config" / "mcli" / "config.yaml"
    path.write_text(path.read_text() + text)


def this_months(program: Program) -> Path:
    """The file that the next request goes to; its folder is there."""
    folder(program).mkdir(0o700, parents=True, exist_ok=True)
    return folder(program) / f"{time.strftime('%Y-%m', time.gmtime())}.jsonl"


def at(moment: str, **fields: Any) -> bytes:
    """The line of a request at that moment."""
    plain = {"command": "ask", "recipe": "ask", "asked": "gpt-4", "host": "h", "attempts": 1}
    told = {"how": "ok", "charged": "yes", **plain, **fields}
    return ledger.line(Entry(datetime.fromisoformat(moment), **told))


class TestALine:
    def test_of_an_answer(self, mcli: Program, server: FaultyServer) -> None:
        add_to_config(mcli, PRICED)
        assert mcli("ask", "a prompt that is private", "--max-cost", "100").code == 0
        (told,) = entries(mcli)

        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("at"))
        assert re.fullmatch("[0-9a-f]{16}", told.pop("key"))
        assert told == {
            "command": "ask",
            "recipe": "ask",
            "asked": "gpt-4",
            "model": "test-model",
            "host": f"127.0.0.1:{server.port}",
            "prompt_tokens": 9,
            "completion_tokens": 3,
            "cost_usd": pytest.approx(COST),
            "attempts": 1,
            "how": "ok",
            "charged": "yes",
        }

    def test_is_in_the_file_of_its_month_for_its_owner_alone(self, mcli: Program) -> None:
        mcli("ask", "hi")
        (path,) = files(mcli)

        assert path == this_months(mcli)
        assert path.stat().st_mode & 0o777 == 0o600
        above = [path.parents[level] for level in range(4)]
        assert above[-1] == mcli.home / ".local"
        assert {each.stat().st_mode & 0o777 for each in above} == {0o700}
        assert (folder(mcli).parent / "salt").stat().st_mode & 0o777 == 0o600

    def test_has_no_prompt_no_answer_and_no_key(self, mcli: Program, server: FaultyServer) -> None:
        said = completion("a private answer") | {"model": f"model {KEY}"}
        server.play(as_json(said))
        mcli("ask", "a private question", "-m", f"my {KEY} model")
        raw = files(mcli)[0].read_text()

        assert "private" not in raw
        assert KEY not in raw
        assert '"model":"model ***"' in raw

    def test_is_of_bounded_length(self, mcli: Program, server: FaultyServer) -> None:
        server.play(as_json(completion("hi") | {"model": "\x1b[2J" + "é" * 1_000_000}))
        mcli("ask", "hi", "-m", "m" * 100_000)
        raw = files(mcli)[0].read_bytes()

        assert len(raw) < 4000
        assert b"\x1b" not in raw

    def test_says_for_what(self, mcli: Program) -> None:
        (mcli.home / "x.yaml").write_text(
            'messages: [{user: "{{ data }}"}]\ntests: [{data: hi, expect: {equals: Paris.}}]\n'
        )
        mcli("run", "./x.yaml", stdin=b"hi")
        mcli("run", "-e", "say hi")
        mcli("summarize", stdin=b"hi")
        mcli("recipes", "test", "x.yaml")

        assert [(told["command"], told["recipe"]) for told in entries(mcli)] == [
            ("run", "./x.yaml"),
            ("run", "-e"),
            ("summarize", "summarize"),
            ("recipes test", "x.yaml"),
        ]

    def test_of_an_unknown_cost_and_no_key(self, mcli: Program, server: FaultyServer) -> None:
        server.play(as_json({**completion("hi"), "usage": None}))
        mcli("ask", "hi", "--no-key")
        (told,) = entries(mcli)

        assert told["key"] is told["prompt_tokens"] is told["cost_usd"] is None

    def test_of_each_request_that_asks_again(self, mcli: Program, server: FaultyServer) -> None:
        server.play([ok("no json"), ok("[1]")])
        assert mcli("run", "extract", "-D", "fields=a", stdin=b"a: 1").code == 4
        assert [told["how"] for told in entries(mcli)] == ["ok", "ok"]

    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("scene", "how", "charged", "attempts"),
        [
            (error(401), "auth", "no", 1),
            (error(503), "server_busy", "no", 2),
            (hangup(), "disconnected", "maybe", 2),
            (as_json({"choices": []}), "wrong_shape", "yes", 2),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_of_a_failure(
        self, mcli: Program, server: FaultyServer, scene: Any, how: str, charged: str, attempts: int
    ) -> None:
        server.play(scene)
        assert mcli("ask", "hi", "--retries", "1").slug == how
        (told,) = entries(mcli)

        assert (told["how"], told["charged"]) == (how, charged)
        assert told["cost_usd"] is told["prompt_tokens"] is None
        assert told["attempts"] == len(server.requests) == attempts

    def test_is_there_though_stdout_fails(self, mcli: Program) -> None:
        assert mcli.shell("mcli ask hi > /dev/full").code == 74
        assert mcli.shell("mcli ask hi --stream > /dev/full").code == 74
        assert [told["charged"] for told in entries(mcli)] == ["yes", "yes"]

    def test_is_there_though_its_reader_left(self, mcli: Program, server: FaultyServer) -> None:
        server.play(drip(whole(dumps(completion("hi"))), 0.01))
        done = mcli.shell("mcli ask hi | sleep 0.7; echo ${PIPESTATUS[0]}")
        (told,) = entries(mcli)

        assert done.out == "141\n"
        assert (told["how"], told["charged"]) == ("interrupted", "maybe")


class TestNoLine:
    def test_of_what_was_not_sent(self, mcli: Program, server: FaultyServer) -> None:
        mcli("ask", "hi", "--dry-run")
        mcli("ask", " ")
        mcli("ask", "hi", "--param", "x=1e999")
        mcli("count-tokens", stdin=b"hi")
        mcli("models")
        mcli("usage")

        assert entries(mcli) == []

    def test_of_a_kept_or_recorded_answer(self, mcli: Program) -> None:
        mcli("ask", "hi", "--record", "tape")
        assert mcli("ask", "hi", "--replay", "tape").code == 0
        assert mcli("ask", "ho", "--cache", "1h").code == 0
        assert mcli("ask", "ho", "--cache", "1h", "--json").json["cached"] is True

        assert len(entries(mcli)) == 2

    def test_outside_the_home_that_was_set(self, mcli: Program) -> None:
        own = mcli.home / "own"
        assert mcli("ask", "hi", XDG_STATE_HOME=str(own)).code == 0
        assert mcli("ask", "hi", XDG_STATE_HOME="relative").code == 0

        assert len(list((own / "mcli" / "ledger").glob("*.jsonl"))) == 1
        assert len(entries(mcli)) == 1
        assert not (mcli.home / "relative").exists()


class TestTheFingerprint:
    def test_is_of_the_key_and_of_this_machine(self, tmp_path: Path) -> None:
        here, there = {"HOME": str(tmp_path / "a")}, {"HOME": str(tmp_path / "b")}
        one = state.fingerprint("sk-1", here)

        assert one == state.fingerprint("sk-1", here)
        assert one != state.fingerprint("sk-2", here)
        assert one != state.fingerprint("sk-1", there)

    def test_an_empty_salt_is_filled_and_a_damaged_one_is_told(self, mcli: Program) -> None:
        mcli("ask", "hi")
        salt = folder(mcli).parent / "salt"
        salt.write_bytes(b"")
        assert mcli("ask", "hi").code == 0
        assert len(salt.read_bytes()) == 32
        salt.write_bytes(b"short")

        done = mcli("ask", "hi", "-v")
        assert (done.code, len(entries(mcli))) == (0, 2)
        assert "not in the ledger: the salt is damaged" in done.err


class TestWhatIsTorn:
    def test_ends_where_the_next_line_begins(self, mcli: Program) -> None:
        this_months(mcli).write_bytes(at("2026-11-01T00:00:00Z") + b'{"at":"2026-11-0')
        mcli("ask", "hi")
        first, torn, last = this_months(mcli).read_bytes().splitlines()

        assert torn == b'{"at":"2026-11-0'
        assert json.loads(first)["how"] == json.loads(last)["how"] == "ok"

    def test_lines_come_one_by_one_with_their_offsets(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"one\n\n" + b"x" * 3_000_000 + b"\ntwo\nrest")
        with path.open("rb") as file:
            found = list(ledger.lines(file.fileno()))
            again = list(ledger.lines(file.fileno(), found[2][1]))

        assert [line[:4] for line, _ in found] == [b"one", b"", b"xxxx", b"two", b"rest"]
        assert all(len(line) < 2 << 20 for line, _ in found)
        assert [end for _, end in found] == [4, 5, 3_000_006, 3_000_010, 3_000_010]
        assert again == [(b"two", 3_000_010), (b"rest", 3_000_010)]

    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"at":1}',
            b'{"at":"2026-11-01T00:00:00"}', b'{"at":"2026-11-01T00:00:00Z","cost_usd":NaN}',
            b'{"at":"2026-11-01T00:00:00Z","cost_usd":-1}',
            b'{"at":"2026-11-01T00:00:00Z","attempts":true}',
            b'{"at":"2026-11-01T00:00:00Z","recipe":null}',
        ],
    )  # fmt: skip
    def test_what_is_no_line_is_none(self, raw: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011
            ledger.parse(raw)

    def test_a_field_of_a_later_version_is_left_out(self) -> None:
        assert ledger.parse(b'{"at":"2026-11-01T00:00:00Z","new":[1]}').attempts == 0


class TestThatCannotBeWritten:
    """The answer is printed all the same, and silently."""

    def fails_softly(self, mcli: Program, why: str, **env: str) -> None:
        done = mcli("ask", "hi", **env)
        assert (done.code, done.out, done.err) == (0, "Paris.\n", "")
        told = mcli("ask", "hi", "-v", **env)
        assert (told.code, told.out) == (0, "Paris.\n")
        assert "this request is not in the ledger: " in told.err
        assert why in told.err

    def test_a_directory(self, mcli: Program) -> None:
        this_months(mcli).mkdir()
        self.fails_softly(mcli, "is a directory")

    def test_a_link(self, mcli: Program) -> None:
        this_months(mcli).symlink_to(mcli.home / "elsewhere")
        self.fails_softly(mcli, "symbolic link")
        assert not (mcli.home / "elsewhere").exists()

    def test_a_linked_folder(self, mcli: Program) -> None:
        (mcli.home / "elsewhere").mkdir()
        folder(mcli).parent.mkdir(parents=True)
        folder(mcli).symlink_to(mcli.home / "elsewhere")
        self.fails_softly(mcli, "not a directory")
        assert list((mcli.home / "elsewhere").iterdir()) == []

    @pytest.mark.sweep
    @pytest.mark.parametrize("name", ["month", "lock", "salt"])
    def test_a_fifo(self, mcli: Program, name: str) -> None:
        month = this_months(mcli)
        places = {"month": month, "lock": month.with_name("lock"), "salt": month.parents[1] / name}
        os.mkfifo(places[name])
        self.fails_softly(mcli, "no regular file")

    def test_a_socket(self, mcli: Program) -> None:
        this_months(mcli)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(this_months(mcli)))
            self.fails_softly(mcli, "no such device")

    def test_a_file_in_the_way(self, mcli: Program) -> None:
        (mcli.home / "file").touch()
        self.fails_softly(mcli, "not a directory", XDG_STATE_HOME=str(mcli.home / "file"))

    def test_no_home(self, mcli: Program) -> None:
        config = str(mcli.home / ".config" / "mcli" / "config.yaml")
        self.fails_softly(mcli, "no home directory", HOME="", MCLI_CONFIG=config)

    def test_a_full_disk(self, mcli: Program) -> None:
        """As a limit on the size of files: what a full disk does, too, is a write by half."""
        this_months(mcli).write_bytes(at("2026-11-01T00:00:00Z") * 4 + b" " * 100)
        script = "ulimit -f 1; mcli ask hi -v"
        size = this_months(mcli).stat().st_size
        assert size < 1024 < size + 250
        done = mcli.shell(script)

        assert (done.code, done.out) == (0, "Paris.\n")
        assert "not in the ledger: no space left" in done.err
        assert this_months(mcli).stat().st_size == 1024
        assert mcli("ask", "hi").code == 0
        assert json.loads(this_months(mcli).read_bytes().splitlines()[-1])["how"] == "ok"
        assert mcli("usage", "--json", "--since", "2026-11-01").json["data"]["total"]["requests"]

    def test_a_lock_that_is_held_costs_a_moment(self, mcli: Program) -> None:
        mcli("ask", "hi")
        with (folder(mcli) / "lock").open("r") as held:
            assert state.is_locked(held.fileno())
            assert mcli("ask", "hi").code == 0
        assert len(entries(mcli)) == 2


@pytest.mark.slow
def test_many_at_once_lose_nothing(mcli: Program, server: FaultyServer) -> None:
    """16 processes side by side, 20 runs each."""
    script = 'seq 320 | xargs -P 16 -I{} "$@" ask -n "number {}" -q'
    done = subprocess.run(
        ["bash", "-c", script, "row", *mcli.argv()], env=mcli.env, cwd=mcli.home,
        capture_output=True, check=False, timeout=600,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert len(entries(mcli)) == len(server.requests) == 320
    assert {told["how"] for told in entries(mcli)} == {"ok"}
    assert len({told["key"] for told in entries(mcli)}) == 1


class TestPen:
    """A file that stays open is still everybody's."""

    def written(self, home: Path, **moments: str) -> None:
        pen = ledger.Pen()
        for name, moment in moments.items():
            pen.append(Entry(datetime.fromisoformat(moment), recipe=name), {"HOME": str(home)})
        pen.close()

    def test_a_month_has_its_own_file(self, tmp_path: Path) -> None:
        self.written(
            tmp_path,
            one="2026-11-30T23:59:59.999Z", other="2026-12-01T00:00:00Z", third="2026-12-02T00:00Z",
        )  # fmt: skip

        program = Program(tmp_path)
        assert [path.name for path in files(program)] == ["2026-11.jsonl", "2026-12.jsonl"]
        assert [told["recipe"] for told in entries(program)] == ["one", "other", "third"]

    @pytest.mark.parametrize("change", ["torn", "removed", "replaced", "cut"])
    def test_what_others_do_to_it_is_seen(self, tmp_path: Path, change: str) -> None:
        program, env = Program(tmp_path), {"HOME": str(tmp_path)}
        pen = ledger.Pen()
        for recipe in ("one", "two", "three", "four"):
            pen.append(Entry(datetime.fromisoformat("2026-11-26T00:00Z"), recipe=recipe), env)
            if recipe == "two":
                (path,) = files(program)
                whole = path.read_bytes()
                if change == "torn":
                    path.write_bytes(whole + b'{"at":"2026-11-0')
                elif change == "cut":
                    path.write_bytes(whole[:-5])
                else:
                    path.unlink()
                    if change == "replaced":
                        path.write_bytes(whole)
        pen.close()

        (path,) = files(program)
        lines = path.read_bytes().splitlines()
        told = [json.loads(line)["recipe"] for line in lines if line.endswith(b"}")]
        kept = {"torn": ["one", "two"], "cut": ["one"], "removed": [], "replaced": ["one", "two"]}
        assert told == [*kept[change], "three", "four"]


def test_writers_side_by_side_mix_nothing(tmp_path: Path) -> None:
    """The same without the cost of starting programs: 8 processes, 200 lines each."""
    code = (
        "import sys; from datetime import datetime, UTC; from mcli import ledger, state\n"
        "env = {'HOME': sys.argv[1]}\n"
        "pen = ledger.Pen()\n"
        "for n in range(200):\n"
        "    key = state.fingerprint('sk-1', env)\n"
        "    pen.append(ledger.Entry(datetime.now(UTC), key, recipe='x' * 150), env)\n"
    )
    program = Program(tmp_path)
    argv = [program.argv()[0], "-c", code, str(tmp_path)]
    running = [subprocess.Popen(argv, env=program.env) for _ in range(8)]

    assert [process.wait(60) for process in running] == [0] * 8
    assert len(entries(program)) == 1600
    assert len({told["key"] for told in entries(program)}) == 1


@pytest.mark.slow
def test_killed_at_any_moment_it_can_be_read(mcli: Program) -> None:
    for step in range(16):
        process = subprocess.Popen(
            mcli.argv("ask", "hi"), env=mcli.env, cwd=mcli.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(0.1 + 0.03 * step)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert mcli("ask", "after").code == 0
    done = mcli("usage", "--json").json

    assert done["warnings"] == []
    assert done["data"]["total"]["requests"] == len(entries(mcli)) >= 1
