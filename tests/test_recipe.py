"""A recipe is read strictly, names all that is wrong at once, and makes the messages it says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli import documents, library, recipe, recipe_document, variables
from mcli.chat import Message
from mcli.errors import ConfigFailure, NoInput, UsageFailure
from mcli.recipe import Recipe
from tests.program import ROOT

MINIMAL = 'messages: [{user: "{{ data }}"}]\n'


def read(source: str) -> Recipe:
    return recipe_document.read(documents.parse(source.encode(), "r.yaml"), "r")


def refusal(source: str) -> ConfigFailure:
    with pytest.raises(ConfigFailure) as caught:
        read(source)
    return caught.value


def with_inputs(inputs: str) -> str:
    return f"inputs:\n  {inputs}\n{MINIMAL}"


def test_the_smallest_recipe() -> None:
    smallest = read(MINIMAL)
    assert (smallest.output.kind, smallest.data, smallest.model) == ("text", "required", None)
    assert smallest.params == {}
    assert smallest.inputs == {}


@pytest.mark.parametrize(
    ("source", "place", "says"),
    [
        ("tempreature: 0\n" + MINIMAL, "1:1", 'unknown key "tempreature"'),
        ("mesages: []\n", "1:1", 'unknown key "mesages"'),
        ("base_url: https://evil.test\n" + MINIMAL, "1:1", "unknown key"),
        ("key: {env: X}\n" + MINIMAL, "1:1", "unknown key"),
        ("headers: {x: y}\n" + MINIMAL, "1:1", "unknown key"),
        ("proxy: x\n" + MINIMAL, "1:1", "unknown key"),
        ("description: x\n", "1:1", "needs messages"),
        ("messages: []\n", "1:1", "user message"),
        ("messages: [{system: x}]\n", "1:1", "user message"),
        ("messages: x\n", "1:1", "expected a list"),
        ("messages: [x]\n", "1:12", "expected a mapping"),
        ("messages: [{user: x, system: y}]\n", "1:12", "one of system, user or assistant"),
        ("messages: [{}]\n", "1:12", "one of system, user or assistant"),
        ("messages: [{tool: x}]\n", "1:13", 'unknown key "tool"'),
        ("messages: [{user: [x]}]\n", "1:13", "expected text"),
        ("messages: [{user: '{% set a = 1 %}'}]\n", "1:13", "set"),
        ("messages: [{user: '{{ a'}]\n", "1:13", ""),
        ("messages: [{user: '{% if a %}'}]\n", "1:13", ""),
        ("[a]\n", "1:1", "expected a mapping"),
        ("x\n", "1:1", "expected a mapping"),
        ("params: {model: x}\n" + MINIMAL, "1:10", "model"),
        ("params: {stream: true}\n" + MINIMAL, "1:10", "stream"),
        ("params: {messages: []}\n" + MINIMAL, "1:10", "messages"),
        ("params: [1]\n" + MINIMAL, "1:1", "expected a mapping"),
        ("params: {seed: " + "9" * 50 + "}\n" + MINIMAL, "1:10", "number"),
        ("data: maybe\n" + MINIMAL, "1:1", "maybe"),
        ("data: none\n" + MINIMAL, "1:1", "data"),
        ("output: {kind: poem}\n" + MINIMAL, "1:10", "poem"),
        ("inputs: {}\noutput: {kind: label}\n" + MINIMAL, "1:1", "labels"),
        ("inputs: {labels: {}}\noutput: {kind: label}\n" + MINIMAL, "1:1", "labels"),
        ("output: {knid: text}\n" + MINIMAL, "1:10", "knid"),
        ("inputs: {x: {}}\nmessages: [{user: '{{ y }}'}]\n", "2:13", '"y" is used'),
        ("output: {schema: [a]}\n" + MINIMAL, "1:10", "expected a mapping"),
        ("output: {kind: text, schema: {}}\n" + MINIMAL, "1:22", "kind json"),
        ("output: {kind: label, get: a}\n" + MINIMAL, "1:23", "kind json"),
        ("output: {kind: text, repair: 1}\n" + MINIMAL, "1:22", "kind json or label or code"),
        ("output: {kind: json, check: no}\n" + MINIMAL, "1:22", "kind code"),
        ("output: {kind: code, check: 2}\n" + MINIMAL, "1:22", "true or false"),
        ("output: {kind: json, repair: 11}\n" + MINIMAL, "1:22", "from 0 to 10"),
        ("output: {kind: json, get: 'a['}\n" + MINIMAL, "1:22", "path of a field"),
        ("examples: [{data: x}]\n" + MINIMAL, "1:12", "needs its answer"),
        ("examples: [{answer: x, vars: {a: 1}}]\n" + MINIMAL, "1:31", '"a" is no input'),
        ("tests: [{data: x}]\n" + MINIMAL, "1:9", "expect something"),
        ("tests: [{expect: {}}]\n" + MINIMAL, "1:10", "expect something"),
        ("tests: [{data: x, data_file: y, expect: {label: a}}]\n" + MINIMAL, "1:9", "not both"),
        ("tests: [{expect: {contains: ''}}]\n" + MINIMAL, "1:19", "empty text"),
        ("tests: [{expect: {get: {'a[': 1}}}]\n" + MINIMAL, "1:25", "path of a field"),
        ("tests: [{expect: {max_tokens: 0}}]\n" + MINIMAL, "1:19", "above 0"),
        ("tests: [{vars: {a: 1}, expect: {label: x}}]\n" + MINIMAL, "1:17", '"a" is no input'),
        ("tests: [{expect: {label: x}}]\n" + with_inputs("a: {required: true}"), "1:9", "lacks a"),
        (with_inputs("a: {type: strin}"), "2:7", "strin"),
        (with_inputs("a: {typ: string}"), "2:7", 'unknown key "typ"'),
        (with_inputs("a: string"), "2:3", "expected a mapping"),
        (with_inputs("a: {required: yes}"), "2:7", "true or false"),
        (with_inputs("a: {type: enum}"), "2:3", "values"),
        (with_inputs("a: {values: [x]}"), "2:3", "values"),
        (with_inputs("a: {type: integer, default: x}"), "2:22", "whole number"),
        (with_inputs("a: {type: enum, values: [x], default: y}"), "2:32", '"y"'),
        (with_inputs("a: {required: true, default: x}"), "2:23", "default"),
        (with_inputs("a: {type: file, default: /etc/passwd}"), "2:19", "default"),
        (with_inputs("data: {type: string}"), "2:3", '"data"'),
        (with_inputs("a-b: {type: string}"), "2:3", '"a-b"'),
        (with_inputs("self: {type: string}"), "2:3", '"self"'),
        (with_inputs("loop: {type: string}"), "2:3", '"loop"'),
        (with_inputs('"": {type: string}'), "2:3", '""'),
    ],
)
def test_a_mistake_is_refused_where_it_stands(source: str, place: str, says: str) -> None:
    failure = refusal(source)
    assert failure.message.startswith(f"r.yaml:{place}: ")
    assert says in failure.message
    assert "\n" not in failure.message


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("parms: {}\n" + MINIMAL, 'did you mean "params"?'),
        ("output: {kind: txt}\n" + MINIMAL, 'did you mean "text"?'),
        ("inputs: {points: {}}\nmessages: [{user: '{{ point }}'}]\n", 'did you mean "points"?'),
        (with_inputs("a: {type: int}"), 'did you mean "integer"?'),
    ],
)
def test_a_near_miss_is_corrected(source: str, hint: str) -> None:
    assert refusal(source).hint == hint


def test_a_word_of_yaml_stays_the_text_that_was_written() -> None:
    traps = read(
        "description: no\nmodel: 1:30\n"
        "inputs: {a: {default: 2024-01-01}, b: {type: list, default: [no, on]}}\n" + MINIMAL
    )
    assert (traps.description, traps.model) == ("no", "1:30")
    assert traps.inputs["a"].default == "2024-01-01"
    assert traps.inputs["b"].default == ["no", "on"]


def test_parameters_are_json() -> None:
    source = "params: {temperature: 0, stop: [a, b], reasoning_effort: low, x: {y: null}}\n"
    params = {"temperature": 0, "stop": ["a", "b"], "reasoning_effort": "low", "x": {"y": None}}
    assert read(source + MINIMAL).params == params


def test_a_recipe_without_inputs_takes_what_its_templates_ask_for() -> None:
    found = read("messages: [{system: '{{ a }}{% if b %}{% endif %}'}, {user: '{{ data }}'}]\n")
    assert sorted(found.inputs) == ["a", "b"]
    assert all(declared.required for declared in found.inputs.values())


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("string", " a,b=c {{ x }} ", " a,b=c {{ x }} "),
        ("string", "", ""),
        ("integer", "5", 5),
        ("integer", "-5", -5),
        ("number", "0.5", 0.5),
        ("number", "5", 5.0),
        ("boolean", "true", True),
        ("boolean", "YES", True),
        ("boolean", "0", False),
        ("boolean", "off", False),
        ("list", "a, b,,c ", ["a", "b", "c"]),
        ("list", ["a", "b,c"], ["a", "b", "c"]),
        ("list", ("a,b", "c"), ["a,b", "c"]),
        ("list", "", []),
        ("file", "the file's text", "the file's text"),
    ],
)
def test_a_variable_gets_its_type(kind: str, written: Any, value: Any) -> None:
    typed = read(with_inputs(f"a: {{type: {kind}}}"))
    assert variables.bind(typed.inputs, {"a": written}, "r") == {"a": value}


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("string", ["a", "b"]),
        ("integer", "x"),
        ("integer", "5.0"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("number", "1_0.5"),
        ("integer", ""),
        ("integer", "9" * 5000),
        ("number", "x"),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1e999"),
        ("boolean", "maybe"),
        ("boolean", ""),
        ("enum, values: [x, y]", "z"),
    ],
)
def test_a_variable_of_another_type_is_refused(kind: str, written: Any) -> None:
    typed = read(with_inputs(f"a: {{type: {kind}}}"))
    with pytest.raises(UsageFailure, match="a: ") as caught:
        variables.bind(typed.inputs, {"a": written}, "r")
    assert len(caught.value.message) < 300


def test_everything_that_is_wrong_is_named_at_once() -> None:
    strict = read(
        with_inputs(
            "team: {required: true}\n  urgent: {required: true}\n"
            "  points: {type: integer}\n  share: {type: number}"
        )
    )
    with pytest.raises(UsageFailure) as caught:
        variables.bind(strict.inputs, {"points": "many", "share": "half", "temn": "x"}, "r")
    for name in ("team", "urgent", "points", "share", "temn", "did you mean"):
        assert name in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("written", ["", " \n", [""], (" ", "")])
def test_what_is_required_is_not_blank(written: Any) -> None:
    kind = "string" if isinstance(written, str) else "list"
    strict = read(with_inputs(f"a: {{type: {kind}, required: true}}"))

    with pytest.raises(UsageFailure, match="a is blank"):
        variables.bind(strict.inputs, {"a": written}, "r")


def test_what_is_not_given_is_its_default() -> None:
    typed = read(with_inputs("a: {default: x}\n  b: {type: integer}\n  c: {type: list}"))
    assert variables.bind(typed.inputs, {}, "r") == {"a": "x", "b": None, "c": None}


def test_the_persons_system_message_stands_behind_the_recipes_own() -> None:
    chat = read("messages: [{system: a}, {system: b}, {user: c}, {assistant: d}, {user: e}]\n")
    roles = [(m.role, m.content) for m in recipe.render(chat, {}, "", "mine")]
    assert roles == [("system", "a"), ("system", "b"), ("system", "mine"), ("user", "c"),
                     ("assistant", "d"), ("user", "e")]  # fmt: skip
    assert recipe.render(read(MINIMAL), {}, "hi", "mine")[0] == Message("system", "mine")
    assert recipe.render(read(MINIMAL), {}, "hi", "") == (Message("user", "hi"),)


SHOWN = """
inputs: {tone: {default: dry}}
messages: [{system: s}, {user: "first"}, {assistant: a}, {user: "{{ tone }}: {{ data }}"}]
examples:
  - {data: "one {{ tone }}", answer: ONE}
  - {data: two, vars: {tone: wet}, answer: {n: 2, ok: true}}
"""


def test_examples_stand_before_the_last_user_message() -> None:
    turns = recipe.render(read(SHOWN), {"tone": "dry"}, "three", "mine")
    assert [(m.role, m.content) for m in turns] == [
        ("system", "s"), ("system", "mine"), ("user", "first"), ("assistant", "a"),
        ("user", "dry: one {{ tone }}"), ("assistant", "ONE"),
        ("user", "wet: two"), ("assistant", '{"n": 2, "ok": true}'),
        ("user", "dry: three"),
    ]  # fmt: skip


def test_tests_are_read_with_their_variables() -> None:
    found = read(
        "inputs: {n: {type: integer, required: true}, l: {type: list}}\n"
        "tests:\n"
        "  - {name: a, data: x, vars: {n: 5, l: [a, b]}, expect: {contains: y, valid: true}}\n"
        "  - {data_file: f.txt, vars: {n: 5}, expect: {get: {.a: 1}, matches: [a, b]}}\n" + MINIMAL
    ).tests
    assert [case.name for case in found] == ["a", "test 2"]
    assert found[0].variables == {"n": "5", "l": ("a", "b")}
    assert (found[0].expected.contains, found[0].expected.valid) == (("y",), True)
    assert found[1].expected.get == ((("a",), 1),)


@given(st.text(), st.text(), st.text())
@settings(deadline=None)
def test_data_and_variables_are_never_templates(a: str, data: str, system: str) -> None:
    both = read("messages: [{user: '{{ a }}|{{ data }}'}]\n")
    rendered = recipe.render(both, {"a": a + "{{ data }}"}, data + "{{ a }}", system)
    assert rendered[-1].content == f"{a}{{{{ data }}}}|{data}{{{{ a }}}}"
    assert [m.content for m in rendered[:-1]] == ([system] if system else [])


def test_what_is_bundled_extends_what_is_bundled(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a person calls by the same name, be it broken."""
    own(tmp_path / ".config", summarize="broken: [")
    monkeypatch.setenv("HOME", str(tmp_path))
    whole = library.bundled("summarize").recipe

    merging = library.merging(whole)
    assert merging is not None
    assert merging.params == whole.params


@pytest.mark.parametrize(
    ("name", "temperature", "kind"),
    [
        ("summarize", 0.3, "text"),
        ("summarize-merge", 0.3, "text"),
        ("classify", 0.0, "label"),
        ("codegen", 0.2, "code"),
        ("ask", None, "text"),
        ("translate", 0.3, "text"),
        ("extract", 0.0, "json"),
        ("commit-message", 0.2, "text"),
        ("review-diff", 0.0, "json"),
        ("explain-error", 0.2, "text"),
        ("changelog", 0.2, "text"),
    ],
)
def test_the_bundled_recipes(name: str, temperature: float | None, kind: str) -> None:
    bundled = library.find(name, {}, tests=True).recipe
    assert bundled.turns[0].role == "system"
    assert bundled.params == ({} if temperature is None else {"temperature": temperature})
    assert (bundled.output.kind, bundled.model) == (kind, None)
    assert re.search("`.*mcli .*`", bundled.description)  # an example
    assert bundled.tests


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("ask", {"prompt": "hi"}),
        ("summarize", {}),
        ("summarize", {"style": "headline", "words": "9", "language": "de", "focus": "money"}),
        ("summarize", {"style": "paragraph"}),
        ("summarize-merge", {}),
        ("summarize-merge", {"style": "headline", "words": "9", "language": "de", "focus": "x"}),
        ("classify", {"labels": "a,b", "question": "which?"}),
        ("codegen", {"task": "sort", "language": "python"}),
        ("translate", {"to": "de"}),
        ("translate", {"to": "de", "from": "en"}),
        ("extract", {"fields": "a,b"}),
        ("commit-message", {}),
        ("commit-message", {"style": "conventional"}),
        ("commit-message", {"style": "subject"}),
        ("review-diff", {}),
        ("review-diff", {"focus": "security"}),
        ("explain-error", {"command": "make"}),
        ("changelog", {"version": "1.0"}),
    ],
)
def test_a_bundled_recipe_can_be_filled_in(name: str, given: dict[str, str]) -> None:
    bundled = library.bundled(name).recipe
    values = {**variables.bind(bundled.inputs, given, name), "label_lines": "- a\n- b"}
    messages = recipe.render(bundled, values, "the data {{ x }}", "")
    assert "the data {{ x }}" in messages[-1].content
    assert not any("{%" in message.content for message in messages)


def test_all_bundled_recipes_are_named_above() -> None:
    marks = (
        *test_the_bundled_recipes.pytestmark,
        *test_a_bundled_recipe_can_be_filled_in.pytestmark,
    )
    for mark in marks:
        named = {row[0] for row in mark.args[1]}
        assert named == {path.stem for path in (ROOT / "recipes").iterdir()}


APART = sorted({path.stem for path in (ROOT / "recipes").iterdir()} - {"ask", "codegen"})


@pytest.mark.parametrize("name", APART)
def test_data_stand_apart_from_what_is_to_be_done_with_them(name: str) -> None:
    system, user = library.bundled(name).recipe.turns
    assert (system.role, user.role, user.template) == ("system", "user", "{{ data }}")
    assert "whatever it" in system.template


def own(tmp_path: Any, **recipes: str) -> dict[str, str]:
    """An environment with these recipes of a person's own."""
    folder = tmp_path / "mcli" / "recipes"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in recipes.items():
        (folder / f"{name}.yaml").write_text(text)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


BELOW = (
    """
description: below
params: {temperature: 0, seed: 1}
inputs: {a: {default: x}, b: {default: y}}
output: {kind: json}
tests: [{expect: {contains: z}}]
"""
    + MINIMAL
)


def test_a_recipe_adds_to_the_one_that_it_extends(tmp_path: Any) -> None:
    above = "extends: below\nparams: {seed: 2}\ninputs: {b: {type: integer}, c: {}}\noutput: {}\n"
    environ = own(tmp_path, below=BELOW, above=above)
    found = library.find("above", environ).recipe
    assert (found.name, found.description) == ("above", "below")
    assert found.params == {"temperature": 0, "seed": 2}
    assert {n: i.type for n, i in found.inputs.items()} == {
        "a": "string", "b": "integer", "c": "string",
    }  # fmt: skip
    assert found.output.kind == "text"
    assert found.tests == ()


def test_a_persons_own_may_extend_the_bundled_one_of_its_name(tmp_path: Any) -> None:
    environ = own(tmp_path, summarize="extends: summarize\nparams: {temperature: 1}\n")
    found = library.find("summarize", environ).recipe
    assert found.params == {"temperature": 1}
    assert "points" in found.inputs


def test_a_recipe_by_path_extends_its_neighbour(tmp_path: Any) -> None:
    (tmp_path / "below.yaml").write_text(BELOW)
    (tmp_path / "above.yaml").write_text("extends: ./below.yaml\nmodel: m\n")
    assert library.find(str(tmp_path / "above.yaml"), {}).recipe.params["seed"] == 1


def test_a_mistake_below_is_named_where_it_stands(tmp_path: Any) -> None:
    environ = own(tmp_path, below="params: {seed: x}\n" + MINIMAL, above="extends: below\n")
    with pytest.raises(ConfigFailure, match=r"below\.yaml:1:10: "):
        library.find("above", environ)
    with pytest.raises(ConfigFailure, match=r"blank\.yaml:1:1: extends needs the name"):
        library.find("blank", own(tmp_path, blank="extends: ''\n"))


def test_a_recipe_by_path_and_one_of_a_persons_own(tmp_path: Any) -> None:
    folder = tmp_path / "mcli" / "recipes"
    folder.mkdir(parents=True)
    (folder / "ask.yaml").write_text(MINIMAL)
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert library.find(str(folder / "ask.yaml"), environ).recipe.name == "ask"
    assert library.find("ask", environ).shadows
    assert not library.find("summarize", environ).shadows
    with pytest.raises(UsageFailure, match="summarise") as caught:
        library.find("summarise", environ)
    assert caught.value.hint == 'did you mean "summarize"?'
    with pytest.raises(NoInput):
        library.find(str(tmp_path / "none.yaml"), environ)
    with pytest.raises(NoInput):
        library.find(f"{tmp_path}/", environ)
