"""A text taken apart: nothing is lost, no part is too large, and cuts are where sense allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import splitting
from tests.api import growth

PIECES = [
    "a",
    "word ",
    "End. ",
    "Next!\n",
    "\n\n",
    "# Head\n",
    "```py\n",
    "```\n",
    "~~~\n",
    "é",
    "中。",
]
PIECES += ["\r\n", "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "e\u0301", "\u2028", "   ", "1. ", "x" * 40]
texts = st.one_of(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text())


def size(text: str) -> int:
    """As many as there are bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def clumsy(text: str) -> int:
    """A size that is not the sum of its parts' sizes, as tokens are not."""
    return -(-len(text) // 3) + text.count("ab") + 1


@given(texts, st.integers(1, 90), st.sampled_from([size, clumsy]))
def test_joined_they_are_the_text_and_none_is_too_large(
    text: str, limit: int, measure: splitting.Size
) -> None:
    found = splitting.parts(text, limit, measure)

    assert "".join(found) == text
    assert all(found) or text == ""
    for part in found:
        assert measure(part) <= limit or not any(
            splitting.between(part, place) for place in range(1, len(part))
        )


@given(texts, st.integers(1, 90))
def test_no_cut_is_inside_a_character(text: str, limit: int) -> None:
    place = 0
    for part in splitting.parts(text, limit, size)[:-1]:
        place += len(part)
        assert splitting.between(text, place)


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    text = "One one one.\n\nTwo two two.\n\nThree three.\n"
    assert splitting.parts(text, 28, size) == ["One one one.\n\nTwo two two.\n\n", "Three three.\n"]


def test_a_heading_stays_with_what_it_is_the_heading_of() -> None:
    text = "Some text here.\n\n# Head\n\nBody of it.\n"
    assert splitting.parts(text, 30, size) == ["Some text here.\n\n", "# Head\n\nBody of it.\n"]


def test_a_fence_is_kept_whole_and_cut_at_lines_where_it_does_not_fit() -> None:
    fence = "```py\na = 1.\n\nb = 2. # c\n```\n"
    text = f"Before it all.\n\n{fence}After it all.\n"
    assert fence in splitting.parts(text, 34, size)
    assert splitting.parts(fence, 13, size) == ["```py\na = 1.\n", "\nb = 2. # c\n", "```\n"]


def test_sentences_then_lines_then_words() -> None:
    assert splitting.parts("Aa bb. Cc dd. Ee", 8, size) == ["Aa bb. ", "Cc dd. ", "Ee"]
    assert splitting.parts("2024-01-02 up\n2024-01-03 down\n", 20, size) == [
        "2024-01-02 up\n",
        "2024-01-03 down\n",
    ]
    assert splitting.parts("aaaa bbbb cccc", 6, size) == ["aaaa ", "bbbb ", "cccc"]
    assert splitting.parts("你好。世界。", 9, size) == ["你好。", "世界。"]


def test_the_parts_are_about_equally_large() -> None:
    text = "".join(f"Sentence number {n}.\n\n" for n in range(100, 200))
    found = splitting.parts(text, 900, size)
    assert len(found) == -(-size(text) // 900)
    assert min(map(size, found)) > 400


def test_a_limit_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        splitting.parts("a", 0, size)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "piece",
    ["a", " ", "\n", "中", "😀", "a b ", "a. ", "a\n\n", "# a\n", "```\n", "\u0301", "🇩", "\r\n"],
)
@pytest.mark.parametrize("limit", [16, 4000])
def test_it_takes_time_in_proportion(piece: str, limit: int) -> None:
    def work(length: int) -> object:
        return splitting.parts(piece * (length // len(piece)), limit, size)

    assert growth(work, 8000) < 24
