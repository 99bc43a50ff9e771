"""SHELL: what a shell is offered by a configuration that was changed since it was read last.

It is YAML, which takes a while to load; `tab` answers the rest. What is broken gives less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from mcli import gist, roster, settings
from mcli import profiles as endpoints
from mcli.errors import Failure
from mcli.profiles import Config
from mcli.said import Said
from mcli.suggestions import Suggestion


def profiles(environ: Mapping[str, str]) -> Iterator[Suggestion]:
    """Those of the configuration, or what is built in where it cannot be read."""
    config = _config(environ) or Config(profiles=endpoints.BUILT_IN)
    for name, profile in config.profiles.items():
        yield Suggestion(name, urlsplit(profile.base_url).netloc)


def models(
    profile: str | None, base_url: str | None, environ: Mapping[str, str]
) -> Iterator[Suggestion]:
    """Those of the endpoint that flags, the environment and the configuration name together."""
    said = Said(profile=profile, base_url=base_url, no_key=True)
    config = _config(environ)
    if config is None:
        return
    try:
        chosen = settings.load(said, environ, config=config)
    except Failure:
        return
    yield from (Suggestion(name, f"alias of {model}") for name, model in chosen.aliases.items())
    yield from roster.last(chosen.base_url, environ)
    yield from (Suggestion(name, "in your configuration") for name in chosen.models)
    if chosen.model is not None:
        yield Suggestion(chosen.model, "used without this flag")


def _config(environ: Mapping[str, str]) -> Config | None:
    """The configuration, of which the gist is kept; None where it cannot be read."""
    was = gist.stamp(environ)
    try:
        config = endpoints.load(environ)
    except Failure:
        return None
    gist.keep(cells(config), was, environ)
    return config


def cells(config: Config) -> list[tuple[str, ...]]:
    """Its gist."""
    return [
        *(("profile", name, p.base_url, p.model or "") for name, p in config.profiles.items()),
        ("chosen", config.profile or settings.DEFAULT_PROFILE),
        *(("alias", name, model) for name, model in config.aliases.items()),
        *(("model", name) for name in config.models),
    ]
