"""A value is put in once, as it is; a hostile template is refused and cannot hurt the machine."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli import template
from mcli.errors import ConfigFailure, Failure, UsageFailure
from tests.program import ROOT

HOSTILE_VALUES = ["{{ b }}", "{% if x %}", "{# c #}", "{{", "}}", "{x.__class__}", "$x", "%s",
                  "\\", "\x00", "\u2028", "<&>\"'", "{{ b | upper }}"]  # fmt: skip
texts = st.text() | st.lists(st.sampled_from(HOSTILE_VALUES)).map("".join)


def fill(source: str, /, **values: Any) -> str:
    return template.fill(source, values, "f.yaml:1:1")


@given(texts, texts)
@settings(deadline=None)
def test_a_value_is_inserted_as_it_is_and_never_expanded(a: str, b: str) -> None:
    assert fill("1{{ a }}2{{ b }}3{{a}}", a=a, b=b) == f"1{a}2{b}3{a}"
    assert fill("{% for x in list %}{{ x }}{% endfor %}", list=[a, b]) == a + b
    assert fill("{{ list | join('|') }}", list=[a, b]) == f"{a}|{b}"


@given(st.integers() | st.integers(-(10**60), 10**60))
@settings(deadline=None)
def test_a_whole_number_is_inserted_as_it_is(number: int) -> None:
    assert fill("{{ n }}", n=number) == str(number)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", ""),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (0.5, "0.5"),
        ([], ""),
        (["a", "b"], "a, b"),
        (["a", 1, None, True], "a, 1, , true"),
        ("a\r\nb\n", "a\r\nb\n"),
    ],
)
def test_a_value_of_another_kind_is_shown_as_text(value: Any, shown: str) -> None:
    assert fill("{{ v }}", v=value) == shown


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("plain { text } 100% #1", "plain { text } 100% #1"),
        ("text\n", "text\n"),
        ("{{ 'a' }}\n", "a\n"),
        ("{# note #}a", "a"),
        ("{% if a %}yes{% else %}no{% endif %}", "yes"),
        ("{% if none_ %}yes{% elif a == 'x' %}x{% endif %}", "x"),
        ("{%- if a -%} b {%- endif -%}", "b"),
        ("{% for i in l %}{{ loop.index }}{{ i }}{% endfor %}", "1p2q"),
        ("{{ a | upper }}{{ a|title }}", "XX"),
        ("{{ l | join(', ') }} {{ l|first }} {{ l | length }}", "p, q p 2"),
        ("{{ none_ | default('d', true) }}", "d"),
        ("{{ '}}' }}{{ \"%}\" }}", "}}%}"),
        ("{{ l | tojson }}", '["p", "q"]'),
        ("{% if 'a+b' == 'a~b' %}{% endif %}ok", "ok"),
    ],
)
def test_the_small_language(source: str, result: str) -> None:
    assert fill(source, a="x", l=["p", "q"], none_=None) == result


@pytest.mark.parametrize("name", ["name", "source", "values", "where", "loop", "cycler"])
def test_any_name_may_be_a_variable(name: str) -> None:
    assert fill(f"{{{{ {name} }}}}", **{name: "v"}) == "v"


@pytest.mark.parametrize("source", ["{{ x }}", "{% if x %}{% endif %}", "{{ x | upper }}"])
def test_a_variable_without_a_value_is_named(source: str) -> None:
    with pytest.raises(UsageFailure, match='"x"'):
        fill(source)


@pytest.mark.parametrize("name", ["range", "dict", "debug", "namespace"])
def test_nothing_but_the_recipes_variables_has_a_name(name: str) -> None:
    assert template.names(f"{{{{ {name} }}}}") == {name}
    with pytest.raises(UsageFailure, match=name):
        fill(f"{{{{ {name} }}}}")


@pytest.mark.parametrize(
    "source",
    [
        "{% set a = 1 %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% macro m() %}{% endmacro %}",
        "{% block b %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% call x() %}{% endcall %}",
        "{% raw %}{{ x }}{% endraw %}",
        "{% autoescape true %}{% endautoescape %}",
        "{%set a = 1 %}",
        "{%-  set a = 1 %}",
        "{{ a | indent(9) }}",
        "{{ a|replace('x', 'y') }}",
        "{{ a | format }}",
        "{{ a | list }}",
        "{{ a|batch(9) }}",
        "{{ a |\n center (9) }}",
        "{{ a ~ a }}",
        "{{ a * 9 }}",
        "{{ a + a }}",
        "{{ range(9) }}",
        "{{ a.upper() }}",
        "{{ a | join(a ~ a) }}",
        "{% for x in a * 9 %}{% endfor %}",
        "{% if a ~ a %}{% endif %}",
        "{{ '}}' ~ a }}",
        "{{ '}}' * 9 }}",
        "{{ '%}' | indent(9) }}",
        "{% if '%}' ~ a %}{% endif %}",
        '{{ "\\"}}" ~ a }}',
        "{{ {'k': {'k': 1}} ~ a }}",
        "{{ '}}' ~ l.append('x') }}",
        "{{ (range)(9) }}",
        "{{ ((range))(9) | join }}",
        "{{ 'x'(9) }}",
        "{{ (debug)() }}",
        "{% for x in (range)(9) %}{% endfor %}",
    ],
)
def test_what_makes_much_out_of_little_is_refused(source: str) -> None:
    with pytest.raises(ConfigFailure) as caught:
        template.check(source, "f.yaml:1:1")
    assert "f.yaml:1:1" in caught.value.message


@pytest.mark.parametrize(
    "source",
    [
        "{{ a.__class__ }}",
        "{{ l.append }}",
        "{{ l.__class__ }}",
        "{{ l['append'] }}",
        "{{ l.clear }}",
    ],
)
def test_no_python_object_is_behind_a_value(source: str) -> None:
    with pytest.raises(Failure):
        fill(source, a="x", l=["p"])


@pytest.mark.parametrize(
    "source",
    ["{{ a", "{% if a", "{% if a %}", "{{ a | }}", "{% endif %}", "{{ }}", "{% %}", "{{ a b }}",
     "{% for %}{% endfor %}", "{{ 1 // 0 }}", "{{ a[ }}", "{{ 'x }}", "{#", "{{ a | first | x }}"],
)  # fmt: skip
def test_a_broken_template_is_a_matter_of_configuration(source: str) -> None:
    with pytest.raises(ConfigFailure) as caught:
        fill(source, a="x")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("source", ["{{ a", "{% if a %}", "{{ a | }}", "{% %}", "{{ 'x }}", "{#"])
def test_the_names_in_a_broken_template_are_a_matter_of_configuration(source: str) -> None:
    with pytest.raises(ConfigFailure):
        template.names(source)


def test_the_text_is_bounded() -> None:
    with pytest.raises(ConfigFailure):
        fill("{% for i in l %}{{ d }}{% endfor %}", l=list(range(1000)), d="x" * 100_000)


def test_the_text_is_bounded_also_where_steps_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "LARGEST", 10)
    assert fill("{{ a }}{{ a }}", a="01234") == "0123401234"
    with pytest.raises(ConfigFailure, match="64 MiB"):
        fill("{{ a }}{{ a }}{{ a }}", a="01234")


def test_the_steps_are_bounded() -> None:
    many = list(range(1000))
    with pytest.raises(ConfigFailure):
        fill("{% for a in l %}{% for b in l %}{% endfor %}{% endfor %}", l=many)


@pytest.mark.parametrize(
    "source", ["{{ data }}", "{{ a }}{% if a and data %}\n{% endif %}{{ data }}"]
)
@pytest.mark.parametrize("data", ["x" * (16 << 20), "é" * (8 << 20), "😀" * (4 << 20)], ids=len)
def test_data_as_large_as_input_may_be_is_put_in(source: str, data: str) -> None:
    assert fill(source, a="", data=data) == data


def test_a_few_thousand_labels_are_put_in() -> None:
    labels = [f"label {number}" for number in range(5000)]
    assert fill("{% for l in labels %}- {{ l }}\n{% endfor %}", labels=labels).count("\n") == 5000


CHILD = """
import resource, sys
from mcli import template
from mcli.errors import Failure
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
try:
    source = sys.stdin.read()
    template.names(source)
    template.fill(source, {"a": 1, "data": "x" * (4 << 20)}, "f.yaml:1:1")
except Failure as failure:
    print(failure.exit_code.value)
else:
    print("filled")
"""


@pytest.mark.parametrize(
    "source",
    [
        "{{ [" + "data," * 400 + "] | join }}",
        "{{ [" + "data," * 400 + "] | tojson }}",
        "{{ [" + "data," * 400 + "] }}",
        "{{ data" + " | tojson" * 40 + " }}",
        "{{ data | join(data) }}",
        "{{ data | sort | unique | join(data) }}",
        "{{ '}}' * 999999999999 }}",
        "{% for c in data %}{{ data }}{% endfor %}",
        "{% for c in data %}{% for d in data %}{{ c }}{% endfor %}{% endfor %}",
        "{{ data }}" * 10_000,
        "{% if a %}" + "{% elif a %}" * 60_000 + "{% endif %}",
        "{{ a" + "-1" * 200_000 + " }}",
        "{{ " + "not " * 200_000 + "a }}",
        "{{ a" + " and a" * 100_000 + " }}",
        "{{ " + "[" * 200_000,
        "{% if a %}" * 100_000,
        "{{ " + '\\"' * 200_000,
    ],
    ids=["join", "tojson", "list", "tojsons", "joins", "sort", "braces", "loop", "loops", "often",
         "elif", "minus", "not", "and", "brackets", "ifs", "quotes"],
)  # fmt: skip
def test_a_hostile_template_does_not_take_the_machine_down(source: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=source.encode(),
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-300:]
    assert done.stdout.strip() in (b"78", b"filled")
    assert done.stderr == b""


PARTS = ["{{", "}}", "{%", "%}", "{#", "#}", " a ", " b ", "if", "for", " in ", "endif", "else",
         "|", "upper", "join", "'", '"', "\\", "(", ")", "[", "]", ".", "-", "~", "1", "\n", "é",
         "not ", "==", ":", "{", "}", "%", "loop"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=25).map("".join) | st.text())
@settings(deadline=None, max_examples=200)
def test_any_template_is_text_or_one_complaint(source: str) -> None:
    told = ""
    for use in (template.names, lambda text: fill(text, a="x", b=["y"])):
        try:
            use(source)
        except (ConfigFailure, UsageFailure) as failure:
            told = failure.message
        assert "\n" not in told
