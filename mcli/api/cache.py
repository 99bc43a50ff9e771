"""EDGE: answers kept on disk for a while (`--cache`), each under a hash of what was asked.

It is best effort: an entry that cannot be read is none, and one that cannot be written is a note.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from mcli import outfile, redaction
from mcli.api import codec, recording
from mcli.chat import Choice, Completion, Exchange, Request, Token, ToolCall, Usage
from mcli.errors import reason
from mcli.shapes import as_dict, frozen

VERSION = 3


@frozen
class Place:
    """Where the answer to one request is kept, and for how many seconds it is good."""

    path: Path
    lifetime_s: float

    def find(self, request: Request) -> Exchange | None:
        """The answer to `request`, if there is one that can be read and is young enough."""
        try:
            entry = json.loads(self.path.read_bytes())
            if entry["v"] != VERSION or not 0 <= time.time() - entry["at"] < self.lifetime_s:
                return None
            return _exchange(entry["exchange"], request)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def keep(self, exchange: Exchange, note: Callable[[str], None]) -> None:
        """Put a complete answer there; one that a limit cut, or that repeats a key, is not kept."""
        if exchange.completion.finish_reason == "length":
            return
        kept = {
            "completion": as_dict(exchange.completion),
            "request_id": exchange.request_id,
            "warnings": exchange.warnings,
        }
        entry = {"v": VERSION, "at": time.time(), "exchange": kept}
        told = recording.canonical(entry)
        if redaction.redact(told) != told:
            note("the answer is not kept: it holds a key")
            return
        try:
            _make_private(self.path.parent)
            outfile.replace(self.path, told.encode(), private=True)
        except OSError as error:
            note(f"the answer is not kept: {self.path}: {reason(error, 'cannot be written')}")


def place(
    request: Request, base_url: str, reading: object, lifetime_s: float, environ: Mapping[str, str]
) -> Place:
    """The place of the answer to `request`, asked of `base_url` and read as `reading` says."""
    body = {n: v for n, v in codec.body_of(request).items() if n not in recording.UNKEYED}
    asked = json.dumps([base_url, body, reading], sort_keys=True, default=_plain)
    name = hashlib.sha256(asked.encode()).hexdigest()
    return Place(folder(environ) / name[:2] / f"{name}.json", lifetime_s)


def folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/mcli/answers`; a relative value is ignored, as the specification says."""
    base = environ.get("XDG_CACHE_HOME", "")
    home = environ.get("HOME") or os.path.expanduser("~")
    return (Path(base) if os.path.isabs(base) else Path(home) / ".cache") / "mcli" / "answers"


def _plain(value: Any) -> Any:
    """A frozen value as its fields; of anything else its words, which at worst are never found."""
    with suppress(TypeError):
        return [type(value).__name__, as_dict(value)]
    return repr(value)


def _make_private(folder: Path) -> None:
    """Make `folder`, and those above it that are missing, for their owner alone."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(0o700, exist_ok=True)


def _exchange(kept: dict[str, Any], request: Request) -> Exchange:
    """The exchange from its fields. ValueError, TypeError or KeyError if they are not those."""
    fields = cast("dict[str, Any]", kept["completion"])
    usage = cast("dict[str, Any] | None", fields["usage"])
    fields["usage"] = Usage(**usage) if usage else None
    fields["calls"] = tuple(
        ToolCall(**call) for call in cast("list[dict[str, Any]]", fields["calls"])
    )
    fields["tokens"] = tuple(
        Token(one["text"], float(one["logprob"]), tuple((w, float(p)) for w, p in one["top"]))
        for one in cast("list[dict[str, Any]]", fields["tokens"])
    )
    others = cast("list[dict[str, Any]]", fields.get("others") or ())
    fields["others"] = tuple(Choice(one["text"], one["finish_reason"]) for one in others)
    completion = Completion(**fields)
    warnings = cast("list[Any]", kept["warnings"])
    words = [completion.finish_reason, completion.model, completion.refusal, kept["request_id"]]
    words += [word for call in completion.calls for word in (call.id, call.name, call.arguments)]
    words += [one.finish_reason for one in completion.others]
    texts = (completion.text, completion.reasoning, *(one.text for one in completion.others))
    numbers = (usage or {}).values()
    objects: list[Any] = [completion.carried, *(call.extra for call in completion.calls)]
    if not (
        isinstance("".join(texts), str)  # pyright: ignore[reportUnnecessaryIsInstance]
        and all(isinstance(word, str | None) for word in words)
        and all(isinstance(number, int | None) for number in numbers)
        and all(isinstance(fields, dict) for fields in objects)
        and all(isinstance(warning, str) for warning in warnings)
        and all(isinstance(call.extra, dict) for call in completion.calls)
    ):
        raise ValueError
    warned = tuple(warnings)
    return Exchange(completion, 0, request, kept["request_id"], warned, cached=True, cost_usd=0.0)
