"""EDGE: flags, recipe, environment and configuration to one frozen Settings, with origins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mcli import caps, durations, keeping, keys, limits, profiles, requested, strict
from mcli.budget import Budget
from mcli.caps import Caps
from mcli.errors import ConfigFailure, UsageFailure
from mcli.keeping import Keeping
from mcli.keys import NO_KEY, KeySource
from mcli.limits import Limits
from mcli.profiles import Config, Profile
from mcli.recipe import Recipe
from mcli.said import MOST_RETRIES, Said
from mcli.shapes import field, frozen, replace
from mcli.terms import Terms

T = TypeVar("T")

DEFAULT_PROFILE = "megallm"
DEFAULT_TIMEOUT_S = 600.0
DEFAULT_RETRIES = 3
MEGALLM = "megallm"

VARIABLES = {
    "MCLI_PROFILE": "profile",
    "MCLI_BASE_URL": "base_url",
    "MCLI_MODEL": "model",
    "MCLI_API_KEY": "the key, whatever the endpoint",
    "MCLI_API_KEY_FILE": "a file that holds the key",
    "MCLI_CONFIG": "the configuration file",
    "MCLI_TIMEOUT": "timeout",
    "MCLI_RETRIES": "retries",
    "MCLI_MAX_COST": "max_cost",
    "MCLI_RPM": "rpm",
    "MCLI_TPM": "tpm",
    "MCLI_NO_KEY": "no_key",
    "MCLI_NO_STDIN": "no_stdin",
    "MCLI_RECORD": "record",
    "MCLI_REPLAY": "replay",
    "MCLI_CACHE": "cache",
}
"""Every environment variable of ours, and what it sets."""


@frozen
class Settings:
    """What is in force for one command, and where each value came from.

    `timeout_s` counts from the start of the command if `timeout_given`, else from the moment the
    input is complete. `params` are request fields; `soft` names those that only a recipe asked for.
    `fallbacks` are the models that may answer instead, in turn; one that takes them knows of them
    by `params`.
    """

    profile: str
    base_url: str
    model: str | None
    key: KeySource
    timeout_s: float
    timeout_given: bool
    retries: int
    no_stdin: bool
    params: Mapping[str, Any]
    soft: frozenset[str]
    origins: Mapping[str, str]
    allow_http: bool = False
    strict_schema: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    keeping: Keeping = field(default_factory=Keeping)
    models: Mapping[str, Terms] = field(default_factory=dict[str, Terms])
    caps: Caps = field(default_factory=Caps)
    budget: Budget | None = None
    fallbacks: tuple[str, ...] = ()
    limits: Limits = limits.NONE

    def ends(self, began: float) -> float | None:
        """The moment by which a command begun at `began` is to be done, if a person said so."""
        return began + self.timeout_s if self.timeout_given else None


class _Choice:
    """Takes the first source that has a value, and notes which it was."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.origins: dict[str, str] = {}

    def __call__(self, name: str, *sources: tuple[str, T | None]) -> T | None:
        for origin, value in sources:
            if value is not None:
                self.origins[name] = origin
                return value
        return None

    def variable(self, name: str) -> tuple[str, str | None]:
        """A variable of ours as a source; an empty one is unset."""
        return name, self.environ.get(name) or None


def load(
    said: Said,
    environ: Mapping[str, str],
    recipe: Recipe | None = None,
    config: Config | None = None,
) -> Settings:
    """The settings: flag, then recipe, then environment, then profile, then built-in default;
    `config` is read where it is not given. UsageFailure or ConfigFailure for what is not right."""
    config = config or profiles.load(environ)
    choice = _Choice(environ)
    name, profile = _profile(said, choice, config)
    base_url = _base_url(said, choice, profile)
    kept = keeping.load(said, environ, choice.origins)
    key, allow_http = _key(said, choice, base_url, profile, config)
    timeout = _timeout(said, choice, profile)
    model = _model(said, recipe, choice, profile, config)
    fallbacks, told = _fallbacks(said, model, base_url, config)
    params = requested.fields(said, recipe, profile.values, told, choice.origins)
    return Settings(
        profile=name,
        base_url=base_url,
        model=model,
        key=key,
        timeout_s=timeout or DEFAULT_TIMEOUT_S,
        timeout_given=timeout is not None,
        retries=_retries(said, choice, profile),
        no_stdin=said.no_stdin or truth(environ, "MCLI_NO_STDIN"),
        params=params,
        soft=frozenset(name for name in params if choice.origins[name] == "recipe"),
        origins=choice.origins,
        allow_http=allow_http,
        strict_schema=profile.strict_schema and _is_at(base_url, profile),
        aliases=config.aliases,
        keeping=kept,
        models=config.models,
        caps=caps.load(said, environ, choice.origins),
        budget=config.budget,
        fallbacks=fallbacks,
        limits=_limits(said, choice, base_url, profile, config),
    )


def _is_at(base_url: str, profile: Profile) -> bool:
    """Whether the endpoint is where the profile says."""
    return keys.origin(base_url) == keys.origin(profile.base_url)


def _limits(said: Said, choice: _Choice, base_url: str, profile: Profile, config: Config) -> Limits:
    """A profile's hold where the profile says, as does its key."""
    own = profile.values.get("limits", limits.NONE) if _is_at(base_url, profile) else limits.NONE
    return replace(limits.load(said, choice.environ, own, choice.origins), store=config.store)


def truth(environ: Mapping[str, str], name: str) -> bool:
    """A yes-or-no variable of ours; ConfigFailure if it is neither."""
    word = environ.get(name, "").lower()
    if word in ("", "0", "false", "no", "off"):
        return False
    if word in ("1", "true", "yes", "on"):
        return True
    raise ConfigFailure("bad_environment", f'{name}="{environ[name]}" is neither 1 nor 0')


def _profile(said: Said, choice: _Choice, config: Config) -> tuple[str, Profile]:
    name = choice(
        "profile",
        ("--profile", said.profile),
        choice.variable("MCLI_PROFILE"),
        (str(profiles.path(choice.environ)), config.profile),
        ("default", DEFAULT_PROFILE),
    )
    if name is None or name not in config.profiles:
        hint = strict.did_you_mean(str(name), config.profiles)
        raise ConfigFailure("unknown_profile", f'no profile is called "{name}"', hint)
    return name, config.profiles[name]


def _base_url(said: Said, choice: _Choice, profile: Profile) -> str:
    origin, variable = choice.variable("MCLI_BASE_URL")
    url = choice(
        "base_url",
        ("--base-url", said.base_url),
        (origin, variable),
        ("profile", profile.base_url),
    )
    assert url is not None
    try:
        return profiles.normal_url(url)
    except ValueError as error:
        source = choice.origins["base_url"]
        kind = UsageFailure if source == "--base-url" else ConfigFailure
        raise kind("bad_base_url", f"{source} cannot be used as a base URL: {error}") from None


def _key(
    said: Said, choice: _Choice, base_url: str, chosen: Profile, config: Config
) -> tuple[KeySource, bool]:
    """The key's source, and whether a profile of this origin allows plain http."""
    environ = choice.environ
    ordered = [chosen, *config.profiles.values()]
    here = keys.origin(base_url)
    allow_http = any(p.allow_http for p in ordered if keys.origin(p.base_url) == here)
    given = [("--no-key", said.no_key), ("MCLI_NO_KEY", truth(environ, "MCLI_NO_KEY"))]
    for origin, without in given:
        if without:
            choice.origins["key"] = origin
            return NO_KEY, allow_http
    try:
        source = keys.choose(base_url, environ, [(p.base_url, p.key) for p in ordered])
    except ConfigFailure:
        if not (said.dry_run or "replay" in choice.origins):
            raise
        source = NO_KEY
    choice.origins["key"] = str(source)
    return source, allow_http


def _model(
    said: Said, recipe: Recipe | None, choice: _Choice, profile: Profile, config: Config
) -> str | None:
    if said.model is not None and not said.model.strip():
        raise UsageFailure("bad_flag", "the model is blank", "is a variable unset?")
    model = choice(
        "model",
        ("--model", said.model),
        ("recipe", recipe.model if recipe else None),
        choice.variable("MCLI_MODEL"),
        ("profile", profile.model),
    )
    return config.aliases.get(model, model) if model else None


def _fallbacks(
    said: Said, model: str | None, base_url: str, config: Config
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The models of --fallback, each once; the one that is asked first is none. Those of which the
    server is told: MegaLLM, by its own host, or one that its profile was given."""
    if not all(name.strip() for name in said.fallback):
        raise UsageFailure("bad_flag", "a --fallback is blank", "is a variable unset?")
    found = dict.fromkeys(config.aliases.get(name, name) for name in said.fallback)
    fallbacks = tuple(name for name in found if name != model)
    host = urlsplit(base_url).hostname or ""
    own = config.profiles[MEGALLM].base_url
    megallm = f".{host}".endswith(".megallm.io") or keys.origin(base_url) == keys.origin(own)
    return fallbacks, fallbacks if megallm else ()


def _timeout(said: Said, choice: _Choice, profile: Profile) -> float | None:
    origin, word = choice.variable("MCLI_TIMEOUT")
    value = None
    if word is not None:
        try:
            value = durations.seconds(word)
        except ValueError as error:
            raise ConfigFailure("bad_environment", f"MCLI_TIMEOUT: {error}") from None
    timeout = choice(
        "timeout",
        ("--timeout", said.timeout),
        (origin, value),
        ("profile", profile.values.get("timeout")),
    )
    choice.origins.setdefault("timeout", "default")
    return timeout


def _retries(said: Said, choice: _Choice, profile: Profile) -> int:
    most = MOST_RETRIES
    origin, word = choice.variable("MCLI_RETRIES")
    if word is not None and not (re.fullmatch("[0-9]{1,9}", word) and int(word) <= most):
        message = f'MCLI_RETRIES="{word}" is not a number from 0 to {most}'
        raise ConfigFailure("bad_environment", message)
    retries = choice(
        "retries",
        ("--retries", said.retries),
        (origin, int(word) if word is not None else None),
        ("profile", profile.values.get("retries")),
        ("default", DEFAULT_RETRIES),
    )
    assert retries is not None
    return retries
