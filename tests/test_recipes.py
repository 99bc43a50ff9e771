"""`mcli recipes`: what is wrong is told at once and in its place, and a verdict is honest."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.faults import scenes
from tests.faults.server import FaultyServer, Pause, Reply, Seen
from tests.program import KEY, ROOT, Program, Result

MESSAGES = 'messages: [{user: "{{ data }}"}]\n'
BROKEN = """\
description: [x]
modle: x
params: {model: x, temperature: hot}
inputs:
  team: {type: strng}
  labels: {type: list}
messages:
  - system: "{% set x = 1 %}"
  - user: "{{ data }} {{ nope }}"
  - usr: x
examples:
  - {data: x}
  - {answer: y, vars: {lables: x}}
output: {kind: json, schema: {type: nonsense}}
tests:
  - {data: x}
  - {data: x, expect: {matches: "["}}
  - {data: x, vars: {foo: 1}, expect: {contains: x}}
"""
PLACES = [
    "1:1", "2:1", "3:10", "3:20", "5:10", "8:5", "9:5", "10:5", "12:5", "13:24", "14:22", "16:5",
    "17:24", "18:22",
]  # fmt: skip


def lay(mcli: Program, name: str, text: str) -> Path:
    path = mcli.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def own(mcli: Program, name: str, text: str) -> Path:
    return lay(mcli, f".config/mcli/recipes/{name}", text)


def with_tests(*tests: str) -> str:
    return MESSAGES + "tests:\n" + "".join(f"  - {test}\n" for test in tests)


def asked(seen: Seen) -> str:
    return seen.fields["messages"][-1]["content"]


def echo(seen: Seen) -> Reply:
    """The answer is what was asked."""
    return scenes.as_json(scenes.completion(asked(seen)))


def after(seconds: float, reply: Reply) -> Reply:
    return Reply((Pause(seconds), *reply.steps))


def rows(done: Result) -> list[list[str]]:
    return [line.split("\t") for line in done.out.splitlines()]


# -- list and show


def test_the_list_says_where_a_recipe_is_from(mcli: Program) -> None:
    own(mcli, "triage.yaml", "description: Sort mail.\n" + MESSAGES)
    own(mcli, "ask.yml", "description: My way.\n" + MESSAGES)
    done = mcli("recipes", "list")
    assert (done.code, done.err) == (0, "")
    told = {name: (where, about) for name, where, about in rows(done)}
    assert list(told) == sorted(told)
    assert told["triage"] == ("own", "Sort mail.")
    assert told["ask"] == ("own (shadows a bundled one)", "My way.")
    assert told["summarize"][0] == "bundled"
    listed = {row["name"]: row for row in mcli("recipes", "list", "--json").json["data"]}
    assert listed["ask"]["shadows"] is True
    assert listed["summarize"]["from"] == "bundled"


def test_a_file_that_is_no_recipe_does_not_stop_the_list(mcli: Program) -> None:
    own(mcli, "a.yaml", "messages: [\n")
    own(mcli, "b.yaml", "x" * (2 << 20))
    own(mcli, "c.yaml", "description: \x1b[31m\n")
    os.mkfifo(mcli.home / ".config/mcli/recipes/d.yaml")
    (mcli.home / ".config/mcli/recipes/e.yaml").mkdir()
    os.symlink("/nowhere", mcli.home / ".config/mcli/recipes/f.yaml")
    done = mcli("recipes", "list")
    told = {row[0]: row[2] for row in rows(done)}
    assert done.code == 0
    assert {name for name, about in told.items() if "cannot be read" in about} == {"a", "b", "c"}
    assert "a.yaml:2:1" in told["a"]
    assert "\x1b" not in done.out
    assert {"d", "e", "f"}.isdisjoint(told)


def test_show_is_the_file_as_it_is(mcli: Program) -> None:
    text = "# mine\ndescription: |\n  Sort ü.\n" + MESSAGES
    own(mcli, "triage.yaml", text)
    assert mcli("recipes", "show", "triage").out == text
    assert "Summarize a text" in mcli("recipes", "show", "summarize").out
    told = mcli("recipes", "show", "triage", "--json").json["data"]
    assert (told["name"], told["data"]) == ("triage", "required")
    assert told["path"].endswith("/triage.yaml")
    lay(mcli, "broken.yaml", "messages: [\n")
    assert mcli("recipes", "show", "./broken.yaml").out == "messages: [\n"
    assert mcli("recipes", "show", "./broken.yaml", "--json").code == 78
    assert (mcli("recipes", "show", "triaje").code, mcli("recipes", "show", "./no.yaml").code) == (
        2, 66,
    )  # fmt: skip


# -- check


def test_one_mistake_hides_no_other(mcli: Program) -> None:
    lay(mcli, "r.yaml", BROKEN)
    done = mcli("recipes", "check", "r.yaml")
    assert (done.code, done.err) == (1, "")
    assert [line.split(": ")[0] for line in done.out.splitlines()] == [
        f"r.yaml:{place}" for place in PLACES
    ]
    assert '(did you mean "model"?)' in done.out
    told = mcli("recipes", "check", "r.yaml", "--json").json
    assert (told["ok"], told["verdict"]) == (True, False)
    assert told["data"][1] == {
        "path": "r.yaml", "line": 2, "column": 1, "message": 'unknown key "modle"',
        "hint": 'did you mean "model"?', "slug": "bad_document",
    }  # fmt: skip
    assert {finding["slug"] for finding in told["data"]} >= {"bad_template", "bad_schema"}


def test_a_mistake_has_no_false_consequences(mcli: Program) -> None:
    vars_of_x = "tests: [{vars: {x: 1}, expect: {contains: a}}]\n"
    used = "messages: [{user: '{{ x }} {{ data }}'}]\nexamples: [{answer: y, vars: {x: [a]}}]\n"
    lay(mcli, "a.yaml", "inputs: {x: {type: strng}}\n" + used + vars_of_x)
    unsure = "messages: [{usr: '{{ x }}'}]\n"
    lay(mcli, "b.yaml", unsure + vars_of_x.replace("contains: a", "valid: no"))
    lay(mcli, "c.yaml", "inputs: [x]\nmessages: [{user: '{{ x }}'}]\n" + vars_of_x)
    lay(mcli, "d.yaml", "output: {knd: label}\n" + with_tests("{expect: {label: a}}"))
    done = mcli("recipes", "check", "a.yaml", "b.yaml", "c.yaml", "d.yaml")
    places = [line.split(": ")[0] for line in done.out.splitlines()]
    assert places == ["a.yaml:1:14", "b.yaml:1:13", "b.yaml:2:33", "c.yaml:1:1", "d.yaml:1:10"]


def test_what_is_allowed_and_surely_not_meant_is_told_too(mcli: Program) -> None:
    lay(mcli, "ok.txt", "x")
    os.mkfifo(mcli.home / "pipe")
    os.symlink("/etc/passwd", mcli.home / "link")
    files = ("nope.txt", "../out.txt", "/etc/passwd", "/dev/zero", "pipe", "link", ".")
    cases = [f"{{data_file: {name}, expect: {{valid: true}}}}" for name in (*files, "ok.txt")]
    cases += ["{data: x, expect: {label: x}}", "{data: x, expect: {get: {a: 1}}}"]
    lay(mcli, "r.yaml", "inputs: {unused: {}}\n" + with_tests(*cases))
    found = mcli("recipes", "check", "--json", "r.yaml").json["data"]
    assert [finding["slug"] for finding in found] == [
        "unused_input", *["no_data_file"] * len(files), *["pointless_test"] * 2,
    ]  # fmt: skip
    lay(mcli, "l.yaml", "inputs: {labels: {type: list}}\noutput: {kind: label}\n" + MESSAGES)
    assert mcli("recipes", "check", "l.yaml").code == 0


def test_a_file_of_mistakes_ends_soon(mcli: Program) -> None:
    """Each is compared with thousands of names, and there are thousands of them."""
    inputs = "".join(f"  name{n}: {{}}\n" for n in range(8000))
    wrong = "".join(f"  - {{answer: a, vars: {{nme{n}: x}}}}\n" for n in range(1000))
    lay(mcli, "r.yaml", f"inputs:\n{inputs}examples:\n{wrong}{MESSAGES}")
    began = time.monotonic()
    done = mcli("recipes", "check", "r.yaml")
    assert time.monotonic() - began < 20
    assert len(done.out.splitlines()) == 102
    assert "more than 100 mistakes" in done.out


def test_directories_are_searched(mcli: Program) -> None:
    good = lay(mcli, "dir/a/good.yaml", MESSAGES)
    lay(mcli, "dir/b/bad.yml", "x: 1\n")
    lay(mcli, "dir/b/bad.prompt.yml", "x: 1\n")
    lay(mcli, "dir/.git/hidden.yaml", "x: 1\n")
    lay(mcli, "dir/readme.md", "x: 1\n")
    os.mkfifo(mcli.home / "dir/pipe.yaml")
    os.symlink(mcli.home / "dir", mcli.home / "dir/loop")
    done = mcli("recipes", "check", "dir", str(good))
    assert {line.split(":")[0] for line in done.out.splitlines()} == {
        "dir/b/bad.prompt.yml", "dir/b/bad.yml",
    }  # fmt: skip
    assert done.out.splitlines() == sorted(done.out.splitlines())


def test_without_a_path_the_named_ones_are_checked(mcli: Program) -> None:
    assert (mcli("recipes", "check").code, mcli("recipes", "check").out) == (0, "")
    own(mcli, "a.yaml", "x: 1\n")
    done = mcli("recipes", "check")
    assert done.code == 1
    assert "/recipes/a.yaml:1:1: " in done.out


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_path_that_is_missing_or_has_no_recipe_is_66(mcli: Program, command: str) -> None:
    (mcli.home / "empty").mkdir()
    assert mcli("recipes", command, "no/such").slug == "unreadable"
    done = mcli("recipes", command, "empty")
    assert (done.code, done.slug) == (66, "no_recipes")


def test_a_mistake_in_what_is_extended_is_told_once_and_there(mcli: Program) -> None:
    lay(mcli, "base.yaml", MESSAGES + "inputs: {a: {type: strng}}\n")
    for name in ("x", "y"):
        lay(mcli, f"{name}.yaml", "extends: ./base.yaml\nmodel: m\n")
    done = mcli("recipes", "check", "x.yaml", "y.yaml")
    assert len(done.out.splitlines()) == 1
    assert "base.yaml:2:14: " in done.out


def test_a_name_with_a_line_break_is_one_line_and_harmless(mcli: Program) -> None:
    lay(mcli, "a\nb\x1b[31m.yaml", '"x\\ny\\e[31m": 1\n' + MESSAGES)
    done = mcli("recipes", "check", ".")
    assert len(done.out.splitlines()) == 1
    assert "\x1b" not in done.out


# -- test


def test_every_test_is_a_line_and_the_end_a_summary(mcli: Program) -> None:
    path = lay(mcli, "r.yaml", with_tests(
        "{name: good, data: x, expect: {equals: Paris., max_tokens: 3, matches: '^P'}}",
        "{name: bad, data: x, expect: {contains: [Paris, Berlin]}}",
        "{data: x, expect: {not_contains: Berlin}}",
    ))  # fmt: skip
    done = mcli("recipes", "test", str(path))
    assert done.code == 1
    assert done.err == ""
    assert done.out == (
        f"ok {path}: good\n"
        f'not ok {path}: bad: expected "Berlin" in it, got "Paris."\n'
        f"ok {path}: test 3\n"
        "3 tests, 1 failed\n"
    )
    told = mcli("recipes", "test", str(path), "--json").json
    assert (told["ok"], told["verdict"], told["attempts"]) == (True, False, 3)
    assert [row["state"] for row in told["data"]] == ["ok", "not ok", "ok"]
    assert (told["data"][1]["line"], told["data"][1]["name"]) == (4, "bad")
    assert mcli("recipes", "test", str(path), "-q").out == ""


def test_the_order_is_that_of_the_file_whatever_comes_first(
    mcli: Program, server: FaultyServer
) -> None:
    def late(seen: Seen) -> Reply:
        return after(0.5 if asked(seen) == "0" else 0, echo(seen))

    server.play(late)
    cases = (f"{{name: n{n}, data: '{n}', expect: {{equals: '{n}'}}}}" for n in range(20))
    path = lay(mcli, "r.yaml", with_tests(*cases))
    done = mcli("recipes", "test", str(path), "-j", "4")
    assert done.out.splitlines() == [*(f"ok {path}: n{n}" for n in range(20)), "20 tests, 0 failed"]


def test_own_and_bundled_ones_without_a_path(mcli: Program) -> None:
    own(mcli, "mine.yaml", with_tests("{data: x, expect: {valid: true}}"))
    assert "ok mine: test 1\n" in mcli("recipes", "test").out


def test_data_and_variables_from_files_below_the_recipe(
    mcli: Program, server: FaultyServer
) -> None:
    server.play(echo)
    lay(mcli, "d/fix/data.txt", "from the file")
    lay(mcli, "d/fix/terms.txt", "the terms")
    lay(
        mcli,
        "d/r.yaml",
        """\
inputs: {terms: {type: file, required: true}}
messages: [{user: "{{ terms }}: {{ data }}"}]
tests:
  - {data_file: fix/data.txt, vars: {terms: fix/terms.txt},
     expect: {equals: "the terms: from the file"}}
""",
    )
    assert mcli("recipes", "test", "d").code == 0


def test_a_file_that_is_not_text_or_not_there_fails_its_test(
    mcli: Program, server: FaultyServer
) -> None:
    lay(mcli, "binary", "a\0b")
    lay(mcli, "empty", "")
    names = ("none.txt", "binary", "empty")
    cases = [f"{{data_file: {name}, expect: {{valid: false}}}}" for name in names]
    lay(mcli, "r.yaml", with_tests(*cases, "{data: x, expect: {valid: true}}"))
    done = mcli("recipes", "test", "r.yaml")
    lines = done.out.splitlines()
    assert done.code == 1
    assert all(line.startswith("not ok r.yaml: ") for line in lines[:3])
    assert lines[3:] == ["ok r.yaml: test 4", "4 tests, 3 failed"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "zero", "../x", "."])
def test_a_file_that_a_recipe_may_not_read_is_78(
    mcli: Program, server: FaultyServer, name: str
) -> None:
    os.mkfifo(mcli.home / "pipe")
    os.symlink("/dev/zero", mcli.home / "zero")
    good = "{data: x, expect: {valid: true}}"
    lay(mcli, "r.yaml", with_tests(good, f"{{data_file: {name}, expect: {{valid: false}}}}"))
    done = mcli("recipes", "test", "r.yaml")
    assert (done.code, done.slug, done.out) == (78, "bad_document", "")
    assert server.requests == []


def test_an_answer_that_cannot_be_used(mcli: Program, server: FaultyServer) -> None:
    server.play(scenes.ok("Par", finish="length"))
    lay(mcli, "r.yaml", with_tests(
        "{data: x, expect: {contains: Par}}", "{data: x, expect: {valid: false, contains: Par}}"
    ))  # fmt: skip
    done = mcli("recipes", "test", "r.yaml")
    assert done.code == 1
    assert "not ok r.yaml: test 1: the answer cannot be used: " in done.out
    assert "[truncated]" in done.out
    assert "ok r.yaml: test 2\n" in done.out


def test_labels_json_and_repairs_are_read_as_run_reads_them(
    mcli: Program, server: FaultyServer
) -> None:
    server.play([scenes.ok("no json"), scenes.ok('{"a": {"b": [1, true]}, "c": "x"}')])
    lay(mcli, "r.yaml", "output: {kind: json, schema: {required: [a]}, get: c}\n" + with_tests(
        "{data: x, expect: {get: {'.a.b[0]': 1.0, 'a.b[1]': true}, equals: x, max_tokens: 6}}"
    ))  # fmt: skip
    assert mcli("recipes", "test", "r.yaml", "-j", "1").out == (
        "ok r.yaml: test 1\n1 test, 0 failed\n"
    )
    server.play(scenes.ok("It is a bug."))
    lay(mcli, "r.yaml", "output: {kind: label}\n" + with_tests(
        "{data: x, vars: {labels: [bug, feature]}, expect: {label: bug, equals: bug}}"
    ))  # fmt: skip
    assert mcli("recipes", "test", "r.yaml").code == 0


def test_a_way_to_ask_for_json_that_was_refused_is_not_tried_again(
    mcli: Program, server: FaultyServer
) -> None:
    def knows_json_alone(seen: Seen) -> Reply:
        if seen.fields["response_format"]["type"] == "json_schema":
            return scenes.error(400, message="json_schema is not supported")
        return scenes.as_json(scenes.completion('{"a": 1}'))

    server.play(knows_json_alone)
    recipe = "output: {schema: {required: [a]}}\n"
    lay(mcli, "r.yaml", recipe + with_tests(*["{data: x, expect: {valid: true}}"] * 3))
    done = mcli("recipes", "test", "r.yaml", "-j", "1", "--json")
    assert (done.code, done.json["attempts"]) == (0, 4)


def test_a_key_that_the_server_repeats_is_told_nowhere(mcli: Program, server: FaultyServer) -> None:
    server.play([scenes.ok(f"The key is {KEY}."), scenes.error(401, message=f"bad key {KEY}")])
    lay(mcli, "r.yaml", with_tests(*["{data: x, expect: {equals: x}}"] * 2))
    for more in ([], ["--json"]):
        done = mcli("recipes", "test", "r.yaml", "-j", "1", "--junit", "out.xml", *more)
        assert done.code == 77
        assert KEY not in done.out + done.err + (mcli.home / "out.xml").read_text()
        server.play([scenes.ok(f"The key is {KEY}."), scenes.error(401, message=f"no {KEY}")])


@pytest.mark.parametrize(
    ("reply", "code", "slug"),
    [
        (scenes.error(401), 77, "auth"),
        (scenes.error(500), 75, "server_busy"),
        (scenes.html(), 76, "not_json"),
    ],
)
def test_a_request_that_fails_is_no_verdict(
    mcli: Program, server: FaultyServer, reply: Reply, code: int, slug: str
) -> None:
    server.play([scenes.ok("Paris."), reply])
    cases = [f"{{name: n{n}, data: x, expect: {{contains: Berlin}}}}" for n in range(9)]
    lay(mcli, "r.yaml", with_tests(*cases))
    done = mcli("recipes", "test", "r.yaml", "-j", "1", "--retries", "0", "--junit", "out.xml")
    assert (done.code, done.slug) == (code, slug)
    lines = done.out.splitlines()
    assert lines[0].startswith("not ok r.yaml: n0: ")
    assert lines[1].startswith("error r.yaml: n1: ")
    assert lines[2] == "9 tests, 1 failed, 1 without an answer, 7 not run"
    assert len(server.requests) == 2
    assert KEY not in done.out + done.err
    suites = ET.fromstring((mcli.home / "out.xml").read_text())
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("2", "1", "1")


def test_of_several_failures_the_gravest_counts(mcli: Program, server: FaultyServer) -> None:
    def mixed(seen: Seen) -> Reply:
        if asked(seen) == "late":
            return after(0.5, scenes.error(401))
        return scenes.error(500)

    server.play(mixed)
    lay(mcli, "r.yaml", with_tests(
        "{data: soon, expect: {valid: true}}", "{data: late, expect: {valid: true}}"
    ))  # fmt: skip
    done = mcli("recipes", "test", "r.yaml", "--retries", "0", "--json")
    assert done.code == 77
    assert [row["state"] for row in done.json["data"]] == ["error", "error"]
    assert done.json["error"]["slug"] == "auth"


def test_what_is_no_recipe_or_has_no_key_ends_it_before_anything_is_sent(
    mcli: Program, server: FaultyServer
) -> None:
    lay(mcli, "d/a.yaml", with_tests("{data: x, expect: {valid: true}}"))
    lay(mcli, "d/b.yaml", "x: 1\n")
    assert mcli("recipes", "test", "d").code == 78
    assert mcli("recipes", "test", "d/a.yaml", "--profile", "openai").slug == "no_key"
    assert mcli("recipes", "test", "d/a.yaml", "--junit", "no/dir.xml").code == 73
    assert server.requests == []
    lay(mcli, "d/b.yaml", MESSAGES)
    done = mcli("recipes", "test", "d/b.yaml", "--profile", "openai")
    assert (done.code, done.out) == (0, "0 tests, 0 failed\n")


def test_what_would_break_a_line_or_xml_does_not(mcli: Program, server: FaultyServer) -> None:
    nasty = "a\"'<&>]]>\x1b[31m\x00\x0b\ufffe\nb"
    server.play(scenes.as_json(scenes.completion(nasty)))
    lay(mcli, "r&<.yaml", with_tests(
        '{name: "n\\e[31m\\n<&\\"\\uFFFE", data: x, expect: {equals: "]]>\\x01"}}',
        "{name: " + "n" * 5000 + ", data: x, expect: {valid: true}}",
    ))  # fmt: skip
    done = mcli("recipes", "test", ".", "--junit", "out.xml")
    assert done.code == 1
    assert len(done.out.splitlines()) == 3
    assert all(len(line) < 600 for line in done.out.splitlines())
    assert "\x1b" not in done.out
    (suite,) = ET.fromstring((mcli.home / "out.xml").read_bytes())
    assert suite.get("name") == "r&<.yaml"
    assert suite[0].find("failure") is not None
    assert json.loads(mcli("recipes", "test", ".", "--json").out)


@pytest.mark.slow
def test_ten_thousand_tests_in_a_file(mcli: Program, server: FaultyServer) -> None:
    """Read once, not once a test; all but one are judged without a request."""
    cases = ["{data_file: no, expect: {contains: a}}"] * 9999
    lay(mcli, "r.yaml", with_tests(*cases, "{data: x, expect: {valid: true}}"))
    began = time.monotonic()
    done = mcli("recipes", "test", "r.yaml")
    assert time.monotonic() - began < 40
    assert done.out.endswith("\n10000 tests, 9999 failed\n")
    assert len(server.requests) == 1


def test_a_closed_stdout_is_74_and_a_reader_that_leaves_ends_it(mcli: Program) -> None:
    lay(mcli, "r.yaml", with_tests(*["{data: x, expect: {valid: true}}"] * 50))
    for command in ("test r.yaml", "check r.yaml", "list", "show ask", "schema"):
        assert mcli.shell(f"mcli recipes {command} >&-").code == 74, command
    done = mcli.shell("mcli recipes test r.yaml | head -n 1; echo ${PIPESTATUS[0]}")
    assert done.out.splitlines() == ["ok r.yaml: test 1", "141"]
    assert done.err == ""


def running(mcli: Program, **streams: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        mcli.argv("recipes", "test", "r.yaml"), env=mcli.env, cwd=mcli.home,
        stdin=subprocess.DEVNULL, **streams,
    )  # fmt: skip


def test_ctrl_c_ends_it_at_once(mcli: Program, server: FaultyServer) -> None:
    server.play([scenes.ok("Paris."), Reply(())])
    lay(mcli, "r.yaml", with_tests(*["{data: x, expect: {valid: true}}"] * 5))
    child = running(mcli, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while len(server.requests) < 5:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=10)
    finally:
        child.kill()
    assert child.returncode == -signal.SIGINT
    assert err == b""
    assert out in (b"", b"ok r.yaml: test 1\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals there")
def test_progress_is_for_a_terminal(mcli: Program, server: FaultyServer) -> None:
    server.play(echo)
    lay(mcli, "r.yaml", with_tests(*["{data: x, expect: {valid: true}}"] * 5))
    leader, follower = pty.openpty()
    child = running(mcli, stdout=subprocess.PIPE, stderr=follower)
    out, _ = child.communicate(timeout=60)
    os.close(follower)
    seen = os.read(leader, 1 << 16)
    os.close(leader)
    assert child.returncode == 0
    assert out.endswith(b"5 tests, 0 failed\n")
    assert b"\x1b" not in out
    assert b"/5" in seen
    assert seen.endswith(b"\r\x1b[2K"), "the bar is gone when it ends"
    assert b"\x1b[?25l" not in seen, "the cursor was never hidden"


def test_what_is_shown_may_become_one_s_own(mcli: Program) -> None:
    """The shell makes the file before we look for the recipe, which that would then hide."""
    folder = mcli.home / ".config" / "mcli" / "recipes"
    folder.mkdir(parents=True)
    mine = folder / "translate.yaml"
    done = mcli.shell(f"mcli recipes show translate > {mine}")

    assert (done.code, done.err) == (0, "")
    assert mine.read_bytes() == (ROOT / "recipes" / "translate.yaml").read_bytes()
    assert mcli("recipes", "show", "translate").out == mine.read_text()
