"""`mcli recipes schema` against the loader: what one refuses, so does the other."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from mcli import documents, library, recipe_document, strict
from mcli.errors import ConfigFailure
from tests.program import ROOT, Program

SCHEMA = json.loads((ROOT / "mcli" / "recipe.schema.json").read_text())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
MESSAGES = 'messages: [{system: Be kind.}, {user: "{{ data }}"}]\n'
FULL = """
description: Sort a mail and say how urgent it is.
model: gpt-4
params: {temperature: 0, max_tokens: 200, stop: [a, b], reasoning_effort: low}
inputs:
  team: {type: string, default: support, help: Who reads the mail}
  labels: {type: list, required: true}
  tone: {type: enum, values: [kind, curt], default: kind}
  strict: {type: boolean, default: no}
  share: {type: number, default: 0.5}
  count: {type: integer, default: 5}
  terms: {type: file}
data: required
messages:
  - system: "{{ team }} {{ labels }} {{ tone }} {{ strict }} {{ share }} {{ count }} {{ terms }}"
  - user: "{{ data }}"
examples:
  - data: The site is down!
    vars: {team: ops}
    answer: {label: outage, urgent: true}
tools:
  - name: weather
    description: The weather
    parameters: {city: string, "days?": {type: integer}}
    command: [sh, weather.sh]
  - {type: function, function: {name: now, parameters: {type: object}}}
output:
  kind: json
  schema: {type: object, required: [label], properties: {label: {type: string}}}
  get: label
  repair: 1
tests:
  - name: an outage is urgent
    data: Nothing loads since 9:00
    vars: {labels: [outage, billing]}
    expect: {get: {label: outage, .urgent: true}, max_tokens: 300}
  - data_file: fixtures/mail-2.txt
    vars: {labels: "outage, billing"}
    expect: {contains: billing, not_contains: [a, b], matches: "^\\\\{", valid: true}
"""
# A recipe a line; `+` stands for good messages, and ;; for a line break.
GOOD = """
+ inputs:
+ description: 5
+ params:
+ inputs: {a: {default: 5}}
+ inputs: {a: {type: list, default: [1]}}
+ inputs: {a: {type: boolean, default: 1}}
+ inputs: {größe: {}}
+ inputs: {a: {type: integer, default: "5"}}
+ inputs: {a: {values: []}}
+ output: {kind: label}
+ output: {schema: {}}
+ output:
+ output: {kind: label} ;; inputs: {labels: {type: list}}
+ output: {kind: code, repair: 2, check: false}
+ examples: []
+ tests: []
+ tools: []
+ tools: [{name: a}]
+ tools: [{name: a, parameters: }]
+ tools: [{function: {name: a}, command: [ls]}]
+ inputs: {a: {type: image}}
messages: [{user: [x, {image: "{{ a }}"}]}]
messages: [{user: [{image: "{{a}}"}]}]
+ examples: [{answer: [1]}]
+ tests: [{expect: {contains: []}}]
+ tests: [{expect: {get: {}}}]
+ params: {stop: 1, seed: -1, top_p: .5}
"""
BAD = """
{}
description: x
[]
x
messages: []
messages: [{system: x}]
messages: [{user: [x, {image: a.png}]}]
messages: [{user: [{picture: "{{ a }}"}]}]
messages: [{user: x}, {system: [{image: "{{ a }}"}]}]
+ tools: {}
+ tools: [{}]
+ tools: [{name: a b}]
+ tools: [{name: a, parameters: {x: text}}]
+ tools: [{name: a, command: ls}]
+ tools: [{name: a, command: []}]
+ tools: [{function: {}}]
+ tools: [{type: custom, function: {name: a}}]
+ tools: [{name: a}] ;; fit: parts
+ inputs: {a: {type: image, default: x}}
messages: x
messages: [x]
messages: [{user: x, system: y}]
messages: [{}, {user: x}]
messages: [{tool: x}, {user: x}]
messages: [{user: [x]}]
messages:
+ modle: x
+ base_url: https://x.test
+ key: {env: X}
+ fit: heads
+ output: {kind: code, schema: {}}
+ output: {kind: text, check: no}
+ output: {check: no}
+ output: {schema: {}, check: no}
+ output: {kind: code, check: x}
+ fit: [head]
+ description: [x]
+ model: ''
+ model: [x]
+ model: {a: b}
+ params: [1]
+ params: {model: x}
+ params: {n: 2}
+ params: {stream: true}
+ params: {temperature: hot}
+ params: {temperature: '0'}
+ params: {max_tokens: 0}
+ params: {max_tokens: 1.5}
+ params: {seed: x}
+ params: {stop: {a: b}}
+ params: {stop: [[a]]}
+ inputs: [a]
+ inputs: {a: string}
+ inputs: {a: {type: strin}}
+ inputs: {a: {typ: string}}
+ inputs: {a: {required: yes}}
+ inputs: {a: {type: enum}}
+ inputs: {a: {values: [x]}}
+ inputs: {a: {type: enum, values: []}}
+ inputs: {a: {type: enum, values: x}}
+ inputs: {a: {type: integer, default: x}}
+ inputs: {a: {type: integer, default: 5.5}}
+ inputs: {a: {type: number, default: x}}
+ inputs: {a: {type: boolean, default: maybe}}
+ inputs: {a: {default: [x]}}
+ inputs: {a: {type: list, default: {a: b}}}
+ inputs: {a: {type: list, default: [[a]]}}
+ inputs: {a: {required: true, default: x}}
+ inputs: {a: {type: file, default: x}}
+ inputs: {data: {}}
+ inputs: {a-b: {}}
+ inputs: {self: {}}
+ inputs: {loop: {}}
+ inputs: {label_lines: {}}
+ inputs: {'': {}}
+ inputs: {1a: {}}
+ data: maybe
+ data: [x]
+ output: x
+ output: {kind: poem}
+ output: {knid: text}
+ output: {get: a}
+ output: {repair: 1}
+ output: {kind: text, schema: {}}
+ output: {kind: code, get: a}
+ output: {kind: json, schema: x}
+ output: {kind: json, schema: [1]}
+ output: {kind: json, repair: 11}
+ output: {kind: json, repair: -1}
+ output: {kind: json, repair: x}
+ output: {kind: json, get: [a]}
+ output: {kind: label} ;; inputs: {a: {}}
+ output: {kind: label} ;; inputs: {labels: {}}
+ examples: x
+ examples: [{data: x}]
+ examples: [{answer: x, x: y}]
+ examples: [x]
+ examples: [{answer: x, data: [y]}]
+ examples: [{answer: x, vars: [y]}]
+ tests: x
+ tests: [x]
+ tests: [{data: x}]
+ tests: [{expect: {}}]
+ tests: [{expect: x}]
+ tests: [{expect: {contain: x}}]
+ tests: [{expect: {contains: ''}}]
+ tests: [{expect: {contains: [a, '']}}]
+ tests: [{expect: {contains: {a: b}}}]
+ tests: [{expect: {valid: yes}}]
+ tests: [{expect: {max_tokens: 0}}]
+ tests: [{expect: {get: [a]}}]
+ tests: [{expect: {label: [a]}}]
+ tests: [{expect: {equals: [a]}}]
+ tests: [{data: x, data_file: y, expect: {valid: true}}]
+ tests: [{data: [x], expect: {valid: true}}]
+ tests: [{name: [x], expect: {valid: true}}]
+ tests: [{vars: x, expect: {valid: true}}]
+ tests: [{nmae: x, expect: {valid: true}}]
"""


def recipes(lines: str) -> list[str]:
    written = [line.replace("+ ", MESSAGES).replace(" ;; ", "\n") for line in lines.split("\n")]
    return [source + "\n" for source in written if source]


def loads(source: str) -> bool:
    try:
        recipe_document.read(documents.parse(source.encode(), "r.yaml"), "r")
    except ConfigFailure:
        return False
    return True


def fits(source: str) -> bool:
    return VALIDATOR.is_valid(strict.anything(documents.parse(source.encode(), "r.yaml")))


@pytest.mark.parametrize("source", [MESSAGES, FULL, *recipes(GOOD)])
def test_what_loads_fits_the_schema(source: str) -> None:
    assert loads(source)
    assert fits(source)


@pytest.mark.parametrize("source", recipes(BAD))
def test_what_is_refused_does_not_fit_the_schema(source: str) -> None:
    assert not loads(source)
    assert not fits(source)


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_bundled_recipes_fit_the_schema_and_nothing_is_wrong_with_them(path) -> None:
    assert fits(path.read_text())
    assert library.check(path, {}) == []


def test_a_recipe_that_extends_another_needs_no_messages() -> None:
    assert fits("extends: summarize\nparams: {temperature: 1}\n")
    assert not fits("extends: ''\n")


def test_every_key_is_described_and_known_to_both() -> None:
    assert set(SCHEMA["properties"]) == set(recipe_document.KEYS)
    for shape in (SCHEMA, SCHEMA["$defs"]["input"], SCHEMA["$defs"]["test"]):
        assert shape["additionalProperties"] is False
        assert all(part.get("description") for part in shape["properties"].values())


@pytest.mark.parametrize("of", ["recipe", "envelope"])
def test_the_schemas_are_printed(mcli: Program, of: str) -> None:
    printed = mcli("recipes", "schema", of)
    assert (printed.code, printed.err) == (0, "")
    assert printed.json == json.loads((ROOT / "mcli" / f"{of}.schema.json").read_text())
    assert mcli("recipes", "schema", of, "--json").json["data"] == printed.json
    assert jsonschema_rs.meta.is_valid(printed.json)


def test_the_recipes_schema_is_the_usual_one(mcli: Program) -> None:
    assert mcli("recipes", "schema").json["title"] == "mcli recipe"
    assert mcli("recipes", "schema", "nonsense").code == 2
