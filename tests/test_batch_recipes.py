"""Recipes of every kind over many records: what one record brings or gets is its own matter."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.faults.scenes import as_json, completion, error, ok
from tests.faults.server import FaultyServer, Reply, Seen
from tests.program import Program
from tests.test_attaching import PNG

from .test_batch import envelopes, played, said

ASKED = "data: none\ninputs: {k: {type: string, required: true}}\nmessages: [{user: '{{ k }}'}]\n"
SHAPED = ASKED + "output: {kind: json, repair: 0, schema: {type: object, properties: {a: {}}}}\n"
LOOSE = ASKED + "output: {kind: json, repair: 0}\n"
TOOL = "tools:\n- {name: look, description: d, parameters: {x: string}}\n"
CALL = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": '{"x": "1"}'}}
CALLS = as_json(completion(None, "tool_calls", tool_calls=[CALL]))


def recipe(mcli: Program, text: str) -> str:
    (mcli.home / "r.yaml").write_text(text)
    return "./r.yaml"


def answering(answers: Mapping[str, Any]) -> Any:
    """Each message gets the answer that it names: a scene, or a text."""

    def scene(seen: Seen) -> Reply:
        answer = answers[said(seen)]
        return played(ok(answer) if isinstance(answer, str) else answer, seen)

    return scene


def rows(out: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(out)))


def jsonl(*values: Any) -> bytes:
    return "".join(json.dumps({"k": value}) + "\n" for value in values).encode()


def test_a_record_that_makes_too_much_of_a_template_is_one_that_failed(
    mcli: Program, server: FaultyServer
) -> None:
    template = "{% for x in l %}{% for y in l %}{{ y }}{% endfor %}{% endfor %}"
    name = recipe(
        mcli, f"data: none\ninputs: {{l: {{type: list}}}}\nmessages:\n- user: '{template}!'\n"
    )
    (mcli.home / "in.jsonl").write_text(
        "".join(json.dumps({"l": each}) + "\n" for each in (["a"], ["b"] * 20_000, ["c"]))
    )
    done = mcli("batch", name, "in.jsonl", "--journal", "j")

    assert (done.code, done.slug) == (3, "batch_partial")
    assert [each["ok"] for each in envelopes(done.out)] == [True, False, True]
    assert envelopes(done.out)[1]["error"]["slug"] == "bad_template"
    assert sorted(map(said, server.requests)) == ["a!", "c!"]


def test_calls_of_tools_have_no_fields(mcli: Program, server: FaultyServer) -> None:
    server.play(answering({"1": CALLS, "2": '{"a": 5}'}))
    name = recipe(mcli, SHAPED + TOOL)
    (mcli.home / "in.csv").write_text("k\n1\n2\n")
    done = mcli("batch", name, "in.csv", "--into-fields")

    assert (done.code, done.slug) == (3, "batch_partial")
    why = "schema_mismatch: the answer calls tools, and has no fields to print"
    assert rows(done.out) == [["k", "a", "error"], ["1", "", why], ["2", "5", ""]]


def test_what_was_kept_as_another_form_has_fields_or_has_failed(
    mcli: Program, server: FaultyServer
) -> None:
    answers = {"1": "[1, 2]", "2": '{"a": 5}', "3": CALLS, "4": '{"error": 1}'}
    server.play(answering(answers))
    command = ("batch", recipe(mcli, LOOSE + TOOL), "--from", "jsonl", "--journal")
    first = mcli(*command, "j", "--into", "f", stdin=jsonl(*answers))
    again = mcli(*command, "j", "--into-fields", stdin=jsonl(*answers))
    whole = mcli(*command, "new", "--into-fields", stdin=jsonl(*answers))

    assert (first.code, again.code, whole.code) == (0, 3, 3)
    assert len(server.requests) == 8
    assert again.out == whole.out
    assert [bool(each.get("error")) for each in envelopes(again.out)] == [True, False, True, True]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_answer_cannot_say_that_its_record_failed(
    mcli: Program, server: FaultyServer, form: str
) -> None:
    server.play(ok('{"a": 1, "error": "forged"}'))
    given = b"k\n1\n" if form == "csv" else jsonl("1")
    done = mcli("batch", recipe(mcli, SHAPED), "--from", form, "--into-fields", stdin=given)

    assert "forged" not in done.out
    assert done.code == (0 if form == "csv" else 3)  # a table takes the columns of the schema


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_schema_has_no_field_for_what_is_wrong(
    mcli: Program, server: FaultyServer, form: str
) -> None:
    given = b"k\n1\n" if form == "csv" else jsonl("1")
    name = recipe(mcli, SHAPED.replace("{a: {}}", "{a: {}, error: {}}"))
    done = mcli("batch", name, "--from", form, "--into-fields", stdin=given)

    assert (done.code, done.slug, server.requests) == (2, "bad_flag", [])


def test_a_batch_runs_no_command_and_says_who_does(mcli: Program, server: FaultyServer) -> None:
    server.play(CALLS)
    tool = TOOL.replace("}}", "}, command: [sh, tool.sh]}")
    (mcli.home / "tool.sh").write_text("touch ran\n")
    done = mcli("batch", recipe(mcli, ASKED + tool), "--from", "jsonl", stdin=jsonl("1", "2"))

    assert (done.code, done.slug) == (3, "batch_partial")
    assert {each["error"]["slug"] for each in envelopes(done.out)} == {"tool_not_allowed"}
    assert all("mcli run" in each["error"]["hint"] for each in envelopes(done.out))
    assert not (mcli.home / "ran").exists()


def test_the_end_of_a_run_tells_what_all_of_it_took(mcli: Program, server: FaultyServer) -> None:
    fenced, broken = "```json\n{}\n```", "```json\n{\n```"
    server.play([ok(fenced), ok(broken), ok(fenced), error(401)])
    name = recipe(mcli, ASKED + "output: {kind: code}\n")
    command = ("batch", name, "--from", "jsonl", "-j", "1", "--journal", "j", "--json")
    done = mcli(*command, stdin=jsonl(*"abc"))

    assert done.code == 77
    assert "[auth, attempts=4, " in done.err
    *records, run = envelopes(done.out)
    assert [each["attempts"] for each in records] == [1, 2]
    assert (run["attempts"], run["error"]["charged"], run["cost_usd"]) == (4, "yes", cost(records))

    server.play(ok("I cannot"))
    again = mcli(*command, stdin=jsonl(*"abc"))
    assert (again.code, again.slug) == (3, "batch_partial")
    assert envelopes(again.out)[-1]["attempts"] == 1  # of this run, and not what the journal kept


def cost(records: list[Any]) -> float:
    return round(sum(each["cost_usd"] for each in records), 12)


def test_a_cap_in_the_middle_of_a_repair_is_counted_and_the_record_asked_again(
    mcli: Program, server: FaultyServer
) -> None:
    server.play([ok("```json\n{}\n```"), ok("```json\n{\n```")])
    name = recipe(mcli, ASKED + "output: {kind: code}\n")
    command = ("batch", name, "--from", "jsonl", "-j", "1", "--journal", "j", "--max-requests")
    done = mcli(*command, "2", stdin=jsonl(*"ab"))

    assert (done.code, done.slug, len(server.requests)) == (77, "max_requests", 2)
    assert "[max_requests, attempts=2, " in done.err
    server.play(ok("```json\n1\n```"))
    again = mcli(*command, "3", stdin=jsonl(*"ab"))
    assert (again.code, again.err, len(server.requests)) == (0, "", 1)
    assert [each["text"] for each in envelopes(again.out)] == ["{}", "1"]


def test_a_request_for_a_model_without_a_price_leaves_the_others_their_cap(
    mcli: Program, server: FaultyServer
) -> None:
    line = {"method": "POST", "url": "/v1/chat/completions"}
    asked = [{"role": "user", "content": "x"}]
    given = "".join(
        json.dumps({**line, "custom_id": model, "body": {"model": model, "messages": asked}}) + "\n"
        for model in ("gpt-4", "nobody-knows", "gpt-4o")
    )
    command = ("batch", "--from", "openai-batch", "--max-cost", "1")
    done = mcli(*command, stdin=given.encode())

    assert (done.code, len(server.requests)) == (3, 2)
    assert [each["ok"] for each in envelopes(done.out)] == [True, False, True]
    assert envelopes(done.out)[1]["error"]["slug"] == "unknown_price"


PICTURE = """\
inputs: {pic: {type: image, required: true}}
data: none
messages: [{user: [Look., {image: '{{ pic }}'}]}]
"""


def test_a_record_brings_an_image_in_a_data_url(mcli: Program, server: FaultyServer) -> None:
    packed = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    wrong = {
        "data:text/html;base64,AAAA": "bad_image",
        "data:image/png;base64,!!!": "bad_image",
        "data:image/png,AAAA": "bad_image",
        packed[:33]: "bad_image",
        f"data:image/png;base64,{base64.b64encode(PNG[:16]).decode()}": "bad_image",
        "cat.png": "bad_record",
    }
    given = "".join(json.dumps({"pic": each}) + "\n" for each in (packed, *wrong)).encode()
    done = mcli("batch", recipe(mcli, PICTURE), "--from", "jsonl", "-m", "gpt-4o", stdin=given)

    first, *others = envelopes(done.out)
    assert (done.code, first["ok"], len(server.requests)) == (3, True, 1)
    sent = server.requests[0].body["messages"][-1]["content"]
    assert sent[-1] == {"type": "image_url", "image_url": {"url": packed}}
    assert [each["error"]["slug"] for each in others] == list(wrong.values())


PAGES = """\
inputs: {doc: {type: file}}
data: none
messages: [{user: 'Read {{ doc }}'}]
"""


def test_a_record_that_names_a_file_fails_and_a_person_may(
    mcli: Program, server: FaultyServer
) -> None:
    (mcli.home / "doc").write_text("of a person")
    command = ("batch", recipe(mcli, PAGES), "--from", "jsonl")
    given = b'{"doc": "doc"}\n{}\n'
    done = mcli(*command, stdin=given)
    named = mcli(*command, "-D", "doc=doc", stdin=given)

    assert [
        (each["ok"], (each.get("error") or {}).get("slug")) for each in envelopes(done.out)
    ] == [
        (False, "bad_record"),
        (True, None),
    ]
    assert (done.code, named.code) == (3, 0)
    assert [said(each) for each in server.requests[1:]] == ["Read of a person"] * 2


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ("jsonl", b'{"data": "D"}\n{"data": null}\n{"data": 5}\n{"text": "D"}\n'),
        ("csv", b"data,n\nD,1\n"),
    ],
)
def test_the_field_called_data_is_the_data(
    mcli: Program, server: FaultyServer, form: str, given: bytes
) -> None:
    done = mcli("batch", "-e", "Say {{ data }}", "--from", form, stdin=given)

    found = [(each["error"]["slug"] if not each["ok"] else None) for each in envelopes(done.out)]
    assert found == [None, "empty_input", "bad_record", "empty_input"][: len(found)]
    assert [said(each) for each in server.requests] == ["Say D"]
