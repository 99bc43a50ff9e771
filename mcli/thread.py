"""CORE: what the file of a conversation holds: a line a turn.

A line is `{"v":1,"messages":[…],"model":…,"usage":…}`: the messages of one complete turn, from the
question to the answer, as the API words them. A system message is none of them. A power cut while
a line is written leaves its beginning, without a line break: that is known by how it begins, and is
no damage. Anything else that is no turn is, also a whole object at the end.
"""

from __future__ import annotations

import json
from typing import Any, cast

from mcli import messages, redaction
from mcli.chat import LEADING, Completion, Message
from mcli.shapes import as_dict, frozen

VERSION = 1
_HEAD = b'{"v":%d,"messages":[' % VERSION
"""How each line of ours begins."""

_PACKED = ("url", "data", "file_data")
"""Fields of a part that hold base64: no text, and too long to be looked through for keys."""

Turn = tuple[Message, ...]


@frozen
class Thread:
    """The turns of a file, of which the first `sound` bytes are whole lines; `joint` is what the
    next line needs before it."""

    turns: tuple[Turn, ...] = ()
    sound: int = 0
    joint: bytes = b""

    def last(self, count: int | None) -> Turn:
        """The messages of the last `count` turns, or of all."""
        turns = self.turns if count is None else self.turns[max(len(self.turns) - count, 0) :]
        return tuple(message for turn in turns for message in turn)


def parse(raw: bytes) -> Thread:
    """What a file holds. Raises ValueError that names the line that is no turn, and why."""
    *lines, tail = raw.split(b"\n")
    turns = [_turn(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    sound = len(raw)
    if tail.strip():
        try:
            turns.append(_turn(tail, len(lines) + 1))
        except ValueError:
            if not _is_torn(tail):
                raise
            sound -= len(tail)
    return Thread(tuple(turns), sound, b"\n" if tail and sound == len(raw) else b"")


def line(turn: Turn, completion: Completion) -> bytes:
    """The line of a turn, whose last message is the completion; without secrets."""
    usage = completion.usage
    told = {
        "v": VERSION,
        "messages": [redaction.redact_all(messages.wire(message), _PACKED) for message in turn],
        "model": redaction.redact_all(completion.model),
        "usage": {n: v for n, v in as_dict(usage).items() if v is not None} if usage else None,
    }
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return redaction.escaped(text).encode() + b"\n"


def _is_torn(tail: bytes) -> bool:
    """Whether it is the beginning of a line of ours, perhaps with the zeros of a block that never
    reached the disk. What is whole JSON is no beginning: somebody wrote it."""
    told = tail.rstrip(b"\0")
    if not told.startswith(_HEAD):
        return _HEAD.startswith(told)
    try:
        json.loads(tail)
    except (ValueError, RecursionError):
        return True
    return False


def _turn(raw: bytes, number: int) -> Turn:
    try:
        return _messages(_object(raw))
    except ValueError as error:
        raise ValueError(f"{number}: this is no turn of a conversation: {error}") from None


def _messages(fields: dict[str, Any]) -> Turn:
    if fields.get("v", VERSION) != VERSION:
        raise ValueError(f"it is of version {str(fields['v'])[:20]}, not {VERSION}")
    found = messages.read_all(fields.get("messages"))
    if any(message.role in LEADING for message in found):
        raise ValueError("it has a system message, which each call says anew")
    if not found or (found[0].role, found[-1].role) != ("user", "assistant"):
        raise ValueError("it does not go from a message of the user to one of the assistant")
    return found


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode(), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    return cast("dict[str, Any]", value)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
