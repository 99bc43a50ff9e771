"""CORE: which program reads code of which language, without running any of it.

Each takes the code on stdin, and compiles or parses and no more. Left out, because they run parts
of what they check, or read whatever it names: `perl -c` (BEGIN blocks), `rustc` (procedural macros,
`include!`), `javac` (annotation processors), `tsc` (imports), `make -n` (`$(shell …)`). A C
compiler reads what `#include` names, and quotes it: it gets code that includes system headers only.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mcli import languages
from mcli.expressions import expression
from mcli.shapes import frozen

OURS = ("python", "json", "yaml", "toml")
"""Languages that are read by Python's own means, in a process of their own (`syntax`)."""


@frozen
class Checker:
    """A program and the flags that make it read and not run.

    `tries` are further flags: code is well if it passes with one of them, and the first has the
    word on what is wrong. `good` is code that passes: a program that refuses it is broken.
    `wrong` is the status that says so of code, where others mean by it that a program did not run.
    `undecided` are messages that tell of something else than the code. `bounded`: it does with
    1 GiB of memory.
    """

    argv: tuple[str, ...]
    tries: tuple[tuple[str, ...], ...] = ((),)
    good: str = ""
    wrong: int | None = None
    undecided: str = ""
    bounded: bool = True
    prepare: Callable[[str], str] = str

    @property
    def program(self) -> str:
        """What it is called."""
        return self.argv[0]


def _without_shebang(code: str) -> str:
    """Ruby takes flags from such a line."""
    return "# " + code[2:] if code.startswith("#!") else code


def _opened(code: str) -> str:
    """What stands before `<?php` is text, and never wrong."""
    return code if "<?" in code else f"<?php {code}"


_NO_HEADER = "No such file or directory|file not found"
_C = ("-w", "-fsyntax-only", "-fno-diagnostics-show-caret", "-x")
_BASH = Checker(("bash", "--norc", "--noprofile", "-n"), ((), ("-O", "extglob")))
_POSIX = Checker(("sh", "-n"))
_ZSH = Checker(("zsh", "-f", "-n"))
_TOOLS = {
    # JSX is no JavaScript, but is called so.
    "javascript": Checker(
        ("node", "--no-warnings"), (("--check", "-"), ("--input-type=module", "--check", "-")),
        undecided="Unexpected token '<'", bounded=False,
    ),
    "go": Checker(("gofmt", "-e", "-l"), good="package p\n"),
    "ruby": Checker(("ruby", "--disable=gems", "-EUTF-8", "-c"), prepare=_without_shebang),
    "php": Checker(("php", "-n", "-l"), prepare=_opened),
    # Without its configuration; it reads no stdin where it is to parse alone.
    "fish": Checker(("fish", "--no-config", "--no-execute", "/dev/stdin"), wrong=127),
    "lua": Checker(("luac", "-p", "-")),
    "c": Checker(("gcc", *_C, "c", "-"), undecided=_NO_HEADER),
    "c++": Checker(("g++", *_C, "c++", "-"), undecided=_NO_HEADER),
}  # fmt: skip
CHECKED = (*OURS, "shell", *_TOOLS)
"""Languages of which code can be checked, some where a program is installed."""
_DIRECTIVE = expression(r"(?:#|%:|\?\?=)((?:[^\S\n]|/\*.*?\*/)*)(\w+)([^\n]*)", re.DOTALL)
_SYSTEM_HEADER = expression(r"\s*<(?!.*\.\.)\w[\w/.+-]*>\s*(//.*|/\*.*\*/\s*)?")
_SPLICE = expression(r"(?:\\|\?\?/)[^\S\n]*\n")
_READS = expression(r"__has_(?:include|embed)|_Pragma")


def find(named: str, code: str, wanted: str) -> Checker | None:
    """What checks `code`, whose fence says `named` where a person said `wanted`, whose word it is
    if anything checks that language: what is no Python is none whatever its fence says. None where
    nothing does. `Checker.program` is one of OURS where no other program is needed."""
    language = languages.plain(wanted)
    if language not in OURS and language != "shell" and language not in _TOOLS:
        language = languages.plain(named)
    if language in OURS:
        return Checker((language,))
    if language == "shell":
        return _shell(named, code, wanted)
    if language in ("c", "c++") and _includes_files(code):
        return None
    return _TOOLS.get(language)


def _shell(named: str, code: str, wanted: str) -> Checker:
    """By the first line, a person's word, and the fence, which calls everything `sh`."""
    first = re.match(r"#!\s*\S*?(?:/env\s+)?(\w+)\s*(?:\n|$)", code)
    word = first[1] if first else wanted.strip().lower()
    if word in ("sh", "dash"):
        return _POSIX
    if word == "fish":
        return _TOOLS["fish"]
    if word == "zsh" or (word not in ("bash", "shell") and named == "zsh"):
        return _ZSH
    return _BASH


def _includes_files(code: str) -> bool:
    """Whether a C compiler would read anything but system headers for it."""
    joined = _SPLICE.sub("", code.replace("\r\n", "\n"))
    if _READS.search(joined):
        return True
    for between, name, rest in _DIRECTIVE.findall(joined):
        if name == "include" and "/*" not in between and _SYSTEM_HEADER.fullmatch(rest):
            continue
        if name in ("include", "include_next", "import", "embed") or name.isdecimal():
            return True
        if name == "pragma" and "GCC" in rest:
            return True
    return False
