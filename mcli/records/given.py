"""CORE: what a record gives to a recipe: its data and its variables."""

from __future__ import annotations

from typing import Any

from mcli.errors import BadInput
from mcli.record import Record
from mcli.records import jsonl
from mcli.shapes import replace

DATA = "data"
"""The field that is the data where nobody named one."""


def data_from(record: Record, named: str | None) -> Record:
    """The record whose data is in the field that `--input` named, or else in the one called `data`,
    if there is one. It is failed where a field that was named is missing, and where the field is no
    text: nothing is taken for something else."""
    if record.failure is not None or record.fields is None:
        return record
    field = DATA if named is None else named
    if named is None and (record.data is not None or record.fields.get(field) is None):
        return record
    if field not in record.fields:
        return _failed(record, f'there is no field "{field[:80]}"')
    value = record.fields[field]
    if not isinstance(value, str):
        return _failed(record, f'the field "{field[:80]}" is {_kind(value)}, and no text')
    return replace(record, data=value)


def variables(record: Record) -> dict[str, str | list[str] | tuple[str, ...]]:
    """The fields as variables of a recipe are given: null is no value."""
    given = {name: jsonl.variable(value) for name, value in (record.fields or {}).items()}
    return {name: value for name, value in given.items() if value is not None}


def _failed(record: Record, what: str) -> Record:
    failure = BadInput("bad_record", f"{record.place}: {what}", "see --input")
    return replace(record, failure=failure)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"
