"""What a model thinks, from outside: never part of the answer, shown on request, counted."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from mcli import asking
from mcli.chat import Completion, Exchange, Request, Usage
from tests.faults.scenes import DONE, as_json, by_wire, chunk, chunked, completion, deltas, event
from tests.faults.server import End, FaultyServer, Scene
from tests.program import KEY, Program

DETAILS = {
    "prompt_tokens": 9, "completion_tokens": 30, "total_tokens": 39,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 25},
}  # fmt: skip


def thinking(*thoughts: str, answer: str = "Paris.", field: str = "reasoning_content") -> Scene:
    """A reply that thinks first, in these pieces where it is a stream."""
    plain = completion(answer, **{field: "".join(thoughts)}) | {"usage": DETAILS}
    first = [event(chunk(**{field: thought})) for thought in thoughts]
    return by_wire(as_json(plain), chunked(*first, *deltas(answer), DONE))


def block(thought: str, answer: str = "Paris.") -> Scene:
    """The same in the text, in deltas of one character."""
    text = f"<think>\n{thought}\n</think>\n\n{answer}"
    return by_wire(as_json(completion(text)), chunked(*deltas(*text), DONE))


SCENES = {
    "field": thinking("The capital\n", "of France"),
    "openrouter": thinking("The capital\nof ", "France", field="reasoning"),
    "block": block("The capital\nof France"),
    "blank lines": thinking("\n\nThe capital\nof", " France\n\n"),
}
SHOWN = "| The capital\n| of France\n"


@pytest.mark.sweep
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize("how", ["--no-stream", "--stream"])
def test_it_is_shown_on_stderr_and_only_when_asked_for(
    mcli: Program, server: FaultyServer, scene: Scene, how: str
) -> None:
    server.play(scene)
    quiet, shown = mcli("ask", "hi", how), mcli("ask", "hi", how, "--show-reasoning")

    assert (quiet.code, quiet.out, quiet.err) == (0, "Paris.\n", "")
    assert (shown.code, shown.out, shown.err) == (0, "Paris.\n", SHOWN)


@pytest.mark.parametrize(
    "argv", [("classify", "-l", "Paris,Rome"), ("run", "-e", "hi"), ("summarize",)], ids=" ".join
)
def test_every_command_that_asks_a_model_shows_it(
    mcli: Program, server: FaultyServer, argv: tuple[str, ...]
) -> None:
    server.play(SCENES["field"])
    done = mcli(*argv, "--show-reasoning", stdin=b"a text")

    assert (done.out.strip().rstrip("."), done.err) == ("Paris", SHOWN)


def test_the_envelope_has_it_and_its_tokens(mcli: Program, server: FaultyServer) -> None:
    server.play(SCENES["field"])
    told = mcli("ask", "hi", "--json").json

    assert (told["text"], told["reasoning"]) == ("Paris.", "The capital\nof France")
    assert (told["usage"]["cached_tokens"], told["usage"]["reasoning_tokens"]) == (4, 25)
    server.play(as_json(completion("Paris.")))
    told = mcli("ask", "hi", "--json").json
    assert told["reasoning"] is None
    assert (told["usage"]["cached_tokens"], told["usage"]["reasoning_tokens"]) == (None, None)


def test_the_cache_keeps_it(mcli: Program, server: FaultyServer) -> None:
    server.play(SCENES["field"])
    mcli("ask", "hi", "--cache", "1h")
    again = mcli("ask", "hi", "--cache", "1h", "--show-reasoning", "--stream")

    assert (len(server.requests), again.out, again.err) == (1, "Paris.\n", SHOWN)


@pytest.mark.parametrize("how", ["--no-stream", "--stream"])
def test_it_drives_no_terminal_and_no_ci_runner_and_tells_no_key(
    mcli: Program, server: FaultyServer, how: str
) -> None:
    server.play(thinking(f"\x1b[2Jred\r##[error]x {KEY[:14]}", f"{KEY[14:]}\n::set-env::\n"))
    done = mcli("ask", "hi", "--show-reasoning", how)

    assert done.err == "| \\x1b[2Jred\\x0d#\\x23[error]x ***\n| ::set-env::\n"


def test_a_long_line_is_broken_and_a_long_thought_is_cut(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(thinking("word " * 200_000))
    done = mcli("ask", "hi", "--show-reasoning")

    lines = done.err.splitlines()
    assert (done.code, done.out) == (0, "Paris.\n")
    assert max(map(len, lines)) <= 2002
    assert sum(line.count("word") for line in lines) == pytest.approx((1 << 18) / 5, abs=1)
    assert lines[-1] == "mcli: of the reasoning, 262,144 characters are shown; --json has all of it"


@pytest.mark.sweep
@pytest.mark.parametrize("how", ["--no-stream", "--stream"])
@pytest.mark.parametrize(
    ("finish", "slug", "says"),
    [
        ("length", "truncated", "there is only reasoning: raise --max-tokens"),
        ("stop", "empty_answer", "reasoning and no answer: raise --max-tokens"),
    ],
)
def test_reasoning_alone_is_no_answer(
    mcli: Program, server: FaultyServer, finish: str, slug: str, says: str, how: str
) -> None:
    only = completion(None, finish, reasoning="Let me see")
    pieces = [event(chunk(reasoning="Let me")), event(chunk(reasoning=" see", finish=finish))]
    server.play(by_wire(as_json(only), chunked(*pieces, DONE)))
    done = mcli("ask", "hi", how, "--allow-truncated")
    shown = mcli("ask", "hi", how, "--show-reasoning")

    assert (done.code, done.out, done.slug) == (4, "", slug)
    assert says in done.err
    assert shown.err.startswith(f"| Let me see\n{done.err.partition(' [')[0]}")
    assert mcli("ask", "hi", "--json").json["reasoning"] == "Let me see"


def test_reasoning_that_is_only_counted_is_no_answer_either(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(as_json(completion("", "length") | {"usage": DETAILS}))

    assert "there is only reasoning" in mcli("ask", "hi").err


def test_a_stream_that_broke_off_while_it_thought_is_asked_for_again(
    mcli: Program, server: FaultyServer
) -> None:
    broken = chunked(event(chunk(reasoning="The cap")), end=(End.FIN,))
    server.play([broken, SCENES["field"]])
    done = mcli("ask", "hi", "--stream", "--show-reasoning")

    assert (done.code, done.out) == (0, "Paris.\n")
    assert done.err == "| The cap\n" + SHOWN


def test_on_a_terminal_answer_and_reasoning_do_not_share_a_line(
    mcli: Program, server: FaultyServer
) -> None:
    late = event(chunk(reasoning="and later"))
    first = event(chunk(reasoning="no line end"))
    server.play(chunked(first, *deltas("Par", finish=None), late, *deltas("is."), DONE))
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        mcli.argv("ask", "hi", "--show-reasoning"),
        env=mcli.env, cwd=mcli.home, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    try:
        while piece := os.read(screen, 4096):
            seen += piece
    except OSError:
        pass  # the other side is closed
    os.close(screen)

    assert process.wait(60) == 0
    assert seen.decode() == "| no line end\r\nParis.\r\n| and later\r\n"


def test_a_character_cut_in_two_is_whole(mcli: Program, server: FaultyServer) -> None:
    halves = [event(b'{"choices":[{"index":0,"delta":{"reasoning":"\\ud83d"}}]}'),
              event(b'{"choices":[{"index":0,"delta":{"reasoning":"\\ude00 ok"}}]}')]  # fmt: skip
    server.play(chunked(*halves, *deltas("Paris."), DONE))

    assert mcli("ask", "hi", "--stream", "--show-reasoning").err == "| 😀 ok\n"


def test_details_are_summed_where_both_are_known() -> None:
    def exchange(usage: Usage) -> Exchange:
        return Exchange(Completion("a", "stop", usage=usage), 1, Request("m", ()))

    told = Usage(9, 30, 39, 4, 25)
    assert asking.added(exchange(told), exchange(told)).completion.usage == Usage(18, 60, 78, 8, 50)
    assert asking.added(exchange(told), exchange(Usage(1, 1, 2))).completion.usage == (
        Usage(10, 31, 41, None, None)
    )
