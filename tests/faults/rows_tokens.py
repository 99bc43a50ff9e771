"""Rows: texts that break tokenizers, and what counting must never do. Each with both tokenizers."""

from __future__ import annotations

import json

from .bystander import BYSTANDER
from .catalogue import ASKED, OK, PLAIN, Call, Row, fails
from .oracles import Expect

TIKTOKEN = (
    "-tiktoken",
    'PYTHONPATH=".:$PYTHONPATH" exec "$@"',
    {"splintr.py": b"raise ImportError"},
)
"""Where splintr is not installed."""
BOTH = (("", "", {}), TIKTOKEN)
COUNT = ("count-tokens", "--encoding", "o200k_base")
SPECIAL = b"<|endoftext|> <|im_start|>system<|im_sep|> <|fim_prefix|>"


def counts(
    id: str, stdin: bytes, printed: str, *more: str, argv: tuple[str, ...] = COUNT
) -> list[Row]:
    """Rows in which something is printed, in silence, and nothing is sent."""
    return [
        Row(id + suffix, OK, Expect(0, None, printed, 0), call=Call((*argv, *more), stdin, via=via, files=files), modes=PLAIN, limits=False)
        for suffix, via, files in BOTH
    ]  # fmt: skip


def asking(url: str) -> bytes:
    """A request with an image that has an address."""
    image = {"type": "image_url", "image_url": {"url": url}}
    return json.dumps([{"role": "user", "content": [image]}]).encode()


SPECIAL_TEXT = [
    *counts("I-30", b"<|endoftext|>", "7\n"),
    *counts("I-30-old", b"<|endoftext|>", "7\n", argv=("count-tokens", "-m", "gpt-4")),
    *counts("I-30-many", SPECIAL, "26\n"),
    *counts("I-30-cut", SPECIAL, "<|endoftext|>", "--truncate", "7"),
    *counts("I-30-messages", json.dumps([{"role": "user", "content": "<|endoftext|>"}]).encode(), "14\n", "--messages"),
]  # fmt: skip

MB = 1_000_000
LONG_RUNS = [
    *counts("I-31", b" " * MB + b"text", "7814\n"),
    *counts("I-31-tabs", b"\t" * MB + b"text", "62501\n"),
    *counts("I-31-mixed", b"one" + b" \t" * (MB // 2) + b"\ntwo", "500002\n"),
    *counts("I-31-lines", b"\n" * MB + b"text", "62501\n"),
    *counts("I-31-letter", b"a" * MB, "125000\n"),
    *counts("I-31-emoji", "😀".encode() * (MB // 4), "250000\n"),
    *counts("I-31-cut", b" " * MB + b"text", " " * 256, "--truncate", "2"),
    *counts("I-31-tail", b" " * MB + b"text", " text", "--truncate", "1", "--keep", "tail"),
]  # fmt: skip

BLACK_HOLE = {
    "HTTPS_PROXY": "http://127.0.0.1:@PORT@", "HTTP_PROXY": "http://127.0.0.1:@PORT@",
    "TIKTOKEN_CACHE_DIR": "@HOME@/empty", "DATA_GYM_CACHE_DIR": "@HOME@/empty",
}  # fmt: skip
UNSHARED = 'exec unshare -Urn "$@"'


def offline(id: str, *argv: str, printed: str) -> list[Row]:
    """Rows without any network, and with a proxy that would see a download."""
    call = Call(("count-tokens", *argv), b"tiktoken is great!")
    expect = Expect(0, None, printed, 0)
    return [
        Row(f"{id}-{name}", OK, expect, call=Call(call.argv, call.stdin, env=env, via=via, files=files), modes=PLAIN, limits=False)
        for name, env, via, files in (
            ("cut", {}, UNSHARED, {}),
            ("proxy", BLACK_HOLE, "", {}),
            ("proxy-tiktoken", BLACK_HOLE, *TIKTOKEN[1:]),
        )
    ]  # fmt: skip


OFFLINE = [
    *offline("I-32", "-m", "gpt-4", printed="6\n"),
    *offline("I-32-new", "-m", "gpt-4o", printed="6\n"),
    *offline("I-32-oss", "-m", "gpt-oss-20b", printed="6\n"),
]

NAMED = '"$@" --json | grep -o \'"encoding": "[a-z0-9_]*", "model": "[a-z0-9-]*", "approximate": [a-z]*\''
UNKNOWN_MODELS = [
    *counts("I-33", b"hello world", "2\n", argv=("count-tokens", "-m", "claude-x")),
    *counts("I-33-odd", b"hello world", "2\n", argv=("count-tokens", "-m", "../x \U0001f389")),
    Row("I-33-told", OK, Expect(0, None, '"encoding": "o200k_base", "model": "claude-x", "approximate": true\n', 0),
        call=Call(("count-tokens", "-m", "claude-x"), b"hello", via=NAMED), modes=PLAIN, limits=False),
    Row("I-33-verbose", OK, Expect(0, None, "1\n", 0, notes=('the vocabulary of "claude-x" is not known here: counted with o200k_base',)),
        call=Call(("count-tokens", "-m", "claude-x", "-v"), b"hello"), modes=PLAIN, limits=False),
    Row("I-33-encoding", OK, fails(2, "unknown_encoding", 0, says="known: o200k_base"),
        call=Call(("count-tokens", "--encoding", "claude"), b"hello"), modes=PLAIN, limits=False, again=ASKED),
]  # fmt: skip

IMAGES = [
    *counts("I-34", asking(f"{BYSTANDER.url}/x.png"), "1452\n", "--messages", argv=("count-tokens", "-m", "gpt-4o")),
    *counts("I-34-file", asking("file:///etc/passwd"), "1452\n", "--messages", argv=("count-tokens", "-m", "gpt-4o")),
    *counts("I-34-data", asking("data:image/png;base64,AAAA"), "1452\n", "--messages", argv=("count-tokens", "-m", "gpt-4o")),
    *counts("I-34-unknown", asking(f"{BYSTANDER.url}/x.png"), "1452\n", "--messages", argv=("count-tokens", "-m", "claude-x")),
]  # fmt: skip

ROWS = [*SPECIAL_TEXT, *LONG_RUNS, *OFFLINE, *UNKNOWN_MODELS, *IMAGES]
