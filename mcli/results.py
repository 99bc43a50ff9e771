"""CORE: how the tests of recipes ended: as lines, as JSON, and as the XML that CI servers read."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Literal

from mcli import findings, redaction
from mcli.cases import Case
from mcli.errors import ExitCode, Failure
from mcli.expressions import expression
from mcli.shapes import frozen

State = Literal["ok", "not ok", "skip", "error"]
"""An error is a request that failed: no verdict on the recipe."""

_LONGEST_NAME = 100
_LONGEST_LINE = 500
_TAGS = {"not ok": "failure", "skip": "skipped", "error": "error"}
_PRECEDENCE = (
    ExitCode.BUG, ExitCode.IO_ERROR, ExitCode.NOT_ALLOWED, ExitCode.CONFIG, ExitCode.TRY_AGAIN,
)  # fmt: skip
_NO_XML = expression("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@frozen
class Result:
    """How one test ended; `told` is what was not as expected, or why nothing can be said."""

    recipe: str
    path: str
    case: Case
    state: State
    told: tuple[str, ...] = ()
    elapsed_s: float = 0.0


def line(result: Result) -> str:
    """`not ok RECIPE: NAME: what was expected and what came`, harmless and of bounded length."""
    name = redaction.excerpt(result.case.name, _LONGEST_NAME)
    told = f": {'; '.join(result.told)}" if result.told else ""
    return f"{result.state} " + redaction.excerpt(f"{result.recipe}: {name}{told}", _LONGEST_LINE)


def summary(results: Sequence[Result], planned: int) -> str:
    """`12 tests, 1 failed`, and what else there is to say."""
    count = Counter(result.state for result in results)
    told = [f"{planned} test{'' if planned == 1 else 's'}", f"{count['not ok']} failed"]
    told += [f"{count['skip']} skipped"] if count["skip"] else []
    told += [f"{count['error']} without an answer"] if count["error"] else []
    left = planned - len(results)
    return ", ".join(told + ([f"{left} not run"] if left else []))


def data(results: Iterable[Result]) -> list[dict[str, Any]]:
    """The results as `--json` has them."""
    return [
        {
            "recipe": result.recipe,
            "path": result.path,
            "line": findings.at(result.case.place, "").line,
            "name": result.case.name,
            "state": result.state,
            "told": list(result.told),
            "elapsed_s": round(result.elapsed_s, 3),
        }
        for result in results
    ]


def passed(results: Iterable[Result]) -> bool:
    """Whether no test failed."""
    return all(result.state != "not ok" for result in results)


def worst(failures: Sequence[Failure]) -> Failure:
    """The failure that the command ends with, where several requests failed."""
    order = {code: rank for rank, code in enumerate(_PRECEDENCE)}
    return min(failures, key=lambda failure: order.get(failure.exit_code, len(order)))


def junit(results: Sequence[Result]) -> str:
    """The results in the XML of JUnit; characters that XML does not know are U+FFFD."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {_counted(results)}>"]
    for path, group in groupby(results, key=lambda result: result.path):
        suite = list(group)
        lines.append(f'  <testsuite name="{_escaped(path)}" {_counted(suite)}>')
        lines += [_case(result) for result in suite]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(result: Result) -> str:
    place = findings.at(result.case.place, "")
    head = (
        f'    <testcase classname="{_escaped(result.recipe)}" name="{_escaped(result.case.name)}" '
        f'file="{_escaped(place.path)}" line="{place.line}" time="{result.elapsed_s:.3f}"'
    )
    if result.state == "ok":
        return f"{head}/>"
    tag = _TAGS[result.state]
    told = _escaped("; ".join(result.told))
    return f'{head}><{tag} message="{told}"/></testcase>'


def _counted(results: Sequence[Result]) -> str:
    count = Counter(result.state for result in results)
    seconds = sum(result.elapsed_s for result in results)
    return (
        f'tests="{len(results)}" failures="{count["not ok"]}" errors="{count["error"]}" '
        f'skipped="{count["skip"]}" time="{seconds:.3f}"'
    )


def _escaped(text: str) -> str:
    return html.escape(_NO_XML.sub("\ufffd", " ".join(text.split())))
