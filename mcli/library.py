"""EDGE: finding recipes: a person's own, the bundled ones, or any by path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mcli import documents, profiles, strict
from mcli import recipe as recipes
from mcli.errors import NoInput, UsageFailure, reason
from mcli.recipe import Recipe

ENDINGS = (".yaml", ".yml")
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
    return Found(_load(path, name), path)


def find(name: str, environ: Mapping[str, str]) -> Found:
    """The recipe called `name`: a path if it has a slash or a YAML ending, else a person's own or
    a bundled one. UsageFailure if no recipe is called that, NoInput if the file cannot be read.
    """
    if "/" in name or os.sep in name or name.endswith(ENDINGS):
        path = Path(name)
        return Found(_load(path, path.stem), path)
    own, shipped = _in(own_folder(environ)), _in(_bundled_folder())
    path = own.get(name) or shipped.get(name)
    if path is None:
        hint = strict.did_you_mean(name, {**shipped, **own})
        raise UsageFailure("unknown_recipe", f'no recipe is called "{name}"', hint)
    return Found(_load(path, name), path, shadows=name in own and name in shipped)


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


def _load(path: Path, name: str) -> Recipe:
    try:
        with path.open("rb") as file:
            raw = file.read(documents.LARGEST + 1)
    except OSError as error:
        why = reason(error, "cannot be read")
        raise NoInput("unreadable", f'the recipe "{path}": {why}') from None
    return recipes.from_document(documents.parse(raw, str(path)), name)
