"""EDGE: the recipes that have a name, and where their files lie; none is read here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mcli import profiles
from mcli.shapes import frozen

ENDINGS = (".yaml", ".yml")
_PACKAGE = Path(__file__).parent


@frozen
class Place:
    """A name that `find` takes, and the file it stands for: a person's own, which may hide a
    bundled one, or a bundled one."""

    name: str
    path: Path
    own: bool = True
    shadows: bool = False


def places(environ: Mapping[str, str]) -> list[Place]:
    """Every recipe that has a name, in the order of the names."""
    own, shipped = recipes_in(own_folder(environ)), recipes_in(bundled_folder())
    known = [Place(name, path, True, name in shipped) for name, path in own.items()]
    known += [Place(name, path, False) for name, path in shipped.items() if name not in own]
    return sorted(known, key=lambda place: place.name)


def is_path(name: str) -> bool:
    """Whether a recipe is named by its file."""
    return "/" in name or os.sep in name or name.endswith(ENDINGS)


def name_of(path: Path) -> str:
    """What the recipe in a file is called."""
    return path.stem.removesuffix(".prompt")


def own_folder(environ: Mapping[str, str]) -> Path:
    """Where a person's own recipes lie."""
    return profiles.directory(environ) / "recipes"


def bundled_folder() -> Path:
    """Where those lie that ship with mcli: in the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / "_recipes"
    return inside if inside.is_dir() else _PACKAGE.parent / "recipes"


def recipes_in(folder: Path) -> dict[str, Path]:
    """The recipes of a folder by their names; none where it cannot be read."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return {}
    return {name_of(path): path for path in paths if path.suffix in ENDINGS and path.is_file()}
