"""EDGE (pure): the events of a streamed reply to a Completion, proven complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mcli.api import codec, turns, verdicts
from mcli.api.carried import Carried
from mcli.api.sse import Event
from mcli.api.textflow import TextFlow, joined
from mcli.chat import Completion, Token, Usage
from mcli.errors import Recovery, TryAgain


class Assembly:
    """Add each event; it gives the text to show, and at the end the completion.

    A stream is complete if choice 0 has a finish reason or `[DONE]` came; a clean end of the
    connection proves nothing. `progressed` tells whether the last event moved the answer on, and
    `thought` is the reasoning that it added.
    """

    def __init__(self, headers: Mapping[str, str], host: str) -> None:
        self._headers = headers
        self.host = host
        self._flow = TextFlow()
        self._pieces: list[str] = []
        self._finish: str | None = None
        self._model: str | None = None
        self._usage: Usage | None = None
        self._refusal: list[str] = []
        self._reasoning: list[str] = []
        self._calls = turns.Calls()
        self._carried = Carried()
        self._tokens: list[Token] = []
        self.done = False
        self.progressed = False
        self.thought = ""

    def add(self, event: Event) -> str:
        """The text that `event` adds to the answer. Raises the Failure of an error event."""
        self.progressed = False
        self.thought = ""
        if event.data.strip().startswith("[DONE]"):
            self.done = self.progressed = True
            return ""
        chunk = self._parse(event)
        if not isinstance(chunk, dict):
            raise codec.spoilt("bad_json", f"an event from {self.host} is not a JSON object")
        fields = cast("dict[str, Any]", chunk)
        self._model = codec.text_or_none(fields.get("model")) or self._model
        usage = codec.usage_of(fields.get("usage"))
        self._usage = self._usage if usage in (None, Usage()) else usage
        choice = codec.first_choice(fields)
        return "" if choice is None else self._choice(choice)

    @property
    def ended(self) -> bool:
        """Whether the answer is known to be whole."""
        return self.done or self._finish is not None

    def completion(self) -> Completion:
        """The whole answer. TryAgain if the stream ended before it did; `thought` is the rest."""
        before = self._flow.thoughts
        self._pieces.append(self._flow.close())
        self.thought = self._flow.thought_since(before)
        if not self.ended:
            raise TryAgain(
                "stream_truncated", f"the stream from {self.host} ended before the answer did",
                "run it again", recovery=Recovery.CHARGED,
            )  # fmt: skip
        calls = self._calls.all()
        completion = Completion(
            text="".join(self._pieces),
            finish_reason=self._finish,
            model=self._model,
            usage=self._usage,
            refusal="".join(self._refusal) or None,
            reasoning=joined("".join(self._reasoning)) or self._flow.thought,
            calls=calls,
            tokens=tuple(self._tokens),
            carried=self._carried.all() if calls else {},
        )
        codec.refuse_broken(completion)
        return completion

    def rest(self) -> str:
        """The text that was held back and belongs to the answer; after `completion`."""
        return self._pieces[-1]

    def _parse(self, event: Event) -> Any:
        chunk: Any
        try:
            chunk = codec.value_of(event.data)
        except (ValueError, RecursionError):
            if event.name == "error":
                chunk = {"error": event.data}
            else:
                message = f"an event from {self.host} is not valid JSON"
                raise codec.spoilt("bad_json", message) from None
        if event.name == "error":
            whole = cast("dict[str, Any]", chunk) if isinstance(chunk, dict) else {}
            told = verdicts.error_in({"error": chunk, **whole})
            raise verdicts.of_error_in_ok(told or verdicts.ErrorBody(), self._headers)
        codec.raise_error_in(chunk, self._headers)
        return chunk

    def _choice(self, choice: dict[str, Any]) -> str:
        delta: Any = choice.get("delta") or choice.get("message") or {}
        fields = cast("dict[str, Any]", delta) if isinstance(delta, dict) else {}
        self._finish = codec.finish_of(choice) or self._finish
        self._refusal.append(codec.text_or_none(fields.get("refusal")) or "")
        thought, before = turns.reasoning(fields), self._flow.thoughts
        self._reasoning.append(thought)
        self._calls.feed(fields)
        self._carried.feed(fields)
        self._tokens += turns.tokens(choice)
        text = self._flow.feed(codec.content_of(fields))
        self._pieces.append(text)
        self.thought = thought or self._flow.thought_since(before)
        said = any(value for name, value in fields.items() if name != "role")
        self.progressed = said or codec.finish_of(choice) is not None
        return text
