"""EDGE: whether a value fits a JSON Schema; the only owner of jsonschema_rs.

A schema never makes us call anybody: a `$ref` to another document is an error, not a download.
"""

from __future__ import annotations

from typing import Any, NoReturn


def complaint(value: Any, schema: Any) -> str:
    """What is wrong with `value`, or nothing. ValueError if `schema` is none (Draft 2020-12)."""
    import jsonschema_rs  # 30 ms, for those who have a schema

    try:
        validator = jsonschema_rs.validator_for(schema, retriever=_refuse)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise ValueError(f"not a JSON Schema: {str(error).splitlines()[0]}") from None
    found = next(validator.iter_errors(value), None)
    return "" if found is None else found.message


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is not fetched")
