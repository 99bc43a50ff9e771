"""EDGE: the body of a completion request, read as strictly as a hosted server reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, NoReturn, cast

from mcli.shapes import frozen

Form = Literal["text", "json_object", "json_schema"]

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_ATTACHMENTS = ("image_url", "input_audio", "file")
_MOST_TOP = 20
_FORMS: tuple[Form, ...] = ("text", "json_object", "json_schema")


class Rejected(Exception):
    """A request that gets an error reply: its status, and the fields of OpenAI's error object."""

    def __init__(
        self,
        message: str,
        param: str | None = None,
        *,
        status: int = 400,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.status = status
        self.code = code
        self.headers: Mapping[str, str] = headers or {}


@frozen
class Turn:
    """One message: the text of its parts joined, and how many parts were not text."""

    role: str
    text: str
    attachments: int = 0


@frozen
class Tool:
    """A tool that may be called: its name, and the JSON Schema of what it takes."""

    name: str
    parameters: Any


@frozen
class Prompt:
    """What was asked. `limit` is in tokens; `schema` is set when `form` is json_schema; `tool` is
    the first of those that were offered; `top_logprobs` is None where no log-probabilities are
    wanted."""

    model: str
    turns: tuple[Turn, ...]
    limit: int | None = None
    stop: tuple[str, ...] = ()
    stream: bool = False
    include_usage: bool = False
    form: Form = "text"
    schema: Any = True
    tool: Tool | None = None
    top_logprobs: int | None = None

    def system(self) -> str:
        """What the system messages say, one after the other."""
        return "\n\n".join(turn.text for turn in self.turns if turn.role in ("system", "developer"))

    def task(self) -> str:
        """What the last user message says; nothing if there is none."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")


def read(raw: bytes) -> Prompt:
    """The prompt in a request's body. Raises Rejected (400) for anything a server refuses."""
    body = _parse(raw)
    model = body.get("model")
    if not isinstance(model, str) or not model.strip():
        _reject("you must provide a model parameter", "model", "missing_required_parameter")
    if body.get("n") not in (None, 1) or isinstance(body.get("n"), bool):
        _reject("the sandbox gives one choice: n must be 1", "n", "invalid_value")
    choice = body.get("tool_choice")
    if choice not in (None, "none", "auto", "required"):
        told = "the sandbox calls the first tool: tool_choice must be none, auto or required"
        _reject(told, "tool_choice", "unsupported_value")
    form, schema = _form(body)
    options: dict[str, Any] = _optional(body, "stream_options", dict) or {}
    return Prompt(
        model=model,
        turns=_turns(body.get("messages")),
        limit=_limit(body),
        stop=_stop(body.get("stop")),
        stream=bool(_optional(body, "stream", bool)),
        include_usage=options.get("include_usage") is True,
        form=form,
        schema=schema,
        tool=_tool(body) if choice != "none" else None,
        top_logprobs=_top_logprobs(body),
    )


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        body = json.loads(text, parse_constant=_refuse_constant)
        if re.search(r"\\u[dD][89a-fA-F]", text):
            # Half a surrogate pair is no character; neither tokenizer nor UTF-8 can take it.
            json.dumps(body, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        _reject(f"the body of the request is not valid JSON: {problem}", None, "invalid_json")
    if not isinstance(body, dict):
        _reject("the body of the request is not a JSON object", None, "invalid_type")
    return cast(dict[str, Any], body)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _turns(messages: Any) -> tuple[Turn, ...]:
    if messages is None:
        _reject("you must provide a messages parameter", "messages", "missing_required_parameter")
    if not isinstance(messages, list):
        _reject("messages is not an array", "messages", "invalid_type")
    if not messages:
        _reject("messages is empty: at least one is needed", "messages", "empty_array")
    return tuple(_turn(message, n) for n, message in enumerate(cast(list[Any], messages)))


def _turn(message: Any, n: int) -> Turn:
    where = f"messages[{n}]"
    if not isinstance(message, dict):
        _reject(f"{where} is not an object", where, "invalid_type")
    fields = cast(dict[str, Any], message)
    role, content = fields.get("role"), fields.get("content")
    if role not in _ROLES:
        _reject(f"{where}.role is not one of {', '.join(_ROLES)}", f"{where}.role", "invalid_value")
    where += ".content"
    if content is None and role == "assistant":
        return Turn(role, "")
    if isinstance(content, str):
        return Turn(role, content)
    if not isinstance(content, list) or not content:
        _reject(f"{where} is neither a string nor an array of parts", where, "invalid_type")
    texts = [_part(part, where) for part in cast(list[Any], content)]
    return Turn(role, "".join(text or "" for text in texts), texts.count(None))


def _part(part: Any, where: str) -> str | None:
    """The text of a content part, or None for an attachment."""
    fields = cast(dict[str, Any], part) if isinstance(part, dict) else {}
    kind = fields.get("type")
    if kind in _ATTACHMENTS:
        return None
    text = fields.get(kind) if kind in ("text", "refusal") else None
    if not isinstance(text, str):
        _reject(f"{where} has a part that is neither text nor an attachment", where, "invalid_type")
    return text


def _form(body: dict[str, Any]) -> tuple[Form, Any]:
    asked: dict[str, Any] = _optional(body, "response_format", dict) or {"type": "text"}
    form = asked.get("type")
    if form not in _FORMS:
        _reject(
            f"response_format.type is not one of {', '.join(_FORMS)}",
            "response_format.type",
            "invalid_value",
        )
    if form != "json_schema":
        return form, True
    wrapper: dict[str, Any] = _optional(asked, "json_schema", dict) or {"schema": None}
    schema = wrapper.get("schema", {"type": "object"})
    if not isinstance(schema, dict | bool):
        _reject("response_format has no schema", "response_format.json_schema", "invalid_type")
    return form, cast(Any, schema)


def _tool(body: dict[str, Any]) -> Tool | None:
    """The first tool; all of them are checked."""
    tools: list[Any] = _optional(body, "tools", list) or []
    found: list[Tool] = []
    for n, tool in enumerate(tools):
        where = f"tools[{n}].function"
        outer = cast(dict[str, Any], tool) if isinstance(tool, dict) else {}
        function: dict[str, Any] = _optional(outer, "function", dict) or {}
        name, parameters = function.get("name"), function.get("parameters")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            _reject(f"{where}.name is not the name of a function", where, "invalid_value")
        if not isinstance(parameters, dict):
            _reject(f"{where}.parameters is not a JSON Schema", where, "invalid_type")
        found.append(Tool(name, cast(Any, parameters)))
    return found[0] if found else None


def _limit(body: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            _reject(f"{name} is not a whole number above 0", name, "invalid_value")
        return value
    return None


def _top_logprobs(body: dict[str, Any]) -> int | None:
    wanted, top = _optional(body, "logprobs", bool), body.get("top_logprobs")
    if top is not None and (type(top) is not int or not 0 <= top <= _MOST_TOP):
        told = f"top_logprobs is not a whole number from 0 to {_MOST_TOP}"
        _reject(told, "top_logprobs", "invalid_value")
    if top is not None and not wanted:
        _reject("top_logprobs needs logprobs: true", "top_logprobs", "invalid_value")
    return (top or 0) if wanted else None


def _stop(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(stops, list):
        _reject("stop is neither a string nor an array of strings", "stop", "invalid_type")
    found = [stop for stop in cast(list[Any], stops) if isinstance(stop, str) and stop]
    if len(found) < len(cast(list[Any], stops)):
        _reject("stop has an item that is no string, or an empty one", "stop", "invalid_type")
    return tuple(found)


def _optional(body: dict[str, Any], name: str, kind: type) -> Any:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        _reject(f"{name} has the wrong type", name, "invalid_type")
    return value


def _reject(message: str, param: str | None, code: str) -> NoReturn:
    raise Rejected(message, param, code=code)
