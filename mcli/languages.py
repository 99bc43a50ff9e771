"""CORE: what languages are called: on a fence, by a person, at the end of a file name."""

from __future__ import annotations

import re

from mcli.expressions import expression

_ALIASES = {
    "py": "python", "python3": "python", "js": "javascript", "node": "javascript",
    "mjs": "javascript", "cjs": "javascript", "ts": "typescript", "sh": "shell", "bash": "shell",
    "zsh": "shell", "dash": "shell", "golang": "go", "rs": "rust", "yml": "yaml", "cpp": "c++",
    "cxx": "c++", "cc": "c++", "rb": "ruby", "c#": "csharp", "cs": "csharp", "ps1": "powershell",
    "md": "markdown",
}  # fmt: skip
KNOWN = frozenset(_ALIASES.values())
"""Languages that go by several names."""
_OF_FILES = {"hpp": "c++", "htm": "html", "h": "", "pyi": "python", "txt": ""}
"""Endings that are no name of a language; what a header is in nobody can tell."""
TEXT = frozenset({"text", "txt", "plain", "plaintext"})
"""Words on a fence that name no language."""
_CLASS = expression(r"\{[^}]*?\.([\w+#-]+)")


def plain(name: str) -> str:
    """The one name of a language: `py`, `Python` and `python3` are `python`."""
    word = name.strip().lower()
    return _ALIASES.get(word, word)


def of_fence(info: str) -> str:
    """The word that names the language in the text behind a fence, or nothing: `python title="x"`,
    `{.python .numberLines}`, `js{1,3}`, `python,ignore` and `python:x.py` name it."""
    text = info.strip()
    if text.startswith("{") and (found := _CLASS.match(text)):
        return found[1].lower()
    word = re.split(r"[\s,:]", text.lstrip("{."), maxsplit=1)[0]
    word = word.split("{")[0].rstrip("}").lower()
    if "=" in word or word.startswith("#"):
        return ""  # an attribute without a language before it
    return word.removeprefix("language-").removeprefix("lang-")


def of_file(path: str) -> str:
    """The language of a file by the ending of its name, or nothing."""
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return _OF_FILES.get(ending, ending)
