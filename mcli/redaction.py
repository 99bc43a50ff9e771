"""CORE: secrets replaced, and text from outside made harmless to show.

`remember` is the one piece of state the whole process shares: a secret must be hidden whoever
prints, so whoever reads one says so here, and everything written to stderr passes `redact`.
"""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

MASK = "***"
LONGEST_EXCERPT = 300
"""Characters of a server's or model's text that may stand in a message."""

_SHORTEST = 8
"""A shorter "secret" is a word such as `ollama`, and hiding it would mangle messages."""

_secrets: set[str] = set()
_ESCAPE = re.compile("%[0-9A-F]{2}")

# C0, DEL, C1; the bidi overrides and isolates; the invisible tag characters; BOM; line separators.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)


def remember(secret: str) -> None:
    """Hide `secret`, and the forms in which programs quote it, from now on."""
    if len(secret) < _SHORTEST:
        return
    raw = secret.encode("utf-8", "surrogatepass")
    escaped = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    packed = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    _secrets.update({secret, json.dumps(secret)[1:-1]}, escaped, packed)
    _secrets.update(_ESCAPE.sub(lambda found: found[0].lower(), text) for text in escaped)
    _secrets.update(text.rstrip("=") for text in packed)


def redact(text: str) -> str:
    """`text` with every remembered secret replaced by `***`, longest first."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def visible(text: str) -> str:
    r"""`text` with control characters but `\n` and `\t`, and bidi overrides, as `\x1b`-like text.

    Works character by character, so it holds whatever the escape sequence and wherever it is cut.
    """
    return UNSAFE.sub(lambda found: _escape(found[0]), text)


def excerpt(text: str, longest: int = LONGEST_EXCERPT) -> str:
    """`text` on one line, harmless, without secrets, at most `longest` characters."""
    flat = visible(" ".join(redact(text).split()))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
