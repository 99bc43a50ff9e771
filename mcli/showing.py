"""SHELL: what a person looks up: settings, each with where it came from, and the manual."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from mcli import envelope, ledger, manual, output, profiles, settings, shells
from mcli.errors import ExitCode
from mcli.keys import KeySource
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import as_dict
from mcli.terms import Terms


def config(said: Said) -> ExitCode:
    """Print every setting, its value and its origin; a key is never more than its source."""
    began = time.monotonic()
    output.check_stdout()
    chosen = settings.load(said, os.environ)
    told = _values(chosen)
    if said.json:
        data = {name: {"value": value, "origin": origin} for name, value, origin in told}
        output.json_line(envelope.of_data(data, time.monotonic() - began))
    else:
        rows = [(name, _word(value), origin) for name, value, origin in told]
        output.table(("setting", "value", "from"), rows, said.color)
    return ExitCode.OK


def config_path(said: Said) -> ExitCode:
    """Print where the configuration file is, whether it exists or not."""
    began = time.monotonic()
    where = profiles.path(os.environ)
    return _shown(str(where), {"path": str(where), "exists": where.exists()}, said, began)


def topics(said: Said) -> ExitCode:
    """Print the topics of the manual, each with its page's heading."""
    began = time.monotonic()
    output.check_stdout()
    told = manual.topics()
    if said.json:
        data = [{"topic": topic, "title": title} for topic, title in told.items()]
        output.json_line(envelope.of_data(data, time.monotonic() - began))
    else:
        output.table(("topic", "about"), list(told.items()), said.color)
    return ExitCode.OK


def page(topic: str, said: Said, commands: Mapping[str, Callable[[], str]]) -> ExitCode:
    """Print a page of the manual, or the one on a command of `commands`, by name. UsageFailure if
    there is none on `topic`."""
    began = time.monotonic()
    output.check_stdout()
    text = manual.page(topic, commands)
    return _shown(text, {"topic": topic, "text": text}, said, began)


def completion(shell: str, said: Said) -> ExitCode:
    """Print the script by which `shell` completes our command line."""
    began = time.monotonic()
    output.check_stdout()
    text = shells.script(shell)
    return _shown(text, {"shell": shell, "script": text}, said, began)


def _shown(text: str, data: dict[str, Any], said: Said, began: float) -> ExitCode:
    """Print a text, or `data` in an envelope."""
    if said.json:
        output.json_line(envelope.of_data(data, time.monotonic() - began))
    else:
        output.text(text)
    return ExitCode.OK


def _values(chosen: Settings) -> list[tuple[str, Any, str]]:
    """Setting, value and origin, in the order in which a person reads them."""
    origins = chosen.origins
    told: list[tuple[str, Any, str]] = [
        ("profile", chosen.profile, origins["profile"]),
        ("base_url", chosen.base_url, origins["base_url"]),
        ("model", chosen.model, origins.get("model", "nowhere")),
        ("key", _masked(chosen.key), origins["key"]),
        ("timeout", chosen.timeout_s, origins["timeout"]),
        ("retries", chosen.retries, origins["retries"]),
        ("max_cost", chosen.caps.usd, origins["max_cost"]),
        ("max_requests", chosen.caps.requests, origins["max_requests"]),
        ("rpm", chosen.limits.rpm, origins["rpm"]),
        ("tpm", chosen.limits.tpm, origins["tpm"]),
        ("concurrency", chosen.limits.concurrency, origins["concurrency"]),
        ("no_stdin", chosen.no_stdin, "MCLI_NO_STDIN" if chosen.no_stdin else "default"),
    ]
    kept = chosen.keeping
    keeping = (("record", kept.record), ("replay", kept.replay), ("cache", kept.cache_s))
    told += [(name, value, origins.get(name, "default")) for name, value in keeping]
    told += [(name, value, origins[name]) for name, value in chosen.params.items()]
    config = str(profiles.path(os.environ))
    budget = chosen.budget
    told.append(("budget", as_dict(budget) if budget else None, config if budget else "default"))
    told.append(("ledger", *_ledger()))
    store = chosen.limits.store
    told.append(("limits.store", _open(store), config if store else "default"))
    told += [(f"alias {name}", model, config) for name, model in chosen.aliases.items()]
    return told + [(f"model {name}", _terms(own), config) for name, own in chosen.models.items()]


def _open(url: str | None) -> str | None:
    """A URL without what only its reader may know."""
    return url and re.sub(r"//[^/@]*@", "//***@", url.partition("?")[0])


def _terms(own: Terms) -> dict[str, Any]:
    """What a person said of a model, in the words and units of the configuration."""
    said = {
        "window": own.window,
        "max_output": own.most_output,
        "input_usd": _per_million(own.input_usd),
        "output_usd": _per_million(own.output_usd),
        "encoding": own.encoding,
    }
    return {name: value for name, value in said.items() if value is not None}


def _per_million(usd: float | None) -> float | None:
    return None if usd is None else round(usd * 1e6, 9)


def _ledger() -> tuple[str | None, str]:
    """The folder of the ledger, and who says so."""
    absolute = os.path.isabs(os.environ.get("XDG_STATE_HOME", ""))
    try:
        return str(ledger.folder(os.environ)), "XDG_STATE_HOME" if absolute else "default"
    except OSError:
        return None, "nowhere: HOME is not set"


def _masked(key: KeySource) -> str:
    """Whether there is a key, never which. A command is not run to find out."""
    if key.kind == "none":
        return "none"
    if key.kind == "environment":
        return "***" if os.environ.get(key.name, "").strip() else "not set"
    if key.kind == "file":
        return "***" if os.access(os.path.expanduser(key.name), os.R_OK) else "not readable"
    return "***"


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
