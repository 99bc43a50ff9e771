"""`mcli codegen` from outside: what is checked, asked again, and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program

GOOD, BAD = "```python\nx = 1\n```", "```python\nx = (\n```"
TASK = ("codegen", "x")
FILES = '```python path="src/a.py"\na = 1\n```\n```json path="b.json"\n{}\n```\n'


def test_code_that_is_not_well_formed_is_asked_for_again(
    mcli: Program, server: FaultyServer
) -> None:
    server.play([ok(BAD), ok(GOOD)])
    done = mcli(*TASK, "--json")

    assert (done.code, done.json["text"], done.json["attempts"]) == (0, "x = 1", 2)
    assert done.json["data"] == {"language": "python", "code": "x = 1", "checked": True}
    assert "asked again: the code is not well formed: python: line 1" in done.json["warnings"][0]
    turns = server.requests[1].body["messages"]
    assert turns[-2] == {"role": "assistant", "content": BAD}
    assert "python: line 1: '(' was never closed" in turns[-1]["content"]
    assert "one fenced code block" in turns[-1]["content"]


@pytest.mark.parametrize(
    ("flags", "asked"), [((), 2), (("--repair", "0"), 1), (("--repair=3",), 4)]
)
def test_code_that_stays_broken_is_not_printed(
    mcli: Program, server: FaultyServer, flags: tuple[str, ...], asked: int
) -> None:
    server.play(ok(BAD))
    done = mcli(*TASK, *flags)

    assert (done.code, done.slug, done.out) == (4, "check_failed", "")
    assert "python: line 1" in done.err
    assert len(server.requests) == asked


def test_unchecked_on_demand(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(BAD))
    done = mcli(*TASK, "--no-check", "--json")

    assert (done.code, done.json["text"], done.json["data"]["checked"]) == (0, "x = (", None)


def test_code_that_was_cut_and_is_wanted_all_the_same(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("```python\nx = (", "length"))
    done = mcli(*TASK, "--allow-truncated", "--json")

    assert (done.code, done.json["text"], done.json["data"]["checked"]) == (0, "x = (", None)


def test_a_recipe_s_code_is_checked_too_unless_it_says_otherwise(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(ok(BAD))
    recipe = mcli.home / "r.yaml"
    text = "output: {kind: code, repair: 0%s}\ndata: none\nmessages: [{user: x}]\n"
    recipe.write_text(text % "")
    assert mcli("run", str(recipe)).slug == "check_failed"
    assert len(server.requests) == 1
    recipe.write_text(text % ", check: false")
    assert mcli("run", str(recipe)).out == "x = (\n"


def test_a_language_without_a_checker_is_not_checked(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("```cobol\nIDENTIFICATION\n```"))
    done = mcli(*TASK, "--json")

    assert (done.code, done.json["data"]["checked"], done.json["warnings"]) == (0, None, [])


def test_a_checker_that_fails_is_a_warning(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("```ruby\nputs 1\n```"))
    (mcli.home / "ruby").write_text("#!/bin/sh\nexit 127\n")
    (mcli.home / "ruby").chmod(0o755)
    done = mcli(*TASK, "--json", PATH=f"{mcli.home}:{mcli.env['PATH']}")

    assert (done.code, done.json["data"]["checked"]) == (0, None)
    assert done.json["warnings"] == ["not checked: ruby could not check it (status 127)"]


def test_a_kept_answer_is_checked_again(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(GOOD))
    first, second = (mcli(*TASK, "--cache", "1h", "--json").json for _ in range(2))

    assert (first["data"], second["data"]) == (first["data"], first["data"])
    assert second["cached"] is True
    assert second["data"]["checked"] is True
    server.play(ok(BAD))
    assert mcli(*TASK, "--cache", "1h", "--no-check").out == "x = (\n"


def test_several_files_are_written_and_named(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(FILES))
    done = mcli(*TASK, "--write", "out", "--lang", "python")

    assert (done.code, done.out, done.err) == (0, "src/a.py\nb.json\n", "")
    assert (mcli.home / "out" / "src" / "a.py").read_text() == "a = 1\n"
    assert (mcli.home / "out" / "b.json").read_text() == "{}\n"
    system = server.requests[0].body["messages"][0]["content"]
    assert 'path="src/main.py"' in system
    assert "Language: python" in system


def test_several_files_in_json(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(FILES))
    told = mcli(*TASK, "--write", "out", "--json").json

    assert told["text"] == "src/a.py\nb.json"
    assert told["data"] == {
        "files": [
            {"path": "src/a.py", "language": "python", "code": "a = 1", "checked": True},
            {"path": "b.json", "language": "json", "code": "{}", "checked": True},
        ],
        "checked": True,
    }


def test_one_file_that_is_broken_keeps_all_back(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(FILES.replace("{}", "{")))
    done = mcli(*TASK, "--write", "out")

    assert (done.code, done.slug, done.out) == (4, "check_failed", "")
    assert "b.json: json: line 1" in done.err
    assert len(server.requests) == 2
    assert 'path="NAME"' in server.requests[1].body["messages"][-1]["content"]
    assert not (mcli.home / "out").exists()


@pytest.mark.parametrize(
    ("folder", "slug"),
    [("file", "no_directory"), ("gone/out", "no_directory"), ("", "no_directory")],
)
def test_what_cannot_be_written_costs_nothing(
    mcli: Program, server: FaultyServer, folder: str, slug: str
) -> None:
    (mcli.home / "file").write_text("")
    done = mcli(*TASK, "--write", folder)

    assert (done.code, done.slug, len(server.requests)) == (73, slug, 0)


def test_nothing_that_exists_is_replaced(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(FILES))
    mine = Path(mcli.home / "b.json")
    mine.write_text("mine")
    done = mcli(*TASK, "--write", ".", "--json")

    assert (done.code, done.json["error"]["slug"]) == (73, "exists")
    assert done.json["text"] == FILES
    assert done.json["error"]["charged"] == "yes"
    assert mine.read_text() == "mine"
    assert not (mcli.home / "src").exists()


def test_the_checker_s_time_ends_with_the_command_s(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("```ruby\nputs 1\n```"))
    (mcli.home / "ruby").write_text("#!/bin/sh\nsleep 60\n")
    (mcli.home / "ruby").chmod(0o755)
    path = f"{mcli.home}:{mcli.env['PATH']}"
    done = mcli(*TASK, "--json", "--timeout", "3", PATH=path)

    assert (done.code, done.json["text"]) == (0, "puts 1")
    assert done.json["warnings"] == ["not checked: ruby did not end in time"]


@pytest.mark.parametrize("fence", ["text", "md", "js", "", "python"])
def test_what_is_no_code_of_the_language_asked_for_is_not_passed_off_as_it(
    mcli: Program, server: FaultyServer, fence: str
) -> None:
    server.play([ok(f"```{fence}\nthis is no program\n```"), ok(GOOD)])
    done = mcli(*TASK, "--lang", "python", "--json")

    assert (done.code, done.json["text"], done.json["attempts"]) == (0, "x = 1", 2)


def test_a_name_that_is_a_flag_to_the_next_program_is_not_written(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(ok('```sh path="-rf"\nls\n```'))
    done = mcli(*TASK, "--write", "site")

    assert (done.code, done.slug, done.out) == (4, "unsafe_path", "")
    assert not (mcli.home / "site").exists()
