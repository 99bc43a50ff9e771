"""A recipe made to exhaust the machine ends within seconds of processor time and 100 MB.

Both are counted by the system, for a process of its own, beyond what the program takes for a plain
recipe; so a busy machine makes little difference. The worst takes 0.9 s where this was written, and most took
minutes before they were mended: the bound stands well between the two.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tests.program import Program

CPU_S = 4.0
STARTS = 25
"""As many plain recipes take that long where it was set: a slow machine is given more."""
MEMORY_MB = 100.0

# What wait4 tells of a process includes the peak of the one that started it, so a small one does.
STARTER = """
import json, os, resource, sys
cap = 2 << 30  # a bomb that goes off is not to take the machine along
resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
code = os.waitstatus_to_exitcode(status)
with open(sys.argv[1], "w") as file:
    json.dump([code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024], file)
"""

MESSAGES = 'messages: [{user: "{{ data }}"}]\n'
LIST = "inputs: {l: {type: list}, s: {default: x}}\ndata: optional\n"
CHECK = ("recipes", "check")
RUN = ("run", "--dry-run")
GIVEN = (*RUN, "--var-file", "l=list", "--var-file", "s=long")


@dataclass(frozen=True)
class Bomb:
    """A recipe, made when it is needed; what is done with it, and the files beside it."""

    recipe: Callable[[], str]
    does: tuple[str, ...] = CHECK
    beside: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str = "r.yaml"


def lines(text: str, count: int) -> str:
    """`text` so many times, `@` in it the number."""
    return "".join(text.replace("@", str(number)) for number in range(count))


def template(text: str) -> Bomb:
    """A template that is filled in with a list of 20,000 items and a text of 1 MB."""
    return Bomb(
        lambda: f"{LIST}messages: [{{user: '{text.replace(chr(39), chr(39) * 2)}'}}]\n", GIVEN
    )


def loops(inside: str, depth: int = 1) -> Bomb:
    return template("{% for a in l %}" * depth + inside + "{% endfor %}" * depth)


def expects(tests: Callable[[], str]) -> Bomb:
    return Bomb(lambda: f"{MESSAGES}tests:\n{tests()}")


def asks_for(schema: Callable[[], str]) -> Bomb:
    return Bomb(lambda: f"{MESSAGES}output: {{schema: {{{schema()}}}}}\n")


def referring(each: str) -> Bomb:
    """Forty schemas, each of which asks twice for the next."""
    twice = '{$ref: "#/$defs/a@"}'
    defs = [f"a{n}: {each.replace('T', twice.replace('@', str(n + 1)))}" for n in range(40)]
    return asks_for(lambda: f'$defs: {{{", ".join(defs)}, a40: {{}}}}, $ref: "#/$defs/a0"')


def prompt(text: Callable[[], str], *does: str) -> Bomb:
    return Bomb(text, does or CHECK, name="r.prompt.yml")


CHAIN = {f"r{n}.yaml": f"extends: ./r{n + 1}.yaml\n" for n in range(1, 13)}
FAT = {
    name: f"{text}params:\n{lines(f'  {name[:-5]}-@: x' + chr(10), 9_000)}"
    for name, text in CHAIN.items()
}
DIGITS = "9" * 100_000

# fmt: off
BOMBS = {
    "alias": Bomb(lambda: "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))),
    "alias at the end": Bomb(lambda: f"{MESSAGES}params: {{stop: [{'x, ' * 90_000}&a y, *a]}}\n"),
    "merge key": Bomb(lambda: "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40))),
    "deep sequence": Bomb(lambda: "- " * 500_000),
    "deep flow sequence": Bomb(lambda: "messages: " + "[" * 1_000_000),
    "deep mapping": Bomb(lambda: "".join(" " * n + "a:\n" for n in range(1_400))),
    "deep flow mapping": Bomb(lambda: "messages: " + "{a: " * 250_000),
    "deep keys": Bomb(lambda: "? " * 500_000),
    "wide": Bomb(lambda: f"{MESSAGES}description: [{'x, ' * 99_000}x]\n"),
    "keys that nobody knows": Bomb(lambda: lines("key-@: x\n", 49_000)),
    "keys that are params": Bomb(lambda: f"{MESSAGES}params:\n{lines('  key-@: x' + chr(10), 48_000)}", RUN),
    "keys that stand twice": Bomb(lambda: "k: x\n" * 200_000),
    "items": Bomb(lambda: "messages: [" + "x," * 400_000 + "]"),
    "long text": Bomb(lambda: f"{MESSAGES}description: {'x' * 1_000_000}\n", RUN),
    "long key": Bomb(lambda: f"'{'x' * 1_000_000}': 1\n{MESSAGES}"),
    "long name": Bomb(lambda: f"messages: [{{user: '{{{{ {'x' * 1_000_000} }}}}'}}]\n"),
    "escapes": Bomb(lambda: MESSAGES + 'description: "' + r"\x41" * 250_000 + '"\n'),
    "digits": Bomb(lambda: f"{MESSAGES}params: {{seed: {DIGITS}}}\n"),
    "digits of a fraction": Bomb(lambda: f"{MESSAGES}params: {{temperature: 0.{DIGITS}}}\n"),
    "digits of an exponent": Bomb(lambda: f"{MESSAGES}params: {{other: 1e{DIGITS}}}\n"),
    "digits of a default": Bomb(lambda: f"inputs: {{a: {{type: integer, default: {DIGITS}}}}}\n{MESSAGES}"),
    "digits of a path": Bomb(lambda: f"{MESSAGES}output: {{kind: json, get: 'a[{DIGITS}]'}}\n"),
    "digits of a schema": asks_for(lambda: f"maximum: {DIGITS}"),
    "many long numbers": Bomb(lambda: f"{MESSAGES}params: {{other: [{('9' * 39 + ', ') * 24_000}1]}}\n"),

    "loop": loops("{{ a }}"),
    "loop in loop": loops("{% for b in l %}{{ a }}{% endfor %}"),
    "loops that do nothing": loops("", 16),
    "loops too deep": loops("", 17),
    "list in loop": loops("{{ l }}"),
    "text in loop": loops("{{ s }}"),
    "join in loop": loops("{% if l | join | length == 1 %}{% endif %}"),
    "sort in loop": loops("{% if l | sort | unique | first == 'x' %}{% endif %}"),
    "upper in loop": loops("{% if s | upper == 'x' %}{% endif %}"),
    "search in loop": loops("{% if 'zz' in s or a in l %}{% endif %}"),
    "compare in loop": loops("{% if s == 'x' or s < 'y' or not s %}{% endif %}"),
    "letters of a text": template("{% for a in s %}{{ s }}{% endfor %}"),
    "join with a text": template("{{ l | join(s) }}"),
    "filters in a row": template("{{ s " + "| upper | title " * 14 + "}}"),
    "escapes of escapes": template("{{ '\"\"\"\"' " + "| tojson " * 29 + "}}"),
    "the same again": template("{{ s }}" * 499),
    "parentheses": template("{{ " + "(" * 29 + "1" + ")" * 29 + " }}"),
    "too many parentheses": template("{{ " + "(" * 100_000 + "1" + ")" * 100_000 + " }}"),
    "too many filters": template("{{ l" + " | upper" * 50_000 + " }}"),
    "too many blocks": template("{{ l }}" * 100_000),
    "too many conditions": template("{% if l %}" * 20_000),
    "not not": template("{{ " + "not " * 58 + "1 }}"),
    "elif": template("{% if l %}" + "{% elif l %}" * 497 + "{% endif %}x"),
    "open comments": template("{# " * 250_000),
    "open text": template("{{ '" + "\\\\" * 400_000),

    "references": referring("{allOf: [T, T]}"),
    "references of properties": referring("{properties: {x: T, y: T}}"),
    "references in a row": asks_for(lambda: "$defs: {" + "".join(f'a{n}: {{$ref: "#/$defs/a{n + 1}"}}, ' for n in range(15_000)) + 'a15000: {}}, $ref: "#/$defs/a0"'),
    "reference to itself": asks_for(lambda: 'allOf: [{$ref: "#"}, {$ref: "#"}]'),
    "long reference": asks_for(lambda: f"$ref: '#/{'a/' * 400_000}'"),
    "schemas": asks_for(lambda: f"anyOf: [{'{type: string}, ' * 19_000}{{}}]"),
    "properties": asks_for(lambda: f"properties: {{{lines('v@: {type: string}, ', 15_000)}z: {{}}}}"),
    "expressions in tools": Bomb(lambda: f"{MESSAGES}tools:\n" + lines("- {name: t@, parameters: {type: object, allOf: [" + "{pattern: 'a{1,500}'}, " * 500 + "{}]}}\n", 90)),
    "schemas of tools": Bomb(lambda: f"{MESSAGES}tools:\n" + lines("- {name: t@, parameters: {type: object, anyOf: [" + "{}, " * 1900 + "{}]}}\n", 49)),
    "tools": Bomb(lambda: f"{MESSAGES}tools:\n" + lines("- {name: t@}\n", 30_000)),
    "images": Bomb(lambda: "messages:\n- user:\n" + lines("  - image: '{{ i@ }}'\n", 30_000)),
    "deep schema": asks_for(lambda: "items: " + "{items: " * 44 + "{}" + "}" * 44),
    "pattern": asks_for(lambda: "pattern: '(((((a{1,100}){1,100}){1,100}){1,100}){1,100})'"),
    "patterns": asks_for(lambda: f"allOf: [{lines(chr(123) + 'pattern: ' + chr(39) + chr(92) + 'pL{20}@' + chr(39) + '}, ', 5_000)}{{}}]"),
    "patterns of names": asks_for(lambda: "patternProperties: {" + "".join(rf"'\pL{{20}}{n}': {{}}, " for n in range(5_000)) + "z: {}}"),
    "matches": expects(lambda: "- {expect: {matches: '(((((a{1,100}){1,100}){1,100}){1,100}){1,100})'}}\n"),
    "matches, many": expects(lambda: "".join(f"- {{expect: {{matches: '\\pL{{20}}{n}'}}}}\n" for n in range(8_000))),
    "matches, many small": expects(lambda: lines("- {expect: {matches: 'a@+'}}\n", 8_000)),
    "matches, long": expects(lambda: f"- {{expect: {{matches: '{'a|' * 400_000}'}}}}\n"),
    "matches, deep": expects(lambda: f"- {{expect: {{matches: '{'(' * 100_000}{')' * 100_000}'}}}}\n"),
    "matches, backwards": expects(lambda: "- {expect: {matches: '(?=a)*" + r"(a)\1" * 20_000 + "'}}\n"),

    "extends in a row": Bomb(lambda: "extends: ./r1.yaml\n", beside=CHAIN),
    "extends much": Bomb(lambda: "extends: ./r1.yaml\n", beside=FAT),
    "extends in a circle": Bomb(lambda: "extends: ./c.yaml\n", beside={"c.yaml": "extends: ./r.yaml\n"}),
    "inputs and tests": Bomb(lambda: f"inputs:\n{lines('  a@: {}' + chr(10), 10_000)}{MESSAGES}tests:\n" + "- {expect: {valid: true}}\n" * 10_000),
    "inputs and examples": Bomb(lambda: f"data: optional\ninputs:\n{lines('  a@: {}' + chr(10), 10_000)}{MESSAGES}examples:\n" + "- {data: a, answer: b}\n" * 1_000, RUN),
    "examples": Bomb(lambda: f"{MESSAGES}examples:\n" + "- {data: a, answer: b}\n" * 10_000),
    "examples of a long text": Bomb(lambda: f'{LIST}messages: [{{user: "{{{{ s }}}}"}}]\nexamples:\n' + "- {answer: b}\n" * 1_000, GIVEN),
    "examples of an unused text": Bomb(lambda: f'{LIST}messages: [{{user: "{{% if s %}}{{% endif %}}x"}}]\nexamples:\n' + "- {answer: b}\n" * 1_000, GIVEN),
    "messages": Bomb(lambda: "messages:\n" + "- user: '{{ data }}'\n" * 20_000),
    "messages of other names": Bomb(lambda: f"messages:\n{lines('- user: ' + chr(39) + '{{ v@ }}' + chr(39) + chr(10), 1_000)}"),
    "inputs that are wrong": Bomb(lambda: f"inputs:\n{lines('  a@: {type: strin}' + chr(10), 10_000)}{MESSAGES}"),
    "examples that are wrong": Bomb(lambda: f"{MESSAGES}examples:\n" + "- {data: a, answr: b}\n" * 1_000),
    "tests that are wrong": Bomb(lambda: f"{MESSAGES}tests:\n" + "- {data: a, expct: {label: x}}\n" * 10_000),
    "names that are not declared": Bomb(lambda: f"inputs: {{n: {{}}}}\nmessages: [{{user: '{lines('{{ n@ }}', 490)}'}}]\n"),
    "unknown variables": Bomb(lambda: f"inputs:\n{lines('  a@: {}' + chr(10), 8_000)}{MESSAGES}tests:\n{lines('- {vars: {zz@: 1}, expect: {valid: true}}' + chr(10), 8_000)}"),
    "words of an enum": Bomb(lambda: f"inputs: {{a: {{type: enum, values: [{lines('v@, ', 90_000)}z], default: q}}}}\n{MESSAGES}"),

    "placeholders": prompt(lambda: f"messages: [{{role: user, content: '{'{{a}}' * 150_000}'}}]\n", *RUN, "--var-file", "a=long"),
    "placeholders in messages": prompt(lambda: "messages:\n" + "- {role: user, content: '{{a}}'}\n" * 1_000, *RUN, "--var-file", "a=long"),
    "placeholders in evaluators": prompt(lambda: f"messages: [{{role: user, content: a}}]\ntestData: [{{y: {'z' * 400_000}}}]\nevaluators: [{{string: {{contains: '{'{{y}}' * 100_000}'}}}}]\n"),
    "evaluators and tests": prompt(lambda: "messages: [{role: user, content: a}]\ntestData:\n" + "- {y: z}\n" * 10_000 + "evaluators:\n" + "- {string: {contains: '{{y}}'}}\n" * 6_000),
    "a schema in a text": prompt(lambda: f"messages: [{{role: user, content: a}}]\nresponseFormat: json_schema\njsonSchema: '{'[' * 900_000}'\n"),
}
# fmt: on


def used(home: Path, bomb: Bomb) -> tuple[int, float, float, str]:
    """Exit status, seconds of processor time, the peak in MB, and what was said."""
    program = Program(home)
    program.point_at("http://127.0.0.1:9/v1")
    made = {**bomb.beside, bomb.name: bomb.recipe()}
    made |= {"list": ",".join(f"item{n}" for n in range(20_000)), "long": "ab " * 333_333}
    for name, text in made.items():
        (home / name).write_text(text)
    command, *flags = bomb.does
    path = f"./{bomb.name}"
    words = [command, *flags, path] if bomb.does == CHECK else [command, path, *flags]
    result = program.started([sys.executable, "-S", "-c", STARTER, "used"], *words)
    code, seconds, peak = json.loads((home / "used").read_text())
    return code, seconds, peak, result.out + result.err


@cache
def base(home: Path, does: tuple[str, ...]) -> tuple[float, float]:
    """What a plain recipe takes with everything loaded."""
    recipe = LIST + "messages: [{user: '{{ l }}{{ s }}x'}]\noutput: {schema: {pattern: a}}\n"
    prompt = "messages: [{role: user, content: '{{a}}'}]\n"
    plain = Bomb(lambda: recipe, does if does != GIVEN else RUN)
    if "a=long" in does:
        plain = Bomb(lambda: prompt, (*RUN, "-D", "a=b"), name="r.prompt.yml")
    code, seconds, peak, said = used(home, plain)
    assert code in (0, 1), said
    return seconds, peak


@pytest.mark.sweep
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(
    name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bomb = BOMBS[name]
    seconds, peak = base(tmp_path_factory.getbasetemp() / "plain", bomb.does)
    code, took, high, said = used(tmp_path, bomb)

    assert code in (0, 1, 65, 66, 78), (code, said[:300])
    assert took - seconds < max(CPU_S, STARTS * seconds)
    assert high - peak < MEMORY_MB
