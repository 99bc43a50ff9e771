"""CORE: the code in a model's answer: fenced blocks, or an answer that is plainly code."""

from __future__ import annotations

import ast
import warnings

from mcli import commonmark, languages
from mcli.commonmark import Fence
from mcli.errors import Failure, UnusableAnswer
from mcli.expressions import expression
from mcli.shapes import frozen

REPAIRABLE = frozenset({"check_failed", "unnamed_file", "unsafe_path"})
"""The slugs of answers that are worth asking for again, with what is wrong with them."""

MOST_PARSED = 200_000
"""Characters of an answer without fences up to which Python's parser is asked: it takes up to a
kilobyte for each, and cannot be interrupted."""

_CODE_LINE = expression(
    r"[;{}]\s*$|^\s*(?:#include\b|#!|</?\w[^>]*>|\}|"
    r"(?:def|func|fn|function|sub)\s+\w+\s*\(|(?:class|struct|enum)\s+\w+\s*[:({]|"
    r"(?:import|package|use|using|require)\s+[\w.:\"']+;?$|from\s+\S+\s+import\s|"
    r"(?:const|let|var|val)\s+\w+.*=|return\s*[\w(\[\"'-]*;?$|[\w.\[\]$]+\s*:?=\s*\S|"
    r"(?:SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|CREATE\s+TABLE)\b)"
)
_STATEMENTS = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign,
    ast.AugAssign, ast.For, ast.While, ast.If, ast.With, ast.Try,
)  # fmt: skip
"""What makes a text that parses a program; prose such as `Note: wait` parses too."""


@frozen
class Block:
    """A piece of code and the language its fence named (or nothing)."""

    language: str
    code: str


def code_in(answer: str, language: str, allow_open: bool = False) -> Block:
    """The block of `answer` in `language` (if any is), the largest where there are several.

    Raises UnusableAnswer where there is no code, or where the last block was never closed and that
    is not allowed.
    """
    fenced = blocks_in(answer, allow_open)
    blocks = [block for block in fenced if block.code.strip()]
    if not blocks:
        if not fenced and plainly_code(answer, language):
            return Block(languages.plain(language), answer.strip("\r\n"))
        raise UnusableAnswer("no_code", "the answer has no code", "say in the task what to write")
    wanted = languages.plain(language)
    # Unnamed blocks are most likely its output; they count only where no block has a name.
    named = [block for block in blocks if block.language]
    matching = [block for block in named if wanted and languages.plain(block.language) == wanted]
    return max(matching or named or blocks, key=lambda block: len(block.code))


def blocks_in(answer: str, allow_open: bool = False) -> list[Block]:
    """Every fenced block. Raises UnusableAnswer if one is not closed and must be."""
    return [
        Block(languages.of_fence(fence.info), fence.code) for fence in fences_in(answer, allow_open)
    ]


def fences_in(answer: str, allow_open: bool = False) -> list[Fence]:
    """The same, each with all that stands behind its opening fence."""
    found = commonmark.fences(answer)
    if not allow_open and not all(fence.closed for fence in found):
        raise UnusableAnswer(
            "unclosed_code", "the code block was never closed", "raise --max-tokens"
        )
    return found


def complaint(failure: Failure, files: bool) -> str:
    """What the model is told about an answer that is asked for again."""
    again = "every file, each in a fenced code block" if files else "one fenced code block"
    if files:
        again += ' whose first line names it: path="NAME", relative, no part beginning with a dot'
    return (
        f"That answer cannot be used: {failure.message}\n"
        f"Answer again, with the whole corrected code: {again}, and nothing else."
    )


def plainly_code(answer: str, language: str) -> bool:
    """Whether an answer without fences is code: it parses as such, or most lines look like it."""
    lines = [line for line in answer.splitlines() if line.strip()]
    if not lines:
        return False
    if lines[0].startswith("#!"):
        return True
    if languages.plain(language) == "python":
        return _parses_as_python(answer)
    if not language and _parses_as_python(answer):
        return True
    return sum(bool(_CODE_LINE.search(line)) for line in lines) * 2 > len(lines)


def _parses_as_python(answer: str) -> bool:
    if len(answer) > MOST_PARSED:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in a model's code is not ours to say
            body = ast.parse(answer).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        isinstance(line, _STATEMENTS)
        or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Call))
        for line in body
    )
