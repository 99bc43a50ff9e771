"""CONTRIBUTING.md against the tree: what it names is there, and each module is in its room."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch

from tests.program import ROOT
from tests.test_layers import MODULES, NAMED, TIERS, tier

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
SPANS = sorted(set(re.findall(r"`([^`\s]+)`", TEXT)))
PATHS = [s for s in SPANS if re.fullmatch(r"[.\w-]*/?[\w./-]+", s) and ("/" in s or "." in s)]
SHAPES = ("/x.py", "/x.yaml", "/x.md")
"""Names that stand for one that is to be made."""
OUTSIDE = ("os._exit",)


def is_there(name: str) -> bool:
    """Whether it is a file or folder, or a module of ours, or what one defines."""
    if (ROOT / name).exists() or (ROOT / "mcli" / name).exists() or modules(name):
        return True
    module, _, defined = name.rpartition(".")
    return any(defined in definitions(known) for known in modules(module))


def modules(name: str) -> list[str]:
    """Those that are called so, with their folder or without it."""
    dotted = name.replace("/", ".")
    return [known for known in MODULES if known == dotted or known.endswith(f".{dotted}")]


def definitions(module: str) -> set[str]:
    """The names of functions, classes, methods and values that a module has."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_what_is_named_is_there() -> None:
    real = [name.rpartition("/")[0] if name.endswith(SHAPES) else name for name in PATHS]

    assert [name for name in real if not is_there(name) and name not in OUTSIDE] == []


def rooms() -> dict[str, list[str]]:
    """The modules, or patterns of them, of each tier in the table."""
    rows = re.findall(r"^\| (\w+) \| (.*) \| [^|]* \|$", TEXT, re.MULTILINE)
    return {name: re.findall(r"`([^`]+)`", cell) for name, cell in rows if name in TIERS}


def test_a_module_in_the_table_is_of_that_tier() -> None:
    for room, names in rooms().items():
        for name in (name for name in names if name.replace("/", ".") in MODULES):
            assert tier(name.replace("/", ".")) == room, name


def test_every_module_is_in_the_table() -> None:
    named = [name.replace("/", ".") for names in rooms().values() for name in names]
    single = [name for name in NAMED if MODULES[name].name != "__init__.py"]

    missing = {m for m in single if not any(f".{m}".endswith(f".{n}") for n in named)}
    assert [m for m in missing if not any(fnmatch(m, n) for n in named)] == []
