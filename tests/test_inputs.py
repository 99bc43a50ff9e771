"""Contract §3: where text comes from."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
import time

import pytest

from mcli import inputs
from mcli.errors import NoInput
from tests.faults.server import FaultyServer
from tests.program import Program


def asked(server: FaultyServer) -> str:
    """The last message of the only request."""
    (seen,) = server.requests
    return seen.body["messages"][-1]["content"]


def test_stdin_alone_is_sent_as_it_is(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", stdin=b"  What is it?\n\n").code == 0
    assert asked(server) == "  What is it?\n\n"


def test_the_prompt_comes_first_and_then_the_data(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", "Translate this", stdin=b"hello\n").code == 0
    assert asked(server) == "Translate this\n\nhello\n"


def test_several_pieces_are_framed_by_name_in_order(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "b.txt").write_text("second")
    (mcli.home / "a.txt").write_text("first\n")

    assert mcli("ask", "Compare", "-f", "b.txt", "-f", "a.txt", "-f", "-", stdin=b"third").code == 0

    expected = (
        "Compare\n\n==> b.txt <==\nsecond\n\n==> a.txt <==\nfirst\n\n==> input 3 <==\nthird\n"
    )
    assert asked(server) == expected


def test_a_named_file_leaves_stdin_alone(mcli: Program, server: FaultyServer) -> None:
    done = mcli.shell(
        "printf '1\\n2\\n3\\n' > list; echo data > f; "
        'while read -r line; do mcli ask "$line" -f f >/dev/null; done < list'
    )

    assert done.code == 0
    assert [s.body["messages"][-1]["content"] for s in server.requests] == [
        f"{n}\n\ndata\n" for n in "123"
    ]


def test_a_loop_s_file_is_not_swallowed(mcli: Program, server: FaultyServer) -> None:
    done = mcli.shell(
        "printf '1\\n2\\n' > list; while read -r line; do mcli ask \"$line\"; exit $?; done < list"
    )

    assert (done.code, done.slug) == (2, "half_read_stdin")
    assert "-n" in done.err
    assert "-f -" in done.err
    assert server.requests == []


def test_with_n_a_loop_keeps_its_stdin(mcli: Program, server: FaultyServer) -> None:
    script = (
        "printf '1\\n2\\n' > list; while read -r l; do mcli ask -n \"$l\" >/dev/null; done < list"
    )

    assert mcli.shell(script).code == 0
    assert len(server.requests) == 2


def test_values_are_never_expanded(mcli: Program, server: FaultyServer) -> None:
    text = "{{ 7 * 7 }} {% for x in y %} ${HOME} %s {0.__class__}"

    assert mcli("ask", text, stdin=text.encode()).code == 0
    assert asked(server) == f"{text}\n\n{text}"


@pytest.mark.parametrize("prompt", ["", "  ", "\n"])
def test_a_blank_prompt_is_a_mistake(mcli: Program, server: FaultyServer, prompt: str) -> None:
    assert mcli("ask", prompt).code == 2
    assert mcli("codegen", prompt).code == 2
    assert server.requests == []


def test_empty_stdin_beside_a_prompt_adds_nothing(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", "hi", stdin=b"\n").code == 0
    assert asked(server) == "hi"


@pytest.mark.sweep
@pytest.mark.parametrize(
    "argv",
    [
        ["ask"],
        ["ask", "hi", "-f", "-"],
        ["summarize"],
        ["classify", "-l", "a,b"],
        ["summarize", "-n"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("data", [b"", b" \n\t\n"])
def test_empty_input_where_it_is_needed(
    mcli: Program, server: FaultyServer, argv: list[str], data: bytes
) -> None:
    done = mcli(*argv, stdin=data)

    assert (done.code, done.out, done.slug) == (66, "", "empty_input")
    assert server.requests == []


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("data", "slug", "told"),
    [
        (b"abc\xffdef", "bad_encoding", "byte 3"),
        (b"\xc3", "bad_encoding", "byte 0"),
        (b"abc\x00def", "binary_input", "byte 3"),
        (b"\xff\xfeh\x00i\x00", "bad_encoding", "UTF-16"),
        (b"\xed\xa0\xbd", "bad_encoding", "byte 0"),
    ],
)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "", "POSIX"])
def test_what_is_not_text_is_refused_in_every_locale(
    mcli: Program, server: FaultyServer, data: bytes, slug: str, told: str, locale: str
) -> None:
    done = mcli("summarize", stdin=data, LC_ALL=locale, PYTHONIOENCODING="ascii")

    assert (done.code, done.slug) == (65, slug)
    assert told in done.err
    assert server.requests == []


def test_invalid_bytes_can_be_replaced_on_demand(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", "--invalid", "replace", stdin=b"a\xffb").code == 0
    assert asked(server) == "a\ufffdb"


def test_one_byte_order_mark_is_dropped(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", stdin=b"\xef\xbb\xbf\xef\xbb\xbfhi").code == 0
    assert asked(server) == "\ufeffhi"


def test_line_ends_of_windows_are_kept(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", stdin=b"a\r\nb\r\n").code == 0
    assert asked(server) == "a\r\nb\r\n"


def test_too_much_input_is_not_sent(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", "--max-input", "10", stdin=b"0123456789").code == 0

    done = mcli("ask", "--max-input", "10", stdin=b"0123456789X")

    assert (done.code, done.slug) == (65, "too_much_input")
    assert len(server.requests) == 1


def test_the_limit_is_for_all_files_together(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "a").write_text("012345")
    (mcli.home / "b").write_text("012345")

    assert mcli("ask", "hi", "--max-input", "12", "-f", "a", "-f", "b").code == 0
    assert mcli("ask", "hi", "--max-input", "11", "-f", "a", "-f", "b").slug == "too_much_input"
    assert len(server.requests) == 1


def test_data_is_needed_though_the_recipe_says_something(
    mcli: Program, server: FaultyServer
) -> None:
    (mcli.home / "r.yaml").write_text("messages:\n  - user: 'Translate: {{ data }}'\n")

    assert mcli("run", "./r.yaml", stdin=b" \n").slug == "empty_input"
    assert server.requests == []


def test_an_endless_pipe_is_left_at_the_limit(mcli: Program, server: FaultyServer) -> None:
    done = mcli.shell("set -o pipefail; yes | mcli summarize")

    assert done.slug == "too_much_input"
    assert server.requests == []


@pytest.mark.parametrize("path", ["missing.txt", ".", "a\tb"])
def test_a_path_that_cannot_be_read(mcli: Program, server: FaultyServer, path: str) -> None:
    for argv in (
        ["summarize", path],
        ["ask", "hi", "-f", path],
        ["ask", "x", "--system-file", path],
    ):
        done = mcli(*argv)
        assert (done.code, done.slug) == (66, "unreadable")
    assert server.requests == []


def test_a_closed_stdin_reads_as_empty(mcli: Program, server: FaultyServer) -> None:
    assert mcli.shell("mcli summarize <&-").code == 66
    assert mcli.shell("mcli ask hi <&-").code == 0
    assert asked(server) == "hi"


def test_a_process_substitution_has_a_stable_name(mcli: Program, server: FaultyServer) -> None:
    assert mcli.shell("mcli ask hi -f <(echo one) -f <(echo two)").code == 0
    assert asked(server) == "hi\n\n==> input 1 <==\none\n\n==> input 2 <==\ntwo\n"


def test_a_silent_stdin_is_named_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    try:
        monkeypatch.setattr(inputs, "STDIN", reader)
        with pytest.raises(NoInput) as caught:
            inputs._await_first_byte(0.01)
        assert "-n" in caught.value.hint
        os.write(writer, b"x")
        inputs._await_first_byte(0.01)
    finally:
        os.close(reader)
        os.close(writer)


def test_a_prompt_does_not_wait_for_ever_for_data(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    end = threading.Timer(2, os.close, [writer])  # so that it would be empty, and not silent
    monkeypatch.setattr(inputs, "STDIN", reader)
    monkeypatch.setattr(inputs, "PATIENCE_S", 0.05)
    end.start()
    with pytest.raises(NoInput) as caught:
        inputs.gather([], "optional", no_stdin=False, bounds=inputs.Bounds())
    end.join()
    os.close(reader)

    assert caught.value.slug == "silent_stdin"


def test_waiting_for_stdin_counts_against_a_timeout_that_was_given(mcli: Program) -> None:
    reader, writer = os.pipe()
    try:
        done = mcli("summarize", "--timeout", "0.5", stdin=reader)
    finally:
        os.close(reader)
        os.close(writer)

    assert (done.code, done.slug) == (75, "deadline")


def test_a_fifo_nobody_writes_to_ends_at_the_deadline(mcli: Program) -> None:
    os.mkfifo(mcli.home / "fifo")

    done = mcli("summarize", "fifo", "--timeout", "0.5")

    assert (done.code, done.slug) == (75, "deadline")


@pytest.mark.parametrize(
    "argv", [["ask"], ["summarize"], ["count-tokens"], ["classify", "-l", "a,b"]]
)
def test_on_a_terminal_missing_data_is_told_at_once(mcli: Program, argv: list[str]) -> None:
    primary, secondary = pty.openpty()
    try:
        done = mcli(*argv, stdin=secondary)
    finally:
        os.close(primary)
        os.close(secondary)

    assert (done.code, done.slug) == (2, "no_data")


def test_on_a_terminal_a_prompt_needs_no_data(mcli: Program, server: FaultyServer) -> None:
    primary, secondary = pty.openpty()
    try:
        assert mcli("ask", "hi", stdin=secondary).code == 0
    finally:
        os.close(primary)
        os.close(secondary)
    assert asked(server) == "hi"


def test_an_argument_that_is_not_text_is_refused(mcli: Program, server: FaultyServer) -> None:
    done = subprocess.run(
        [*(os.fsencode(word) for word in mcli.argv("ask")), b"caf\xe9"],
        env=mcli.env,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    assert done.returncode == 65
    assert server.requests == []


def test_variables_come_from_flags_and_files(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "r.yaml").write_text("data: none\nmessages:\n- user: '{{ a }}|{{ b }}|{{ c }}'\n")
    (mcli.home / "b.txt").write_text("{{ a }}")

    done = mcli(
        "run",
        "r.yaml",
        "-D",
        "a={{ b }}",
        "--var-file",
        "b=b.txt",
        "--var-file",
        "c=-",
        stdin=b"in",
    )

    assert done.code == 0
    assert asked(server) == "{{ b }}|{{ a }}|in"


def test_an_input_of_type_file_names_a_path(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "r.yaml").write_text(
        "data: none\ninputs: {doc: {type: file, required: true}}\nmessages:\n- user: '{{ doc }}'\n"
    )
    (mcli.home / "doc.txt").write_text("the text")

    assert mcli("run", "r.yaml", "-D", "doc=doc.txt").code == 0
    assert asked(server) == "the text"
    assert mcli("run", "r.yaml", "-D", "doc=gone.txt").code == 66


def test_a_slow_producer_is_waited_for_without_a_timeout(
    mcli: Program, server: FaultyServer
) -> None:
    began = time.monotonic()

    assert mcli.shell("(sleep 0.3; echo late) | mcli ask -q").code == 0
    assert asked(server) == "late\n"
    assert time.monotonic() - began > 0.3


def test_stdin_that_is_something_else_is_not_the_data(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", "hi", "--system-file", "-", stdin=b"Be brief.").code == 0
    messages = server.requests[0].body["messages"]
    assert [m["content"] for m in messages[-2:]] == ["Be brief.", "hi"]

    done = mcli("ask", "hi", "--system-file", "-", "-f", "-", stdin=b"x")

    assert (done.code, done.slug) == (2, "stdin_twice")
    assert len(server.requests) == 1


def test_what_nohup_makes_of_stdin_reads_as_empty(mcli: Program, server: FaultyServer) -> None:
    assert mcli.shell("mcli ask hi 0>/dev/null").code == 0
    assert mcli.shell("mcli summarize 0>/dev/null").code == 66


def test_a_non_blocking_stdin_is_waited_for(mcli: Program, server: FaultyServer) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    process = subprocess.Popen(
        mcli.argv("ask"), env=mcli.env, cwd=mcli.home, stdin=reader, stdout=subprocess.PIPE
    )
    os.close(reader)
    time.sleep(0.5)
    os.write(writer, b"late")
    os.close(writer)

    assert process.communicate(timeout=20)[0] == b"Paris.\n"
    assert asked(server) == "late"


@pytest.mark.sweep
@pytest.mark.parametrize(
    "argv",
    [
        ["classify", "--labels-file", "fifo", "-f", "f"],
        ["run", "./fifo"],
        ["ask", "hi", "--system-file", "fifo"],
        ["ask", "hi", "-o", "fifo"],
    ],
    ids=" ".join,
)
def test_no_fifo_outlasts_the_deadline(mcli: Program, argv: list[str]) -> None:
    os.mkfifo(mcli.home / "fifo")
    (mcli.home / "f").write_text("text")

    assert mcli(*argv, "--timeout", "1").code == 75
