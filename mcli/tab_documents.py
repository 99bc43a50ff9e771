"""SHELL: what a shell is offered where a configuration or a recipe of a person's own has a say.

That is YAML, which takes a while to load; `tab` answers the rest. What is broken gives less.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from mcli import library, recipe_document, roster, settings, tab
from mcli import profiles as endpoints
from mcli.errors import Failure
from mcli.profiles import Config
from mcli.said import Said
from mcli.suggestions import Suggestion
from mcli.variables import Input

_MOST_TRIED = 8
"""Words of a line that may be files of recipes."""


def profiles(environ: Mapping[str, str]) -> Iterator[Suggestion]:
    """Those of the configuration, or what is built in where it cannot be read."""
    try:
        config = endpoints.load(environ)
    except Failure:
        config = Config(profiles=endpoints.BUILT_IN)
    for name, profile in config.profiles.items():
        yield Suggestion(name, urlsplit(profile.base_url).netloc)


def models(
    profile: str | None, base_url: str | None, environ: Mapping[str, str]
) -> Iterator[Suggestion]:
    """Those of the endpoint that flags, the environment and the configuration name together."""
    try:
        chosen = settings.load(Said(profile=profile, base_url=base_url, no_key=True), environ)
    except Failure:
        return
    yield from (Suggestion(name, f"alias of {model}") for name, model in chosen.aliases.items())
    yield from roster.last(chosen.base_url, environ)
    yield from (Suggestion(name, "in your configuration") for name in chosen.models)
    if chosen.model is not None:
        yield Suggestion(chosen.model, "used without this flag")


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
