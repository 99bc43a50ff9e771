"""EDGE: the documents of the bundled recipes, as they were when mcli was built.

Reading YAML takes a seventh of the start of an `ask`, most of it to load its library. So what a run
needs of a bundled recipe, all but its tests, lies beside the vocabularies as JSON, with a checksum
of the text that it was made of: where a recipe was edited, that text is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zlib import crc32

from mcli.strict import Node

FILE = Path(__file__).parent / "data" / "recipes.json"


def document(raw: bytes, path: Path) -> Node | None:
    """The document of the bundled recipe in `path`, whose text is `raw`, if it is known."""
    try:
        told = json.loads(FILE.read_bytes())[path.stem]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return _node(told["document"], str(path)) if told["crc"] == crc32(raw) else None


def written(root: Node, raw: bytes, name: str) -> dict[str, Any]:
    """What `document` reads of the recipe whose document is `root`, where its places are called
    `name:line:column`."""
    assert isinstance(root.value, dict)
    used = {key: node for key, node in root.value.items() if key != "tests"}
    return {"crc": crc32(raw), "document": _told(Node(used, root.place), name)}


def _node(told: list[Any], name: str) -> Node:
    value: Any = told[0]
    if isinstance(value, dict):
        value = {key: _node(child, name) for key, child in told[0].items()}
    elif isinstance(value, list):
        value = [_node(child, name) for child in told[0]]
    return Node(value, f"{name}:{told[1]}", told[2])


def _told(node: Node, name: str) -> list[Any]:
    value: Any = node.value
    if isinstance(value, dict):
        value = {key: _told(child, name) for key, child in node.value.items()}  # pyright: ignore
    elif isinstance(value, list):
        value = [_told(child, name) for child in node.value]  # pyright: ignore
    return [value, node.place.removeprefix(f"{name}:"), node.plain]
