"""EDGE: finding recipes: a person's own, the bundled ones, or any by path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mcli import documents, profiles, recipe_document, schema, strict
from mcli.errors import ConfigFailure, NoInput, UsageFailure, reason
from mcli.recipe import Recipe
from mcli.strict import Node

ENDINGS = (".yaml", ".yml")
MOST_LEVELS = 10
"""How many recipes may extend one another."""
_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Found:
    """A recipe, the file it came from, and whether it hides a bundled one of its name."""

    recipe: Recipe
    path: Path
    shadows: bool = False


def bundled(name: str) -> Found:
    """The recipe of that name that ships with mcli."""
    path = _bundled_folder() / f"{name}.yaml"
    return Found(_load(path, name, {}), path)


def find(name: str, environ: Mapping[str, str]) -> Found:
    """The recipe called `name`: a path if it has a slash or a YAML ending, else a person's own or
    a bundled one. UsageFailure if no recipe is called that, NoInput if the file cannot be read.
    """
    if is_path(name):
        path = Path(name)
        return Found(_load(path, path.stem, environ), path)
    own, shipped = _in(own_folder(environ)), _in(_bundled_folder())
    path = own.get(name) or shipped.get(name)
    if path is None:
        hint = strict.did_you_mean(name, {**shipped, **own})
        raise UsageFailure("unknown_recipe", f'no recipe is called "{name}"', hint)
    return Found(_load(path, name, environ), path, shadows=name in own and name in shipped)


def is_path(name: str) -> bool:
    """Whether a recipe is named by its file."""
    return "/" in name or os.sep in name or name.endswith(ENDINGS)


def own_folder(environ: Mapping[str, str]) -> Path:
    """Where a person's own recipes lie."""
    return profiles.directory(environ) / "recipes"


def _bundled_folder() -> Path:
    """In a wheel the recipes lie inside the package, in a checkout beside it."""
    inside = _PACKAGE / "_recipes"
    return inside if inside.is_dir() else _PACKAGE.parent / "recipes"


def _in(folder: Path) -> dict[str, Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return {}
    return {path.stem: path for path in paths if path.suffix in ENDINGS}


def _load(path: Path, name: str, environ: Mapping[str, str]) -> Recipe:
    """The recipe in `path`, on top of those it extends. ConfigFailure for whatever is wrong."""
    try:
        root = _read(path)
    except OSError as error:
        why = reason(error, "cannot be read")
        raise NoInput("unreadable", f'the recipe "{path}": {why}') from None
    found = recipe_document.read(_extended(root, (path,), environ), name)
    try:
        if found.output.schema is not None:
            schema.check(found.output.schema)
    except ValueError as error:
        raise ConfigFailure("bad_schema", f"{path}: output.schema: {error}") from None
    return found


def _read(path: Path) -> Node:
    """The document in `path`. Raises OSError, or ConfigFailure if it is none."""
    with path.open("rb") as file:
        return documents.parse(file.read(documents.LARGEST + 1), str(path))


def _extended(root: Node, chain: tuple[Path, ...], environ: Mapping[str, str]) -> Node:
    """The document with what it inherits; `chain` are the files on the way here."""
    name = recipe_document.parent(root)
    if name is None:
        return root
    path = _parent(name, chain[-1], environ)
    seen = [os.path.realpath(step) for step in chain]
    told = " → ".join(str(step) for step in (*chain, path))
    if os.path.realpath(path) in seen:
        raise strict.complaint(name, f"extends in a circle: {told}")
    if len(chain) > MOST_LEVELS:
        raise strict.complaint(name, f"more than {MOST_LEVELS} levels of extends: {told}")
    try:
        below = _read(path)
    except OSError as error:
        why = reason(error, "cannot be read")
        raise strict.complaint(name, f'extends "{path}": {why}') from None
    return recipe_document.merged(_extended(below, (*chain, path), environ), root)


def _parent(node: Node, child: Path, environ: Mapping[str, str]) -> Path:
    """The file of the recipe that `node` names: a file below the recipe's own directory, or a
    person's own or a bundled recipe, but never the one that asks, which may so extend the bundled
    recipe that it stands in for."""
    name = strict.text(node)
    if is_path(name):
        return beside(child, name, node)
    own, shipped = _in(own_folder(environ)), _in(_bundled_folder())
    for known in (own, shipped):
        if name in known and not _same(known[name], child):
            return known[name]
    raise strict.complaint(
        node, f'no recipe is called "{name}"', strict.did_you_mean(name, {**shipped, **own})
    )


def beside(recipe: Path, name: str, node: Node) -> Path:
    """The regular file `name` below the directory of `recipe`, wherever links lead.

    Raises ConfigFailure for a path that leads out, or to anything but a file.
    """
    folder = os.path.realpath(recipe.parent)
    target = os.path.realpath(os.path.join(folder, name))
    if os.path.isabs(name) or os.path.commonpath((folder, target)) != folder:
        raise strict.complaint(node, f'"{name}" is not below the directory of the recipe')
    if os.path.exists(target) and not os.path.isfile(target):
        raise strict.complaint(node, f'"{name}" is not a regular file')
    return recipe.parent / name


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
