"""Counting: texts made of what decides where tokens end."""

from __future__ import annotations

from hypothesis import strategies as st

PARTS = [
    "a",
    "B",
    "é",
    "1",
    "42",
    "/",
    ".",
    "!",
    "'s",
    "'LL",
    "don't",
    " the",
    "Hello",
    "```",
    "====",
]
SPACES = [" ", "  ", "\t", "\n", "\n\n", "\r\n", "\u3000", "\x1c", "\x85", "\u200b", "\u0301"]
SCRIPTS = ["中", "你好", "नमस्ते", "Привет", "한국어", "👩\u200d👩\u200d👧", "😀", "<|endoftext|>"]

awkward = st.lists(st.sampled_from(PARTS + SPACES + SCRIPTS)).map("".join)
"""Text made of what decides where tokens end: spaces, line ends, marks, digits, slashes."""

texts = st.one_of(awkward, st.text(), st.text(st.characters(codec="ascii")))
"""Any text but lone surrogates."""
