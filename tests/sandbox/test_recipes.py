"""The bundled recipes and the sandbox understand each other; rewording one must not part them."""

from __future__ import annotations

import pytest

from tests.program import Program


@pytest.mark.parametrize(
    ("argv", "data", "out"),
    [
        (["classify", "-l", "positive,negative,neutral"], b"I love it", "positive\n"),
        (["classify", "-l", "bug=it breaks or crashes,idea=a wish"], b"it crashes", "bug\n"),
    ],
)
def test_a_label_of_the_set(mcli: Program, argv: list[str], data: bytes, out: str) -> None:
    done = mcli("sandbox", "--", *mcli.argv(*argv), stdin=data)

    assert (done.code, done.out, done.err) == (0, out, "")


def test_code_in_the_language_asked_for(mcli: Program) -> None:
    done = mcli("sandbox", "--", *mcli.argv("codegen", "fib", "--lang", "python", "--json"))

    assert done.json["data"]["language"] == "python"
    compile(done.json["text"], "answer", "exec")


def test_several_files_each_with_its_name(mcli: Program) -> None:
    done = mcli("sandbox", "--", *mcli.argv("codegen", "fib", "--lang", "python", "--write", "d"))

    assert (done.code, done.out, done.err) == (0, "src/sandbox.py\nREADME.md\n", "")
    compile((mcli.home / "d" / "src" / "sandbox.py").read_text(), "answer", "exec")


def test_a_summary_says_what_it_was_sent(mcli: Program) -> None:
    done = mcli("sandbox", "--", *mcli.argv("summarize"), stdin=b"The text.\n")

    assert "sandbox" in done.out
    assert "The text." in done.out


def test_mcli_is_found_though_it_is_not_on_the_path(mcli: Program) -> None:
    done = mcli("sandbox", "--", "sh", "-c", "command -v python", PATH="/usr/bin:/bin")

    assert done.code == 0


@pytest.mark.slow
def test_a_bad_day_is_rehearsed(mcli: Program) -> None:
    bad = ("sandbox", "--fail", "503:1", "--", *mcli.argv("ask", "hi", "--retries", "1"))
    cut = ("sandbox", "--fail", "cut:1", "--", *mcli.argv("ask", "hi", "--retries", "0"))

    assert (mcli(*bad).code, mcli(*bad).slug) == (75, "server_busy")
    assert (mcli(*cut).code, mcli(*cut).slug) == (75, "reply_cut")


def test_status_passes_through(mcli: Program) -> None:
    assert mcli("sandbox", "--", "sh", "-c", "exit 7").code == 7
    gone = mcli("sandbox", "--", "no-such-command")
    assert (gone.code, gone.err) == (127, 'mcli: cannot run "no-such-command": not found\n')
