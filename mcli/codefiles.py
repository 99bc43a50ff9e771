"""CORE: several files in one answer, each in a fenced block whose opening line says `path="NAME"`.

The names are a model's words, and so an attacker's: each is proven to stay inside the directory,
on any file system, and to be none that a tool would run. One that is not refuses the whole answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from mcli import fences, languages, redaction
from mcli.errors import UnusableAnswer
from mcli.expressions import expression
from mcli.shapes import frozen

MOST_FILES = 200
LONGEST_PART = 200
"""Bytes of a name between two slashes; file systems take 255, some of them less."""
LONGEST_PATH = 1000
DEEPEST = 20

_PATH = expression(r'(?:^|\s)path="([^"]*)"(?=[\s}]|$)')
_DEVICES = expression(r"con|prn|aux|nul|(?:com|lpt)[0-9¹²³]|con(?:in|out)\$", re.IGNORECASE)
_NOWHERE = expression(r'[<>:"|?*\\]')
"""What no name on Windows has; a colon names a drive or a stream there."""


@frozen
class File:
    """One file of an answer; `path` has slashes, and is proven."""

    path: str
    language: str
    code: str


def files_in(answer: str, allow_open: bool = False) -> tuple[File, ...]:
    """The files of `answer`. Raises UnusableAnswer where there are none, a block has no name, or a
    name is not safe."""
    found = fences.fences_in(answer, allow_open)
    if not found:
        raise UnusableAnswer("no_code", "the answer has no code", "say in the task what to write")
    files: list[File] = []
    for number, fence in enumerate(found, 1):
        named = _PATH.search(fence.info)
        if named is None or fence.info.count("path=") > 1:
            many = "no" if named is None else "more than one"
            message = f'code block {number} of {len(found)} has {many} path="…"'
            raise UnusableAnswer("unnamed_file", message, "ask again, or leave out --write")
        language = languages.of_fence(fence.info[: named.start()])
        if not language or language in languages.TEXT:
            language = languages.of_file(named[1]) or language
        files.append(File(named[1], language, fence.code))
    prove([file.path for file in files])
    return tuple(files)


def prove(paths: Sequence[str]) -> None:
    """Raise UnusableAnswer unless all of `paths` can be files below one directory, together."""
    if len(paths) > MOST_FILES:
        raise _unsafe(f"{len(paths)} files", f"are more than {MOST_FILES}")
    seen: dict[str, tuple[str, bool]] = {}
    for path in paths:
        if reason := _fault(path) or _fault(unicodedata.normalize("NFKC", path)):
            raise _unsafe(_quoted(path), reason)
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            name, is_file = "/".join(parts[:depth]), depth == len(parts)
            other, was_file = seen.setdefault(_alike(name), (name, is_file))
            if other != name:
                raise _unsafe(_quoted(path), f"may be the same as {_quoted(other)}")
            if was_file != is_file:
                raise _unsafe(_quoted(name), "is both a file and a directory")
    if len(set(paths)) != len(paths):
        raise _unsafe("a name", "stands twice")


def _fault(path: str) -> str:
    """What is wrong with one path, or nothing."""
    if not path.strip():
        return "is no name"
    if path[0] in "/~":
        return "is not relative"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in path):
        return "has a character that cannot be seen"
    if _NOWHERE.search(path):
        return "has a character that not every system takes"
    parts = path.split("/")
    if len(path.encode()) > LONGEST_PATH or len(parts) > DEEPEST:
        return "is too long"
    return next((fault for part in parts if (fault := _fault_of(part))), "")


def _fault_of(part: str) -> str:
    """What is wrong with the name of one file or directory, or nothing."""
    if part in ("", ".", ".."):
        return f'has the part "{part}"'
    if part.startswith("."):
        # .git, .github, .vscode, .envrc: they say what tools run.
        return "has a part that begins with a dot"
    if part.startswith("-"):
        return "has a part that begins with a dash"  # a flag, where a script hands names on
    if part != part.strip() or part.endswith("."):
        return "has a part that ends with a space or a dot"
    if len(part.encode()) > LONGEST_PART:
        return "is too long"
    if _DEVICES.fullmatch(part.partition(".")[0].strip()):
        return "is a device on Windows"
    if re.search(r"~[0-9]", part):
        return "may be another name of something else"  # GIT~1 is .git
    return ""


def _alike(path: str) -> str:
    """The same for all that a file system may take for one name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def _quoted(path: str) -> str:
    return f'"{redaction.excerpt(path, 80)}"'


def _unsafe(what: str, reason: str) -> UnusableAnswer:
    return UnusableAnswer(
        "unsafe_path", f"nothing is written: {what} {reason}", "ask again, or leave out --write"
    )
