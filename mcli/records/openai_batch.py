"""CORE: the lines of OpenAI's Batch API, in and out: a request a line, and what it is called.

`{"custom_id":…,"method":"POST","url":"/v1/chat/completions","body":{…}}`, as in `openai-openapi`
and `vllm run-batch`; api-contract §7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mcli import messages
from mcli.chat import Request
from mcli.errors import BadInput
from mcli.record import Record
from mcli.records import jsonl
from mcli.records.jsonl import JsonLines

URL = "/v1/chat/completions"
_OF_THE_WIRE = ("stream", "stream_options")
"""How the answer travels, which is ours to say."""


class Requests(JsonLines):
    """A request a line; its body is the one field of the record."""

    def made(self, n: int, place: str, text: str) -> Record:
        """The record that a line is, whose request is known to be one. Raises BadInput."""
        value = jsonl.value_of(text, place, jsonl.FINITE)
        try:
            custom_id, body = _read(value)
            request_of(body)
        except ValueError as error:
            hint = "the other records are not affected"
            raise BadInput("bad_record", f"{place}: {error}", hint) from None
        return Record(n, place, None, {"body": body}, text.strip(" \t\r"), custom_id)


def told(custom_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The value of the line that asks a provider's batch endpoint the same."""
    asked = {name: value for name, value in body.items() if name not in _OF_THE_WIRE}
    return {"custom_id": custom_id, "method": "POST", "url": URL, "body": asked}


def request_of(body: Mapping[str, Any]) -> Request:
    """The request whose body is `body`, but for how it travels. Raises ValueError that says what is
    wrong, and where."""
    model = body.get("model")
    if not isinstance(model, str) or not model.strip():
        raise ValueError("body.model is not the name of a model")
    try:
        asked = messages.read_all(body.get("messages"))
    except ValueError as error:
        raise ValueError(f"body: {error}") from None
    if not asked:
        raise ValueError("body.messages is empty")
    ours = ("model", "messages", *_OF_THE_WIRE)
    params = {name: value for name, value in body.items() if name not in ours}
    messages.sayable(params)
    return Request(model, asked, params)


def _read(value: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(value, dict):
        raise ValueError("column 1: this is no object")
    fields = cast("dict[str, Any]", value)
    custom_id, body = fields.get("custom_id"), fields.get("body")
    if not isinstance(custom_id, str) or not custom_id:
        raise ValueError("custom_id is missing, or no text")
    if fields.get("method") != "POST":
        raise ValueError('method is not "POST"')
    if fields.get("url") != URL:
        raise ValueError(f'url is not "{URL}"')
    if not isinstance(body, dict):
        raise ValueError("body is not an object")
    return custom_id, cast("dict[str, Any]", body)
