"""EDGE: finding recipes: a person's own, the bundled ones, or any by path."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mcli import findings, prepared, prompt_yml, recipe_document, strict
from mcli.catalogue import (
    ENDINGS,
    Place,
    bundled_folder,
    is_path,
    name_of,
    own_folder,
    places,
    recipes_in,
)
from mcli.errors import ConfigFailure, NoInput, UsageFailure, reason
from mcli.findings import Finding
from mcli.recipe import Recipe
from mcli.shapes import frozen
from mcli.strict import LARGEST, STRICT, Complaints, Node
from mcli.variables import FROM_FLAGS

MOST_LEVELS = 10
"""How many recipes may extend one another."""
_PACKAGE = Path(__file__).parent


@frozen
class Found:
    """A recipe, the file it came from, and whether it hides a bundled one of its name."""

    recipe: Recipe
    path: Path
    shadows: bool = False


def bundled(name: str) -> Found:
    """The recipe of that name that ships with mcli."""
    path = bundled_folder() / f"{name}.yaml"
    return Found(_shipped(path), path)


def merging(whole: Recipe) -> Recipe | None:
    """The bundled recipe that puts together what `whole` says of the parts of its data."""
    path = bundled_folder() / f"{whole.name}-merge.yaml"
    return _shipped(path) if whole.name in recipes_in(bundled_folder()) and path.exists() else None


def find(name: str, environ: Mapping[str, str], tests: bool = False) -> Found:
    """The recipe called `name`: a path if it has a slash or a YAML ending, else a person's own or
    a bundled one, with its `tests` where they are wanted. UsageFailure if no recipe is called that,
    NoInput if the file cannot be read.
    """
    place = locate(name, environ)
    found = load(place.path, environ) if place.own or tests else _shipped(place.path)
    return Found(found, place.path, place.shadows)


def locate(name: str, environ: Mapping[str, str]) -> Place:
    """Where the recipe called `name` lies. UsageFailure if no recipe is called that."""
    if is_path(name):
        return Place(name_of(Path(name)), Path(name))
    known = {place.name: place for place in places(environ)}
    if name not in known:
        hint = strict.did_you_mean(name, known)
        raise UsageFailure("unknown_recipe", f'no recipe is called "{name}"', hint)
    return known[name]


def source(path: Path) -> bytes:
    """The file as it is, as far as a recipe can be long. NoInput if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = reason(error, "cannot be read")
        raise NoInput("unreadable", f'the recipe "{path}": {why}') from None


def load(path: Path, environ: Mapping[str, str], complaints: Complaints = STRICT) -> Recipe:
    """The recipe in `path`, on top of those it extends. ConfigFailure for whatever is wrong."""
    return _load(path, environ, complaints)[1]


def schema_text(of: str) -> str:
    """The JSON Schema of `recipe` or `envelope`, as it was written."""
    return (_PACKAGE / f"{of}.schema.json").read_text(encoding="utf-8")


def check(path: Path, environ: Mapping[str, str]) -> list[Finding]:
    """Everything that is wrong with the recipe in `path`."""
    complaints = Complaints(keep=True)
    doubtful: list[Finding] = []
    try:
        root, found = _load(path, environ, complaints)
        doubtful += _lost_data(path, found)
        if not complaints.kept and not _is_prompt(path):
            doubtful += findings.doubts(root, found)
    except (ConfigFailure, NoInput) as failure:
        doubtful.append(findings.of(failure, str(path)))
    if complaints.full:
        message = f"more than {strict.MOST_COMPLAINTS} mistakes, of which the rest is not told"
        doubtful.append(Finding(str(path), 0, 0, message))
    told = [findings.of(failure, str(path)) for failure in complaints.kept]
    return sorted({*told, *doubtful})


def _lost_data(path: Path, found: Recipe) -> Iterator[Finding]:
    """The tests whose data are not there, or not the recipe's to read."""
    files = {name for name, known in found.inputs.items() if known.type in FROM_FLAGS}
    for case in found.tests:
        named = [case.data_file, *(case.variables[name] for name in case.variables.keys() & files)]
        for name in named:
            if isinstance(name, str) and (problem := _problem(path, name, case.place)):
                yield findings.at(case.place, problem, "", "no_data_file")


def _problem(path: Path, name: str, place: str) -> str:
    try:
        target = beside(path, name, Node("", place))
    except ConfigFailure as failure:
        return failure.message.removeprefix(f"{place}: ")
    return "" if os.access(target, os.R_OK) else f'"{name}" cannot be read'


def files(paths: Sequence[str]) -> list[Path]:
    """The recipe files that `paths` are, or hold at any depth outside hidden directories; each
    once. NoInput for a path that is missing or a directory that cannot be read."""
    found: dict[Path, None] = {}
    for path in paths:
        try:
            if os.path.isdir(path):
                found |= dict.fromkeys(_below(path))
            else:
                os.stat(path)
                found[Path(path)] = None
        except (OSError, ValueError) as error:
            why = reason(error, "not a file name")
            raise NoInput("unreadable", f'"{path}": {why}') from None
    if not found:
        told = " and ".join(f'"{path}"' for path in paths)
        raise NoInput("no_recipes", f"{told}: no recipe lies there", "recipes end in .yaml or .yml")
    return list(found)


def _below(folder: str) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for step, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(step, name)
            # A FIFO that happens to lie there is nothing to wait for.
            if name.endswith(ENDINGS) and path.is_file():
                yield path


def _shipped(path: Path) -> Recipe:
    """The bundled recipe in `path`, to be used, which its tests are not."""
    return _load(path, {}, STRICT, tests=False)[1]


def _document(path: Path, raw: bytes, tests: bool) -> Node:
    """What is written in `raw`, the text of the recipe in `path`."""
    if not tests and path.parent == bundled_folder():
        known = prepared.document(raw, path)
        if known is not None:
            return known
    from mcli import documents  # yaml: for those who have recipes of their own

    return documents.parse(raw, str(path))


def _load(
    path: Path, environ: Mapping[str, str], complaints: Complaints, tests: bool = True
) -> tuple[Node, Recipe]:
    """The recipe in `path`, and the document that it is by itself."""
    root = _document(path, source(path), tests)
    name = name_of(path)
    if _is_prompt(path):
        return root, prompt_yml.read(root, name, complaints)
    whole = _extended(root, (path,), environ, LARGEST)
    return root, recipe_document.read(whole, name, complaints)


def _is_prompt(path: Path) -> bool:
    return path.name.endswith(prompt_yml.ENDINGS)


def _extended(root: Node, chain: tuple[Path, ...], environ: Mapping[str, str], left: int) -> Node:
    """The document with what it inherits; `chain` are the files on the way here, and `left` is how
    many bytes those still to come may have in all."""
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
    if _is_prompt(path):
        raise strict.complaint(name, f'extends "{path}": a .prompt.yml cannot be extended')
    try:
        raw = source(path)
        if len(raw) > left:
            raise strict.complaint(name, f'extends "{path}": larger than 1 MiB in all')
        below = _document(path, raw, tests=False)
    except NoInput as failure:
        raise strict.complaint(name, f"extends {failure.message}") from None
    return recipe_document.merged(_extended(below, (*chain, path), environ, left - len(raw)), root)


def _parent(node: Node, child: Path, environ: Mapping[str, str]) -> Path:
    """The file of the recipe that `node` names: a file below the recipe's own directory, or a
    person's own or a bundled recipe, but never the one that asks, which may so extend the bundled
    recipe that it stands in for."""
    name = strict.text(node)
    if is_path(name):
        return beside(child, name, node)
    own, shipped = recipes_in(own_folder(environ)), recipes_in(bundled_folder())
    if child.parent == bundled_folder():
        own = {}  # what is bundled is the same for everybody
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
