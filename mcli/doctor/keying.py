"""EDGE: the key: where it comes from, who can read it there, and whether it looks like one.

What is told of a key is its source and its length, never a character of it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping

from mcli import keys
from mcli.doctor.finding import Check, ok, warning
from mcli.expressions import expression
from mcli.keys import KeySource
from mcli.settings import Settings

SHORTEST = 16
"""Characters of a key that a hosted service gives out; the shortest in use have 32."""

_PLACEHOLDER = expression(
    r"your|change.?me|replace|insert|placeholder|example|dummy|\btodo\b|api.?key|<|>|\.\.\.|…|x{4,}"
    r"|\*{3,}",
    re.IGNORECASE,
)
_OTHERS = stat.S_IRGRP | stat.S_IROTH


def examined(key: str | None, chosen: Settings, environ: Mapping[str, str]) -> Check:
    """What is to be said of the key that was found at its source."""
    source = chosen.key
    if key is None:
        return ok("key", f"none is sent: {_why_none(chosen)}")
    told = f"from {source}, {len(key)} characters"
    odd = looks_wrong(key, keys.is_loopback(chosen.base_url))
    if odd:
        return warning("key", f"{told}: {odd}", "put the key that the service gave you there")
    if source.kind == "environment" and environ[source.name] != key:
        what = f"{told}, with white space around it, which is left out"
        return warning("key", what, "other programs may send it along: take it away")
    return _of_file(source, told) if source.kind == "file" else ok("key", told)


def looks_wrong(key: str, at_home: bool) -> str:
    """Why that is hardly a key, or nothing; a server of one's own takes any word."""
    if key.startswith("$"):
        return "it begins with $, so the shell did not fill the variable in"
    if _PLACEHOLDER.search(key) or len(set(key)) == 1:
        return "it looks like what a manual puts in the place of a key"
    if len(key) < SHORTEST and not at_home:
        return "it is shorter than keys are"
    return ""


def _of_file(source: KeySource, told: str) -> Check:
    path = os.path.expanduser(source.name)
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:  # it was there when it was read
        return ok("key", told)
    if mode & _OTHERS:
        what = f"{told}, mode {mode:04o}: others on this machine can read it"
        return warning("key", what, f'chmod 600 "{path}"')
    return ok("key", f"{told}, mode {mode:04o}")


def _why_none(chosen: Settings) -> str:
    origin = chosen.origins["key"]
    if origin in ("--no-key", "MCLI_NO_KEY"):
        return f"by {origin}"
    if chosen.key.kind == "environment":
        return f"{chosen.key.name} is not set, and the endpoint is this machine"
    return "the endpoint takes none"
