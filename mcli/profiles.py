"""EDGE: the configuration file and the built-in profiles."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from mcli import durations, homes, limits, params, redaction, strict, trusted
from mcli.budget import PERS, Budget
from mcli.errors import ConfigFailure
from mcli.expressions import expression
from mcli.keys import NO_KEY, KeySource
from mcli.limits import Limits
from mcli.said import MOST_RETRIES
from mcli.shapes import field, frozen, replace
from mcli.strict import Node
from mcli.terms import Terms
from mcli.tokens import families

CONFIG_KEYS = ("profile", "profiles", "aliases", "models", "budget", "limits")
MODEL_KEYS = ("window", "max_output", "input_usd", "output_usd", "encoding")
PROFILE_KEYS = (
    "base_url", "key", "model", "allow_http", "strict_schema", "timeout", "retries",
    "limits", *params.READERS,
)  # fmt: skip
STORES = ("redis", "rediss", "unix")
ENDING = "/chat/completions"
_SECRET_NAME = expression("key|token|secret|password", re.IGNORECASE)


@frozen
class Profile:
    """A named endpoint. A `key` of None was never spoken of, `NO_KEY` was declined. `values` holds
    what it sets beside the endpoint: timeout in seconds, retries, temperature and so on.
    `strict_schema`: the server holds an answer to a JSON Schema."""

    base_url: str
    key: KeySource | None = None
    model: str | None = None
    allow_http: bool = False
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    strict_schema: bool = False


@frozen
class Config:
    """What the configuration file says, over what is built in; `store` is where machines share
    limits."""

    profile: str | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict[str, Profile])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    models: Mapping[str, Terms] = field(default_factory=dict[str, Terms])
    budget: Budget | None = None
    store: str | None = None


def _key(variable: str) -> KeySource:
    return KeySource("environment", variable)


BUILT_IN: dict[str, Profile] = {
    "megallm": Profile("https://ai.megallm.io/v1", _key("MEGALLM_API_KEY"), "gpt-4"),
    "openai": Profile(
        "https://api.openai.com/v1", _key("OPENAI_API_KEY"), "gpt-4o-mini", strict_schema=True
    ),
    "openrouter": Profile(
        "https://openrouter.ai/api/v1", _key("OPENROUTER_API_KEY"), "openai/gpt-4o-mini"
    ),
    "ollama": Profile("http://localhost:11434/v1", NO_KEY, strict_schema=True),
    "llamacpp": Profile("http://localhost:8080/v1", NO_KEY, "default"),
    "vllm": Profile("http://localhost:8000/v1", NO_KEY, strict_schema=True),
    "sandbox": Profile("http://127.0.0.1:8399/v1", NO_KEY, "sandbox"),
}


def path(environ: Mapping[str, str]) -> Path:
    """Where the configuration file is, whether it exists or not."""
    return Path(homes.configuration_file(environ))


def directory(environ: Mapping[str, str]) -> Path:
    """The folder of the configuration."""
    return Path(homes.configuration(environ))


def load(environ: Mapping[str, str]) -> Config:
    """The configuration in force. Raises ConfigFailure with file, line and column."""
    where = path(environ)
    try:
        raw = trusted.read(where, "the configuration")
    except FileNotFoundError:
        if environ.get("MCLI_CONFIG"):
            message = f'MCLI_CONFIG names "{where}", which does not exist'
            raise ConfigFailure("bad_config", message) from None
        return Config(profiles=BUILT_IN)
    except OSError as error:
        message = f'the configuration "{where}" cannot be read: {error.strerror}'
        raise ConfigFailure("bad_config", message) from None
    lines = (line.strip() for line in raw.removeprefix(b"\xef\xbb\xbf").splitlines())
    if all(not line or line.startswith(b"#") for line in lines):
        return Config(profiles=BUILT_IN)
    from mcli import documents  # yaml: 25 ms, for those who have a file

    return _config(documents.parse(raw, str(where)))


def normal_url(url: str) -> str:
    """The base URL without a trailing slash or `/chat/completions`; ValueError if it is none.

    Nothing is ever added: servers differ in what stands before `/chat/completions`.
    """
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018 - reading it is what raises on a bad port
    except ValueError:
        # Its text would quote the part it stumbled over, which may be a password.
        raise ValueError("it is no URL, or its port is no number") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must begin with https:// or http:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not hold a user name or password: a key has its own place")
    if any(_SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query)):
        raise ValueError("it must not hold a key: a key has its own place")
    if parts.fragment or any(ord(mark) <= 32 for mark in url.strip()):
        raise ValueError("it has a fragment or white space")
    if any("\ud800" <= mark <= "\udfff" for mark in url):
        raise ValueError("it is not UTF-8")
    where = parts.path.rstrip("/").removesuffix(ENDING).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, where, parts.query, ""))


def endpoint(base_url: str, ending: str) -> str:
    """`base_url` with `ending` behind its path, its query kept (Azure's `api-version`)."""
    parts = urlsplit(base_url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path + ending, parts.query, ""))


def _config(root: Node) -> Config:
    fields = strict.mapping(root, CONFIG_KEYS)
    profiles = dict(BUILT_IN)
    for name, node in strict.optional(fields, "profiles", strict.mapping, {}).items():
        profiles[name] = _profile(node, BUILT_IN.get(name))
    aliases = strict.optional(fields, "aliases", strict.mapping, {})
    chosen = strict.optional(fields, "profile", strict.text, None)
    if chosen is not None and chosen not in profiles:
        hint = strict.did_you_mean(chosen, profiles)
        raise strict.complaint(fields["profile"], f'no profile is called "{chosen}"', hint)
    models = strict.optional(fields, "models", strict.mapping, {})
    return Config(
        chosen,
        profiles,
        {name: strict.text(node) for name, node in aliases.items()},
        {name: _terms(node) for name, node in models.items()},
        strict.optional(fields, "budget", _budget, None),
        strict.optional(fields, "limits", _store, None),
    )


def _store(node: Node) -> str:
    """The URL of a Redis."""
    hint = "rpm, tpm and concurrency stand in the profile"
    fields = strict.mapping(node, ("store",))
    if not fields:
        raise strict.complaint(node, "limits needs store, such as redis://host:6379/0", hint)
    url = strict.text(fields["store"])
    password = ""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what raises on a bad port
        password = parts.password or ""
        good = parts.scheme in STORES and bool(
            parts.path if parts.scheme == "unix" else parts.hostname
        )
    except ValueError:
        good = False
    if not good:  # there may be a password in it, so it is not repeated here
        raise strict.complaint(fields["store"], "the store is no URL such as redis://host:6379/0")
    redaction.remember(password)
    return url


def _limits(node: Node) -> Limits:
    fields = strict.mapping(node, tuple(limits.MOST))
    for name, value in fields.items():
        if not 1 <= strict.integer(value) <= limits.MOST[name]:
            raise strict.complaint(value, f"{name} is not from 1 to {limits.MOST[name]}")
    given = {name: strict.integer(value) for name, value in fields.items()}
    return Limits(given.get("rpm"), given.get("tpm"), given.get("concurrency"))


def _budget(node: Node) -> Budget:
    fields = strict.mapping(node, ("usd", "per"))
    if len(fields) != 2:
        raise strict.complaint(node, "a budget needs usd and per, such as {usd: 5, per: day}")
    usd, per = strict.number(fields["usd"]), strict.choice(fields["per"], PERS)
    if usd <= 0:
        raise strict.complaint(fields["usd"], f"{usd} is not above 0")
    return Budget(usd, next(each for each in PERS if each == per))


def _terms(node: Node) -> Terms:
    """What a person says of a model; prices are in USD per million tokens, as is usual."""
    fields = strict.mapping(node, MODEL_KEYS)
    return Terms(
        strict.optional(fields, "window", params.count, None),
        strict.optional(fields, "max_output", params.count, None),
        strict.optional(fields, "input_usd", _price, None),
        strict.optional(fields, "output_usd", _price, None),
        strict.optional(fields, "encoding", _encoding, None),
    )


def _price(node: Node) -> float:
    value = strict.number(node)
    if value < 0:
        raise strict.complaint(node, f"{value} is below 0")
    return value / 1_000_000


def _encoding(node: Node) -> str:
    return strict.choice(node, families.SHIPPED)


def _profile(node: Node, built_in: Profile | None) -> Profile:
    fields = strict.mapping(node, PROFILE_KEYS)
    base_url = strict.optional(fields, "base_url", _base_url, built_in and built_in.base_url)
    if not base_url:
        raise strict.complaint(node, "a profile needs a base_url")
    profile = built_in or Profile(base_url)
    if profile.base_url != base_url:
        # The built-in key belongs to the built-in host.
        profile = replace(profile, base_url=base_url, key=None)
    return replace(
        profile,
        key=strict.optional(fields, "key", _key_source, profile.key),
        model=strict.optional(fields, "model", strict.text, profile.model),
        allow_http=strict.optional(fields, "allow_http", strict.boolean, False),
        strict_schema=strict.optional(
            fields, "strict_schema", strict.boolean, profile.strict_schema
        ),
        values={name: _READ[name](fields[name]) for name in _READ if name in fields},
    )


def _base_url(node: Node) -> str:
    try:
        return normal_url(strict.text(node))
    except ValueError as error:
        raise strict.complaint(node, f"the base URL cannot be used: {error}") from None


def _key_source(node: Node) -> KeySource:
    if node.value == "none":
        return NO_KEY
    fields = strict.mapping(node, ("env", "file", "command"))
    if len(fields) != 1:
        raise strict.complaint(node, "a key is one of env, file or command, or none")
    ((kind, source),) = fields.items()
    if kind == "command":
        argv = tuple(strict.text(word) for word in strict.items(source))
        if not argv:
            raise strict.complaint(source, "the key command is empty")
        return KeySource("command", argv=argv)
    word = strict.text(source)
    if kind == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", word):
        # It is most likely the key itself, so it is not repeated here.
        raise strict.complaint(source, "env names a variable, and this is no variable's name")
    return KeySource("environment" if kind == "env" else "file", word)


_READ: dict[str, Callable[[Node], Any]] = {
    "timeout": lambda node: strict.parsed(node, durations.seconds),
    "retries": lambda node: strict.whole(node, MOST_RETRIES),
    "limits": _limits,
    **params.READERS,
}
