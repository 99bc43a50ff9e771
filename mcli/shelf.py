"""SHELL: what a person looks up about recipes."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from mcli import catalogue, envelope, fieldpath, library, output, redaction, structured
from mcli.catalogue import Place
from mcli.errors import ExitCode, Failure
from mcli.recipe import Recipe
from mcli.said import Said
from mcli.variables import Input

_DATA = {
    "required": "files or stdin",
    "optional": "files or stdin, if there are any",
    "none": "none",
}


def show_help(name: str | None, general: str, said: Said) -> ExitCode:
    """Print what the recipe called `name` takes and gives; `general` help if none is named."""
    began = time.monotonic()
    output.check_stdout()
    if name is None:
        output.text(general)
        return ExitCode.OK
    found = library.find(name, os.environ, tests=True).recipe
    if said.json:
        output.json_line(envelope.of_data(described(found), time.monotonic() - began))
    else:
        output.text(_usage(name, found))
    return ExitCode.OK


def show_list(said: Said) -> ExitCode:
    """Print every recipe that has a name; one that cannot be read, with what is wrong."""
    began = time.monotonic()
    output.check_stdout()
    told = [_listed(place) for place in catalogue.places(os.environ)]
    if said.json:
        output.json_line(envelope.of_data(told, time.monotonic() - began))
    else:
        rows = [(row["name"], _origin(row), row["description"] or _broken(row)) for row in told]
        output.table(("recipe", "from", "about"), rows, said.color)
    return ExitCode.OK


def show(name: str, said: Said) -> ExitCode:
    """Print the file of the recipe called `name`, also where it cannot be read as one."""
    began = time.monotonic()
    output.check_stdout()
    place = library.locate(name, os.environ)
    if said.json:
        found = library.find(name, os.environ, tests=True)
        data = {**described(found.recipe), "path": str(found.path)}
        output.json_line(envelope.of_data(data, time.monotonic() - began))
    else:
        path = place.path
        if place.shadows and output.goes_to(path):  # a shell has just made it, for the one it hides
            path = catalogue.bundled_folder() / f"{name}.yaml"
        output.text(library.source(path).decode("utf-8", "surrogateescape"))
    return ExitCode.OK


def show_schema(of: str, said: Said) -> ExitCode:
    """Print the JSON Schema of recipes or of the envelope."""
    began = time.monotonic()
    output.check_stdout()
    text = library.schema_text(of)
    if said.json:
        output.json_line(envelope.of_data(json.loads(text), time.monotonic() - began))
    else:
        output.text(text)
    return ExitCode.OK


def described(recipe: Recipe) -> dict[str, Any]:
    """A recipe as JSON says it: what it takes and what it gives."""
    wanted = recipe.output
    return {
        "name": recipe.name,
        "description": recipe.description or None,
        "model": recipe.model,
        "params": dict(recipe.params),
        "data": recipe.data,
        "inputs": {
            name: {
                "type": declared.type,
                "required": declared.required,
                "default": declared.default,
                "values": list(declared.values) or None,
                "help": declared.help or None,
            }
            for name, declared in recipe.inputs.items()
        },
        "output": {
            "kind": wanted.kind,
            "schema": wanted.schema,
            "get": fieldpath.write(wanted.get) if wanted.get else None,
        },
        "tests": len(recipe.tests),
    }


def _listed(place: Place) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": place.name,
        "from": "own" if place.own else "bundled",
        "shadows": place.shadows,
        "path": str(place.path),
        "description": None,
        "problem": None,
    }
    try:
        told["description"] = library.load(place.path, os.environ).description or None
    except Failure as failure:
        told["problem"] = redaction.excerpt(failure.message)
    return told


def _origin(row: dict[str, Any]) -> str:
    return f"{row['from']} (shadows a bundled one)" if row["shadows"] else str(row["from"])


def _broken(row: dict[str, Any]) -> str:
    return f"cannot be read: {row['problem']}" if row["problem"] else ""


def _usage(name: str, recipe: Recipe) -> str:
    wanted = recipe.output
    lines = [
        f"Usage: mcli run {name} [-D NAME=VALUE]... {'' if recipe.data == 'none' else '[FILE]...'}"
    ]
    if recipe.description:
        lines += ["", f"  {recipe.description}"]
    if recipe.inputs:
        width = max(len(name) for name in recipe.inputs)
        lines += ["", "Inputs:"]
        lines += [f"  {n:{width}}  {_told(declared)}" for n, declared in recipe.inputs.items()]
    field = f", of which {fieldpath.write(wanted.get)} is printed" if wanted.get else ""
    lines += ["", f"Data:   {_DATA[recipe.data]}", f"Output: {wanted.kind}{field}"]
    return "\n".join([*lines, "", "mcli run --help lists the flags that every recipe takes."])


def _told(declared: Input) -> str:
    """An input's type, whether it must be given, and what it is for."""
    kind = "|".join(declared.values) if declared.type == "enum" else declared.type
    if declared.required:
        kind += ", required"
    elif declared.default not in (None, "", []):
        kind += f", default {structured.shown(declared.default)}"
    return f"{kind}: {declared.help}" if declared.help else kind
