"""Contract §4: what is printed, and what is written."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import stat
import subprocess
import sys
import termios
import time

import pytest

from tests.faults.scenes import (
    as_json,
    chunk,
    chunked,
    completion,
    error,
    event,
    hunk,
    ok,
    stream_ok,
)
from tests.faults.server import End, FaultyServer, Pause
from tests.program import Program

HOSTILE = "\x1b]52;c;cm0=\x07 \x1b[31mred\x9b2J \u202etxt \r over"


def on_a_terminal(mcli: Program, *args: str) -> tuple[int, str]:
    """Run with stdout and stderr on a terminal; its status and what the terminal received."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        mcli.argv(*args), env={**mcli.env, "TERM": "xterm"}, cwd=mcli.home,
        stdin=subprocess.DEVNULL, stdout=secondary, stderr=secondary,
    )  # fmt: skip
    os.close(secondary)
    received = b""
    while True:
        try:
            piece = os.read(primary, 65536)
        except OSError:  # what a pty says when its last writer has gone
            break
        if not piece:
            break
        received += piece
    os.close(primary)
    return process.wait(), received.decode().replace("\r\n", "\n")


def await_full(pipe: int) -> None:
    """Wait until nothing more fits into the pipe; ten seconds at most."""
    room = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    for _ in range(1000):
        held = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
        if int.from_bytes(held, sys.byteorder) == room:
            return
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("text", "out"), [("a", "a\n"), ("a\n", "a\n"), ("a\n\n", "a\n\n"), ("\na", "\na\n")]
)
@pytest.mark.sweep
def test_the_answer_and_one_line_end_if_it_lacks_one(
    mcli: Program, server: FaultyServer, text: str, out: str
) -> None:
    server.play(ok(text))

    assert mcli("ask", "hi").out == out
    assert mcli("ask", "hi", "--stream").out == out


@pytest.mark.sweep
@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", ""])
def test_utf8_whatever_the_locale(mcli: Program, server: FaultyServer, locale: str) -> None:
    server.play(ok("naïve 🎉 中"))

    done = mcli("ask", "hi", LC_ALL=locale, PYTHONIOENCODING="ascii", COLUMNS="20", CI="1")

    assert (done.code, done.stdout) == (0, "naïve 🎉 中\n".encode())


def test_a_pipe_gets_the_model_s_bytes(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(HOSTILE + " [bold]x[/foo] :100: " + "w" * 300))

    out = mcli("ask", "hi").out

    assert out == HOSTILE + " [bold]x[/foo] :100: " + "w" * 300 + "\n"


@pytest.mark.parametrize("flag", ["--stream", "--no-stream"])
@pytest.mark.sweep
def test_a_model_cannot_drive_the_terminal(mcli: Program, server: FaultyServer, flag: str) -> None:
    server.play(ok(HOSTILE))

    code, seen = on_a_terminal(mcli, "ask", "hi", flag)

    assert code == 0
    assert "\x1b" not in seen
    assert "\x9b" not in seen
    assert "\u202e" not in seen
    assert "\\x1b]52;c;cm0=\\x07 \\x1b[31mred\\x9b2J \\u202etxt \\x0d over" in seen


def test_a_terminal_streams_by_default(mcli: Program, server: FaultyServer) -> None:
    server.play(stream_ok(["one ", "two"]))

    assert on_a_terminal(mcli, "ask", "hi") == (0, "one two\n")
    assert server.requests[0].body["stream"] is True


@pytest.mark.parametrize("argv", [["classify", "-l", "a,b", "-f", "f"], ["ask", "hi", "--json"]])
def test_only_plain_text_streams(mcli: Program, server: FaultyServer, argv: list[str]) -> None:
    (mcli.home / "f").write_text("text")
    server.play(ok("a"))

    assert mcli(*argv, "--stream").code == 0
    assert "stream" not in server.requests[0].body


def test_a_cut_stream_leaves_its_prefix_and_says_so(mcli: Program, server: FaultyServer) -> None:
    pieces = hunk(event(chunk("Hel"))) + hunk(event(chunk("lo")))
    server.play(chunked(pieces, end=(Pause(0.05), End.RST)))

    done = mcli("ask", "hi", "--stream")

    assert (done.code, done.out, done.slug) == (75, "Hello", "reply_cut")
    assert len(server.requests) == 1


def test_exit_4_prints_nothing_but_keeps_the_text_in_the_envelope(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(as_json(completion("half an ans", "length")))

    plain, told = mcli("ask", "hi"), mcli("ask", "hi", "--json")

    assert (plain.code, plain.out) == (4, "")
    assert "--allow-truncated" in plain.err
    assert told.code == 4
    assert told.json["text"] == "half an ans"
    assert told.json["error"]["charged"] == "yes"
    assert mcli("ask", "hi", "--allow-truncated").out == "half an ans\n"


def test_quiet_prints_no_answer(mcli: Program) -> None:
    done = mcli("ask", "hi", "-q")

    assert (done.code, done.stdout, done.stderr) == (0, b"", b"")
    assert mcli("ask", "hi", "-q", "--json").stdout == b""


def test_verbose_tells_what_happened(mcli: Program) -> None:
    done = mcli("ask", "hi", "-v")

    assert (done.code, done.out) == (0, "Paris.\n")
    assert "tokens=9+3" in done.err
    assert "attempts=1" in done.err


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a ##[error]b", r"a #\x23[error]b"),
        ("##vso[x]y ###VSO[", r"#\x23vso[x]y ##\x23VSO["),
        ("# [a] ##b [##] ::c::", "# [a] ##b [##] ::c::"),
    ],
)
def test_no_server_gives_orders_to_a_ci_runner(
    mcli: Program, server: FaultyServer, said: str, shown: str
) -> None:
    server.play(error(400, message=said))

    assert f" {shown}" in mcli("ask", "hi").err


class TestFile:
    """`-o PATH`: whole, atomically, only on success."""

    def test_a_new_file(self, mcli: Program) -> None:
        done = mcli("ask", "hi", "-o", "answer.txt")

        assert (done.code, done.out) == (0, "")
        assert (mcli.home / "answer.txt").read_text() == "Paris.\n"
        assert sorted(p.name for p in mcli.home.iterdir()) == [".config", ".local", "answer.txt"]

    def test_a_replaced_file_keeps_its_mode(self, mcli: Program) -> None:
        path = mcli.home / "answer.txt"
        path.write_text("old")
        path.chmod(0o640)

        assert mcli("ask", "hi", "-o", "answer.txt").code == 0
        assert path.read_text() == "Paris.\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_failure_leaves_the_old_file(self, mcli: Program, server: FaultyServer) -> None:
        (mcli.home / "answer.txt").write_text("old")
        server.play(as_json(completion("half", "length")))

        done = mcli("ask", "hi", "-o", "answer.txt", "--json")

        assert done.code == 4
        assert done.json["ok"] is False
        assert (mcli.home / "answer.txt").read_text() == "old"

    def test_json_goes_to_the_file_on_success(self, mcli: Program) -> None:
        done = mcli("ask", "hi", "-o", "answer.json", "--json")

        assert (done.code, done.out) == (0, "")
        assert '"text": "Paris."' in (mcli.home / "answer.json").read_text()

    def test_a_link_s_target_is_replaced_not_the_link(self, mcli: Program) -> None:
        (mcli.home / "real.txt").write_text("old")
        (mcli.home / "link.txt").symlink_to("real.txt")

        assert mcli("ask", "hi", "-o", "link.txt").code == 0
        assert (mcli.home / "link.txt").is_symlink()
        assert (mcli.home / "real.txt").read_text() == "Paris.\n"

    def test_a_device_is_written_never_renamed_over(self, mcli: Program) -> None:
        assert mcli("ask", "hi", "-o", "/dev/null").code == 0
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
        assert mcli.shell("mcli ask hi -o /dev/stdout").out == "Paris.\n"
        assert mcli("ask", "hi", "-o", "-").out == "Paris.\n"

    def test_a_fifo_is_written(self, mcli: Program) -> None:
        assert (
            mcli.shell("mkfifo f; cat f & mcli ask hi -o f; s=$?; wait; exit $s").out == "Paris.\n"
        )

    def test_a_full_device_is_an_error(self, mcli: Program) -> None:
        assert mcli("ask", "hi", "-o", "/dev/full").code == 74

    @pytest.mark.parametrize(
        ("path", "slug"),
        [("gone/x", "no_directory"), (".config", "is_directory"), ("have.txt", "exists")],
    )
    def test_what_can_be_known_is_known_before_a_request(
        self, mcli: Program, server: FaultyServer, path: str, slug: str
    ) -> None:
        (mcli.home / "have.txt").write_text("mine")

        done = mcli("ask", "hi", "-o", path, "--no-clobber")

        assert (done.code, done.slug) == (73, slug)
        assert server.requests == []
        assert (mcli.home / "have.txt").read_text() == "mine"

    def test_no_clobber_holds_though_the_file_appears_meanwhile(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        path = mcli.home / "late.txt"

        def appear(seen):
            path.write_text("theirs")
            return as_json(completion("ours"))

        server.play(appear)

        done = mcli("ask", "hi", "-o", "late.txt", "--no-clobber")

        assert (done.code, done.slug) == (73, "exists")
        assert path.read_text() == "theirs"


class TestStdoutTrouble:
    def test_a_full_disk(self, mcli: Program) -> None:
        assert mcli.shell("mcli ask hi > /dev/full").code == 74
        assert mcli.shell("mcli ask hi --json > /dev/full").code == 74
        assert mcli.shell("mcli --help > /dev/full").code == 74
        assert mcli.shell("echo a | mcli count-tokens > /dev/full").code == 74

    def test_a_closed_stdout_is_noticed_before_a_request(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        done = mcli.shell("mcli ask hi >&-")

        assert (done.code, done.slug) == (74, "stdout_closed")
        assert server.requests == []

    def test_with_a_file_or_quiet_a_closed_stdout_does_not_matter(self, mcli: Program) -> None:
        assert mcli.shell("mcli ask hi -o a.txt >&-").code == 0
        assert mcli.shell("mcli ask hi -q >&-").code == 0

    def test_closed_stderr_loses_nothing(self, mcli: Program) -> None:
        assert mcli.shell("mcli ask hi -v 2>&-").out == "Paris.\n"

    def test_everything_closed(self, mcli: Program) -> None:
        assert mcli.shell("mcli ask hi -o a.txt <&- >&- 2>&-").code == 0
        assert (mcli.home / "a.txt").read_text() == "Paris.\n"

    def test_a_reader_that_leaves_is_silent(self, mcli: Program, server: FaultyServer) -> None:
        server.play(ok("line\n" * 100_000))

        done = mcli.shell("mcli ask hi | head -1; exit ${PIPESTATUS[0]}")

        assert (done.code, done.out, done.err) == (141, "line\n", "")

    def test_a_reader_that_leaves_is_death_by_the_signal_itself(self, mcli: Program) -> None:
        with subprocess.Popen(
            mcli.argv("ask", "hi"), env=mcli.env, cwd=mcli.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""

        assert process.returncode == -signal.SIGPIPE

    def test_a_slow_reader_gets_all_of_it(self, mcli: Program, server: FaultyServer) -> None:
        """Also where a neighbour in the pipe made it non-blocking."""
        server.play(ok("line\n" * 100_000))
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with subprocess.Popen(
            mcli.argv("ask", "hi"), env=mcli.env, cwd=mcli.home, stdin=subprocess.DEVNULL,
            stdout=writer, stderr=subprocess.PIPE,
        ) as process, open(reader, "rb") as pipe:  # fmt: skip
            os.close(writer)
            await_full(reader)
            assert pipe.read() == b"line\n" * 100_000
            assert process.stderr is not None
            assert process.stderr.read() == b""

        assert process.returncode == 0

    def test_a_reader_that_leaves_early_ends_the_request(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        server.play(chunked(hunk(event(chunk("x"))), end=(End.STALL,)))

        done = mcli.shell("mcli ask hi --timeout 30 | true; exit ${PIPESTATUS[0]}")

        assert (done.code, done.err) == (141, "")

    def test_help_into_a_closed_pipe(self, mcli: Program) -> None:
        done = mcli.shell("mcli ask --help | true; exit ${PIPESTATUS[0]}")

        assert done.code in (0, 141)
        assert done.err == ""


@pytest.mark.sweep
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_death_by_the_signal_itself(
    mcli: Program, server: FaultyServer, number: signal.Signals
) -> None:
    server.play(chunked(hunk(event(chunk("x"))), end=(End.STALL,)))
    before = signal.signal(number, signal.SIG_DFL)  # under nohup we ignore it, and so would it
    try:
        process = subprocess.Popen(
            mcli.argv("ask", "hi"), env=mcli.env, cwd=mcli.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    finally:
        signal.signal(number, before)
    with process:
        while not server.requests:
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (-number, b"", b"")


def test_an_ignored_interrupt_stays_ignored(mcli: Program) -> None:
    done = mcli.shell("trap '' INT; mcli ask hi & kill -INT $!; wait $!")

    assert (done.code, done.out) == (0, "Paris.\n")


def test_colour_is_for_terminals_that_want_it(mcli: Program) -> None:
    red = "\x1b[31mmcli:"
    wrong = ("ask", "hi", "--profile", "gone")

    assert mcli(*wrong, "--color", "always").err.startswith(red)
    assert red not in mcli(*wrong).err
    assert on_a_terminal(mcli, *wrong)[1].startswith(red)
    assert red not in on_a_terminal(mcli, *wrong, "--color=never")[1]
    mcli.env["NO_COLOR"] = "1"
    assert red not in on_a_terminal(mcli, *wrong)[1]


def test_a_table_is_a_table_on_a_terminal(mcli: Program) -> None:
    code, seen = on_a_terminal(mcli, "config", "show", "--color", "never")

    assert code == 0
    assert seen.splitlines()[0].split() == ["setting", "value", "from"]
    assert "\t" not in seen
    assert mcli("config", "show").out.splitlines()[0] == "profile\ttest\t" + str(
        mcli.home / ".config/mcli/config.yaml"
    )


def test_a_table_cannot_drive_the_terminal(mcli: Program, server: FaultyServer) -> None:
    server.play(as_json({"data": [{"id": "[b]\x1b]5;\x07"}]}))

    code, seen = on_a_terminal(mcli, "models", "--color", "never")

    assert code == 0
    assert "\x07" not in seen
    assert "[b]\\x1b]5;\\x07" in seen


def test_tables_have_no_visible_escapes(mcli: Program) -> None:
    assert "\\x1b" not in on_a_terminal(mcli, "config", "show")[1]


class TestStdoutByAnotherName:
    def test_a_redirected_stdout_is_not_replaced(self, mcli: Program) -> None:
        mcli.shell("(echo head; mcli ask hi -o /dev/stdout; echo tail) > log")

        assert (mcli.home / "log").read_text() == "head\nParis.\ntail\n"

    def test_a_short_write_is_no_success(self, mcli: Program, server: FaultyServer) -> None:
        server.play(ok("line\n" * 400_000))

        done = mcli.shell("mkfifo f; head -c 10 f >/dev/null & mcli ask hi -o f; echo $?")

        assert done.out == "74\n"


@pytest.mark.parametrize("path", ["loop", "x" * 300, "new/", "a\x01" * 200])
def test_a_name_that_cannot_be_is_known_before_a_request(
    mcli: Program, server: FaultyServer, path: str
) -> None:
    (mcli.home / "loop").symlink_to("loop")

    assert mcli("ask", "hi", "-o", path).code == 73
    assert server.requests == []


def test_a_long_name_is_no_trouble(mcli: Program) -> None:
    assert mcli("ask", "hi", "-o", "x" * 250).code == 0
