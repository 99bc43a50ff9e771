"""SHELL: the inputs that a shell is offered where the recipe is a person's own.

It is YAML, which takes a while to load; `tab` answers the rest. What is broken gives less.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mcli import library, recipe_document, tab
from mcli.errors import Failure
from mcli.variables import Input

_MOST_TRIED = 8
"""Words of a line that may be files of recipes."""


def inputs(command: str, words: Sequence[str], environ: Mapping[str, str]) -> list[list[str]]:
    """The inputs of the line's recipe, each its name, type, what is told of it, and its values."""
    try:
        taken = _taken(command, words, environ)
    except Failure:
        return []
    return [cells(name, declared) for name, declared in taken.items()]


def cells(name: str, declared: Input) -> list[str]:
    """An input as `tab` knows it."""
    told = declared.help or declared.type
    values = declared.values or (("true", "false") if declared.type == "boolean" else ())
    return [name, declared.type, f"{told} (required)" if declared.required else told, *values]


def _taken(command: str, words: Sequence[str], environ: Mapping[str, str]) -> Mapping[str, Input]:
    """What the recipe of the line takes: the command's own, a template's, or that of the first word
    which is the name or the file of a recipe."""
    if command in tab.RECIPES:
        return library.bundled(command).recipe.inputs
    if "-e" in words[:-1]:
        return recipe_document.on_the_spot(words[words.index("-e") + 1]).inputs
    named = {place.name: place.path for place in library.places(environ)}
    tried = [word for word in words if word in named or tab.is_file(word)][:_MOST_TRIED]
    for word in tried:
        try:
            return library.load(named.get(word, Path(os.path.expanduser(word))), environ).inputs
        except Failure:
            continue
    return {}
