"""EDGE: the recipes that have a name, and where their files lie; none is read here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mcli import homes
from mcli.shapes import frozen

ENDINGS = homes.RECIPES


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
    return homes.is_path(name)


def name_of(path: Path) -> str:
    """What the recipe in a file is called."""
    return homes.name_of(str(path))


def own_folder(environ: Mapping[str, str]) -> Path:
    """Where a person's own recipes lie."""
    return Path(homes.own_recipes(environ))


def bundled_folder() -> Path:
    """Where those lie that ship with mcli."""
    return Path(homes.bundled_recipes())


def recipes_in(folder: Path) -> dict[str, Path]:
    """The recipes of a folder by their names; none where it cannot be read."""
    return {name: Path(path) for name, path in homes.recipes_in(str(folder)).items()}
