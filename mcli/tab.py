"""SHELL: what the program alone knows of a command line that is being written, for a shell's Tab.

The scripts of `completions/` ask by a hidden word: `mcli __complete KIND WORD…`, where the words
are those of the line behind the program as far as the cursor; the last is what was written of the
one that the cursor is at.
The answer is lines of `word<TAB>what it means`. What is broken gives fewer of them, and no error.
Nothing here opens a connection or reads a key.

A person waits for it, so nothing is loaded here. What is built in was written into a file of lines
before; where a configuration or a recipe of one's own has a say, `tab_documents` answers.
"""

from __future__ import annotations

import os
import zlib

from mcli import homes, roster
from mcli.suggestions import Suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Words = Sequence[str]
    Environ = Mapping[str, str]

FILE = os.path.join(os.path.dirname(__file__), "data", "tab.tsv")
"""What is built in, made by `.ci/make-recipes`: lines of a kind, a name and what belongs to it."""
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
    if _is_configured(environ):
        from mcli import tab_documents

        return tab_documents.profiles(environ)
    return (Suggestion(name, _host(url)) for name, url, _ in _built_in("profile"))


def _is_configured(environ: Environ) -> bool:
    return os.path.lexists(homes.configuration_file(environ)) or bool(environ.get("MCLI_CONFIG"))


def _host(url: str) -> str:
    return url.split("/")[2]


def _built_in(kind: str) -> Iterator[list[str]]:
    """The cells of each line of that kind."""
    with open(FILE, encoding="utf-8") as file:
        for line in file:
            first, *cells = line.rstrip("\n").split("\t")
            if first == kind:
                yield cells


def _models(words: Words, environ: Environ) -> Iterator[Suggestion]:
    """Those of the endpoint that the line, the environment and the configuration name together."""
    url = given(words, "--base-url")
    if url is not None or environ.get("MCLI_BASE_URL") or _is_configured(environ):
        from mcli import tab_documents

        yield from tab_documents.models(given(words, "--profile"), url, environ)
        return
    known = list(_built_in("profile"))
    named = given(words, "--profile")
    chosen = environ.get("MCLI_PROFILE") or known[0][0] if named is None else named
    for name, base_url, model in known:
        if name == chosen:
            yield from roster.last(base_url, environ)
            used = environ.get("MCLI_MODEL") or model
            yield from [Suggestion(used, "used without this flag")] if used else []


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
    told = [cells[1:] for cells in _built_in("input") if cells[0] == recipe]
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
