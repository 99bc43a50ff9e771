"""CORE: secrets replaced, and text from outside made harmless to show.

`remember` is the one piece of state the whole process shares: a secret must be hidden whoever
prints, so whoever reads one says so here, and everything written to stderr passes `redact`.

A secret comes back in pieces and in disguise: cut, wrapped, percent-encoded, escaped for JSON, in
the base64 of a header, or several of these at once. So secret and text are both reduced to one
plain form (`_plain`), in which encodings look alike, and every run of the text that is also a run
of the secret is hidden. That takes time linear in the text, whatever stands in it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, quote_plus

from mcli.expressions import expression

MASK = "***"
LONGEST_EXCERPT = 300
"""Characters of a server's or model's text that may stand in a message."""

_SHORTEST = 8
"""A shorter "secret" is a word such as `ollama`, and hiding it would mangle messages."""
_PIECE = 12
"""So many characters of a secret in a row are hidden, or half of it if that is less: hardly a word
is that long, `sk-proj-****abcd` in a server's hint stays, and what may be seen helps nobody."""
_LAYERS = 3
"""How many kinds of encoding, one in the other, are seen through."""
_SEEN = 32
"""An excerpt is made from so many times its length; nothing is to look at megabytes for a line."""

_WORD = 80
"""Characters of a text that may come again as it is."""

_runs: dict[int, set[str]] = {}
"""The runs to hide, by their length."""

# One encoded character: percent (`%2f`, `%252F`), JSON (`\u002f`, `\/`), HTML (`&#43;`, `&#x2F;`);
# and what falls out: blanks and line ends, also escaped ones, and backslashes.
_ENCODED = expression(
    r"%(?:25)*([0-9A-Fa-f]{2})|\\+u([0-9A-Fa-f]{4})|&#(?:x([0-9A-Fa-f]{1,4})|([0-9]{1,4}));"
    r"|\\+[nrtbf]?|[\s\x00-\x1f]+",
    re.IGNORECASE,
)
_ALIKE = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", "abcdefghijklmnopqrstuvwxyz+/")
"""Letters of either case, and the two alphabets of base64."""

# C0, DEL, C1; the bidi overrides and isolates; the invisible tag characters; BOM; line separators;
# and the bytes of a name that is not UTF-8, which another terminal takes for C1.
UNSAFE = expression(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\udc80-\udcff\ufeff\U000e0000-\U000e007f]"
)
_ESCAPED = expression(f"[\ud800-\udfff]|{UNSAFE.pattern}")


def remember(secret: str) -> None:
    """Hide `secret`, and each piece of it in each form it may come back in, from now on."""
    if len(secret) < _SHORTEST:
        return
    length = max(_SHORTEST, min(_PIECE, len(secret) // 2))
    found = _runs.setdefault(length, set())
    for form in _forms(secret):
        plain = _plain(form)[0]
        found.update(plain[at : at + length] for at in range(len(plain) - length + 1))
    _once.cache_clear()


def redact(text: str) -> str:
    """`text` with every piece of a remembered secret replaced by `***`."""
    if not _runs:
        return text
    return _once(text, id(_runs)) if len(text) <= _WORD else _redacted(text)


@lru_cache(256)
def _once(word: str, runs: int) -> str:
    """The names of models and hosts come again with every request."""
    return _redacted(word)


def _redacted(text: str) -> str:
    plain, starts, ends = _plain(text)
    shown: list[str] = []
    end = 0
    for first, last in _hidden(plain):
        if starts[first] > end or not end:
            shown += [text[end : starts[first]], MASK]
        end = ends[last - 1]
    return "".join([*shown, text[end:]])


def redact_all(value: Any, packed: Collection[str] = (), name: str = "") -> Any:
    """A JSON value with every text in it, also the names of fields, redacted; but not what is long
    and stands in a field called as in `packed`: base64, which is no text."""
    if isinstance(value, str):
        return value if name in packed and len(value) > LONGEST_EXCERPT else redact(value)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {redact(key): redact_all(inner, packed, key) for key, inner in fields.items()}
    if isinstance(value, list):
        return [redact_all(inner, packed) for inner in cast("list[Any]", value)]
    return value


def escaped(text: str) -> str:
    """JSON, with escapes for what would drive a terminal or hide in it, and for halves of
    characters, which UTF-8 cannot say."""
    return _ESCAPED.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _hidden(plain: str) -> Iterator[tuple[int, int]]:
    """Where runs of secrets begin and end in `plain`, in order; none overlaps another."""
    ends: dict[int, int] = {}
    for length, runs in _runs.items():
        for at in range(len(plain) - length + 1):
            if plain[at : at + length] in runs:
                ends[at] = max(at + length, ends.get(at, 0))
    first = last = -1
    for at in sorted(ends):
        if at > last:
            if last > 0:
                yield first, last
            first = at
        last = max(last, ends[at])
    if last > 0:
        yield first, last


def _forms(secret: str) -> Iterator[str]:
    """The forms whose plain form differs: as text, in base64, and in the base64 of either."""
    raw = secret.encode("utf-8", "surrogatepass")
    quoted = quote(raw, safe="")
    yield from {secret, quoted, quote_plus(raw), _halves(secret)}
    for inner in {raw, quoted.encode()}:
        for packed in _packed(inner):
            yield packed
            yield from _packed(packed.encode())


def _packed(raw: bytes) -> Iterator[str]:
    """`raw` as it looks inside longer base64: at each of the three places where it may begin."""
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        yield base64.b64encode(bytes(before) + raw).decode().rstrip("=")[mixed:]


def _halves(text: str) -> str:
    """`text` in UTF-16, as the escapes of JSON spell it."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(raw[at] | raw[at + 1] << 8) for at in range(0, len(raw), 2))


def _plain(text: str) -> tuple[str, list[int], list[int]]:
    """`text` without encodings, and where in `text` stands what each of its characters was."""
    starts, ends = list(range(len(text))), list(range(1, len(text) + 1))
    for _ in range(_LAYERS):
        parts: list[str] = []
        begun: list[int] = []
        ended: list[int] = []
        at = 0
        for found in _ENCODED.finditer(text):
            first, last = found.span()
            parts.append(text[at:first])
            begun += starts[at:first]
            ended += ends[at:first]
            if found.lastindex:
                parts.append(chr(int(found[found.lastindex], 10 if found.lastindex == 4 else 16)))
                begun.append(starts[first])
                ended.append(ends[last - 1])
            at = last
        if not at:
            break
        text = "".join([*parts, text[at:]])
        starts, ends = begun + starts[at:], ended + ends[at:]
    return text.translate(_ALIKE), starts, ends


def visible(text: str) -> str:
    r"""`text` with control characters but `\n` and `\t`, and bidi overrides, as `\x1b`-like text.

    Works character by character, so it holds whatever the escape sequence and wherever it is cut.
    """
    return UNSAFE.sub(lambda found: _escape(found[0]), text)


def excerpt(text: str, longest: int = LONGEST_EXCERPT) -> str:
    """`text` on one line, harmless, without secrets, at most `longest` characters."""
    flat = visible(redact(" ".join(text.split())[: _SEEN * longest]))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # what stands for a byte is told as that byte
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
