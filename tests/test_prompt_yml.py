"""Files of the GitHub Models format run and test as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcli import documents, prompt_yml, recipe
from mcli.cases import Case
from mcli.chat import Message
from mcli.errors import ConfigFailure
from mcli.recipe import Recipe
from tests.faults.server import FaultyServer
from tests.program import Program

MESSAGES = "messages: [{role: user, content: '{{input}}'}]\n"
PROMPT = """\
name: One line
description: Sum a text up in one sentence.
model: openai/gpt-4o-mini
modelParameters:
  temperature: 0.5
  maxTokens: 100
  topP: 0.9
messages:
  - role: system
    content: |
      You are {{persona}}. {% raw %} and {# this #} are not templates, nor is {{ 1 + 1 }}.
  - role: User
    content: 'Sum up: {{ input }} {{my-tone}}'
testData:
  - input: The museum opened.
    persona: a clerk
    my-tone: 5
    expected: Summary - it opened.
  - input: hello
evaluators:
  - name: begins well
    string: {startsWith: 'Summary -'}
  - name: says it
    string: {contains: '{{expected}}'}
"""
JUDGED = "testData: [{input: x}]\nevaluators:\n  - {name: Alike, uses: github/similarity}\n"


def read(source: str) -> Recipe:
    return prompt_yml.read(documents.parse(source.encode(), "p.prompt.yml"), "p")


def test_a_prompt_is_a_recipe() -> None:
    found = read(PROMPT)
    assert (found.model, found.output.kind, found.data) == (
        "openai/gpt-4o-mini",
        "text",
        "required",
    )
    assert found.description == "Sum a text up in one sentence."
    assert found.params == {"temperature": 0.5, "max_tokens": 100, "top_p": 0.9}
    assert sorted(found.inputs) == ["my-tone", "persona"]
    assert all(declared.required for declared in found.inputs.values())


def test_its_templates_know_names_and_nothing_else() -> None:
    values = {"persona": "{{input}}", "my-tone": "kind"}
    system, user = recipe.render(read(PROMPT), values, "the {{persona}}", "")
    assert system == Message(
        "system",
        "You are {{input}}. {% raw %} and {# this #} are not templates, nor is {{ 1 + 1 }}.\n",
    )
    assert user.content == "Sum up: the {{persona}} kind"


def test_a_name_that_means_something_in_a_recipe_is_a_variable_like_any_other() -> None:
    plain = read("messages: [{role: user, content: '{{data}} {{input}}'}]\n")
    assert sorted(plain.inputs) == ["data"]
    assert recipe.render(plain, {"data": "a"}, "b", "")[0].content == "a b"


def test_without_a_message_of_the_user_the_data_are_one() -> None:
    found = read("messages: [{role: system, content: Be kind.}]\n")
    assert found.data == "required"
    assert recipe.render(found, {}, "hi", "")[-1] == Message("user", "hi")
    assert read("messages: [{role: user, content: Hello}]\n").data == "none"


def test_the_test_data_and_evaluators_are_tests() -> None:
    first, second = read(PROMPT).tests
    assert first.variables == {"persona": "a clerk", "my-tone": "5"}
    assert (first.data, first.place) == ("The museum opened.", "p.prompt.yml:15:5")
    assert first.expected.starts_with == ("Summary -",)
    assert first.expected.contains == ("Summary - it opened.",)
    assert second.expected.contains == ("{{expected}}",), "what has no value can hold of nothing"


@pytest.mark.parametrize(
    "schema",
    [
        "  type: object\n  required: [a]\n",
        "  name: x\n  strict: true\n  schema: {type: object, required: [a]}\n",
        '  \'{"name": "x", "strict": true, "schema": {"type": "object", "required": ["a"]}}\'\n',
        '  |-\n  {"type": "object",\n   "required": ["a"]}\n',
    ],
)
def test_a_schema_may_be_bare_wrapped_or_text(schema: str) -> None:
    found = read(f"responseFormat: json_schema\njsonSchema:\n{schema}{MESSAGES}")
    assert found.output.kind == "json"
    assert found.output.schema == {"type": "object", "required": ["a"]}


def test_response_formats() -> None:
    assert read(f"responseFormat: text\n{MESSAGES}").output.kind == "text"
    any_json = read(f"responseFormat: json_object\n{MESSAGES}").output
    assert (any_json.kind, any_json.schema) == ("json", None)


def test_what_files_from_the_wild_have_beside_the_documented_form() -> None:
    found = read(
        "# made by a program\n---\nmodelParameters: {temperature: 0.3, max_tokens: 2000}\n"
        "testData:\n- {difficulty: easy, vars: {}, expected: 'no', score: 5, tags: [a, b]}\n"
        "evaluators:\n- {name: json, description: It is JSON., string: {contains: '{{tags}}'}}\n"
        "messages:\n- {role: user, content: 'How {{difficulty}}? {{tags}} {{vars}}'}\n"
    )
    assert found.params == {"temperature": 0.3, "max_tokens": 2000}
    (case,) = found.tests
    assert case.variables == {"difficulty": "easy", "tags": '["a", "b"]', "vars": "{}"}
    assert case.expected.contains == ('["a", "b"]',)
    assert read(f"evaluators: []\ntestData: []\n{MESSAGES}").tests == ()


def test_judges_that_mcli_does_not_have_are_named() -> None:
    judge = "  - {name: Nice, llm: {modelId: x, prompt: y, choices: [{choice: a, score: 1}]}}\n"
    (case,) = read(MESSAGES + JUDGED + judge).tests
    assert isinstance(case, Case)
    assert case.unchecked == ("Alike (github/similarity)", "Nice (a model)")


@pytest.mark.parametrize(
    ("source", "place", "says"),
    [
        ("name: x\n", "1:1", "needs messages"),
        ("mesages: []\n" + MESSAGES, "1:1", 'unknown key "mesages"'),
        ("extends: ask\n" + MESSAGES, "1:1", 'unknown key "extends"'),
        ("params: {}\n" + MESSAGES, "1:1", "unknown key"),
        ("modelParameters: {maxToken: 1}\n" + MESSAGES, "1:19", "unknown key"),
        ("modelParameters: {maxTokens: 1, max_tokens: 2}\n" + MESSAGES, "1:33", "twice"),
        ("modelParameters: {maxTokens: x}\n" + MESSAGES, "1:19", "whole number"),
        ("messages: [{user: x}]\n", "1:13", 'unknown key "user"'),
        ("messages: [{role: user}]\n", "1:12", "content"),
        ("messages: [{role: tool, content: x}]\n", "1:13", '"tool"'),
        ("messages: [{role: user, content: [x]}]\n", "1:25", "expected text"),
        ("responseFormat: xml\n" + MESSAGES, "1:1", '"xml"'),
        ("responseFormat: json_schema\n" + MESSAGES, "1:1", "jsonSchema"),
        ("jsonSchema: {type: object}\n" + MESSAGES, "1:1", "responseFormat"),
        ("jsonSchema: '{'\nresponseFormat: json_schema\n" + MESSAGES, "1:1", ""),
        ("jsonSchema: '[]'\nresponseFormat: json_schema\n" + MESSAGES, "1:1", "mapping"),
        ("jsonSchema: {type: x}\nresponseFormat: json_schema\n" + MESSAGES, "1:1", "JSON Schema"),
        ("testData: [x]\n" + MESSAGES, "1:12", "mapping"),
        ("evaluators: [{name: x}]\n" + MESSAGES, "1:14", "one of"),
        ("evaluators: [{string: {}}]\n" + MESSAGES, "1:15", "equals"),
        ("evaluators: [{string: {regex: x}}]\n" + MESSAGES, "1:24", "unknown key"),
        ("evaluators: [{string: {contains: ''}}]\n" + MESSAGES, "1:15", "expected"),
        ("evaluators: [{string: {equals: a}}, {string: {equals: b}}]\ntestData: [{}]\n" + MESSAGES,
         "2:12", "several"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_where_it_stands(source: str, place: str, says: str) -> None:
    with pytest.raises(ConfigFailure) as caught:
        read(source)
    assert caught.value.message.startswith(f"p.prompt.yml:{place}: ")
    assert says in caught.value.message


def written(mcli: Program, text: str) -> str:
    path = mcli.home / "greet.prompt.yml"
    path.write_text(text)
    return str(path)


def test_it_runs_by_its_path(mcli: Program) -> None:
    path = written(mcli, PROMPT)
    done = mcli("run", path, "-D", "persona=a", "-D", "my-tone=b", stdin=b"text")
    assert (done.code, done.out) == (0, "Paris.\n")
    preview = mcli("run", path, "-D", "persona=a", "-D", "my-tone=b", "--dry-run", stdin=b"text")
    body = preview.json["body"]
    assert body["model"] == "openai/gpt-4o-mini"
    assert (body["temperature"], body["max_tokens"], body["top_p"]) == (0.5, 100, 0.9)
    assert body["messages"][1] == {"role": "user", "content": "Sum up: text b"}


def test_what_it_needs_is_named(mcli: Program) -> None:
    done = mcli("run", written(mcli, PROMPT), stdin=b"text")
    assert done.code == 2
    assert "my-tone, persona" in done.err


def test_it_tests_as_it_is(mcli: Program) -> None:
    judged = "evaluators: [{name: a, string: {contains: PARIS}}]\n"
    data = "testData: [{input: x}]\n"
    done = mcli("recipes", "test", written(mcli, MESSAGES + data + judged))
    assert (done.code, done.out.splitlines()[-1]) == (0, "1 test, 0 failed")


def test_what_takes_a_judge_is_skipped_aloud_and_not_sent(
    mcli: Program, server: FaultyServer
) -> None:
    path = written(mcli, MESSAGES + JUDGED)
    done = mcli("recipes", "test", path)
    assert done.code == 0
    assert done.out == (
        f"skip {path}: test 1: mcli does not judge by Alike (github/similarity)\n"
        "1 test, 0 failed, 1 skipped\n"
    )
    assert server.requests == []
    half = JUDGED + "  - {name: b, string: {contains: Berlin}}\n"
    assert mcli("recipes", "test", written(mcli, MESSAGES + half)).code == 1
    half = JUDGED + "  - {name: b, string: {contains: Paris}}\n"
    assert "what it can check is met" in mcli("recipes", "test", written(mcli, MESSAGES + half)).out


def test_one_of_ones_own_has_a_name(mcli: Program) -> None:
    folder = mcli.home / ".config" / "mcli" / "recipes"
    folder.mkdir(parents=True)
    (folder / "greet.prompt.yml").write_text(PROMPT)
    listed = {row["name"]: row for row in mcli("recipes", "list", "--json").json["data"]}
    assert listed["greet"]["description"] == "Sum a text up in one sentence."
    assert Path(listed["greet"]["path"]).name == "greet.prompt.yml"


def test_a_recipe_does_not_extend_one(mcli: Program) -> None:
    written(mcli, PROMPT)
    (mcli.home / "r.yaml").write_text("extends: ./greet.prompt.yml\n")
    done = mcli("run", "./r.yaml", stdin=b"x")
    assert done.code == 78
    assert "cannot be extended" in done.err
