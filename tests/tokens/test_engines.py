"""splintr and tiktoken give the same tokens, for any text; splintr is also the other vocabularies.

The reference is tiktoken's own `encode_ordinary`.
"""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcli.tokens import counting, engine, fast, seams, tokenizer
from mcli.tokens.cutting import KEEPS, Keep
from mcli.tokens.families import FURTHER, SHIPPED
from tests.program import ROOT
from tests.tokens import awkward, texts

shipped = st.sampled_from(SHIPPED)
PLACES = ("README.md", "mcli/*.py", "mcli/help/*.md", "recipes/*.yaml", "tests/faults/rows_*.py")
CORPUS = [path for place in PLACES for path in sorted(ROOT.glob(place))]


def reference(text: str, encoding: str) -> list[int]:
    return tokenizer.load(encoding).encode_ordinary(text)


@pytest.mark.parametrize("encoding", SHIPPED)
@pytest.mark.sweep
def test_both_give_the_tokens_of_the_reference_for_a_corpus(encoding: str) -> None:
    written = [path.read_text() for path in CORPUS]

    expected = [reference(text, encoding) for text in written]

    assert [fast.encode(text, encoding) for text in written] == expected
    assert [tokenizer.encode(text, encoding) for text in written] == expected
    sizes = [len(tokens) for tokens in expected]
    assert fast.sizes(written, encoding) == tokenizer.sizes(written, encoding) == sizes


@given(texts, shipped)
def test_both_give_the_tokens_of_the_reference(text: str, encoding: str) -> None:
    expected = reference(text, encoding)

    assert fast.encode(text, encoding) == tokenizer.encode(text, encoding) == expected
    assert fast.sizes([text], encoding) == [len(expected)]


@given(st.lists(texts, max_size=6), shipped)
def test_several_texts_count_as_one_after_the_other(several: list[str], encoding: str) -> None:
    expected = [len(reference(text, encoding)) for text in several]

    assert fast.sizes(several, encoding) == tokenizer.sizes(several, encoding) == expected


@given(st.text(st.characters(categories=["Cs", "Lu", "Zs"])), shipped)
def test_both_read_lone_surrogates_as_the_reference_does(text: str, encoding: str) -> None:
    expected = reference(text, encoding)

    assert fast.encode(text, encoding) == tokenizer.encode(text, encoding) == expected


@pytest.mark.parametrize("encoding", SHIPPED)
def test_no_name_of_a_special_token_is_special(encoding: str) -> None:
    for name in fast._load(encoding).special_tokens():
        text = f"a {name} b{name}"

        assert fast.encode(text, encoding) == reference(text, encoding)
        assert fast.sizes([text, "x", text], encoding)[::2] == [len(reference(text, encoding))] * 2


MEGABYTES = {
    "letter": "a" * 1_000_000,
    "spaces": " " * 900_000 + "x",
    "emoji": "😀👩\u200d🚀" * 66_000,
    "chinese": "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(333_000)),
    "base64": b64encode(random.Random(1).randbytes(750_000)).decode(),
    "letters": "".join(random.Random(2).choices("abcdefgh", k=1_000_000)),
}


@pytest.mark.sweep
@pytest.mark.parametrize("kind", MEGABYTES)
@pytest.mark.parametrize("encoding", SHIPPED[:2])
def test_a_megabyte_without_seams_is_exact(kind: str, encoding: str) -> None:
    text = MEGABYTES[kind]
    expected = len(reference(text, encoding))

    assert counting.tally([text], encoding) == counting.Tally(expected, exact=True)
    assert tokenizer.sizes([text], encoding) == [expected]


@example("123456", "o200k_base", 4)
@given(awkward, st.sampled_from(SHIPPED + FURTHER), st.integers(0, 12))
def test_no_seam_changes_a_token(text: str, encoding: str, size: int) -> None:
    whole = fast.sizes([text], encoding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seams, "PIECE", size)
        parts = [part.text for part in seams.parts([text])]

    assert "".join(parts) == text
    assert [sum(fast.sizes(parts, encoding))] == whole


@given(texts, st.sampled_from(FURTHER), st.integers(0, 30), st.sampled_from(KEEPS))
def test_the_other_vocabularies_count_and_cut(
    text: str, encoding: str, limit: int, keep: Keep
) -> None:
    kept = counting.cut(text, encoding, limit, keep)

    assert counting.count(kept, encoding) <= limit
    if counting.count(text, encoding) <= limit:
        assert kept in (text, unicodedata.normalize("NFC", text))


@given(texts, shipped, st.integers(0, 30), st.sampled_from(KEEPS))
def test_without_splintr_a_cut_is_the_same(
    text: str, encoding: str, limit: int, keep: Keep
) -> None:
    expected = counting.cut(text, encoding, limit, keep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_tokenizer", lambda: tokenizer)

        assert counting.cut(text, encoding, limit, keep) == expected


def test_qwen_composes_before_it_splits() -> None:
    assert counting.count("e\u0301", "qwen3") == counting.count("é", "qwen3")
    text = "\u0fac" * 3  # whose normal form has more tokens than this has bytes
    assert counting.cut(text, "qwen3", counting.count(text, "qwen3") - 1) != text


def test_a_model_whose_vocabulary_is_missing_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counting.choose("llama-3.1-8b") == counting.Choice("llama3", approximate=False)

    monkeypatch.setattr(engine, "_tokenizer", lambda: tokenizer)

    assert counting.choose("llama-3.1-8b") == counting.Choice("o200k_base", approximate=True)
    assert counting.choose("gpt-4") == counting.Choice("cl100k_base", approximate=False)
    with pytest.raises(ValueError, match="unknown encoding 'llama3'"):
        counting.count("a", "llama3")


@pytest.mark.parametrize(
    "broken",
    ["sys.modules['splintr'] = None", "sys.modules['splintr'] = type(sys)('splintr')",
     "m = type(sys)('splintr'); m.AnyTokenizer = m.Tokenizer = str; sys.modules['splintr'] = m"],
    ids=["missing", "empty", "another version"],
)  # fmt: skip
@pytest.mark.sweep
def test_where_splintr_cannot_be_used_tiktoken_is(broken: str, tmp_path: Path) -> None:
    code = f"import sys; {broken}\nfrom mcli.tokens import counting\n"
    code += "assert counting.count('word ' * 9000, 'o200k_base') == 9001\n"
    code += "assert 'tiktoken' in sys.modules\n"

    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_no_thread_to_be_had_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    monkeypatch.setattr(fast, "_has_threads", fast._has_threads.__wrapped__)

    assert not fast._has_threads()
    assert fast.sizes(["a b", "c", "<|endoftext|>"], "cl100k_base") == [2, 1, 7]
    assert tokenizer.sizes(["a b", "c"], "cl100k_base") == [2, 1]


@pytest.mark.slow
def test_a_megabyte_of_white_space() -> None:
    for engine_ in (fast, tokenizer):
        assert engine_.sizes([" " * 1_000_000 + "text"], "o200k_base") == [7814]
