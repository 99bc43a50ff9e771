"""CORE: where `--output-each` writes what became of a record: a person's template, filled with
names that are data, and so an attacker's.

A template says the directory. What fills it in cannot lead out of there, nor make a file that is
hidden or looks like a flag; but `{dir}` or `{path}` at its very beginning are the directory.
"""

from __future__ import annotations

import posixpath

from mcli import redaction
from mcli.errors import BadInput, UsageFailure
from mcli.expressions import expression
from mcli.record import Record
from mcli.shapes import frozen

OF_FILES = ("dir", "stem", "ext", "name", "path")
OF_ALL = ("n", "id")
_WORD = expression(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LONGEST_PART = 255
"""Bytes of a name between two slashes."""


@frozen
class Template:
    """A template in parts: plain text, and behind each the placeholder that follows, or ""."""

    parts: tuple[tuple[str, str], ...]

    def folder(self) -> str:
        """The directory that it names before any record is known; "" if it names none."""
        return posixpath.dirname(next(iter(self.parts))[0])

    def target(self, record: Record) -> str:
        """The path for what became of `record`. Raises BadInput for one that may not be."""
        made = ""
        for number, (plain, placeholder) in enumerate(self.parts):
            made += plain
            if placeholder:
                begins = not made or made.endswith("/")
                free = number == 0 and not plain and placeholder in ("dir", "path")
                value = _value(record, placeholder)
                fault = "" if free else _fault(value, placeholder, begins)
                if fault:
                    raise _unsafe(record, placeholder, value, fault)
                made += value
        for part in made.split("/"):
            if len(part.encode("utf-8", "surrogateescape")) > _LONGEST_PART:
                raise _unsafe(record, "", part, "is too long for the name of a file")
        return "/" + made.lstrip("/") if made.startswith("/") else made


def parse(text: str, files: bool) -> Template:
    """The template in `text`; `{{` and `}}` are braces. Raises UsageFailure for a placeholder that
    is none, or that belongs to files where the records are none."""
    parts: list[tuple[str, str]] = []
    plain, at = "", 0
    for found in _WORD.finditer(text):
        plain += text[at : found.start()]
        at = found.end()
        if found[0] in ("{{", "}}"):
            plain += found[0][0]
            continue
        _check(found[1], text, files)
        parts.append((plain, found[1]))
        plain = ""
    parts.append((plain + text[at:], ""))
    if not any(placeholder for _, placeholder in parts):
        message = f'--output-each "{text}" names the same file for every record'
        raise UsageFailure("bad_flag", message, "give it {n}, {id} or {stem}")
    return Template(tuple(parts))


def alike(path: str) -> str:
    """The same for two paths that differ in how they are written alone."""
    return posixpath.normpath(path)


def _check(placeholder: str | None, text: str, files: bool) -> None:
    if placeholder in OF_ALL or (files and placeholder in OF_FILES):
        return
    known = ", ".join(f"{{{name}}}" for name in ((*OF_FILES, *OF_ALL) if files else OF_ALL))
    if placeholder in OF_FILES:
        message = f'--output-each "{text}": {{{placeholder}}} is known with --from files only'
    elif placeholder is None:
        message = f'--output-each "{text}" has a brace that is not closed or opened'
    else:
        message = f'--output-each "{text}" has an unknown placeholder "{placeholder[:40]}"'
    raise UsageFailure("bad_flag", message, f"known: {known}; {{{{ is a brace")


def _value(record: Record, placeholder: str) -> str:
    if placeholder == "n":
        return str(record.n)
    if placeholder == "id":
        return record.id or ""
    if placeholder == "path":
        return record.place
    folder, name = posixpath.split(record.place)
    if placeholder == "dir":
        return folder or "."
    stem, extension = posixpath.splitext(name)
    return {"name": name, "stem": stem, "ext": extension}[placeholder]


def _fault(value: str, placeholder: str, begins: bool) -> str:
    """What is wrong with a value inside a template, or nothing."""
    if placeholder == "ext" and not value:
        return ""
    if not value:
        return "is empty"
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        return "has a control character"
    if placeholder in ("dir", "path"):
        parts = value.split("/")
        return "leads elsewhere" if value.startswith("/") or ".." in parts else ""
    if "/" in value or "\\" in value:
        return "has a slash"
    if value in (".", ".."):
        return "is no name"
    if begins and placeholder == "id" and value[0] in ".-":
        return f'begins with "{value[0]}"'
    return ""


def _unsafe(record: Record, placeholder: str, value: str, fault: str) -> BadInput:
    what = f"{{{placeholder}}} " if placeholder else ""
    shown = redaction.excerpt(value, 80)
    message = f'{redaction.excerpt(record.place, 200)}: {what}"{shown}" {fault}'
    return BadInput("unsafe_name", message, "{n} is always a name")
