"""A secret is in no output, whatever form it takes, and foreign text cannot drive a terminal."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli import redaction
from mcli.redaction import MASK, excerpt, redact, remember, visible

MARKS = st.characters(codec="ascii", min_codepoint=33, max_codepoint=126)
secrets = st.text(MARKS, min_size=12, max_size=40).map("sk-test-{}".format)
"""As keys are: one word of printable ASCII; the beginning keeps other tests' texts apart."""

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda secret: quote(secret, safe=""),
    "url in lower case": lambda secret: lower_escapes(quote(secret, safe="")),
    "url path": quote,
    "form": quote_plus,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 unpadded": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 for urls": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}


def lower_escapes(quoted: str) -> str:
    """Percent escapes with small letters, as some servers write them."""
    head, *rest = quoted.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


@pytest.mark.parametrize("form", FORMS)
@given(secret=secrets, before=st.text(max_size=10), after=st.text(max_size=10))
@settings(deadline=None, max_examples=40)
def test_a_secret_is_replaced_in_every_form(
    form: str, secret: str, before: str, after: str
) -> None:
    remember(secret)
    shown = redact(f"{before}{FORMS[form](secret)}{after}")
    assert secret not in shown
    assert FORMS[form](secret) not in shown
    assert MASK in shown


@given(secrets, secrets, st.text(max_size=10))
@settings(deadline=None, max_examples=40)
def test_secrets_are_replaced_wherever_they_stand(one: str, other: str, between: str) -> None:
    remember(one)
    remember(other)
    shown = redact(f"{one}{between}{other}\n{one}{other} Bearer {one}, {other}")
    assert one not in shown
    assert other not in shown


def test_a_longer_secret_is_replaced_whole() -> None:
    remember("sk-overlap-1234")
    remember("sk-overlap-1234-and-more")
    assert redact("(sk-overlap-1234-and-more)") == f"({MASK})"


@pytest.mark.parametrize("word", ["", "ollama", "none", "x", "1234567"])
def test_a_word_is_no_secret(word: str) -> None:
    remember(word)
    assert redact("ollama is none of x, 1234567") == "ollama is none of x, 1234567"


@given(st.text().filter(lambda text: "sk-" not in text))
def test_text_without_a_secret_is_unchanged(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "secret", ["sk-surrogate-\udcff\ud800", "sk-unicode-é你😀", "sk-lines-one\ntwo", 'sk-quo"te\\s']
)
def test_anything_may_be_a_secret(secret: str) -> None:
    remember(secret)
    assert redact(f"the key {secret}!") == f"the key {MASK}!"
    assert redact(json.dumps(secret)) == f'"{MASK}"'


DANGEROUS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"]
BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNSEEN = list("\u2028\u2029\ufeff\U000e0000\U000e0041\U000e007f")
texts = st.text() | st.text(
    st.sampled_from([*DANGEROUS, *BIDI, *UNSEEN, "\n", "\t", "a", "[", "é", "\\"])
)


@given(texts)
def test_nothing_that_drives_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    assert not set(shown) & {*DANGEROUS, *BIDI, *UNSEEN}
    assert visible(shown) == shown


@pytest.mark.parametrize("character", [*DANGEROUS, *BIDI])
def test_every_dangerous_character_is_told_by_its_number(character: str) -> None:
    shown = visible(character)
    assert shown.isprintable()
    assert int(shown.lstrip("\\xuU"), 16) == ord(character)


@given(texts, texts)
def test_a_cut_anywhere_shows_the_same(one: str, other: str) -> None:
    assert visible(one) + visible(other) == visible(one + other)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])))
def test_printable_text_is_unchanged(text: str) -> None:
    assert visible(text) == text
    assert all(unicodedata.category(character) != "Cc" for character in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("safe\r\x08evil\x7f", "safe\\x0d\\x08evil\\x7f"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("a\U000e0041", "a\\U000e0041"),
        ("\u2028\ufeff", "\\u2028\\ufeff"),
        (b"a\x9b2J\xff".decode(errors="surrogateescape"), "a\\x9b2J\\xff"),
        ("👩\u200d👩\u200d👧 é", "👩\u200d👩\u200d👧 é"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(texts, st.integers(1, 400))
def test_an_excerpt_is_one_harmless_line_of_some_length(text: str, longest: int) -> None:
    shown = excerpt(text, longest)
    assert len(shown) <= longest
    assert not set(shown) & {*DANGEROUS, *BIDI, *UNSEEN, "\n", "\t"}


@pytest.mark.parametrize("form", FORMS)
@given(secret=secrets, around=st.text(max_size=400), longest=st.integers(1, 400))
@settings(deadline=None, max_examples=40)
def test_an_excerpt_has_no_secret_in_any_form_wherever_it_is_cut(
    form: str, secret: str, around: str, longest: int
) -> None:
    remember(secret)
    shown = excerpt(f"{around}{FORMS[form](secret)}{around}", longest)
    assert FORMS[form](secret)[:12] not in shown


def test_a_secret_is_not_cut_into_one_that_is_not_known() -> None:
    secret = "sk-cut-0123456789abcdef"
    remember(secret)
    for before in range(redaction.LONGEST_EXCERPT - 30, redaction.LONGEST_EXCERPT + 2):
        assert secret[:12] not in excerpt("x" * before + secret)


def test_an_excerpt_of_a_short_text_is_the_text() -> None:
    assert excerpt("  Rate limit\n reached  ") == "Rate limit reached"
    assert excerpt("x" * 301) == "x" * 299 + "…"
