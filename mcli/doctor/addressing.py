"""CORE: the base URL, and the model among those that the endpoint lists."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from urllib.parse import urlsplit

from mcli.doctor.finding import Check, ok, warning
from mcli.expressions import expression

_TWICE = expression(r"(/v[0-9]+)\1(/|$)")
_ENDINGS = ("/models", "/completions", "/responses", "/embeddings", "/messages")
_LATEST = ":latest"


def base_url(url: str, origin: str, at_home: bool, has_key: bool) -> Check:
    """What is odd about the base URL; `at_home` is one of this machine."""
    parts = urlsplit(url)
    told = f"{url}, by {origin}" if origin != "profile" else f"{url}, by the profile"
    if _TWICE.search(parts.path):
        return warning("endpoint", f"{told}: it has its version twice", "take one of them out")
    if parts.path.endswith(_ENDINGS):
        hint = "end it before that: /chat/completions is put behind it"
        return warning("endpoint", f"{told}: it names a call, not what all calls begin with", hint)
    if parts.scheme == "http" and not at_home:
        what = "key and text cross" if has_key else "text crosses"
        return warning("endpoint", f"{told}: {what} the network unencrypted", "use https://")
    return ok("endpoint", told)


def model(wanted: str | None, origin: str, listed: Sequence[str]) -> Check:
    """Whether the endpoint lists the model. It may take others: variants, aliases, fine-tuned."""
    if wanted is None:
        return warning("model", "none is chosen", _choice(listed))
    if wanted in listed or wanted + _LATEST in listed:
        return ok("model", f"{wanted}, by {_by(origin)}: it is listed")
    near = difflib.get_close_matches(wanted, listed[:1000], n=1)
    hint = f'did you mean "{near[0]}"?' if near else "mcli models lists them"
    if not listed:
        hint = "load one, or ask who runs the server"
    return warning("model", f"{wanted}, by {_by(origin)}: it is not among the {len(listed)}", hint)


def _by(origin: str) -> str:
    return "the profile" if origin == "profile" else origin


def _choice(listed: Sequence[str]) -> str:
    some = f", such as {listed[0]}" if listed else ""
    return f"name one with -m or in the profile{some}"
