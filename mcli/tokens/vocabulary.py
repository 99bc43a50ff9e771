"""EDGE: the vocabularies shipped with mcli, as tiktoken wants them.

`data/encodings.json` says for each encoding which vocabulary file it reads, how text is split
before merging (`pattern`), its special tokens, and the SHA-256 of the `.tiktoken` file the
vocabulary was made from. A vocabulary file is, compressed with zlib, one byte per token with the
token's length, a zero byte, and the tokens themselves one after the other; a token's rank is its
place. `.ci/make-vocabularies` writes both.

Read so, a vocabulary costs 0.3 of the CPU time of tiktoken's loop over the original text
(`python -m tests.benchmarks.vocabulary`). What is left is the hundred thousands of objects
themselves; lzma is smaller and slower, and a `marshal` list is tied to Python versions.
"""

from __future__ import annotations

import json
import zlib
from io import BytesIO
from pathlib import Path

from mcli.shapes import frozen

DATA = Path(__file__).with_name("data")


@frozen
class Vocabulary:
    """What one encoding consists of; `ranks` are the tokens in order of merge priority."""

    pattern: str
    ranks: dict[bytes, int]
    special_tokens: dict[str, int]
    sha256: str
    """of the `.tiktoken` file as published"""


def read(encoding: str) -> Vocabulary:
    """The vocabulary of one of the encodings in `encodings.json`.

    Raises KeyError for another name; OSError, ValueError or zlib.error mean a broken installation.
    """
    entry = json.loads((DATA / "encodings.json").read_text("utf-8"))[encoding]
    return Vocabulary(
        pattern=entry["pattern"],
        ranks=unpack((DATA / entry["vocabulary"]).read_bytes()),
        special_tokens=entry["special_tokens"],
        sha256=entry["sha256"],
    )


def unpack(packed: bytes) -> dict[bytes, int]:
    """The tokens of a vocabulary file with their ranks. Raises zlib.error if it is damaged."""
    lengths, _, tokens = zlib.decompress(packed).partition(b"\0")
    return dict(zip(map(BytesIO(tokens).read, lengths), range(len(lengths)), strict=True))
