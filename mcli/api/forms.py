"""EDGE (pure): how a server is asked for JSON: it knows schemas, or only JSON, or neither.

`response_format` of the Chat Completions API has the types `json_schema` (strict) and
`json_object`, which wants the word JSON in a message (api-contract §9). The next way is tried only
when a server refuses the one before; what it promises is checked here all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import Any

from mcli import structured
from mcli.chat import LEADING, Form, Message, Request, Way
from mcli.errors import Failure
from mcli.expressions import expression
from mcli.shapes import replace

_REFUSAL = expression(
    r"response.?format|json.?schema|json.?object|json.?mode|structured.?output|\bschema\b",
    re.IGNORECASE,
)
"""The words in which servers say that they cannot give an answer its form."""

_NEXT: dict[Way, Way] = {"json_schema": "json_object", "json_object": "prompt"}


def first(schema: Any) -> Form:
    """The form to ask for first: no schema means any JSON value, which no mode of a server is."""
    return Form(schema, "json_schema" if schema is not None else "prompt")


def asked(form: Form, messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], dict[str, Any]]:
    """The messages and further fields of a request that asks for `form`."""
    if form.way == "json_schema":
        schema = {"name": "answer", "strict": True, "schema": form.schema}
        return messages, {"response_format": {"type": "json_schema", "json_schema": schema}}
    told = structured.instruction(form.schema)
    if messages and messages[0].role in LEADING:
        head = replace(messages[0], content=f"{messages[0].content.rstrip()}\n\n{told}")
        messages = (head, *messages[1:])
    else:
        messages = (Message("system", told), *messages)
    fields = {"response_format": {"type": "json_object"}} if form.way == "json_object" else {}
    return messages, fields


def passed(asked: Form, taken: Form | None) -> Iterator[Way]:
    """The ways that were refused where `asked` was tried first and `taken` was taken."""
    way = asked.way
    if taken is None:
        yield way
    while taken is not None and way != taken.way:
        yield way
        way = _NEXT[way]


def unrefused(request: Request, refused: Set[Way]) -> Request:
    """The request, asking in the first way that the server is not known to refuse."""
    form = request.form
    while form is not None and form.way in refused and form.way in _NEXT:
        form = None if form.spare else replace(form, way=_NEXT[form.way])
    return replace(request, form=form)


def simpler(request: Request, failure: Failure) -> tuple[str, Request, str] | None:
    """The next way to ask, named and with its warning; None if the server means something else."""
    form = request.form
    if form is None or form.way not in _NEXT or "response_format" in request.params:
        return None
    if not (_REFUSAL.search(failure.param) or _REFUSAL.search(failure.message)):
        return None
    if form.spare:
        warning = f"asked in words alone: the server refuses {form.way}"
        return form.way, replace(request, form=None), warning
    way = _NEXT[form.way]
    warning = f"JSON asked for by {way}: the server refuses {form.way}"
    return form.way, replace(request, form=replace(form, way=way)), warning
