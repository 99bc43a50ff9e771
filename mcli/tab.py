"""SHELL: what the program alone knows of a command line that is being written, for a shell's Tab.

The scripts of `completions/` ask by a hidden word: `mcli __complete KIND WORD…`, where the words
are those of the line behind the program as far as the cursor; the last is what was written of the
one that the cursor is at.
The answer is lines of `word<TAB>what it means`. What is broken gives fewer of them, and no error.
Nothing here opens a connection or reads a key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcli import catalogue, profiles, roster, settings
from mcli.errors import Failure
from mcli.expressions import expression
from mcli.profiles import Config
from mcli.said import Said
from mcli.suggestions import Suggestion

if TYPE_CHECKING:
    from mcli.variables import Input

_HEAD = 2048
"""Bytes of a recipe in which its description stands."""
_MOST_TRIED = 8
"""Words of a line that may be files of recipes."""
_DESCRIPTION = expression(r"^description: *(?![|>&*!])[\"']?(.+?)[\"']?$", re.MULTILINE)
_BUNDLED = ("ask", "summarize", "classify", "codegen")
"""Commands that are recipes."""

Words = Sequence[str]


def answer(asked: Sequence[str], environ: Mapping[str, str]) -> str:
    """The lines for KIND and words; none for a kind that nobody knows."""
    kind, *words = asked or ("",)
    if kind not in _KINDS:
        return ""
    found: dict[str, Suggestion] = {}
    try:
        for each in _KINDS[kind](words or [""], environ):
            found.setdefault(each.word, each)
    except (Failure, OSError, ValueError, RecursionError):
        pass  # what was found before stays
    return "".join(each.line() for each in found.values())


def _profiles(words: Words, environ: Mapping[str, str]) -> Iterator[Suggestion]:
    for name, profile in _config(environ).profiles.items():
        yield Suggestion(name, urlsplit(profile.base_url).netloc)


def _config(environ: Mapping[str, str]) -> Config:
    """The configuration, or what is built in where it cannot be read."""
    try:
        return profiles.load(environ)
    except Failure:
        return Config(profiles=profiles.BUILT_IN)


def _models(words: Words, environ: Mapping[str, str]) -> Iterator[Suggestion]:
    """Those of the endpoint that the line, the environment and the configuration name together."""
    said = Said(
        profile=_given(words, "--profile"), base_url=_given(words, "--base-url"), no_key=True
    )
    chosen = settings.load(said, environ)
    yield from (Suggestion(name, f"alias of {model}") for name, model in chosen.aliases.items())
    yield from roster.last(chosen.base_url, environ)
    yield from (Suggestion(name, "in your configuration") for name in chosen.models)
    if chosen.model is not None:
        yield Suggestion(chosen.model, "used without this flag")


def _given(words: Words, flag: str) -> str | None:
    """The last value of a flag on the line, in either form."""
    found = None
    for n, word in enumerate(words[:-1]):
        if word == "--":
            break
        if word.startswith(f"{flag}="):
            found = _bare(word.partition("=")[2])
        elif word == flag and n + 2 < len(words):
            found = _bare(words[n + 1])
    return found


def _bare(word: str) -> str:
    """A word without the quotes that bash leaves in place."""
    return re.sub(r"\\(.)|[\"']", r"\1", word)


def _recipes(words: Words, environ: Mapping[str, str]) -> Iterator[Suggestion]:
    for place in catalogue.places(environ):
        with place.path.open("rb") as file:
            told = _DESCRIPTION.search(file.read(_HEAD).decode("utf-8", "replace"))
        about = told[1].partition(". ")[0].rstrip(".") if told else ""
        yield Suggestion(place.name, about or ("your own" if place.own else ""))


def _inputs(words: Words, environ: Mapping[str, str]) -> Iterator[Suggestion]:
    """The inputs of the line's recipe, as `name=`; behind that the values that it can have."""
    from mcli import variables  # behind what needs no recipe

    inputs = _taken(words, environ)
    name, equals, _ = words[-1].partition("=")
    if equals:
        declared = inputs.get(name, variables.Input())
        truths = ("true", "false") if declared.type == "boolean" else ()
        yield from (Suggestion(f"{name}={value}") for value in declared.values or truths)
        return
    given = {word.partition("=")[0] for word in words[:-1] if "=" in word}
    for name, declared in inputs.items():
        if name not in given or declared.type == "list":
            told = declared.help or declared.type
            yield Suggestion(f"{name}=", f"{told} (required)" if declared.required else told)


def _taken(words: Words, environ: Mapping[str, str]) -> Mapping[str, Input]:
    """What the recipe of the line takes: the command's own, a template's, or that of the first word
    which is the name or the file of a recipe."""
    from mcli import library, recipe_document

    command, *more = map(_bare, words[:-1])
    if command in _BUNDLED:
        return library.bundled(command).recipe.inputs
    if "-e" in more[:-1]:
        return recipe_document.on_the_spot(more[more.index("-e") + 1]).inputs
    named = {place.name: place.path for place in catalogue.places(environ)}
    tried = [word for word in more if word in named or _is_file(word)][:_MOST_TRIED]
    for word in tried:
        try:
            path = named.get(word, Path(os.path.expanduser(word)))
            return library.load(path, environ).inputs
        except Failure:
            continue
    return {}


def _is_file(word: str) -> bool:
    """A FIFO is nothing to wait for."""
    return catalogue.is_path(word) and os.path.isfile(os.path.expanduser(word))


_KINDS: dict[str, Callable[[Words, Mapping[str, str]], Iterator[Suggestion]]] = {
    "profiles": _profiles, "models": _models, "recipes": _recipes, "inputs": _inputs,
}  # fmt: skip
