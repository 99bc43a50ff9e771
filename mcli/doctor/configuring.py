"""EDGE: the configuration file, the environment, and the settings that come of both."""

from __future__ import annotations

import stat
from collections.abc import Mapping

from mcli import profiles, settings, strict
from mcli.doctor.finding import Check, failed, ok, warning
from mcli.errors import ConfigFailure
from mcli.profiles import Config
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import replace

_OURS = "MCLI_"
_KEEPING = ("record", "replay")
_CONCERNS = {
    "unknown_profile": "profile",
    "bad_base_url": "endpoint",
    "no_key_for_host": "key",
    "bad_environment": "environment",
}
"""What is wrong where the settings cannot be made, by the slug; else it is the configuration."""


def configuration(environ: Mapping[str, str]) -> tuple[Config | None, Check]:
    """What the file says, and whether it was found and can be read."""
    where = profiles.path(environ)
    try:
        config = profiles.load(environ)
    except ConfigFailure as failure:
        return None, failed("config", failure)
    try:
        mode = stat.S_IMODE(where.stat().st_mode)
    except OSError:
        return config, ok("config", f'no file "{where}": what is built in holds')
    return config, ok("config", f'"{where}", mode {mode:04o}')


def environment(environ: Mapping[str, str]) -> list[Check]:
    """Variables of our prefix that mean nothing here, and one that keeps requests at home."""
    found: list[Check] = []
    for name in sorted(environ):
        if name.startswith(_OURS) and name not in settings.VARIABLES:
            near = strict.did_you_mean(name, settings.VARIABLES)
            hint = near if near.startswith("did you") else "take it out; README lists those that do"
            found.append(warning("environment", f"{name} means nothing to mcli", hint))
    for name, what in settings.VARIABLES.items():
        if what == "replay" and environ.get(name):
            told = f'commands answer from "{environ[name]}" and send nothing: {name} is set'
            found.append(warning("environment", told, "unset it to call the endpoint"))
    return found


def settled(
    said: Said, environ: Mapping[str, str], config: Config
) -> tuple[Settings | None, list[Check]]:
    """The settings, and what is wrong with them. Without a key for the host all else is still
    looked at. Raises UsageFailure for what was said on the command line."""
    try:
        return settings.load(said, environ, config=config), []
    except ConfigFailure as failure:
        checks = [failed(_CONCERNS.get(failure.slug, "config"), failure)]
        if failure.slug != "no_key_for_host":
            return None, checks
    try:
        return settings.load(replace(said, no_key=True), environ, config=config), checks
    except ConfigFailure as failure:
        return None, [*checks, failed(_CONCERNS.get(failure.slug, "config"), failure)]


def profile(chosen: Settings) -> Check:
    """Which profile is in force, and why."""
    origin = chosen.origins["profile"]
    why = "the default" if origin == "default" else f"by {origin}"
    return ok("profile", f"{chosen.profile}, {why}")
