"""SHELL: what the program alone knows of a command line that is being written, for a shell's Tab.

The scripts of `completions/` ask by a hidden word: `mcli __complete KIND WORD…`, where the words
are those of the line behind the program as far as the cursor; the last is what was written of the
one that the cursor is at.
The answer is lines of `word<TAB>what it means`. What is broken gives fewer of them, and no error.
Nothing here opens a connection or reads a key.

A person waits for it, so nothing is loaded here: `gist` has what is built in, and what was read of
the configuration last. Where that was changed `tab_configuration` answers, and of the inputs of a
recipe of one's own `tab_documents`.
"""

from __future__ import annotations

import os
import zlib

from mcli import gist, homes, roster
from mcli.suggestions import Suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Words = Sequence[str]
    Environ = Mapping[str, str]

RECIPES = ("ask", "summarize", "classify", "codegen")
"""Commands that are recipes."""
_HEAD = 2048
"""Bytes of a recipe in which its description stands."""


def answer(asked: Words, environ: Environ) -> str:
    """The lines for KIND and words; none for a kind that nobody knows."""
    kind, *words = asked or ("",)
    if kind not in _KINDS:
        return ""
    found: dict[str, Suggestion] = {}
    try:
        for each in _KINDS[kind](words or [""], environ):
            found.setdefault(each.word, each)
    except (OSError, ValueError, RecursionError):
        pass  # what was found before stays
    return "".join(each.line() for each in found.values())


def _profiles(words: Words, environ: Environ) -> Iterator[Suggestion]:
    known = _of("profile", gist.last(environ))
    if not known:
        from mcli import tab_configuration

        return tab_configuration.profiles(environ)
    return (Suggestion(name, url.split("/")[2]) for name, url, _ in known)


def _of(kind: str, told: list[list[str]]) -> list[list[str]]:
    """What is told of that kind of thing."""
    return [cells for first, *cells in told if first == kind]


def _models(words: Words, environ: Environ) -> Iterator[Suggestion]:
    """Those of the endpoint that the line, the environment and the configuration name together."""
    url = given(words, "--base-url")
    told = gist.last(environ) if url is None and not environ.get("MCLI_BASE_URL") else []
    if not told:
        from mcli import tab_configuration

        yield from tab_configuration.models(given(words, "--profile"), url, environ)
        return
    profiles, named = _of("profile", told), given(words, "--profile")
    ((usual, *_),) = _of("chosen", told) or profiles[:1]
    chosen = environ.get("MCLI_PROFILE") or usual if named is None else named
    for _, base_url, model in (each for each in profiles if each[0] == chosen):
        aliases = dict(_of("alias", told))
        yield from (Suggestion(name, f"alias of {meant}") for name, meant in aliases.items())
        yield from roster.last(base_url, environ)
        yield from (Suggestion(name, "in your configuration") for (name,) in _of("model", told))
        if used := environ.get("MCLI_MODEL") or model:
            yield Suggestion(aliases.get(used, used), "used without this flag")


def given(words: Words, flag: str) -> str | None:
    """The last value of a flag on the line, in either form."""
    found = None
    for n, word in enumerate(words[:-1]):
        if word == "--":
            break
        if word.startswith(f"{flag}="):
            found = bare(word.partition("=")[2])
        elif word == flag and n + 2 < len(words):
            found = bare(words[n + 1])
    return found


def bare(word: str) -> str:
    """A word without the quotes that bash leaves in place."""
    marks = iter(word)
    return "".join(
        next(marks, mark) if mark == "\\" else mark for mark in marks if mark not in "\"'"
    )


def _recipes(words: Words, environ: Environ) -> Iterator[Suggestion]:
    own = homes.recipes_in(homes.own_recipes(environ))
    for name, path in sorted({**homes.recipes_in(homes.bundled_recipes()), **own}.items()):
        with open(path, "rb") as file:
            about = description(file.read(_HEAD).decode("utf-8", "replace"))
        yield Suggestion(name, about or ("your own" if name in own else ""))


def description(text: str) -> str:
    """The first sentence of what a recipe says of itself, as far as that is plain without YAML: the
    beginning of a value on the line of its name. Else nothing."""
    for line in text.split("\n"):
        if line.startswith("description:"):
            told = line.removeprefix("description:").strip(" \r")
            if told[:1] in ("'", '"'):
                told, _, more = told[1:].partition(told[0])
                told = "" if "\\" in told or more.startswith("'") else told
            elif told[:1] in "|>&*!":
                told = ""
            return told.partition(" #")[0].partition(". ")[0].rstrip(".")
    return ""


def _inputs(words: Words, environ: Environ) -> Iterator[Suggestion]:
    """The inputs of the line's recipe, as `name=`; behind that the values that it can have."""
    command, *more = map(bare, words[:-1]) if words[:-1] else ("",)
    bundled = homes.recipes_in(homes.bundled_recipes())
    name = command
    if command not in RECIPES:
        own = homes.recipes_in(homes.own_recipes(environ))
        tried = [w for w in more if w in own or w in bundled or is_file(w)]
        name = "" if "-e" in more[:-1] or not tried or tried[0] in own else tried[0]
    known = known_inputs(name, bundled[name]) if name in bundled else None
    if known is None:
        from mcli import tab_documents

        known = tab_documents.inputs(command, more, environ)
    return _offered(known, words)


def known_inputs(recipe: str, path: str) -> list[list[str]] | None:
    """The inputs of a bundled recipe, each its name, type, what is told of it, and its values; None
    where its file is not the one that they were taken from."""
    told = [cells[1:] for cells in _of("input", gist.built_in()) if cells[0] == recipe]
    with open(path, "rb") as file:
        crc = str(zlib.crc32(file.read()))
    return told[1:] if told and told[0] == [crc] else None


def _offered(inputs: Sequence[Sequence[str]], words: Words) -> Iterator[Suggestion]:
    name, equals, _ = words[-1].partition("=")
    if equals:
        values = [value for known, _, _, *values in inputs if known == name for value in values]
        yield from (Suggestion(f"{name}={value}") for value in values)
        return
    taken = {word.partition("=")[0] for word in words[:-1] if "=" in word}
    for known, type, told, *_ in inputs:
        if known not in taken or type == "list":
            yield Suggestion(f"{known}=", told)


def is_file(word: str) -> bool:
    """Whether a word is the file of a recipe; a FIFO is nothing to wait for."""
    return homes.is_path(word) and os.path.isfile(os.path.expanduser(word))


_KINDS: dict[str, Callable[[Words, Environ], Iterator[Suggestion]]] = {
    "profiles": _profiles, "models": _models, "recipes": _recipes, "inputs": _inputs,
}  # fmt: skip
