"""Spans of time as people write them, and as messages say them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import durations


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30", 30.0),
        ("0.5", 0.5),
        ("90s", 90.0),
        ("10m", 600.0),
        ("1h30m", 5400.0),
        ("1.5h", 5400.0),
        ("200ms", 0.2),
        ("1m500ms", 60.5),
        ("7d", 604800.0),
        ("366d", durations.LONGEST),
        (" 30 ", 30.0),
        ("030", 30.0),
    ],
)
def test_a_duration(text: str, value: float) -> None:
    assert durations.seconds(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "0", "0s", "0.0", "-5", "+5", "nan", "inf", "1e3", "abc", "5 m", "5x", "1m30",
        "m", ".5", "5.", "1,5", "367d", "9" * 400, "9" * 5000, "0x10", "1:30", "10M", "30\x00",
    ],
)  # fmt: skip
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        durations.seconds(text)


@given(st.text() | st.text(st.sampled_from("0123456789.smhd ")))
def test_any_text_is_a_sensible_duration_or_none(text: str) -> None:
    try:
        assert 0 < durations.seconds(text) <= durations.LONGEST
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.4, "0.4s"),
        (2, "2s"),
        (12.4, "12.4s"),
        (60.0, "60s"),
        (119.0, "119s"),
        (120.0, "2m"),
        (600.0, "10m"),
        (5400.0, "90m"),
        (86400.0, "24h"),
        (604800.0, "168h"),
        (3_600_000.0, "1000h"),
        (durations.LONGEST, "8784h"),
    ],
)
def test_how_a_message_says_it(value: float, words: str) -> None:
    assert durations.words(value) == words


@given(st.floats(0.05, 1e12))
def test_a_message_says_it_in_plain_digits(value: float) -> None:
    assert re.fullmatch(r"\d+(\.\d+)?[smhd]", durations.words(value))
