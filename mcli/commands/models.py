"""FLAGS: `mcli models`."""

from __future__ import annotations

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said


@options.takes(options.ENDPOINT)
def models(said: Said) -> ExitCode:
    """The models that the endpoint offers."""
    from mcli import run

    return run.models(said)
