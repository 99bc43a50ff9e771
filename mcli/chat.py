"""CORE: the vocabulary of a chat completion: frozen values without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mcli.shapes import field, frozen

Role = Literal["system", "developer", "user", "assistant", "tool"]

LEADING = ("system", "developer")
"""The roles that say what all the others are about; the second is what newer models call it."""


@frozen
class ToolCall:
    """A tool that the model wants to be called; `arguments` is the JSON text that it wrote, which
    may be none, or none that is valid. `extra` is sent again as it came: what the provider signed,
    without which Gemini refuses the turn."""

    id: str
    name: str
    arguments: str
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


@frozen
class Message:
    """One turn of the conversation.

    `parts` stand behind the text, as the API words them: images, sound, files. `calls` are those of
    an assistant's turn, `call_id` says which of them a tool's turn answers. `extra` are further
    fields, which are sent as they stand, in place of ours of the same name.
    """

    role: Role
    content: str
    parts: tuple[Mapping[str, Any], ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


Way = Literal["json_schema", "json_object", "prompt"]


@frozen
class Form:
    """JSON is wanted: a value that fits `schema` (None: any), asked for in one of three ways.

    `json_schema` has the server hold the answer to the schema, `json_object` to JSON, and
    `prompt` trusts the words; the last two tell the model the schema. A form that is `spare` is
    left out where the server refuses it: the messages by themselves ask for something else.
    """

    schema: Any = None
    way: Way = "json_schema"
    spare: bool = False


@frozen
class Request:
    """One call of `POST {base_url}/chat/completions`.

    `params` are the request's other fields, sent as they are and only when somebody asked for
    them; `soft` names those that came from a recipe, which may be dropped if the server objects.
    `warnings` are not sent: they tell what was done to the request before.
    """

    model: str
    messages: tuple[Message, ...]
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    soft: frozenset[str] = frozenset()
    stream: bool = False
    form: Form | None = None
    warnings: tuple[str, ...] = ()


@frozen
class Usage:
    """Tokens as the server counted them; what it did not say is None, never invented.

    `cached_tokens` are those of the prompt that it had read before, `reasoning_tokens` those of the
    completion that are no answer: both are counted in what they are part of.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@frozen
class Choice:
    """One more answer to the same request, and why it ended, as in `Completion`."""

    text: str
    finish_reason: str | None


@frozen
class Token:
    """A token of an answer, the natural logarithm of its probability, and those of the tokens that
    were likeliest in its place."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@frozen
class Completion:
    """A reply that arrived whole.

    `finish_reason` is normalised (`stop`, `length`, `tool_calls`, `content_filter`, `error`) or
    None if the server named none; `text` is the answer without `reasoning`; `model` is the
    one that answered, which an aggregator may have chosen; `tokens` are there where log-
    probabilities were asked for and given, and `others` where `n` asked for more answers than one;
    `carried` are the fields of the turn that go back with its calls, as they came.
    """

    text: str
    finish_reason: str | None
    model: str | None = None
    usage: Usage | None = None
    refusal: str | None = None
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    tokens: tuple[Token, ...] = ()
    others: tuple[Choice, ...] = ()
    carried: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def only_reasoning(self) -> bool:
        """Whether the model thought, and did not come to an answer."""
        counted = self.usage is not None and self.usage.reasoning_tokens
        return not self.text.strip() and bool(self.reasoning or counted)


@frozen
class ToolResult:
    """What the model is told of a call; `status` is the exit status of the command that was run for
    it, None if none was."""

    call: ToolCall
    content: str
    status: int | None = None


Step = tuple[ToolResult, ...]
"""A round of calls and what came of each."""


@frozen
class Exchange:
    """A completion and what it took to get it; `request` is what the server took in the end.

    `cost_usd` is an estimate by list price, None where a price or the usage is unknown; `doubtful`
    are the attempts that failed and may have been charged all the same, which is not in it; `steps`
    are the calls of tools that were answered on the way.
    """

    completion: Completion
    attempts: int
    request: Request
    request_id: str | None = None
    warnings: tuple[str, ...] = ()
    cached: bool = False
    cost_usd: float | None = None
    doubtful: int = 0
    steps: tuple[Step, ...] = ()
