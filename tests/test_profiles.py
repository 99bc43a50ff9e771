"""The configuration file is read strictly, and a base URL is never more than what was given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import profiles
from mcli.errors import ConfigFailure
from mcli.keys import NO_KEY, KeySource
from mcli.profiles import BUILT_IN, Config


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Reads a text as the configuration file."""

    def read(source: str) -> Config:
        path = tmp_path / "config.yaml"
        path.write_text(source)
        return profiles.load({"MCLI_CONFIG": str(path)})

    return read


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://ai.megallm.io/v1", "https://ai.megallm.io/v1"),
        ("https://ai.megallm.io/v1/", "https://ai.megallm.io/v1"),
        ("https://ai.megallm.io/v1///", "https://ai.megallm.io/v1"),
        ("https://ai.megallm.io", "https://ai.megallm.io"),
        ("https://ai.megallm.io/", "https://ai.megallm.io"),
        ("  https://h/v1\n", "https://h/v1"),
        ("https://h/v1/chat/completions", "https://h/v1"),
        ("https://h/v1/chat/completions/", "https://h/v1"),
        ("https://h/chat/completions", "https://h"),
        ("https://h/v1/chat", "https://h/v1/chat"),
        ("https://h/api/v1beta/openai/", "https://h/api/v1beta/openai"),
        ("HTTPS://h:8443/v1", "https://h:8443/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://h/d/x/chat/completions?api-version=2024-10-21", "https://h/d/x?api-version=2024-10-21"),
        ("https://h?a=b", "https://h?a=b"),
    ],
)  # fmt: skip
def test_a_base_url(url: str, normal: str) -> None:
    assert profiles.normal_url(url) == normal
    assert profiles.normal_url(normal) == normal


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "ai.megallm.io/v1", "//h/v1", "ftp://h/v1", "file:///etc/passwd", "https://",
        "https:///v1", "https://:443/v1", "javascript:alert(1)", "localhost:8080",
        "https://user:pw@h/v1", "https://sk-key@h/v1", "https://good.test\\@evil.test/v1",
        "https://h:99999/v1", "https://h:x/v1", "https://[::1/v1", "https://h/v1#x",
        "https://h/v 1", "https://h/v1\r\nX: y", "https://h/\tv1", "https://h\x00/v1",
        "https://h\n.test/v1", "https://h/v1?api_key=k", "https://h/v1?a=b&access_token=k",
    ],
)  # fmt: skip
def test_what_is_no_base_url(url: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        profiles.normal_url(url)


@given(st.text() | st.text(st.sampled_from("https:/h.@[]?#%\\0 ")).map("http://h{}".format))
def test_any_text_is_a_base_url_or_none(url: str) -> None:
    try:
        normal = profiles.normal_url(url)
    except ValueError:
        return
    assert normal.startswith(("http://", "https://"))
    assert not normal.endswith("/") or "?" in normal


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://h/v1", "https://h/v1/chat/completions"),
        ("https://h", "https://h/chat/completions"),
        ("https://h/d?api-version=1", "https://h/d/chat/completions?api-version=1"),
    ],
)
def test_the_path_of_a_call_goes_behind_the_base(base: str, url: str) -> None:
    assert profiles.endpoint(base, profiles.ENDING) == url


@pytest.mark.parametrize(
    ("name", "url", "variable"),
    [
        ("megallm", "https://ai.megallm.io/v1", "MEGALLM_API_KEY"),
        ("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        ("ollama", "http://localhost:11434/v1", ""),
        ("llamacpp", "http://localhost:8080/v1", ""),
        ("vllm", "http://localhost:8000/v1", ""),
        ("sandbox", "http://127.0.0.1:8399/v1", ""),
    ],
)
def test_what_is_built_in(name: str, url: str, variable: str) -> None:
    built_in = BUILT_IN[name]
    assert built_in.base_url == profiles.normal_url(url) == url
    assert built_in.key == (KeySource("environment", variable) if variable else NO_KEY)


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOME": "/h"}, "/h/.config/mcli/config.yaml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "/x/mcli/config.yaml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "relative"}, "/h/.config/mcli/config.yaml"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": ""}, "/h/.config/mcli/config.yaml"),
        ({"HOME": "/h", "MCLI_CONFIG": "/c.yaml"}, "/c.yaml"),
        ({"HOME": "/h", "MCLI_CONFIG": ""}, "/h/.config/mcli/config.yaml"),
    ],
)
def test_where_the_configuration_is(environ: dict[str, str], path: str) -> None:
    assert profiles.path(environ) == Path(path)


def test_no_configuration_is_none(tmp_path: Path) -> None:
    assert profiles.load({"HOME": str(tmp_path)}).profiles == BUILT_IN


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="not on this system")
def test_a_configuration_without_an_end_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").symlink_to("/dev/zero")
    with pytest.raises(ConfigFailure) as caught:
        profiles.load({"MCLI_CONFIG": str(tmp_path / "config.yaml")})

    assert caught.value.slug == "bad_document"


def test_a_configuration_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigFailure, match="MCLI_CONFIG"):
        profiles.load({"MCLI_CONFIG": str(tmp_path / "none.yaml")})
    with pytest.raises(ConfigFailure, match="cannot be read"):
        profiles.load({"MCLI_CONFIG": str(tmp_path)})


@pytest.mark.parametrize("source", ["", "  \n", "{}"])
def test_an_empty_configuration_is_none(load: Any, source: str) -> None:
    assert load(source) == Config(profiles=BUILT_IN)


def test_a_whole_configuration(load: Any) -> None:
    config = load(
        "profile: mine\naliases: {fast: gpt-4o-mini}\nprofiles:\n  mine:\n"
        "    base_url: https://mine.test/v1/\n    key: {env: MINE_KEY}\n    model: 1:30\n"
        "    timeout: 90s\n    retries: 0\n    temperature: 0.5\n    stop: [a, b]\n"
    )
    assert (config.profile, config.aliases) == ("mine", {"fast": "gpt-4o-mini"})
    mine = config.profiles["mine"]
    assert (mine.base_url, mine.model) == ("https://mine.test/v1", "1:30")
    assert mine.key == KeySource("environment", "MINE_KEY")
    assert mine.values == {"timeout": 90.0, "retries": 0, "temperature": 0.5, "stop": ["a", "b"]}
    assert config.profiles["openai"] == BUILT_IN["openai"]


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("{env: X_KEY}", KeySource("environment", "X_KEY")),
        ("{file: /run/key}", KeySource("file", "/run/key")),
        ("{command: [pass, show, x]}", KeySource("command", argv=("pass", "show", "x"))),
        ("none", NO_KEY),
    ],
)
def test_where_a_key_comes_from(load: Any, key: str, source: KeySource) -> None:
    config = load(f"profiles: {{x: {{base_url: https://x.test, key: {key}}}}}\n")
    assert config.profiles["x"].key == source


def test_a_built_in_profile_keeps_what_is_not_said_anew(load: Any) -> None:
    megallm = load("profiles: {megallm: {model: gpt-5}}\n").profiles["megallm"]
    assert megallm.model == "gpt-5"
    assert (megallm.base_url, megallm.key) == (
        BUILT_IN["megallm"].base_url, BUILT_IN["megallm"].key,
    )  # fmt: skip


def test_a_built_in_key_does_not_move_to_another_host(load: Any) -> None:
    source = "profiles: {openai: {base_url: https://evil.test/v1}}\n"
    assert load(source).profiles["openai"].key != BUILT_IN["openai"].key


X = "profiles: {x: {base_url: https://x.test, %s}}\n"


@pytest.mark.parametrize(
    ("source", "place", "says"),
    [
        ("profle: x\n", "1:1", 'unknown key "profle"'),
        ("[a]\n", "1:1", "expected a mapping"),
        ("profile: [a]\n", "1:1", "expected text"),
        ("profile: openia\n", "1:1", 'no profile is called "openia"'),
        ("profiles: [x]\n", "1:1", "expected a mapping"),
        ("profiles: {x: y}\n", "1:12", "expected a mapping"),
        ("profiles: {x: {}}\n", "1:12", "base_url"),
        ("profiles: {x: {base_url: x.test}}\n", "1:16", "base URL"),
        ("profiles: {x: {base_url: 'https://u:p@x.test'}}\n", "1:16", "password"),
        ("profiles: {x: {bse_url: y}}\n", "1:16", 'unknown key "bse_url"'),
        ("aliases: {a: [b]}\n", "1:11", "expected text"),
        (X % "key: sk-pasted-0123456789", "1:42", "expected a mapping"),
        (X % "key: {}", "1:42", "one of env, file or command"),
        (X % "key: {env: A, file: b}", "1:42", "one of env, file or command"),
        (X % "key: {value: sk-1}", "1:48", 'unknown key "value"'),
        (X % "key: {command: pass}", "1:48", "expected a list"),
        (X % "key: {command: []}", "1:48", "empty"),
        (X % "allow_http: yes", "1:42", "true or false"),
        (X % "timeout: soon", "1:42", "soon"),
        (X % "timeout: 0", "1:42", "duration"),
        (X % "retries: -1", "1:42", "-1"),
        (X % "retries: 101", "1:42", "101"),
        (X % "retries: many", "1:42", "whole number"),
        (X % "temperature: warm", "1:42", "number"),
        (X % "verify: false", "1:42", 'unknown key "verify"'),
        ("a: &x 1\n", "1:4", "anchors"),
        ("profile: openai\nprofile: openai\n", "2:1", "twice"),
    ],
)
def test_a_mistake_is_refused_where_it_stands(
    load: Any, source: str, place: str, says: str
) -> None:
    with pytest.raises(ConfigFailure) as caught:
        load(source)
    assert f"config.yaml:{place}: " in caught.value.message
    assert says in caught.value.message


@pytest.mark.parametrize(
    "key", ["sk-pasted-0123456789", "[sk-pasted-0123456789]", "{env: sk-pasted-0123456789}"]
)
def test_a_key_that_was_pasted_into_the_configuration_is_not_shown(load: Any, key: str) -> None:
    with pytest.raises(ConfigFailure) as caught:
        load(X % f"key: {key}")
    assert "sk-pasted" not in caught.value.message + caught.value.hint
