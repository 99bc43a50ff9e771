"""The slugs in the source against the table of `mcli help exit-codes`: neither has one more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from mcli import errors
from mcli.errors import Failure
from tests.program import ROOT

KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Failure)
}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = Function | ast.Module


def scopes() -> Iterator[Scope]:
    """Every function and every module of the program."""
    for path in sorted((ROOT / "mcli").rglob("*.py")):
        yield from (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, Scope))


SCOPES = list(scopes())
CONSTANTS = {
    target.id: node.value.value
    for module in SCOPES if isinstance(module, ast.Module)
    for node in module.body if isinstance(node, ast.Assign)
    for target in node.targets if isinstance(target, ast.Name)
    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
}  # fmt: skip
"""The texts that modules give a name."""


def raised() -> set[tuple[str, int]]:
    """Each slug that a failure is made with, and the exit code of its kind."""
    return {
        (slug, int(KINDS[name].exit_code))
        for scope in SCOPES
        for call in calls(scope)
        if (name := called(call)) in KINDS
        for slug in words(call.args[0], scope)
    }


def calls(scope: Scope) -> Iterator[ast.Call]:
    """The calls that stand in a scope itself, not in a function inside it."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, Function):
            waiting += ast.iter_child_nodes(node)


def called(call: ast.Call) -> str:
    """The last part of the name that is called."""
    function = call.func
    return getattr(function, "id", "") or getattr(function, "attr", "")


def words(value: ast.expr, scope: Scope) -> Iterator[str]:
    """The texts that an expression can be: written there, chosen, assigned, or handed in."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from words(value.body, scope)
            yield from words(value.orelse, scope)
        case ast.Name() if value.id.isupper():
            yield CONSTANTS[value.id]
        case ast.Name() if isinstance(scope, Function):
            yield from held_by(value.id, scope)
        case _:
            raise AssertionError(f"cannot tell which slug this is: {ast.unparse(value)}")


def held_by(name: str, function: Function) -> Iterator[str]:
    """What a name in a function can be: a parameter has what the callers give."""
    parameters = [parameter.arg for parameter in function.args.args]
    if name in parameters:
        at = parameters.index(name)
        for scope in SCOPES:
            for call in calls(scope):
                if called(call) == function.name:
                    yield from words(call.args[at], scope)
        return
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            yield from words(node.value, function)


def told(page: Path) -> list[tuple[str, int]]:
    """The rows of the table of slugs."""
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) \|", page.read_text(), re.MULTILINE)
    return [(slug, int(code)) for slug, code in rows]


def test_the_page_has_every_slug_with_its_code_and_no_other() -> None:
    rows = told(ROOT / "mcli" / "help" / "exit-codes.md")

    assert set(rows) == raised()
    assert len(rows) == len(set(rows))


def test_every_row_says_what_happened_and_what_to_do() -> None:
    page = (ROOT / "mcli" / "help" / "exit-codes.md").read_text().partition("## Every slug")[2]
    rows = [line for line in page.splitlines() if line.startswith("| `")]

    assert rows
    assert all(len(row.split(" | ")) == 4 and row.endswith(" |") for row in rows)
