"""`mcli count-tokens` as a script sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from mcli.tokens import counting
from tests.faults.server import FaultyServer
from tests.program import Program

TEXT = "The quick brown fox jumps over the lazy dog. 你好，世界 🎉\n"


@pytest.fixture
def files(mcli: Program) -> Path:
    (mcli.home / "a").write_text("hello world")
    (mcli.home / "b").write_text("tiktoken is great!")
    (mcli.home / "bad").write_bytes(b"ab\xff")
    return mcli.home


class TestFiles:
    def test_a_missing_one_spoils_the_code_and_not_the_rest(
        self, mcli: Program, files: Path
    ) -> None:
        done = mcli("count-tokens", "a", "gone", "b", "lost")

        assert (done.code, done.out) == (66, "2 a\n6 b\n8 total\n")
        assert done.slug == "unreadable"
        assert "gone: no such file or directory; lost: no such" in done.err

    def test_so_does_one_that_is_no_text(self, mcli: Program, files: Path) -> None:
        done = mcli("count-tokens", "bad", "a")

        assert (done.code, done.out, done.slug) == (65, "2 a\n2 total\n", "bad_encoding")

    def test_the_envelope_of_the_failure_has_the_rest(self, mcli: Program, files: Path) -> None:
        done = mcli("count-tokens", "a", "gone", "--json")

        assert (done.code, done.json["ok"], done.json["data"]["total"]) == (66, False, 2)
        assert done.out.count("\n") == 1

    def test_a_failure_comes_before_a_verdict(self, mcli: Program, files: Path) -> None:
        assert mcli("count-tokens", "a", "gone", "--max", "1").code == 66
        assert mcli("count-tokens", "gone", "a", "--max", "1", "-q").out == ""

    def test_where_none_can_be_read_nothing_is_printed(self, mcli: Program) -> None:
        done = mcli("count-tokens", "gone", "lost")

        assert (done.code, done.out) == (66, "")

    def test_stdin_among_files(self, mcli: Program, files: Path) -> None:
        assert mcli("count-tokens", "a", "-", stdin=b"one").out == "2 a\n1 -\n3 total\n"


class TestMax:
    @pytest.mark.sweep
    @pytest.mark.parametrize(("most", "code"), [("6", 0), ("5", 1), ("18", 0), ("0", 1)])
    def test_quiet_or_not_it_says_the_same(
        self, mcli: Program, files: Path, most: str, code: int
    ) -> None:
        assert mcli("count-tokens", "b", "--max", most).code == code
        assert mcli("count-tokens", "b", "--max", most, "-q").code == code
        assert mcli("count-tokens", "--max", most, "-q", stdin=b"tiktoken is great!").code == code
        assert mcli("count-tokens", "b", "--max", most, "--json").json["verdict"] == (code == 0)

    def test_what_is_no_text_is_no_verdict(self, mcli: Program, files: Path) -> None:
        assert mcli("count-tokens", "bad", "--max", "9", "-q").code == 65


class TestTruncate:
    @pytest.mark.sweep
    @pytest.mark.parametrize("keep", ["head", "tail", "middle"])
    @pytest.mark.parametrize("limit", [0, 1, 5, 15, 16, 100])
    def test_the_text_has_no_more_when_it_is_counted_again(
        self, mcli: Program, keep: str, limit: int
    ) -> None:
        argv = ("count-tokens", "--truncate", str(limit), "--keep", keep)
        cut = mcli(*argv, stdin=TEXT.encode())
        told = mcli(*argv, "--json", stdin=TEXT.encode()).json

        assert (cut.code, cut.err) == (0, "")
        assert told["text"] == cut.out
        again = mcli("count-tokens", stdin=cut.stdout)
        assert int(again.out) == told["data"]["tokens"] <= limit
        assert told["data"]["truncated"] == (cut.out != TEXT)

    def test_both_ends_are_kept_and_nothing_is_between(self, mcli: Program) -> None:
        argv = ("count-tokens", "--truncate", "4", "--keep", "middle")

        assert mcli(*argv, stdin=b"one two three four five six").out == "one two five six"

    def test_a_file_that_fits_comes_out_byte_by_byte(self, mcli: Program, files: Path) -> None:
        (files / "f").write_bytes(TEXT.encode() * 3 + b"no line break\r")

        assert mcli("count-tokens", "f", "--truncate", "999").stdout == (files / "f").read_bytes()

    def test_what_is_not_text_is_refused_or_replaced(self, mcli: Program, files: Path) -> None:
        done = mcli("count-tokens", "bad", "--truncate", "9")
        assert (done.code, done.out, done.slug) == (65, "", "bad_encoding")
        assert mcli("count-tokens", "bad", "--truncate", "9", "--invalid", "replace").out == "ab�"

    @pytest.mark.parametrize(
        "argv",
        [
            ["--keep", "head"],
            ["--truncate", "3", "--max", "4"],
            ["--truncate", "3", "--messages"],
            ["--truncate", "-1"],
            ["--truncate", "3", "--keep", "ends"],
            ["--truncate", "3", "a", "b"],
            ["--encoding", "llama9"],
        ],
        ids=" ".join,
    )
    def test_what_makes_no_sense_is_2(self, mcli: Program, files: Path, argv: list[str]) -> None:
        done = mcli("count-tokens", *argv, stdin=b"x")

        assert (done.code, done.out) == (2, "")
        assert done.slug

    def test_its_producer_need_not_end(self, mcli: Program) -> None:
        done = mcli.shell("yes | mcli count-tokens --truncate 3 --encoding o200k_base")

        assert (done.code, done.out) == (0, "y\ny")


class TestMessages:
    def test_they_count_with_what_the_format_adds(self, mcli: Program) -> None:
        plain = json.dumps([{"role": "user", "content": "hello world"}]).encode()

        assert mcli("count-tokens", "--messages", stdin=plain).out == "9\n"
        assert mcli("count-tokens", "--messages", "--max", "8", stdin=plain).code == 1
        told = mcli("count-tokens", "--messages", "--json", stdin=plain).json["data"]
        assert (told["total"], told["approximate"], told["estimates"]) == (9, False, [])

    def test_an_address_is_never_fetched(self, mcli: Program, server: FaultyServer) -> None:
        image = {"type": "image_url", "image_url": {"url": f"{server.base_url}/x.png"}}
        asked = json.dumps([{"role": "user", "content": [image]}]).encode()

        done = mcli("count-tokens", "--messages", "-m", "gpt-4o", "--json", "-v", stdin=asked)

        assert done.json["data"]["approximate"] is True
        assert "not fetched" in done.err
        assert server.requests == []

    def test_what_is_none_is_65_with_its_place(self, mcli: Program) -> None:
        done = mcli("count-tokens", "--messages", stdin=b'[{"role": "user", "content": 3}]')

        assert (done.code, done.out, done.slug) == (65, "", "bad_messages")
        assert "stdin: messages[0].content is not a list" in done.err


class TestEstimates:
    def test_one_is_told_where_it_breaks_no_script(self, mcli: Program) -> None:
        done = mcli("count-tokens", "-m", "claude-x", stdin=b"hello")
        assert (done.out, done.err) == ("1\n", "")
        told = mcli("count-tokens", "-m", "claude-x", "-v", stdin=b"hello")
        assert told.out == "1\n"
        assert 'the vocabulary of "claude-x" is not known here' in told.err
        data = mcli("count-tokens", "-m", "claude-x", "--json", stdin=b"hello").json["data"]
        assert (data["approximate"], data["encoding"]) == (True, "o200k_base")

    def test_a_person_may_say_what_a_model_reads(self, mcli: Program) -> None:
        path = mcli.home / ".config" / "mcli" / "config.yaml"
        mcli.configure(path.read_text() + "models: {my: {encoding: cl100k_base}}\n")

        told = mcli("count-tokens", "-m", "my", "--json", stdin=b"hello").json["data"]

        assert (told["encoding"], told["approximate"]) == ("cl100k_base", False)

    def test_a_vocabulary_that_is_not_installed_names_what_brings_it(self, mcli: Program) -> None:
        (mcli.home / "splintr.py").write_text("raise ImportError")
        mcli.env["PYTHONPATH"] = f"{mcli.home}:{mcli.env['PYTHONPATH']}"

        done = mcli("count-tokens", "--encoding", "llama3", stdin=b"x")

        assert (done.code, done.slug) == (2, "unknown_encoding")
        assert "mcli-llm[fast]" in done.err

    def test_a_vocabulary_of_another_family(self, mcli: Program) -> None:
        told = mcli("count-tokens", "-m", "meta-llama/Llama-3.1-8B", "--json", stdin=TEXT.encode())

        assert told.json["data"]["encoding"] == "llama3"
        assert told.json["data"]["approximate"] is False
        assert mcli("count-tokens", "--encoding", "llama3", stdin=TEXT.encode()).code == 0


@pytest.mark.parametrize("engine", ["splintr", "tiktoken"])
def test_a_signal_ends_it_in_the_middle_of_a_long_text(mcli: Program, engine: str) -> None:
    if engine == "tiktoken":
        (mcli.home / "splintr.py").write_text("raise ImportError")
        mcli.env["PYTHONPATH"] = f"{mcli.home}:{mcli.env['PYTHONPATH']}"
    yes = subprocess.Popen(["yes", TEXT], stdout=subprocess.PIPE)
    counting_it = subprocess.Popen(
        mcli.argv("count-tokens"), env=mcli.env, cwd=mcli.home, stdin=yes.stdout,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert yes.stdout
    yes.stdout.close()
    try:
        while not _threads(counting_it.pid):  # it counts with all processors
            assert counting_it.poll() is None
            time.sleep(0.01)

        os.killpg(counting_it.pid, signal.SIGINT)

        assert counting_it.communicate(timeout=30) == (b"", b"")
        assert counting_it.returncode == -signal.SIGINT
        yes.wait(timeout=30)
        with pytest.raises(ProcessLookupError):
            os.killpg(counting_it.pid, 0)
    finally:
        yes.kill()
        counting_it.kill()


def _threads(pid: int) -> bool:
    """Whether a process has several."""
    return len(os.listdir(f"/proc/{pid}/task")) > 1


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["word ", "line of text\n", "a", " ", "中", "😀"])
@pytest.mark.parametrize("engine", ["splintr", "tiktoken"])
def test_memory_is_bounded(mcli: Program, unit: str, engine: str) -> None:
    if engine == "tiktoken":
        (mcli.home / "splintr.py").write_text("raise ImportError")
        mcli.env["PYTHONPATH"] = f"{mcli.home}:{mcli.env['PYTHONPATH']}"
    (mcli.home / "f").write_text(unit * (48_000_000 // len(unit.encode())))
    peak = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )

    done = mcli.started(["python", "-c", peak], "count-tokens", "f", "--encoding", "o200k_base")

    tokens, kilobytes = done.out.split()[0], int(done.out.split()[-1])
    assert int(tokens) > 0
    assert kilobytes < 1_000_000


def test_quiet_counts_as_loud_does(mcli: Program, files: Path) -> None:
    assert counting.count("tiktoken is great!", "cl100k_base") == 6
    assert mcli("count-tokens", "b", "-q").out == ""
