"""CORE: the code in a model's answer: fenced blocks, or an answer that is plainly code.

Fences follow CommonMark 0.31 §4.5: three or more backticks or tildes, an info string, and a
closing fence of the same character at least as long.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from mcli.errors import UnusableAnswer

_OPENING = re.compile(r"^( {0,3})(`{3,}|~{3,})[ \t]*([^\r\n]*)$")
_ALIASES = {
    "py": "python", "python3": "python", "js": "javascript", "node": "javascript",
    "ts": "typescript", "sh": "shell", "bash": "shell", "zsh": "shell", "golang": "go",
    "rs": "rust", "yml": "yaml", "cpp": "c++", "cxx": "c++", "rb": "ruby", "c#": "csharp",
    "cs": "csharp", "ps1": "powershell", "md": "markdown",
}  # fmt: skip
_CODE_LINE = re.compile(
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


@dataclass(frozen=True, slots=True)
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
            return Block(_plain_name(language), answer.strip("\r\n"))
        raise UnusableAnswer("no_code", "the answer has no code", "say in the task what to write")
    wanted = _plain_name(language)
    # Unnamed blocks are most likely its output; they count only where no block has a name.
    named = [block for block in blocks if block.language]
    matching = [block for block in named if wanted and _plain_name(block.language) == wanted]
    return max(matching or named or blocks, key=lambda block: len(block.code))


def blocks_in(answer: str, allow_open: bool = False) -> list[Block]:
    """Every fenced block. Raises UnusableAnswer if the last one is not closed and must be."""
    blocks: list[Block] = []
    body: list[str] = []
    opening: re.Match[str] | None = None
    for line in re.split(r"\r\n|\n|\r", answer):
        if opening is None:
            opening = _opens(line)
            body = []
        elif _closes(line, opening[2]):
            blocks.append(Block(_info(opening[3]), "\n".join(body)))
            opening = None
        else:
            body.append(_unindented(line, len(opening[1])))
    if opening is not None and allow_open:
        blocks.append(Block(_info(opening[3]), "\n".join(body)))
    elif opening is not None:
        raise UnusableAnswer(
            "unclosed_code", "the code block was never closed", "raise --max-tokens"
        )
    return blocks


def plainly_code(answer: str, language: str) -> bool:
    """Whether an answer without fences is code: it parses as such, or most lines look like it."""
    lines = [line for line in answer.splitlines() if line.strip()]
    if not lines:
        return False
    if lines[0].startswith("#!"):
        return True
    if _plain_name(language) == "python":
        return _parses_as_python(answer)
    if not language and _parses_as_python(answer):
        return True
    return sum(bool(_CODE_LINE.search(line)) for line in lines) * 2 > len(lines)


def _parses_as_python(answer: str) -> bool:
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


def _opens(line: str) -> re.Match[str] | None:
    found = _OPENING.match(line)
    # A backtick in the info string makes it inline code, not a fence.
    return None if found and found[2][0] == "`" and "`" in found[3] else found


def _closes(line: str, fence: str) -> bool:
    bare = line.strip(" \t")
    return len(bare) >= len(fence) and bare == fence[0] * len(bare) and line[:4].strip(" ") != ""


def _unindented(line: str, width: int) -> str:
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(width, spaces) :]


def _info(text: str) -> str:
    word = text.strip().split(None, 1)[0] if text.strip() else ""
    return word.strip("{}.").split("{")[0].split(",")[0].lower()


def _plain_name(language: str) -> str:
    word = language.strip().lower()
    return _ALIASES.get(word, word)
