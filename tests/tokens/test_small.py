"""A small text has the tokens that tiktoken finds in it, and whatever is not sure is left to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcli.tokens import engine, small, tokenizer
from tests.program import ROOT, Program

ENCODINGS = ("cl100k_base", "o200k_base", "o200k_harmony")
PIECES = (
    "the", " Hello", "HTML", "aB", "é", "É", "ß", "漢字", "한글", "ा", "\u0301", "ǅ", "ª", "ˢ", "𝔘",
    " ", "   ", "\n", "\r\n", "\t", "\v", "\x1c", "\x85", "\u00a0", "\u3000", "\u2028",
    "1", "1234", "½", "Ⅷ", "٣", "'s", "'LL", "'", "“", "”", "—", "…", "/", "/\n", "!!", "=>", "_",
    "\x00", "\x01", "\x03", "\x7f", "😀", "👨\u200d👩", "<|endoftext|>",
)  # fmt: skip


def counted(text: str, encoding: str) -> int:
    return len(tokenizer.encode(text, encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("")
@example("a \n")
@example(" \n \n")
@example("x's I'LL")
@example(" \u094d\u0905")
def test_made_of_what_is_split_in_odd_ways(encoding: str, text: str) -> None:
    assert small.size(text, encoding) == counted(text, encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(st.text(max_size=40))
def test_any_text_is_counted_alike_or_not_at_all(encoding: str, text: str) -> None:
    assert small.size(text, encoding) in (None, counted(text, encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["README.md", "mcli/help/tokens.md", "mcli/man/mcli-batch.1"])
def test_our_own_pages(name: str, encoding: str) -> None:
    text = (ROOT / name).read_text()[: small.MOST]

    assert small.size(text, encoding) == counted(text, encoding)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS[:2])
def test_every_character_that_it_counts(encoding: str) -> None:
    """Each of Unicode's first plane between letters, blanks, digits and behind a mark."""
    for code in range(0x10000):
        one = chr(code)
        for text in (f"a{one}b {one}1{one}", f" {one}{one}A!{one}"):
            assert small.size(text, encoding) in (None, counted(text, encoding)), hex(code)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("a", "llama3"),
        ("a" * 257, "cl100k_base"),
        ("it'\u017f", "cl100k_base"),
        ("\ud800", "o200k_base"),
        ("\u0378", "o200k_base"),  # assigned to nothing
    ],
    ids=ascii,
)
def test_what_is_not_sure_or_takes_long_is_left_to_a_tokenizer(text: str, encoding: str) -> None:
    assert small.size(text, encoding) is None


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base"])
def test_a_table_has_every_token_and_no_other(name: str) -> None:
    table, ranks = small.Table(small.DATA / f"{name}.table"), tokenizer.vocabulary.read(name).ranks

    assert all(table.rank(token) == rank for token, rank in ranks.items())
    assert all(table.rank(token + b"\xff\xfe") > len(ranks) for token in list(ranks)[:5000])


def test_the_tables_are_what_the_vocabularies_make(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, ROOT / ".ci" / "make-tables", tmp_path], check=True, env=env)

    for path in tmp_path.iterdir():
        made = path.read_bytes() == (small.DATA / path.name).read_bytes()
        assert made, "run .venv/bin/python .ci/make-tables"


@pytest.mark.parametrize(
    "told",
    [b"", b"\0" * 8, b"\3\0\0\0\1\0\0\0", b"\0\0\1\0" * 2, bytes([2, 0, 0, 0, 1] + 24 * [0])],
)
def test_a_broken_table_is_no_reason_to_fail(
    told: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cl100k_base.table").write_bytes(told)
    monkeypatch.setattr(small, "DATA", tmp_path)
    small.table_of.cache_clear()
    try:
        assert small.size("a b", "cl100k_base") is None
    finally:
        small.table_of.cache_clear()


def test_many_small_texts_are_worth_a_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def size(text: str, encoding: str) -> int:
        asked.append(text)
        return 1

    monkeypatch.setattr(engine, "_counted", [])
    monkeypatch.setattr(small, "size", size)
    monkeypatch.setattr(engine, "_tokenizer", _Seven)
    half = "a " * (small.MOST // 4)
    found = [engine.size(text, "cl100k_base") for text in (half, half, half)]

    assert (found, len(asked)) == ([1, 1, 7], 2)


class _Seven:
    """A tokenizer that counts seven in everything."""

    def sizes(self, texts: list[str], encoding: str) -> list[int]:
        return [7] * len(texts)


@pytest.mark.parametrize("text", ["a“b” — naïve 漢字\n", "word " * 9000], ids=["small", "large"])
def test_the_command_counts_alike_by_either_way(mcli: Program, text: str) -> None:
    done = mcli("count-tokens", "-m", "gpt-4o", stdin=text.encode())

    assert done.out == f"{counted(text, 'o200k_base')}\n"
