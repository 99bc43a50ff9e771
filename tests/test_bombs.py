"""A hostile recipe is refused, or read, within a second and 100 MB beyond those of a good one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import Program

MESSAGES = 'messages: [{user: "{{ data }}"}]\n'
MOST_S, MOST_BYTES = 1.0, 100 << 20
TIMES = 3
"""A machine under load, which counts its own switching as ours, may need so many times as long."""


def template(source: str) -> str:
    return f"messages:\n  - user: '{source}'\n"


def schema(source: str) -> str:
    return f"output: {{kind: json, schema: {source}}}\n{MESSAGES}"


def aliases() -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines)


def references() -> str:
    links = (
        f'a{n}: {{allOf: [{{$ref: "#/$defs/a{n + 1}"}}, {{$ref: "#/$defs/a{n + 1}"}}]}}'
        for n in range(40)
    )
    return f'{{$defs: {{{", ".join(links)}, a40: {{}}}}, $ref: "#/$defs/a0"}}'


def many(line: str, count: int = 10_000) -> str:
    return "\n".join(line.replace("#", str(n)) for n in range(count))


BOMBS: dict[str, Callable[[], str]] = {
    "aliases": aliases,
    "merge keys": lambda: "a: &a {x: 1}\n" + many("b#: {<<: *a}"),
    "lists": lambda: "messages: " + "[" * 500_000,
    "mappings": lambda: "messages: " + "{a: " * 200_000,
    "blocks": lambda: "\n".join(" " * n + "a:" for n in range(1000)),
    "dashes": lambda: "- " * 400_000,
    "items": lambda: "messages: [" + "x," * 400_000 + "]",
    "keys": lambda: many("key#: x", 60_000),
    "one key": lambda: "k" * 1_000_000 + ": x",
    "one text": lambda: MESSAGES + "description: " + "x" * 1_000_000,
    "digits": lambda: "params: {seed: " + "9" * 900_000 + "}\n" + MESSAGES,
    "exponent": lambda: "params: {temperature: 1e999999999}\n" + MESSAGES,
    "quotes": lambda: 'description: "' + "\\u0041" * 150_000 + '"\n' + MESSAGES,
    "loops": lambda: template("{% for a in l %}" * 16 + "x" + "{% endfor %}" * 16),
    "parentheses": lambda: template("{{ " + "(" * 50_000 + "a" + ")" * 50_000 + " }}"),
    "ifs": lambda: template("{% if a %}" * 20_000),
    "blocks of a template": lambda: template("{{ a }}" * 100_000),
    "filters": lambda: template("{{ a" + " | upper" * 50_000 + " }}"),
    "comments": lambda: template("{#" * 300_000),
    "references": lambda: schema(references()),
    "a pattern": lambda: schema('{pattern: "(x+x+)+y{1000}{1000}"}'),
    "a deep schema": lambda: schema("{items: " * 45 + "{}" + "}" * 45),
    "patterns": lambda: (
        MESSAGES + "tests:\n" + many("- {expect: {matches: '(a|b|c){500}x#'}}", 500)
    ),
    "inputs": lambda: MESSAGES + "inputs:\n" + many("  i#: {type: strin}"),
    "examples": lambda: MESSAGES + "examples:\n" + many("- {data: x, answr: y}"),
    "tests": lambda: MESSAGES + "tests:\n" + many("- {data: x, expct: {label: a}}"),
    "names": lambda: template("".join(f"{{{{ n{n} }}}}" for n in range(490))) + "inputs: {n: {}}",
}


def spent(mcli: Program, path: Path) -> tuple[float, int]:
    """CPU seconds and bytes at most that `recipes check` takes."""
    child = subprocess.Popen(
        mcli.argv("recipes", "check", str(path)),
        env=mcli.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode in (0, 1)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


@pytest.mark.sweep
@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_no_more_than_a_file(mcli: Program, tmp_path: Path, kind: str) -> None:
    good, bomb = tmp_path / "good.yaml", tmp_path / "bomb.yaml"
    good.write_text("output: {kind: json, schema: {}}\n" + MESSAGES)
    bomb.write_text(BOMBS[kind]())
    seconds, size = spent(mcli, good)
    more_seconds, more_size = spent(mcli, bomb)
    assert more_seconds - seconds < MOST_S * TIMES
    assert more_size - size < MOST_BYTES
