"""A key goes to the origin it was configured for, and nowhere else; and it is hidden."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import keys, redaction
from mcli.errors import ConfigFailure
from mcli.keys import NO_KEY, KeySource

MINE = KeySource("environment", "MINE_KEY")
PROFILES = [("https://mine.test/v1", MINE), ("http://localhost:8080/v1", NO_KEY)]
PYTHON = sys.executable


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://mine.test/v1", MINE),
        ("https://mine.test/other/path?x=y", MINE),
        ("https://MINE.test:443/v1", MINE),
        ("http://localhost:8080", NO_KEY),
        ("http://localhost:9999/v1", NO_KEY),
        ("http://127.0.0.1:9999/v1", NO_KEY),
        ("http://[::1]:9999/v1", NO_KEY),
    ],
)
def test_a_key_belongs_to_its_origin(url: str, source: KeySource) -> None:
    assert keys.choose(url, {}, PROFILES) == source


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/v1",
        "http://mine.test/v1",
        "http://mine.test:443/v1",
        "https://mine.test:8443/v1",
        "https://mine.test.evil.test/v1",
        "https://sub.mine.test/v1",
        "https://mine.test./v1",
        "https://127.0.0.1.evil.test/v1",
        "https://localhost.evil.test/v1",
        "http://0.0.0.0:8080/v1",
        "http://192.168.0.1:8080/v1",
    ],
)
def test_another_host_without_a_key_is_a_matter_of_configuration(url: str) -> None:
    with pytest.raises(ConfigFailure) as caught:
        keys.choose(url, {"MINE_KEY": "sk-mine-0123456789"}, PROFILES)
    assert (caught.value.exit_code, caught.value.slug) == (78, "no_key_for_host")
    assert "MCLI_API_KEY" in caught.value.hint


@pytest.mark.parametrize("url", ["https://mine.test/v1", "https://evil.test", "http://127.0.0.1"])
def test_a_key_of_mclis_own_goes_where_a_person_points_it(url: str) -> None:
    by_name = keys.choose(url, {"MCLI_API_KEY": "sk-own"}, PROFILES)
    by_file = keys.choose(url, {"MCLI_API_KEY_FILE": "/run/key"}, PROFILES)
    assert by_name == KeySource("environment", "MCLI_API_KEY")
    assert by_file == KeySource("file", "/run/key")


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_variable_is_unset(empty: str) -> None:
    assert keys.choose("https://mine.test", {"MCLI_API_KEY": empty}, PROFILES) == MINE
    assert keys.choose("https://mine.test", {"MCLI_API_KEY_FILE": ""}, PROFILES) == MINE


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://h/v1", ("https", "h", 443)),
        ("http://H:80/x", ("http", "h", 80)),
        ("https://h:8443", ("https", "h", 8443)),
        ("http://[::1]:1/v1", ("http", "::1", 1)),
    ],
)
def test_an_origin(url: str, origin: tuple[str, str, int]) -> None:
    assert keys.origin(url) == origin


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("[::]", False),
        ("10.0.0.1", False),
        ("169.254.1.1", False),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("evil-localhost", False),
        ("1270.0.0.1", False),
        ("2130706433", False),
    ],
)
def test_this_machine_itself(host: str, loopback: bool) -> None:
    assert keys.is_loopback(f"http://{host}:8080/v1") is loopback


@pytest.mark.parametrize(
    ("url", "allowed", "fine"),
    [
        ("https://h/v1", False, True),
        ("http://127.0.0.1:1/v1", False, True),
        ("http://localhost/v1", False, True),
        ("http://h/v1", True, True),
        ("http://h/v1", False, False),
        ("http://192.168.0.1/v1", False, False),
        ("http://127.0.0.1.evil.test/v1", False, False),
    ],
)
def test_a_key_does_not_cross_the_network_in_the_open(url: str, allowed: bool, fine: bool) -> None:
    if fine:
        keys.guard_plaintext(url, allowed)
        return
    with pytest.raises(ConfigFailure, match="unencrypted"):
        keys.guard_plaintext(url, allowed)


def fetch(source: KeySource, url: str = "https://mine.test/v1") -> str | None:
    return keys.fetch(source, url, os.environ)


@pytest.mark.parametrize("written", ["sk-mine-4c1d", " sk-mine-4c1d\n", "\tsk-mine-4c1d\r\n"])
def test_a_key_is_stripped_wherever_it_comes_from(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    path.write_text(written)
    monkeypatch.setenv("MINE_KEY", written)
    monkeypatch.setenv("HOME", str(tmp_path))
    show = ("-c", "import sys; print(open(sys.argv[1]).read() + '\\nurl: x')", str(path))
    sources = [
        MINE,
        KeySource("file", str(path)),
        KeySource("file", "~/key"),
        KeySource("command", argv=(PYTHON, *show)),
    ]
    assert [fetch(source) for source in sources] == ["sk-mine-4c1d"] * 4


def test_a_key_that_was_fetched_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE_KEY", "sk-hidden-90af\n")
    fetch(MINE)
    assert redaction.redact("Bearer sk-hidden-90af!") == "Bearer ***!"


def test_a_crash_leaves_no_key_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    monkeypatch.setenv("MINE_KEY", "sk-core-3c7d90af")
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        fetch(MINE)
        # 1 is what keeps it from a collector too (core(5)).
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] in (0, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444, 0o660])
def test_a_key_file_may_be_read_by_others(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("sk-mode-4c1d\n")
    path.chmod(mode)
    assert fetch(KeySource("file", str(path))) == "sk-mode-4c1d"


@pytest.mark.parametrize("mode", [0o602, 0o666, 0o777])
def test_a_key_file_may_not_be_written_by_all(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("sk-mode-4c1d\n")
    path.chmod(mode)
    with pytest.raises(ConfigFailure, match="written by everybody") as caught:
        fetch(KeySource("file", str(path)))
    assert (caught.value.slug, caught.value.hint) == ("writable_by_all", f'chmod o-w "{path}"')


def test_no_source_is_no_key() -> None:
    assert fetch(NO_KEY) is None


@pytest.mark.parametrize("written", [None, "", " \n"])
def test_a_variable_without_a_key_is_named(
    written: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINE_KEY", raising=False)
    if written is not None:
        monkeypatch.setenv("MINE_KEY", written)
    with pytest.raises(ConfigFailure, match="MINE_KEY") as caught:
        fetch(MINE)
    assert caught.value.slug == "no_key"
    assert fetch(MINE, "http://127.0.0.1:1/v1") is None


@pytest.mark.parametrize(
    "written",
    ["sk-two words-7d", "sk-line\nbreak-7d", "sk-ünicode-7d", "sk-“quoted”-7d", "sk-tab\tkey-7d",
     '"sk-quotes-7d"', "'sk-quotes-7d'",
     "sk-esc\x1bkey-7d", "sk-del\x7fkey-7d", "sk-raw\udcffbytes-7d"],
)  # fmt: skip
def test_what_no_key_looks_like_is_refused_without_being_shown(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE_KEY", written)
    with pytest.raises(ConfigFailure) as caught:
        fetch(MINE)
    assert caught.value.slug == "bad_key"
    assert written not in str(caught.value)
    assert "7d" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "source",
    [
        KeySource("file", "/nowhere/at/all"),
        KeySource("file", "/"),
        KeySource("file", "/dev/null"),
        KeySource("file", "~nobody-of-this-name/key"),
        KeySource("file", "key\x00file"),
        KeySource("command", argv=("/nowhere/at/all",)),
        KeySource("command", argv=("/",)),
        KeySource("command", argv=("no\x00command",)),
        KeySource("command", argv=(PYTHON, "-c", "raise SystemExit(3)")),
        KeySource("command", argv=(PYTHON, "-c", "pass")),
        KeySource("command", argv=(PYTHON, "-c", "import os; os.kill(os.getpid(), 9)")),
    ],
    ids=lambda source: f"{source.kind} {source.name or source.argv[-1]}"[:40].replace("\0", "0"),
)
def test_a_source_without_a_key_is_a_matter_of_configuration(source: KeySource) -> None:
    with pytest.raises(ConfigFailure) as caught:
        fetch(source)
    assert caught.value.slug == "no_key"
    with pytest.raises(ConfigFailure):
        fetch(source, "http://127.0.0.1:1/v1")


def test_a_key_command_that_prints_raw_bytes_is_a_matter_of_configuration() -> None:
    prints = "import sys; sys.stdout.buffer.write(b'sk-raw-\\xff-7d')"
    with pytest.raises(ConfigFailure):
        fetch(KeySource("command", argv=(PYTHON, "-c", prints)))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (NO_KEY, "none"),
        (MINE, "environment MINE_KEY"),
        (KeySource("file", "/run/key"), "file /run/key"),
        (KeySource("command", argv=("pass", "show", "secret-name")), "command pass"),
    ],
)
def test_how_a_source_is_told(source: KeySource, told: str) -> None:
    assert str(source) == told


hosts = st.sampled_from(["mine.test", "evil.test", "localhost", "127.0.0.1", "mine.test.evil.test"])
urls = st.builds("{}://{}{}/v1".format, st.sampled_from(["http", "https"]), hosts,
                 st.sampled_from(["", ":80", ":443", ":8080"]))  # fmt: skip


@given(urls, st.lists(st.tuples(urls, st.sampled_from([MINE, NO_KEY])), max_size=4))
def test_a_profiles_key_is_never_chosen_for_another_origin(
    url: str, profiles: list[tuple[str, KeySource]]
) -> None:
    try:
        chosen = keys.choose(url, {}, profiles)
    except ConfigFailure:
        assert not keys.is_loopback(url)
        return
    owners = [keys.origin(base) for base, source in profiles if source == MINE]
    assert chosen == NO_KEY or keys.origin(url) in owners
