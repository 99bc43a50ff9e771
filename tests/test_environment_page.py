"""`mcli help environment` against the source: every variable that is read, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from mcli import manpage, manual, page, profiles, toolrun
from mcli.settings import VARIABLES
from tests.program import ROOT
from tests.test_docs import ROOT_COMMAND

PAGE = manual.page("environment")
TABLED = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
LIBRARIES = {"COLUMNS", "TZ"}
"""What rich and the C library read for us."""
SHAPE = re.compile(r"[A-Z][A-Z_]*(_HOME|_COLOR|_PROXY|_API_KEY|_API_KEY_FILE|_CERT_FILE|_CERT_DIR)")


def looked_up(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    """What a node looks into, and for what: `a.get(b)` and `a[b]`."""
    if isinstance(node, ast.Subscript):
        return node.value, node.slice
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        return (node.func.value, node.args[0]) if node.func.attr == "get" else None
    return None


def named(tree: ast.AST) -> Iterator[str]:
    """Names that are looked up in an environment, and texts that have the shape of a variable."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(word)) if SHAPE.fullmatch(word) or word in VARIABLES:
                yield word
            case _:
                where, key = looked_up(node) or (None, None)
                if where and re.search("environ|inherited", ast.unparse(where)):
                    yield from [key.value] if isinstance(key, ast.Constant) else []


READ = {
    name
    for path in (ROOT / "mcli").rglob("*.py")
    for name in named(ast.parse(path.read_text()))
    if isinstance(name, str) and name.isupper()
}


def test_every_variable_that_is_read_is_on_the_page() -> None:
    assert set(VARIABLES) <= READ
    assert set() == READ - TABLED


def test_no_variable_of_the_page_is_invented() -> None:
    assert set() == TABLED - READ - LIBRARIES


def test_the_keys_of_built_in_profiles_are_on_it() -> None:
    keys = {p.key.name: n for n, p in profiles.BUILT_IN.items() if p.key and p.key.name}

    for variable, name in keys.items():
        assert f"| `{variable}` | the key of the profile `{name}`" in PAGE


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_of_ours_stands_with_its_flag(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
    flag = row.split("|")[2].strip(" `")

    if flag:
        assert f"[env: {name}]" in " ".join(
            page.plain(manpage.of(ROOT_COMMAND, "mcli-ask")).split()
        )
        assert flag == f"--{name.removeprefix('MCLI_').lower().replace('_', '-')}"


@pytest.mark.parametrize("name", toolrun.INHERITED)
def test_what_a_tools_command_gets_is_on_it(name: str) -> None:
    locale = name.startswith("LANG")

    assert locale or f"`{name}`" in PAGE.partition("## What commands get")[2]
