"""The official SDK against a server: `openai_client.py BASE_URL works|fails|limited`.

Run by the python of `.ci/interop-env`, which has openai. Prints what that function gives, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import openai
from pydantic import BaseModel

MODEL = "sandbox"
HI: list[Any] = [{"role": "user", "content": "hi"}]


class Person(BaseModel):
    """A shape to ask for."""

    name: str
    age: int
    tags: list[str]


def works(client: openai.OpenAI) -> Any:
    """Everything that a server should answer."""
    return {
        "models": [model.id for model in client.models.list()],
        "whole": client.chat.completions.create(model=MODEL, messages=HI).model_dump(),
        "stream": stream(client),
        "cut": client.chat.completions.create(model=MODEL, messages=HI, max_tokens=3).model_dump(),
        "schema": schema(client),
        "parsed": parsed(client),
    }


def stream(client: openai.OpenAI) -> Any:
    """The chunks of a stream, its usage asked for."""
    chunks = client.chat.completions.create(
        model=MODEL, messages=HI, stream=True, stream_options={"include_usage": True}
    )
    return [chunk.model_dump() for chunk in chunks]


def schema(client: openai.OpenAI) -> Any:
    """The value of an answer whose JSON Schema was given."""
    wanted = {
        "type": "object",
        "properties": {"color": {"enum": ["red", "blue"]}, "count": {"type": "integer"}},
        "required": ["color", "count"],
        "additionalProperties": False,
    }
    form: Any = {
        "type": "json_schema",
        "json_schema": {"name": "paint", "strict": True, "schema": wanted},
    }
    reply = client.chat.completions.create(model=MODEL, messages=HI, response_format=form)
    return json.loads(reply.choices[0].message.content or "")


def parsed(client: openai.OpenAI) -> Any:
    """The same by the SDK's own means, which raise if the answer does not fit."""
    reply = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Person)
    person = reply.choices[0].message.parsed
    return person and person.model_dump()


def fails(client: openai.OpenAI) -> Any:
    """What a server should refuse, each as the error it becomes."""
    return {
        "path": error(lambda: client.embeddings.create(model=MODEL, input="hi")),
        "messages": error(lambda: client.chat.completions.create(model=MODEL, messages=[])),
    }


def limited(client: openai.OpenAI) -> Any:
    """One plain request, as the error it becomes."""
    return error(lambda: client.chat.completions.create(model=MODEL, messages=HI))


def error(call: Any) -> Any:
    """What the SDK makes of the refusal; None if there was none."""
    try:
        call()
    except openai.APIStatusError as refusal:
        return {
            "class": type(refusal).__name__,
            "status": refusal.status_code,
            "type": refusal.type,
            "code": refusal.code,
            "named": bool(refusal.request_id and refusal.message),
        }


if __name__ == "__main__":
    url, what = sys.argv[1:]
    plain = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
    json.dump({"works": works, "fails": fails, "limited": limited}[what](plain), sys.stdout)
