"""A secret is in no output, whatever form it takes, and foreign text cannot drive a terminal."""

from __future__ import annotations

import base64
import json
import time
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli import redaction
from mcli.redaction import MASK, excerpt, redact, remember, visible

MARKS = st.characters(codec="ascii", min_codepoint=33, max_codepoint=126)
secrets = (
    st.text(MARKS, min_size=12, max_size=40)
    .filter(lambda text: not {"%", "\\", "&"} & set(text))
    .map("sk-test-{}".format)
)
"""As keys are: one word of printable ASCII; the beginning keeps other tests' texts apart. What
begins an encoding is left out: a key that looks encoded is a layer deeper than is seen through."""

KEY_MARKS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/="
keys = st.text(st.sampled_from(KEY_MARKS), min_size=12, max_size=40).map("sk-test-{}".format)
"""Of the characters that RFC 6750 gives a bearer's token."""


@pytest.fixture(autouse=True)
def runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_runs", {})


def only(secret: str) -> None:
    """Remember this secret, and none of the example before."""
    redaction._runs.clear()
    remember(secret)


def lower_escapes(quoted: str) -> str:
    """Percent escapes with small letters, as some servers write them."""
    head, *rest = quoted.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def wrapped(text: str, between: str = "\n  ") -> str:
    """Broken into lines, as mail and pretty printers do."""
    return between.join(text[at : at + 7] for at in range(0, len(text), 7))


def url(text: str) -> str:
    return quote(text, safe="")


def escaped(text: str) -> str:
    """Every character an escape of JSON."""
    return "".join(f"\\u{ord(mark):04x}" for mark in text)


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": url,
    "url in lower case": lambda secret: lower_escapes(url(secret)),
    "url path": quote,
    "form": quote_plus,
    "every byte": lambda secret: "".join(f"%{ord(mark):02X}" for mark in secret),
    "url twice": lambda secret: url(url(secret)),
    "url thrice": lambda secret: url(url(url(secret))),
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json with slashes": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "json twice": lambda secret: json.dumps(json.dumps(secret)[1:-1])[1:-1],
    "json escapes": escaped,
    "json escapes twice": lambda secret: json.dumps(escaped(secret))[1:-1],
    "url in json": lambda secret: escaped(url(secret)),
    "html": lambda secret: "".join(f"&#{ord(mark)};" for mark in secret),
    "html in hexadecimal": lambda secret: "".join(f"&#x{ord(mark):X};" for mark in secret),
    "upper case": str.upper,
    "wrapped": wrapped,
    "wrapped in json": lambda secret: json.dumps(wrapped(secret))[1:-1],
    "base64": packed,
    "base64 unpadded": lambda secret: packed(secret).rstrip("="),
    "base64 for urls": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 in a url": lambda secret: url(packed(secret)),
    "base64 wrapped": lambda secret: wrapped(packed(secret)),
    "basic": lambda secret: packed(f"u:{secret}"),
    "basic, further in": lambda secret: packed(f"me:{secret}@host"),
    "basic, at the third": lambda secret: packed(f"you{secret}"),
    "basic of the url": lambda secret: packed(f"u:{url(secret)}"),
    "base64 twice": lambda secret: packed(packed(f"u:{secret}")),
}
"""The forms in which a server, a proxy or a bug gives a secret back."""


def leaks(secret: str, shown: str) -> bool:
    """Whether 12 characters of the secret in a row, decoded as far as it goes, are in `shown`."""
    return any(secret[at : at + 12] in shown for at in range(len(secret) - 11))


@pytest.mark.parametrize("form", FORMS)
@given(secret=secrets, before=st.text(max_size=20), after=st.text(max_size=20))
@settings(deadline=None, max_examples=40)
def test_no_form_of_a_secret_is_left(form: str, secret: str, before: str, after: str) -> None:
    only(secret)
    given = FORMS[form](secret)
    shown = redact(f"{before}{given}{after}")
    assert MASK in shown
    for at in range(0, len(given) - 20, 4):
        assert given[at : at + 20] not in shown


@pytest.mark.parametrize("form", FORMS)
@given(secret=keys, data=st.data())
@settings(deadline=None, max_examples=40)
@pytest.mark.sweep
def test_no_piece_of_a_secret_is_left(form: str, secret: str, data: st.DataObject) -> None:
    only(secret)
    start = data.draw(st.integers(0, len(secret) - 12))
    given = FORMS[form](secret[start : start + 12])
    if "base64" not in form and "basic" not in form:  # in which 12 are 16, less what is mixed
        assert redact(f"«{given}»").replace("\\", "") == f"«{MASK}»"


@pytest.mark.parametrize(("length", "piece"), [(8, 8), (16, 8), (20, 10), (24, 12), (200, 12)])
def test_half_of_a_short_secret_is_a_piece(length: int, piece: int) -> None:
    secret = "".join(chr(33 + 7 * at % 90) for at in range(length)).replace("%", "x")
    secret = secret.replace("\\", "x").replace("&", "x")
    remember(secret)
    assert redact(secret) == MASK
    assert redact(secret[:piece]) == MASK
    assert redact(secret[1:piece]) == secret[1:piece]


@given(one=secrets, other=secrets, between=st.text(max_size=10))
@settings(deadline=None, max_examples=40)
def test_secrets_are_replaced_wherever_they_stand(one: str, other: str, between: str) -> None:
    only(one)
    remember(other)
    shown = redact(f"{one}{between}{other}\n{one}{other} Bearer {one}, {other}")
    assert not leaks(one, shown)
    assert not leaks(other, shown)


def test_what_stands_around_a_secret_stays() -> None:
    remember("sk-around-0123456789abcdef")
    told = "no key \nsk-around-01234\n56789abcdef \n\\n see %2Fhelp\n"
    assert redact(told) == "no key \n*** \n\\n see %2Fhelp\n"


def test_what_a_server_shows_of_a_key_stays() -> None:
    remember("sk-proj-0123456789abcdefghijklmnopqrstuv")
    told = "Incorrect API key provided: sk-proj-********************stuv."
    assert redact(told) == told


def test_a_longer_secret_is_replaced_whole() -> None:
    remember("sk-overlap-1234")
    remember("sk-overlap-1234-and-more")
    assert redact("(sk-overlap-1234-and-more)") == f"({MASK})"


@pytest.mark.sweep
@pytest.mark.parametrize(
    "piece",
    ["x", "%", "%25", "\\", "\\u", "\\u005c", "%5C", " ", "sk-linear-0", "&#", "&#x25;", "%2525\\"],
)
def test_it_takes_time_in_proportion_to_the_text(piece: str) -> None:
    remember("sk-linear-0123456789abcdef")

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.process_time()
        redact(text)
        return time.process_time() - began

    least = min(seconds(1 << 16) for _ in range(3))
    assert min(seconds(1 << 18) for _ in range(3)) < 8 * max(least, 0.005)


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
@pytest.mark.sweep
def test_an_excerpt_has_no_secret_in_any_form_wherever_it_is_cut(
    form: str, secret: str, around: str, longest: int
) -> None:
    only(secret)
    given = FORMS[form](secret)
    shown = excerpt(f"{around}{given}{around}", longest)
    assert not any(given[at : at + 20] in shown for at in range(len(given) - 19))


def test_a_secret_is_not_cut_into_one_that_is_not_known() -> None:
    secret = "sk-cut-0123456789abcdef"
    remember(secret)
    for before in range(redaction.LONGEST_EXCERPT - 30, redaction.LONGEST_EXCERPT + 2):
        assert secret[:12] not in excerpt("x" * before + secret)


def test_an_excerpt_of_a_short_text_is_the_text() -> None:
    assert excerpt("  Rate limit\n reached  ") == "Rate limit reached"
    assert excerpt("x" * 301) == "x" * 299 + "…"
