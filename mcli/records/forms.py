"""CORE: the forms of input that a batch knows, which one a name tells of, and its parser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from mcli.errors import UsageFailure
from mcli.records.framing import Origin, Parser, Rules
from mcli.records.jsonl import JsonLines
from mcli.records.lines import Lines, Names
from mcli.records.openai_batch import Requests
from mcli.records.tables import Rows, Table
from mcli.shapes import replace

Form = Literal["lines", "jsonl", "csv", "tsv", "files", "openai-batch"]
FORMS: tuple[Form, ...] = get_args(Form)

_SUFFIXES: dict[str, Form] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
}
_HAVE_IDS = ("jsonl", "csv", "tsv", "openai-batch")


def guessed(paths: Sequence[str]) -> Form:
    """The form of the inputs by their names: lines, where they tell nothing. Raises UsageFailure
    for several that differ."""
    found = {_of(path) for path in paths} or {"lines"}
    if len(found) > 1:
        raise UsageFailure(
            "bad_flag", f"the inputs are of several forms: {', '.join(sorted(found))}",
            "say with --from how to read them, or run one batch for each",
        )  # fmt: skip
    return FORMS[FORMS.index(found.pop())]


def parser(form: Form, rules: Rules, origin: Origin, table: Table | None = None) -> Parser:
    """A parser for one input; `table` is the header of the one before, which must be the same."""
    if form in ("csv", "tsv"):
        return Rows(replace(rules, delimiter="\t" if form == "tsv" else ","), origin, table)
    if form == "jsonl":
        return JsonLines(rules, origin)
    if form == "openai-batch":
        return Requests(rules, origin)
    return Names(rules, origin) if form == "files" else Lines(rules, origin)


def has_ids(form: Form) -> bool:
    """Whether its records may be called something by the input."""
    return form in _HAVE_IDS


def _of(path: str) -> str:
    return next((form for end, form in _SUFFIXES.items() if path.lower().endswith(end)), "lines")
