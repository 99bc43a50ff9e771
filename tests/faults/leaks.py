"""The key of every run, and how to find it wherever it went."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, unquote_to_bytes

CANARY = "sk-canary-7f3a9c/e1b8+d4052c6f/97a3e8b15d0c4+62f9"
"""The key of every run. It has characters that encodings change, so each form is another text."""
PART = 12
"""So many characters of the key in a row are a leak."""
QUOTE = f"The key is {CANARY}."
"""An answer that holds it."""


def _spellings(key: str) -> re.Pattern[bytes]:
    """Finds the key as text, in a URL, in JSON, and in base64 at each of the three alignments."""
    texts = {key, quote(key, safe=""), json.dumps(key)[1:-1], key.replace("/", "\\/")}
    # A part is as bad as the whole, and is found when a line break splits the key.
    texts |= {key[at : at + PART] for at in range(len(key) - PART + 1)}
    packed = [base64.b64encode(b"\0" * shift + key.encode())[4:-4] for shift in range(3)]
    forms = [text.encode() for text in sorted(texts)] + packed
    return re.compile(b"|".join(re.escape(form) for form in forms))


_SPELLINGS = _spellings(CANARY)
_ESCAPE = re.compile(rb"\\+u00([0-9a-fA-F]{2})")


def found(data: bytes) -> str:
    """What of the key stands in `data`, however it is read; empty if nothing does."""
    unquoted = unquote_to_bytes(unquote_to_bytes(data))
    unescaped = _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), data)
    for reading in (data, b"".join(data.split()), unquoted, unescaped):
        if hit := _SPELLINGS.search(reading):
            return hit[0].decode()
    return ""
