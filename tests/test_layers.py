"""Who may import whom, and which module owns which library: `design.md` as a table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "mcli"

TIERS = ("core", "edge", "shell", "flags", "entry")
OWNERS = {
    "typer": {"cli", "options", "help_screen", "commands"},
    "httpx2": {"api.client"},
    "h11": {"api.connection"},
    "truststore": {"api.authorities"},
    "yaml": {"documents"},
    "rich": {"pretty"},
    "tiktoken": {"tokens.tokenizer"},
    "splintr": {"tokens.fast"},
    "minijinja": {"template"},
    "jsonschema_rs": {"schema"},
    "markdown_it": {"commonmark"},
    "sqlite3": {"key_index", "api.meter_sqlite"},
    "redis": {"api.meter_redis"},
}
STANDARD_LIBRARY_FOR_EDGES = {
    "asyncio", "io", "os", "pathlib", "signal", "socket", "ssl", "subprocess", "sys", "time",
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        yield name.removesuffix(".__init__") or "__init__", path


MODULES = dict(modules())


@cache
def tree(path: Path) -> ast.Module:
    """The module in `path`, read once."""
    return ast.parse(path.read_text())


@cache
def tier(name: str) -> str:
    """The tier a module names in the first word of its docstring."""
    docstring = ast.get_docstring(tree(MODULES[name])) or ""
    word = docstring.split(None, 1)[0].rstrip(":").lower() if docstring else ""
    return word if word in TIERS else "package"


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Everything a module imports, at its top or later."""
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What of a module is run when it is imported: all but the insides of its functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            early = [*child.decorator_list, *child.args.defaults, *child.args.kw_defaults]
            for part in filter(None, early):
                yield part
                yield from at_import(part)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from at_import(child)


def ours(name: str) -> str | None:
    """The module of ours that an imported name belongs to."""
    if name != "mcli" and not name.startswith("mcli."):
        return None
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in MODULES:
        parts.pop()
    return ".".join(parts) or "__init__"


NAMED = [name for name in MODULES if name != "__init__"]


@pytest.mark.parametrize("name", NAMED)
def test_a_module_says_its_tier_and_imports_downward(name: str) -> None:
    own = tier(name)
    assert own in TIERS, f"{name} does not say its tier"

    for used in filter(None, map(ours, imported(MODULES[name]))):
        if used != "__init__":
            assert TIERS.index(tier(used)) <= TIERS.index(own), f"{name} imports {used}"


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_has_one_owner(library: str) -> None:
    users = {
        name
        for name, path in MODULES.items()
        if any(used.split(".")[0] == library for used in imported(path))
    }

    allowed = OWNERS[library]
    assert users
    assert {
        name for name in users if name not in allowed and name.split(".")[0] not in allowed
    } == set()


@pytest.mark.parametrize("name", [name for name in NAMED if tier(name) == "core"])
def test_core_has_no_file_network_clock_or_stream(name: str) -> None:
    used = {word.split(".")[0] for word in imported(MODULES[name])}

    assert not used & STANDARD_LIBRARY_FOR_EDGES


def test_only_output_prints() -> None:
    printers = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    }

    assert printers == set()


def test_no_regular_expression_is_compiled_at_import() -> None:
    """`expressions` compiles one when it is used: most are not, and each takes 0.2 ms."""
    early = [
        f"{name}, line {node.lineno}: re.{node.func.attr}"
        for name, path in MODULES.items()
        for node in at_import(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) == "re"
        and node.func.attr != "escape"
    ]

    assert early == []
    assert not [name for name, path in MODULES.items() if "re.compile" in imported(path)]


def test_no_class_is_a_dataclass() -> None:
    """`shapes` makes the same of a class for a tenth of the time, and loads no `inspect`."""
    assert [name for name, path in MODULES.items() if "dataclasses" in _first_words(path)] == []


def _first_words(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def test_files_and_functions_stay_small() -> None:
    for name, path in MODULES.items():
        text = path.read_text()
        assert text.count("\n") <= 300, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                wide = len(node.args.args) + len(node.args.kwonlyargs)
                flags = name.startswith("commands")
                assert lines <= 40 or flags, f"{name}.{node.name} has {lines} lines"
                assert wide <= 6 or flags, f"{name}.{node.name} takes {wide} parameters"
