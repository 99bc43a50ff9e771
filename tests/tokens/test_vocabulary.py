"""The shipped data is the published vocabularies, all of them and nothing else."""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b64encode

import pytest

from mcli.tokens import vocabulary
from mcli.tokens.counting import ENCODINGS

PUBLISHED = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "o200k_harmony": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_original_file_can_be_rebuilt(encoding: str) -> None:
    shipped = vocabulary.read(encoding)

    lines = [b"%b %d\n" % (b64encode(token), rank) for token, rank in shipped.ranks.items()]

    assert hashlib.sha256(b"".join(lines)).hexdigest() == PUBLISHED[encoding] == shipped.sha256


@pytest.mark.slow
def test_every_encoding_is_described_and_no_other() -> None:
    described = json.loads((vocabulary.DATA / "encodings.json").read_text("utf-8"))

    assert set(described) == set(ENCODINGS)


def test_special_tokens_are_those_of_tiktoken() -> None:
    assert vocabulary.read("cl100k_base").special_tokens == {
        "<|endoftext|>": 100257,
        "<|fim_prefix|>": 100258,
        "<|fim_middle|>": 100259,
        "<|fim_suffix|>": 100260,
        "<|endofprompt|>": 100276,
    }
    assert vocabulary.read("o200k_base").special_tokens == {
        "<|endoftext|>": 199999,
        "<|endofprompt|>": 200018,
    }
    assert vocabulary.read("o200k_harmony").special_tokens["<|channel|>"] == 200005


def test_the_data_directory_names_its_licence_and_sums() -> None:
    readme = (vocabulary.DATA / "README.md").read_text("utf-8")
    licence = (vocabulary.DATA / "LICENSE").read_text("utf-8")

    assert all(published in readme for published in PUBLISHED.values())
    assert "MIT License" in licence
    assert "OpenAI" in licence


def test_a_damaged_file_is_noticed() -> None:
    packed = bytearray(zlib.compress(b"\x01\x02\0abb"))
    assert vocabulary.unpack(bytes(packed)) == {b"a": 0, b"bb": 1}

    packed[-1] ^= 1

    with pytest.raises(zlib.error):
        vocabulary.unpack(bytes(packed))


def test_an_unknown_encoding_has_no_vocabulary() -> None:
    with pytest.raises(KeyError):
        vocabulary.read("p50k_base")
