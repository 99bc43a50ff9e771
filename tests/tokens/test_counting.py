"""Counting is what tiktoken counts, cutting keeps whole characters, and no text breaks either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcli.chat import Message, Role
from mcli.tokens import chat_format, counting, cutting, engine, seams, tokenizer
from mcli.tokens.counting import ENCODINGS, Choice
from mcli.tokens.cutting import Keep
from tests.api import growth
from tests.tokens import awkward, texts

FOX = "The quick brown fox jumps over the lazy dog. 你好\uff0c世界 🎉"

encodings = st.sampled_from(ENCODINGS)

loading = settings(deadline=None)
"""No deadline: whichever example comes first loads the vocabulary."""


@pytest.mark.parametrize(
    ("text", "encoding", "tokens"),
    [
        ("tiktoken is great!", "o200k_base", [83, 8251, 2488, 382, 2212, 0]),
        ("tiktoken is great!", "o200k_harmony", [83, 8251, 2488, 382, 2212, 0]),
        ("tiktoken is great!", "cl100k_base", [83, 1609, 5963, 374, 2294, 0]),
    ],
)
def test_known_tokens(text: str, encoding: str, tokens: list[int]) -> None:
    assert tokenizer.encode(text, encoding) == tokens


@pytest.mark.parametrize(
    ("text", "encoding", "tokens"),
    [
        ("", "o200k_base", 0),
        ("tiktoken is great!", "o200k_base", 6),
        ("tiktoken is great!", "cl100k_base", 6),
        (FOX, "o200k_base", 16),
        (FOX, "cl100k_base", 20),
    ],
)
def test_known_counts(text: str, encoding: str, tokens: int) -> None:
    assert counting.count(text, encoding) == tokens


@pytest.mark.parametrize(
    ("model", "encoding", "approximate"),
    [
        ("gpt-4", "cl100k_base", False),
        ("gpt-4-0613", "cl100k_base", False),
        ("gpt-4o", "o200k_base", False),
        ("gpt-4.1-mini", "o200k_base", False),
        ("gpt-5", "o200k_base", False),
        ("gpt-5-nano", "o200k_base", False),
        ("o3", "o200k_base", False),
        ("gpt-3.5-turbo", "cl100k_base", False),
        ("gpt-oss-20b", "o200k_harmony", False),
        ("text-embedding-3-small", "cl100k_base", False),
        ("openai/gpt-4o", "o200k_base", False),
        ("openrouter/openai/gpt-4", "cl100k_base", False),
        ("openai/gpt-4:free", "cl100k_base", False),
        ("GPT-4", "cl100k_base", False),
        ("OpenAI/GPT-4o", "o200k_base", False),
        ("ft:gpt-3.5-turbo:org::id", "cl100k_base", False),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "o200k_base", False),
        ("ft:gpt-4.1-2025-04-14:org::id", "o200k_base", False),
        ("text-davinci-003", "o200k_base", True),
        ("gpt2", "o200k_base", True),
        ("claude-x", "o200k_base", True),
        ("anthropic/claude-x", "o200k_base", True),
        ("gpt-6", "o200k_base", True),
        ("openai/", "o200k_base", True),
        ("", "o200k_base", True),
    ],
)
def test_the_encoding_of_a_model(model: str, encoding: str, approximate: bool) -> None:
    assert counting.choose(model) == Choice(encoding, approximate)


@given(st.text())
def test_any_model_name_has_an_encoding(model: str) -> None:
    assert engine.has(counting.choose(model).encoding)


@given(texts, encodings)
@loading
def test_a_count_is_that_of_tiktoken(text: str, encoding: str) -> None:
    assert counting.count(text, encoding) == len(tokenizer.load(encoding).encode_ordinary(text))


@given(texts, encodings)
@loading
def test_a_text_has_at_most_as_many_tokens_as_bytes(text: str, encoding: str) -> None:
    assert counting.count(text, encoding) <= len(text.encode())


@example(".\n//a", "o200k_base", 0)
@example("a\n\nb", "cl100k_base", 0)
@example("a\nb\nc", "cl100k_base", 0)
@given(awkward, encodings, st.integers(0, 20))
@loading
def test_a_long_text_is_counted_in_pieces_without_a_difference(
    text: str, encoding: str, piece: int
) -> None:
    exact = len(tokenizer.load(encoding).encode_ordinary(text))
    whole = counting.cut(text, encoding, exact // 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seams, "PIECE", piece)

        assert counting.count(text, encoding) == exact
        assert counting.cut(text, encoding, exact // 2) == whole


keeps = st.sampled_from(cutting.KEEPS)


@given(texts, encodings, st.integers(-1, 40))
@loading
def test_a_head_is_within_the_first_tokens(text: str, encoding: str, limit: int) -> None:
    tiktoken = tokenizer.load(encoding)
    within = tiktoken.decode_bytes(tiktoken.encode_ordinary(text)[: max(limit, 0)])

    kept = counting.cut(text, encoding, limit)

    assert text.startswith(kept)
    assert within.startswith(kept.encode())
    longest = within.decode(errors="ignore")
    assert kept == longest or counting.count(longest, encoding) > limit


@example(" 실험", "cl100k_base", 1, "head")
@example("실험실험실험", "cl100k_base", 3, "tail")
@given(texts, encodings, st.integers(-1, 40), keeps)
@loading
def test_a_cut_keeps_the_limit_when_counted_again(
    text: str, encoding: str, limit: int, keep: Keep
) -> None:
    kept = counting.cut(text, encoding, limit, keep)

    assert counting.count(kept, encoding) <= max(limit, 0)


@given(texts, encodings, st.integers(0, 40), keeps)
@loading
def test_a_cut_keeps_the_ends_it_says_and_all_that_fits(
    text: str, encoding: str, limit: int, keep: Keep
) -> None:
    kept = counting.cut(text, encoding, limit, keep)

    assert (kept == text) == (counting.count(text, encoding) <= limit)
    assert keep != "head" or text.startswith(kept)
    assert keep != "tail" or text.endswith(kept)
    assert any(text.startswith(kept[:n]) and text.endswith(kept[n:]) for n in range(len(kept) + 1))


@given(texts, encodings, st.integers(1, 40))
@loading
def test_a_tail_begins_with_the_last_tokens_or_a_little_later(
    text: str, encoding: str, limit: int
) -> None:
    tiktoken = tokenizer.load(encoding)
    within = tiktoken.decode_bytes(tiktoken.encode_ordinary(text)[-limit:])

    kept = counting.cut(text, encoding, limit, "tail")

    begun = len(text.encode()) - len(within)
    whole = text[len(text.encode()[:begun].decode(errors="ignore")) :]
    assert whole.endswith(kept)
    assert kept == whole or counting.count(whole, encoding) > limit
    assert len(within) - len(kept.encode()) < 9 or counting.count(kept, encoding) >= limit - 4


@given(st.lists(st.builds(Message, st.sampled_from(get_args(Role)), texts), max_size=4), encodings)
@loading
def test_messages_count_less_than_their_bound(messages: list[Message], encoding: str) -> None:
    assert counting.count_messages(messages, encoding) <= chat_format.messages_bound(messages)


def test_messages_count_as_the_cookbook_has_it() -> None:
    told = "You are a helpful, pattern-following assistant that translates jargon into English."
    messages = [Message("system", told), Message("user", "hi")]
    encoding = "cl100k_base"

    texts = ["system", told, "user", "hi"]
    assert counting.count_messages(messages, encoding) == 3 * 3 + sum(
        counting.count(text, encoding) for text in texts
    )


def test_a_cut_drops_an_emoji_it_would_halve() -> None:
    assert counting.count("Hi 👩‍🚀", "cl100k_base") > 2
    assert counting.cut("Hi 👩‍🚀", "cl100k_base", 2) == "Hi "


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_within_the_limit_is_kept_whole(encoding: str) -> None:
    assert counting.cut(FOX, encoding, counting.count(FOX, encoding)) == FOX
    assert counting.cut(FOX, encoding, 1_000_000) == FOX


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("special", ["<|endoftext|>", "<|endofprompt|>", "<|start|>", "<|call|>"])
def test_special_tokens_are_text(encoding: str, special: str) -> None:
    assert counting.count(special, encoding) > 1
    assert counting.cut(special, encoding, 100) == special


@pytest.mark.parametrize("encoding", ["p50k_base", "O200K_BASE", "", "../o200k_base"])
def test_an_unknown_encoding_is_a_value_error(encoding: str) -> None:
    with pytest.raises(ValueError, match="unknown encoding"):
        counting.count("a", encoding)
    with pytest.raises(ValueError, match="unknown encoding"):
        counting.cut("a", encoding, 1)


@given(st.text(st.characters(categories=["Cs", "Lu", "Zs"])), encodings)
@loading
def test_lone_surrogates_count_as_tiktoken_counts_them(text: str, encoding: str) -> None:
    tokens = tokenizer.load(encoding).encode_ordinary(text)

    assert counting.count(text, encoding) == len(tokens)
    counting.cut(text, encoding, len(tokens) // 2).encode()


def test_surrogates_come_back_from_a_cut_as_tokenized() -> None:
    assert counting.cut("a\ud83cb \ud83c\udf89", "o200k_base", 100) == "a\ufffdb 🎉"


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("character", "encoding", "tokens"),
    [
        ("a", "o200k_base", 125_000),
        ("a", "cl100k_base", 125_000),
        (" ", "o200k_base", 7_813),
        (" ", "cl100k_base", 7_813),
        ("\t", "o200k_base", 62_500),
        ("😀", "o200k_base", 1_000_000),
        ("中", "cl100k_base", 1_000_000),
    ],
)
def test_a_million_of_one_character(character: str, encoding: str, tokens: int) -> None:
    assert counting.count(character * 1_000_000, encoding) == tokens


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_white_space_that_tiktoken_gives_up_on(encoding: str) -> None:
    spaces = 128 * 10_000
    with pytest.raises(ValueError, match="stack size"):
        tokenizer.load(encoding).encode(" " * spaces + "x", disallowed_special=())

    # 128 spaces are the longest token of spaces, and the last one belongs to the word after it.
    assert counting.count(" " * spaces + " x", encoding) == 10_001
    assert counting.cut("a" + " " * spaces + " x", encoding, 3) == "a" + " " * 256


def test_nothing_is_lost_around_white_space_that_tiktoken_gives_up_on() -> None:
    text = "one " + " \t" * 600_000 + "two\n" + "\u3000" * 300_000 + "three "

    assert counting.cut(text, "o200k_base", 2_000_000) == text


@given(texts, encodings, st.integers(0, 40), keeps, st.integers(1, 8))
@loading
def test_a_cut_keeps_the_limit_also_where_there_are_no_seams(
    text: str, encoding: str, limit: int, keep: Keep, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seams, "PIECE", piece)
        patch.setattr(seams, "LONGEST", 2 * piece)
        kept = counting.cut(text, encoding, limit, keep)

        assert counting.count(kept, encoding) <= limit


@given(st.lists(texts), st.integers(1, 8))
def test_the_parts_of_a_text_do_not_depend_on_its_blocks(blocks: list[str], piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seams, "PIECE", piece)
        patch.setattr(seams, "LONGEST", 4 * piece)
        parts = list(seams.parts(blocks))

        assert parts == list(seams.parts(["".join(blocks)]))
        assert all(len(part.text) <= 4 * piece for part in parts)
    assert "".join(part.text for part in parts) == "".join(blocks)


@given(st.lists(texts, max_size=4), encodings, st.integers(0, 40), keeps)
@loading
def test_a_window_is_cut_as_the_whole(
    blocks: list[str], encoding: str, limit: int, keep: Keep
) -> None:
    window = cutting.window(blocks, limit, keep)

    assert counting.cut(window, encoding, limit, keep) == counting.cut(
        "".join(blocks), encoding, limit, keep
    )


def test_a_window_holds_little_of_a_long_text() -> None:
    taken: list[int] = []

    def blocks() -> Iterator[str]:
        for n in range(1000):
            taken.append(n)
            yield "a" * 1000

    assert len(cutting.window(blocks(), 2, "head")) < 4000
    assert len(taken) < 6
    assert len(cutting.window(blocks(), 2, "tail")) < 6000
    assert len(cutting.window(blocks(), 2, "middle")) < 10_000


def test_a_text_without_seams_says_that_it_is_about_right() -> None:
    assert counting.tally(["a" * seams.LONGEST], "o200k_base").exact
    assert not counting.tally(["a" * (seams.LONGEST + 1)], "o200k_base").exact
    assert not counting.tally(["中" * (seams.LONGEST // 2 + 1)], "o200k_base").exact


@pytest.mark.sweep
@pytest.mark.parametrize("unit", ["a", " ", "\t ", "😀", "中", "word ", "a1", "\n", "'", "/", "é"])
def test_no_text_takes_more_than_its_length(unit: str) -> None:
    longer = count()  # each time another text: splintr remembers those it has seen

    def work(size: int) -> int:
        return counting.count(unit * (size + next(longer)), "o200k_base")

    assert growth(work, 40_000) < 24


@pytest.mark.sweep
@pytest.mark.parametrize("unit", ["a", "😀", "word "])
def test_no_cut_takes_more_than_its_length(unit: str) -> None:
    longer = count()

    def cut(size: int) -> str:
        text = unit * (size + next(longer))
        return counting.cut(text, "o200k_base", size // 16, "middle")

    assert growth(cut, 40_000) < 24


def test_a_long_text_is_counted_a_few_parts_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    together: list[int] = []

    def sizes(texts: Sequence[str], encoding: str) -> list[int]:
        together.append(sum(map(len, texts)))
        return [1 for _ in texts]

    monkeypatch.setattr(engine, "sizes", sizes)
    block = "word " * 200_000

    counting.tally((block for _ in range(20)), "o200k_base")

    assert max(together) <= counting.AT_ONCE + seams.LONGEST
    assert sum(together) == 20 * len(block)
