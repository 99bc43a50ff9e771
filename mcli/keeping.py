"""CORE: whether answers are recorded, replayed or kept for a while, and who said so."""

from __future__ import annotations

from collections.abc import Mapping

from mcli import durations
from mcli.errors import ConfigFailure, UsageFailure
from mcli.said import Said
from mcli.shapes import frozen


@frozen
class Keeping:
    """The file to record into or to replay, never both, and for how many seconds an answer is
    good. Each is None where nobody asked for it."""

    record: str | None = None
    replay: str | None = None
    cache_s: float | None = None

    @property
    def cache_in_force_s(self) -> float | None:
        """A recording is to have, and a replay to give, what the wire says."""
        return self.cache_s if self.record is None and self.replay is None else None


def load(said: Said, environ: Mapping[str, str], origins: dict[str, str]) -> Keeping:
    """What is in force; `origins` is told where it came from. A flag of the pair rules out the
    other's variable. Raises UsageFailure for flags, ConfigFailure for variables.
    """
    flags = {"--record": said.record, "--replay": said.replay}
    variables = {name: environ.get(name) or None for name in ("MCLI_RECORD", "MCLI_REPLAY")}
    given = flags if any(value is not None for value in flags.values()) else variables
    try:
        _check(given)
    except ValueError as error:
        if given is flags:
            raise UsageFailure("bad_flag", str(error)) from None
        raise ConfigFailure("bad_environment", str(error)) from None
    record, replay = given.values()
    for setting, (name, value) in zip(("record", "replay"), given.items(), strict=True):
        if value is not None:
            origins[setting] = name
    return Keeping(record, replay, _cache(said, environ, origins))


def _check(given: Mapping[str, str | None]) -> None:
    """ValueError unless at most one is there, and is a file's name."""
    if None not in given.values():
        raise ValueError(f"{' and '.join(given)} exclude each other")
    for name, value in given.items():
        if value is not None and (not value.strip() or value == "-"):
            raise ValueError(f'{name} "{value}" names no file')


def _cache(said: Said, environ: Mapping[str, str], origins: dict[str, str]) -> float | None:
    if said.cache is not None:
        origins["cache"] = "--cache"
        return said.cache
    word = environ.get("MCLI_CACHE")
    if not word:
        return None
    origins["cache"] = "MCLI_CACHE"
    try:
        return durations.seconds(word)
    except ValueError as error:
        raise ConfigFailure("bad_environment", f"MCLI_CACHE: {error}") from None
