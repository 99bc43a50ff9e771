"""EDGE: whether code of a language that Python can read is well formed, in a process of its own.

    python -I -c … LANGUAGE < code

Ends with 0 if it is, with 1 and what is wrong on stdout if it is not, and with 3 if it cannot tell.
Hostile code may exhaust this process or crash it, which tells its parent the same as a 3.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import NoReturn

CANNOT_TELL = 3


def main() -> NoReturn:
    """Read the code from stdin, and judge it."""
    try:
        source = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
        problem = _JUDGES[sys.argv[1]](source)
    except (RecursionError, MemoryError):
        os._exit(CANNOT_TELL)
    if problem:
        os.write(1, problem.encode("utf-8", "replace"))
    os._exit(1 if problem else 0)


def _python(source: str) -> str:
    """Compiled and dropped: some mistakes, such as `return` outside a function, show only then."""
    warnings.simplefilter("ignore")
    try:
        compile(source, "the answer", "exec", dont_inherit=True)
    except SyntaxError as error:
        version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
        return f"line {error.lineno or 1}: {error.msg} ({version})"
    except ValueError as error:
        return str(error)
    return ""


def _json(source: str) -> str:
    try:
        json.loads(source, parse_constant=_refuse, parse_int=str)  # of any length
    except json.JSONDecodeError as error:
        return f"line {error.lineno} column {error.colno}: {error.msg}"
    except ValueError as error:
        return str(error)
    return ""


def _toml(source: str) -> str:
    import tomllib

    try:
        tomllib.loads(source)
    except ValueError as error:
        return str(error)
    return ""


def _yaml(source: str) -> str:
    from mcli import documents

    return documents.problem(source)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_JUDGES = {"python": _python, "json": _json, "toml": _toml, "yaml": _yaml}
