"""CORE: how much a person lets all commands together ask of an endpoint, and who said so."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mcli.errors import ConfigFailure
from mcli.said import Said
from mcli.shapes import frozen

MOST = {"rpm": 1_000_000, "tpm": 1 << 40, "concurrency": 100_000}
"""The largest number that each may be: a larger one is a slip."""

VARIABLES = {"rpm": "MCLI_RPM", "tpm": "MCLI_TPM"}


@frozen
class Limits:
    """Requests and tokens in any minute, shared by all who call the endpoint with the key, and how
    many requests of one process are in flight. `store` is the URL of the Redis through which
    machines share; without it the processes of one machine do. None is "no limit"."""

    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None
    store: str | None = None

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return (self.rpm, self.tpm, self.concurrency) != (None, None, None)


NONE = Limits()


def load(
    said: Said, environ: Mapping[str, str], profile: Limits, origins: dict[str, str]
) -> Limits:
    """What is in force: flag, environment, profile; `origins` is told. ConfigFailure for a bad
    variable."""
    found: dict[str, int | None] = {}
    for name, flag in (("rpm", said.rpm), ("tpm", said.tpm)):
        variable = VARIABLES[name]
        sources = (
            (f"--{name}", flag),
            (variable, _number(name, variable, environ.get(variable, ""))),
            ("profile", getattr(profile, name)),
        )
        given = [(origin, value) for origin, value in sources if value is not None]
        origins[name], found[name] = given[0] if given else ("default", None)
    origins["concurrency"] = "default" if profile.concurrency is None else "profile"
    return Limits(found["rpm"], found["tpm"], profile.concurrency)


def _number(name: str, variable: str, word: str) -> int | None:
    if not word:
        return None
    if re.fullmatch("[0-9]{1,15}", word) and 1 <= int(word) <= MOST[name]:
        return int(word)
    message = f'{variable}="{word}" is not a whole number from 1 to {MOST[name]}'
    raise ConfigFailure("bad_environment", message)
