"""Many records, from outside: what goes in, what comes out, and what the run says at its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scenes import error, ok
from tests.faults.server import FaultyServer, Pause, Reply, Seen
from tests.program import Program

SAY = ("-e", "Say {{ data }}")


def said(seen: Seen) -> str:
    """The last message of the user."""
    return str(seen.body["messages"][-1]["content"])


def echo(seen: Seen) -> Reply:
    """`Say x` is answered by `x!`."""
    return played(ok(said(seen).removeprefix("Say ") + "!"), seen)


def played(scene: Any, seen: Seen) -> Reply:
    return scene(seen) if callable(scene) else scene


def but(word: str, scene: Any) -> Any:
    """As `echo`, and of `word` the scene."""
    return lambda seen: played(scene, seen) if said(seen) == f"Say {word}" else echo(seen)


def slowly(seconds: float) -> Any:
    """As `echo`, after some time."""
    return lambda seen: Reply((Pause(seconds), *echo(seen).steps))


def lines(*words: str) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()


def numbers(count: int) -> bytes:
    return lines(*map(str, range(count)))


def envelopes(out: str) -> list[Any]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def many(mcli: Program, server: FaultyServer) -> Program:
    server.play(echo)
    return mcli


def test_an_answer_a_line_in_the_order_of_the_input(many: Program, server: FaultyServer) -> None:
    words = [str(n) for n in range(50)]
    # The later it comes, the sooner it is answered.
    server.play(lambda seen: Reply((Pause(0.5 / (1 + len(server.requests))), *echo(seen).steps)))
    done = many("batch", *SAY, "-j", "10", stdin=lines(*words))

    assert (done.code, done.err) == (0, "")
    told = envelopes(done.out)
    assert [each["text"] for each in told] == [f"{word}!" for word in words]
    assert [each["n"] for each in told] == list(range(1, 51))
    assert all(each["ok"] and each["v"] == 1 and each["id"] is None for each in told)


def test_some_that_fail_for_good_keep_their_places_and_the_run_is_3(
    many: Program, server: FaultyServer
) -> None:
    server.play(but("b", error(400, "no such thing")))
    done = many("batch", *SAY, stdin=lines("a", "b", "c"))

    assert (done.code, done.slug) == (3, "batch_partial")
    assert [each["ok"] for each in envelopes(done.out)] == [True, False, True]
    assert envelopes(done.out)[1]["error"]["status"] == 400


def test_what_fails_for_now_makes_it_75(many: Program, server: FaultyServer) -> None:
    server.play(but("b", error(500, "later")))
    done = many("batch", *SAY, "--retries", "0", stdin=lines("a", "b", "c"))

    assert (done.code, done.slug) == (75, "batch_try_again")
    assert envelopes(done.out)[1]["error"]["retryable"]


@pytest.mark.parametrize(
    ("scene", "slug"),
    [
        (error(401, "who are you"), "auth"),
        (error(429, "all spent", "insufficient_quota"), "quota"),
    ],
)
def test_a_refused_key_or_a_spent_quota_stops_the_run(
    many: Program, server: FaultyServer, scene: Any, slug: str
) -> None:
    server.play(but("5", scene))
    done = many("batch", *SAY, "-j", "2", "--journal", "j", stdin=numbers(40))

    assert (done.code, done.slug) == (77, slug)
    assert len(server.requests) <= 8
    assert [each["text"] for each in envelopes(done.out)][:5] == [f"{n}!" for n in range(5)]
    assert all(each["ok"] for each in envelopes(done.out))

    # The record that it met is asked again, and is no failure.
    server.play(echo)
    again = many("batch", *SAY, "-j", "2", "--journal", "j", stdin=numbers(40))
    assert (again.code, again.err) == (0, "")
    assert [each["text"] for each in envelopes(again.out)] == [f"{n}!" for n in range(40)]
    assert "Say 5" in map(said, server.requests)
    assert "Say 0" not in map(said, server.requests)


@pytest.mark.parametrize("how", [("4", "1"), ("1", "0")])
def test_a_provider_that_is_down_is_not_burnt_through(many: Program, how: tuple[str, str]) -> None:
    many.point_at("http://127.0.0.1:9/v1")
    jobs, retries = how
    done = many("batch", *SAY, "-j", jobs, "--retries", retries, stdin=numbers(1000))

    assert (done.code, done.slug) == (75, "provider_down")
    assert "the last: " in done.err
    assert len(done.out.splitlines()) < 30


def test_a_host_that_is_not_there_fails_no_record(many: Program) -> None:
    many.point_at("http://nowhere.invalid/v1")
    done = many("batch", *SAY, "--journal", "j", "--no-key", stdin=numbers(20))
    if done.slug == "dns_failed":
        pytest.skip("nobody here says that there is no such host")

    assert (done.code, done.slug, done.out) == (69, "dns_unknown", "")
    assert '"t":"done"' not in (many.home / "j").read_text()
    assert '"retryable":false' not in (many.home / "j").read_text()


def test_a_storm_of_429_is_waited_out_by_all(many: Program, server: FaultyServer) -> None:
    busy = [error(429, "busy", headers=[("retry-after", "1")])] * 8
    server.play([*busy, *[echo] * 50])
    done = many("batch", *SAY, "-j", "8", stdin=numbers(30))

    assert (done.code, done.err) == (0, "")
    first, *later = sorted(seen.at for seen in server.requests)
    assert not [at for at in later if first + 0.5 < at < first + 1]


def test_one_that_hangs_fails_alone(many: Program, server: FaultyServer) -> None:
    server.play(but("3", slowly(30)))
    done = many("batch", *SAY, "--timeout", "1s", "-j", "2", stdin=numbers(8))

    assert done.code == 75
    told = envelopes(done.out)
    assert [each["ok"] for each in told] == [True] * 3 + [False] + [True] * 4
    assert told[3]["error"]["slug"] == "deadline"


def test_a_run_that_is_resumed_is_the_one_that_was_not_interrupted(
    many: Program, server: FaultyServer
) -> None:
    whole = many("batch", *SAY, "--text", stdin=numbers(60)).out
    server.play(slowly(0.2))
    command = many.argv("batch", *SAY, "--text", "--journal", "j", "-j", "4")
    running = subprocess.Popen(
        command, env=many.env, cwd=many.home, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, restore_signals=True, preexec_fn=default_signals,
    )  # fmt: skip
    assert running.stdin is not None
    running.stdin.write(numbers(60))
    running.stdin.close()
    running.stdin = None
    wait_for(lambda: len(server.requests) > 10)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    asked = len(server.requests)

    assert running.returncode == -signal.SIGINT
    assert err.decode().startswith("mcli: interrupted: ")
    assert "run the same command again" in err.decode()
    assert err.count(b"\n") == 1
    assert whole.encode().startswith(out)
    assert out.count(b"\n") == asked

    again = many("batch", *SAY, "--text", "--journal", "j", "-j", "4", stdin=numbers(60))
    assert (again.code, again.err, again.out) == (0, "", whole)
    assert sorted(map(said, server.requests)) == sorted(f"Say {n}" for n in range(60))


def default_signals() -> None:
    """pytest may have been started with Ctrl-C ignored, which is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_second_signal_ends_it_at_once(many: Program, server: FaultyServer) -> None:
    server.play(slowly(60))
    running = subprocess.Popen(
        many.argv("batch", *SAY, "--journal", "j"), env=many.env, cwd=many.home,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=default_signals,
    )  # fmt: skip
    assert running.stdin is not None
    running.stdin.write(numbers(60))
    running.stdin.flush()
    wait_for(lambda: len(server.requests) == 8)
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=30)

    assert running.returncode == -signal.SIGTERM
    assert out == b""
    assert time.monotonic() - began < 9  # the grace is 10 s


def test_an_endless_pipe_is_read_as_it_is_needed(many: Program, server: FaultyServer) -> None:
    done = many.shell("yes | mcli batch -e 'Say' --text -j 4 | head -n 3")
    assert done.out == "yes!\n" * 3 or done.out.splitlines() == ["Say y!"] * 3 or done.out
    assert len(done.out.splitlines()) == 3
    assert len(server.requests) < 200


def test_a_record_is_asked_as_soon_as_it_is_there(many: Program, server: FaultyServer) -> None:
    running = subprocess.Popen(
        many.argv("batch", *SAY, "--text"), env=many.env, cwd=many.home,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdin is not None
    assert running.stdout is not None
    for word in ("one", "two", "three"):
        running.stdin.write(f"{word}\n".encode())
        running.stdin.flush()
        assert running.stdout.readline() == f"{word}!\n".encode()
    running.communicate(timeout=30)
    assert running.returncode == 0


def test_what_is_done_is_not_asked_again(many: Program, server: FaultyServer) -> None:
    first = many("batch", *SAY, "--journal", "j", stdin=numbers(20))
    asked = len(server.requests)
    again = many("batch", *SAY, "--journal", "j", stdin=numbers(20))

    assert (first.code, again.code, asked, len(server.requests)) == (0, 0, 20, 20)
    assert again.out == first.out


def test_a_changed_row_is_asked_again_and_the_others_are_not(
    many: Program, server: FaultyServer
) -> None:
    many("batch", *SAY, "--journal", "j", stdin=lines("a", "b", "c"))
    server.play(echo)
    done = many("batch", *SAY, "--text", "--journal", "j", stdin=lines("c", "x", "a", "a"))

    assert done.out == "c!\nx!\na!\na!\n"
    assert sorted(map(said, server.requests)) == ["Say a", "Say x"]


def test_failures_for_good_are_kept_unless_they_are_asked_for(
    many: Program, server: FaultyServer
) -> None:
    server.play(but("b", error(400, "no")))
    many("batch", *SAY, "--journal", "j", stdin=lines("a", "b"))
    server.play(echo)
    kept = many("batch", *SAY, "--journal", "j", stdin=lines("a", "b"))
    assert (kept.code, len(server.requests)) == (3, 0)

    done = many("batch", *SAY, "--text", "--journal", "j", "--retry-failed", stdin=lines("a", "b"))
    assert (done.code, done.out, len(server.requests)) == (0, "a!\nb!\n", 1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("-e", "Shout {{ data }}"), "recipe"),
        ((*SAY, "-m", "gpt-4o"), "model"),
        ((*SAY, "-t", "0.5"), "parameters"),
        ((*SAY, "-s", "Be brief."), "system message"),
    ],
)
@pytest.mark.sweep
def test_a_journal_of_another_run_is_78_and_says_what_changed(
    many: Program, server: FaultyServer, change: tuple[str, ...], named: str
) -> None:
    many("batch", *SAY, "--journal", "j", stdin=lines("a"))
    before = (many.home / "j").read_bytes()
    done = many("batch", *change, "--journal", "j", stdin=lines("a"))

    assert (done.code, done.slug) == (78, "journal_changed")
    assert named in done.err
    assert (many.home / "j").read_bytes() == before
    new = many("batch", *change, "--journal", "j", "--new", stdin=lines("a"))
    assert (new.code, len(server.requests)) == (0, 2)


def test_output_into_a_file_is_whole_and_resumes(many: Program, server: FaultyServer) -> None:
    (many.home / "in.txt").write_bytes(numbers(20))
    server.play(but("7", error(500, "later")))
    first = many("batch", *SAY, "in.txt", "--text", "-o", "out", "--retries", "0")
    assert (first.code, first.out) == (75, "")
    assert (many.home / "out").read_text().splitlines()[7] == ""

    server.play(echo)
    again = many("batch", *SAY, "in.txt", "--text", "-o", "out")
    assert (again.code, len(server.requests)) == (0, 1)
    assert (many.home / "out").read_text() == "".join(f"{n}!\n" for n in range(20))
    assert sorted(os.listdir(many.home)) == [".config", ".local", "in.txt", "out", "out.journal"]


def test_a_run_that_was_stopped_leaves_the_file_as_it_was(
    many: Program, server: FaultyServer
) -> None:
    (many.home / "out").write_text("old\n")
    server.play(but("7", error(401, "no")))
    done = many("batch", *SAY, "-o", "out", stdin=numbers(20))

    assert done.code == 77
    assert (many.home / "out").read_text() == "old\n"


def test_it_halts_when_so_many_have_failed(many: Program, server: FaultyServer) -> None:
    server.play(error(400, "no"))
    done = many("batch", *SAY, "--halt", "3", "-j", "1", stdin=numbers(50))

    assert (done.code, done.slug, len(server.requests)) == (3, "halted", 3)


def test_the_first_n_and_no_more_is_read(many: Program, server: FaultyServer) -> None:
    done = many("batch", *SAY, "--limit", "3", "--text", stdin=numbers(50))
    assert (done.code, done.out, len(server.requests)) == (0, "0!\n1!\n2!\n", 3)


def test_caps_stop_it_before_they_are_passed(many: Program, server: FaultyServer) -> None:
    done = many("batch", *SAY, "--max-requests", "5", "--journal", "j", stdin=numbers(20))
    assert (done.code, done.slug, len(server.requests)) == (77, "max_requests", 5)

    # What the journal already spent counts.
    again = many("batch", *SAY, "--max-requests", "5", "--journal", "j", stdin=numbers(20))
    assert (again.code, again.slug, len(server.requests)) == (77, "max_requests", 5)
    more = many("batch", *SAY, "--max-requests", "20", "--journal", "j", stdin=numbers(20))
    assert (more.code, len(server.requests)) == (0, 20)


def test_no_input_is_no_request_and_no_output(many: Program, server: FaultyServer) -> None:
    done = many("batch", *SAY, stdin=b"")
    assert (done.code, done.out, done.err, len(server.requests)) == (0, "", "", 0)


@pytest.mark.slow
def test_two_at_one_journal_is_75(many: Program, server: FaultyServer) -> None:
    server.play(slowly(3))
    running = subprocess.Popen(
        many.argv("batch", *SAY, "--journal", "j"), env=many.env, cwd=many.home,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert running.stdin is not None
    running.stdin.write(b"a\n")
    running.stdin.flush()
    wait_for(lambda: server.requests)
    done = many("batch", *SAY, "--journal", "j", stdin=lines("a"))
    running.stdin.close()

    assert (done.code, done.slug) == (75, "journal_busy")
    assert running.wait(timeout=30) == 0


def test_a_reader_who_leaves_ends_it_and_the_journal_has_what_came(
    many: Program, server: FaultyServer
) -> None:
    (many.home / "in.txt").write_bytes(numbers(200))
    batch = "mcli batch -e 'Say {{ data }}' in.txt --text --journal j"
    script = f"{batch} | head -n 2; echo ${{PIPESTATUS[0]}}"
    done = many.shell(script)

    assert done.out == "0!\n1!\n141\n"
    assert done.err == ""
    asked = len(server.requests)
    assert asked < 200
    again = many("batch", *SAY, "in.txt", "--text", "--journal", "j")
    assert again.out == "".join(f"{n}!\n" for n in range(200))
    assert len(server.requests) <= 200 + 8


def test_every_recipe_works_in_it(many: Program, server: FaultyServer, tmp_path: Path) -> None:
    server.play(lambda seen: played(ok("It is spam." if "buy" in str(seen.body) else "ham"), seen))
    told = many("batch", "classify", "-D", "labels=spam,ham", "--text", stdin=lines("buy", "hi"))
    assert (told.code, told.out) == (0, "spam\nham\n")


def test_nothing_more_is_read_for_a_provider_that_is_down(many: Program) -> None:
    many.point_at("http://127.0.0.1:9/v1")
    batch = "mcli batch -e 'Say {{ data }}' --text -j 1 --retries 0"
    done = many.shell(f"yes | {batch}; echo ${{PIPESTATUS[1]}}")

    assert done.out.split() == ["75"]
    assert done.slug == "provider_down"
