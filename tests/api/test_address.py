"""A plain URL is read as the HTTP library reads it, and what is not plain by the library itself."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli.api import address, client
from mcli.errors import ConfigFailure

PLAIN = (
    "https://ai.megallm.io/v1/chat/completions",
    "http://127.0.0.1:8399/v1/models",
    "http://LOCALHOST/v1",
    "http://[::1]:8080/v1",
    "https://[2001:db8::1]/",
    "https://host:443/v1",
    "http://host:80/v1",
    "http://host:443/v1",
    "https://a_b-c.example:1/x",
    "https://r.openai.azure.com/openai/deployments/gpt-4@x/chat/completions?api-version=2024-02-01",
    "https://host/a%20b/c~d;v=1".replace(";", ","),
    "https://host//v1/",
)
ODD = (
    "https://host",
    "https://bücher.example/v1",
    "https://xn--bcher-kva.example/v1",
    "https://host/a/../b",
    "https://host/./b",
    "https://host/a b",
    "https://host/ü",
    "https://\u017fet.example/v1",  # which is an s, and below a K, to what looks at no case
    "https://\u212aelvin.example/v1",
    "https://host/\u017f",
    "https://host/v1?q=\u212a",
    "https://host/a%zz",
    "https://host/v1?",
    "https://host/v1?q='x'",
    "https://host/v1#part",
    "https://user:word@host/v1",
    "https://host:0/v1",
    "https://host:99999/v1",
    "https://host:/v1",
    "http://1.2.3/v1",
    "http://1.2.3.999/v1",
    "http://[::z]/v1",
    "http://[fe80::1%25eth0]/v1",
    "http://a..b/v1",
    "http://a.b./v1",
    "http:///v1",
    "ftp://host/v1",
    "host/v1",
    "",
    "http://host\n/v1",
    f"http://{'a' * 64}/v1",
)


def by_library(url: str) -> object:
    """What the library makes of it, or how that fails."""
    try:
        return address._by_library(url)
    except (ConfigFailure, KeyError, UnicodeError) as error:
        return type(error)


@pytest.mark.parametrize("url", PLAIN)
def test_what_is_plain_is_read_as_the_library_reads_it(url: str) -> None:
    assert address._plain(url) == by_library(url)


@pytest.mark.parametrize("url", ODD)
def test_what_is_not_plain_is_left_to_the_library(url: str) -> None:
    assert address._plain(url) is None


@given(st.text("aA1.-_:/@[]%?=&~,+ü' #\n\u017f\u212a", max_size=30))
def test_whatever_is_read_is_read_alike(rest: str) -> None:
    for url in (f"http://{rest}", f"https://host/{rest}", f"http://1.1.1.1:{rest}"):
        plain = address._plain(url)
        assert plain is None or plain == by_library(url)


def test_a_url_that_is_none_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigFailure) as caught:
        address.of("http://1.2.3.999/v1")

    assert caught.value.slug == "bad_base_url"


def test_the_library_is_not_loaded_for_a_plain_one() -> None:
    source = f"import sys; from mcli.api import address, pool; address.of({PLAIN[0]!r})"
    shown = subprocess.check_output([sys.executable, "-c", f"{source}; print(*sys.modules)"])

    assert b"httpx2" not in shown.split()


def test_the_client_reads_every_address_that_it_is_given() -> None:
    assert client.parsed("https://bücher.example/").raw_host == b"xn--bcher-kva.example"
