"""`--cache` from outside: an equal request is answered from disk, and by nothing but an answer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults import tls
from tests.faults.scenes import error, ok, stream_ok
from tests.faults.server import FaultyServer
from tests.program import KEY, Program


def entries(program: Program) -> list[Path]:
    return sorted((program.home / ".cache").rglob("*.json"))


def change(program: Program, **fields: Any) -> None:
    (path,) = entries(program)
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.fixture
def filled(mcli: Program, server: FaultyServer) -> Program:
    """A cache that holds the answer to `ask hi`; the server has another one by now."""
    server.play(ok("first"))
    assert mcli("ask", "hi", "--cache", "1h").out == "first\n"
    server.play(ok("second"))
    return mcli


def test_an_equal_request_is_not_sent_again(filled: Program, server: FaultyServer) -> None:
    again = filled("ask", "hi", "--cache", "1h", "--json", "-v")

    assert server.requests == []
    told = again.json
    assert (told["text"], told["cached"], told["attempts"]) == ("first", True, 0)
    assert told["usage"]["completion_tokens"] == 3
    assert again.err.endswith(" cached\n")


def test_the_first_is_not_cached_and_off_is_off(filled: Program) -> None:
    assert filled("ask", "hi", "--json").json["cached"] is False
    assert filled("ask", "ho", "--json", "--cache", "1h").json["cached"] is False


def test_a_stream_is_shown_from_it_and_put_into_it(filled: Program, server: FaultyServer) -> None:
    assert filled("ask", "hi", "--cache", "1h", "--stream").out == "first\n"
    server.play(stream_ok(["a", "b"]))
    assert filled("ask", "new", "--cache", "1h", "--stream").out == "ab\n"
    server.close()
    assert filled("ask", "new", "--cache", "1h").out == "ab\n"


def test_the_variable_does_the_same(filled: Program) -> None:
    assert filled("ask", "hi", MCLI_CACHE="7d").out == "first\n"
    assert filled("ask", "hi", MCLI_CACHE="").out == "second\n"
    assert filled("ask", "hi", MCLI_CACHE="never").slug == "bad_environment"
    assert filled("ask", "hi", "--cache", "0").code == 2


@pytest.mark.sweep
@pytest.mark.parametrize(
    "argv",
    [
        ("ask", "hi!"),
        ("ask", "hi", "-m", "other"),
        ("ask", "hi", "--seed", "1"),
        ("ask", "hi", "-s", "briefly"),
        ("ask", "hi", "--allow-truncated"),
    ],
    ids=" ".join,
)
def test_whatever_else_is_asked_is_sent(filled: Program, argv: tuple[str, ...]) -> None:
    assert filled(*argv, "--cache", "1h").out == "second\n"
    assert len(entries(filled)) == 2


def test_another_endpoint_answers_for_itself(filled: Program, server: FaultyServer) -> None:
    server.play(ok("elsewhere"))
    other = server.base_url.replace("127.0.0.1", "localhost")

    assert filled("ask", "hi", "--cache", "1h", "--base-url", other).out == "elsewhere\n"
    assert filled("ask", "hi", "--cache", "1h").out == "first\n"


def test_an_answer_grows_old(filled: Program) -> None:
    (path,) = entries(filled)
    at = json.loads(path.read_text())["at"]
    change(filled, at=at - 3600)

    assert filled("ask", "hi", "--cache", "2h").out == "first\n"
    assert filled("ask", "hi", "--cache", "59m").out == "second\n"
    assert filled("ask", "hi", "--cache", "59m", "--json").json["cached"] is True


@pytest.mark.sweep
@pytest.mark.parametrize(
    "content",
    [
        "", "{", "null", "[]", "7", '{"v":1}', '{"v":2,"at":0,"exchange":{}}',
        '{"v":1,"at":"now","exchange":{}}', '{"v":1,"at":99999999999,"exchange":{}}', "[" * 99999,
        "\x00" * 100,
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_what_cannot_be_read_is_a_miss_and_replaced(filled: Program, content: str) -> None:
    (path,) = entries(filled)
    path.write_text(content)
    missed = filled("ask", "hi", "--cache", "1h")

    assert (missed.code, missed.out, missed.err) == (0, "second\n", "")
    assert filled("ask", "hi", "--cache", "1h", "--json").json["cached"] is True


@pytest.mark.sweep
@pytest.mark.parametrize(
    "field",
    [
        {"text": 5}, {"text": None}, {"usage": 5}, {"usage": {"tokens": 1}}, {"more": 1},
        {"usage": {"prompt_tokens": "many"}}, {"finish_reason": 1}, {"calls": 1},
    ],
    ids=str,
)  # fmt: skip
def test_an_entry_of_the_wrong_shape_is_a_miss(filled: Program, field: dict[str, Any]) -> None:
    (path,) = entries(filled)
    exchange = json.loads(path.read_text())["exchange"]
    exchange["completion"] |= field
    change(filled, exchange=exchange)

    assert filled("ask", "hi", "--cache", "1h").out == "second\n"


def test_a_moment_to_come_is_a_miss(filled: Program) -> None:
    (path,) = entries(filled)
    change(filled, at=json.loads(path.read_text())["at"] + 1000)

    assert filled("ask", "hi", "--cache", "1h").out == "second\n"


def test_a_directory_in_its_place_is_a_miss_and_a_note(filled: Program) -> None:
    (path,) = entries(filled)
    path.unlink()
    path.mkdir()
    (path / "x").touch()
    quiet, told = filled("ask", "hi", "--cache", "1h"), filled("ask", "hi", "--cache", "1h", "-v")

    assert (quiet.code, quiet.out, quiet.err) == (0, "second\n", "")
    assert "the answer is not kept" in told.err
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".mcli")] == []


def test_a_cache_that_cannot_be_made_is_no_failure(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "file").touch()
    done = mcli("ask", "hi", "--cache", "1h", XDG_CACHE_HOME=str(mcli.home / "file"))

    assert (done.code, done.out, done.err) == (0, "Paris.\n", "")


def test_it_is_for_its_owner_alone(filled: Program) -> None:
    (path,) = entries(filled)
    folders = [path.parents[level] for level in range(4)]

    assert folders[-1] == filled.home / ".cache"
    assert path.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_it_lies_where_the_specification_says(mcli: Program) -> None:
    mcli("ask", "hi", "--cache", "1h", XDG_CACHE_HOME=str(mcli.home / "own"))
    mcli("ask", "hi", "--cache", "1h", XDG_CACHE_HOME="relative")

    assert len(list((mcli.home / "own" / "mcli" / "answers").rglob("*.json"))) == 1
    assert len(entries(mcli)) == 1


def test_the_key_is_not_in_it(filled: Program) -> None:
    (path,) = entries(filled)

    assert KEY not in path.read_text()
    filled.env["TEST_KEY"] = "another-key-0123456789"
    assert filled("ask", "hi", "--cache", "1h").out == "first\n"


def test_an_answer_that_repeats_the_key_is_not_kept(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(f"your key is {KEY}"))
    done = mcli("ask", "hi", "--cache", "1h", "-v")

    assert (done.out, entries(mcli)) == (f"your key is {KEY}\n", [])
    assert "it holds a key" in done.err


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("argv", "scene"),
    [
        (("classify", "-l", "yes,no"), ok("I cannot say")),
        (("ask", "hi"), ok("cut", finish="length")),
        (("ask", "hi", "--allow-truncated"), ok("cut", finish="length")),
        (("ask", "hi"), ok("  ")),
        (("ask", "hi"), ok("x", finish="content_filter")),
        (("codegen", "one"), ok("no code, sorry")),
        (("ask", "hi"), error(400)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_no_complete_answer_is_not_kept(
    mcli: Program, server: FaultyServer, argv: tuple[str, ...], scene: Any
) -> None:
    server.play(scene)
    mcli(*argv, "--cache", "1h", stdin=b"text")

    assert entries(mcli) == []


def test_a_verdict_is_an_answer(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("Yes."))
    argv = ("classify", "-l", "yes,no", "--expect", "no", "--cache", "1h")
    first, again = mcli(*argv, stdin=b"text"), mcli(*argv, stdin=b"text")

    assert (first.code, first.out) == (again.code, again.out) == (1, "yes\n")
    assert len(server.requests) == 1


@pytest.mark.slow
def test_many_writers_leave_one_whole_entry(mcli: Program) -> None:
    running = [
        subprocess.Popen(
            mcli.argv("ask", "hi", "--cache", "1h"), env=mcli.env, cwd=mcli.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        ) for _ in range(8)
    ]  # fmt: skip
    assert [process.wait(60) for process in running] == [0] * 8

    (path,) = entries(mcli)
    assert list(path.parent.iterdir()) == [path]
    assert mcli("ask", "hi", "--cache", "1h", "--json").json["cached"] is True


def test_a_recording_goes_past_it(filled: Program, server: FaultyServer) -> None:
    assert filled("ask", "hi", "--cache", "1h", "--record", "tape").out == "second\n"
    assert filled("ask", "hi", "--cache", "1h", "--replay", "tape").out == "second\n"
    assert filled("ask", "hi", "--cache", "1h").out == "first\n"


def test_a_hit_loads_no_http(filled: Program) -> None:
    from tests.startup.start import loaded

    assert "httpx2" not in loaded(filled, "ask", "hi", "--cache", "1h")


def test_an_answer_from_the_cache_needs_no_way_to_the_server(
    mcli: Program, server: FaultyServer
) -> None:
    with tls.Front("good", server.port) as front:
        asked = ("ask", "-n", "hi", "--cache", "1h", "--base-url", front.base_url)
        assert mcli(*asked, SSL_CERT_FILE=tls.authority()).out == "Paris.\n"
        assert mcli(*asked, SSL_CERT_FILE="/gone.pem").out == "Paris.\n"
        assert mcli(*asked[:3], *asked[5:], SSL_CERT_FILE="/gone.pem").slug == "bad_environment"

    assert len(server.requests) == 1
