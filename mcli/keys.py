"""EDGE: where the key comes from, and which host it may go to.

A key belongs to the origin (scheme, host, port) of the profile that names its source. Another
origin gets a key from `MCLI_API_KEY`, `MCLI_API_KEY_FILE` or its own profile, or none.
"""

from __future__ import annotations

import ipaddress
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from mcli import redaction, trusted
from mcli.errors import ConfigFailure
from mcli.shapes import frozen

SourceKind = Literal["environment", "file", "command", "none"]


@frozen
class KeySource:
    """Where a key is found: a variable's name, a path, an argv, or nowhere."""

    kind: SourceKind = "none"
    name: str = ""
    argv: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "command":
            return f"command {self.argv[0]}"
        return "none" if self.kind == "none" else f"{self.kind} {self.name}"


NO_KEY = KeySource()

_NEVER_IN_A_KEY = set(" \"'")


def choose(
    base_url: str,
    environ: Mapping[str, str],
    profiles: Iterable[tuple[str, KeySource | None]],
) -> KeySource:
    """The source of the key for `base_url`; `profiles` are (base URL, source), best first.

    Raises ConfigFailure when a host that is not this machine has no key configured for it.
    """
    if environ.get("MCLI_API_KEY", "").strip():
        return KeySource("environment", "MCLI_API_KEY")
    if environ.get("MCLI_API_KEY_FILE"):
        return KeySource("file", environ["MCLI_API_KEY_FILE"])
    for url, source in profiles:
        if source is not None and origin(url) == origin(base_url):
            return source
    if is_loopback(base_url):
        return NO_KEY
    raise ConfigFailure(
        "no_key_for_host",
        f"no key is configured for {urlsplit(base_url).hostname}",
        "set MCLI_API_KEY, make a profile for this host, or call it without a key with --no-key",
    )


def fetch(source: KeySource, base_url: str, environ: Mapping[str, str]) -> str | None:
    """The key itself, stripped and remembered as a secret; None where none is needed.

    Raises ConfigFailure if the source has none or has something that cannot be a key.
    """
    if source.kind == "none":
        return None
    key = _READERS[source.kind](source, environ)
    if not key and source.kind == "environment" and is_loopback(base_url):
        return None
    if not key:
        raise ConfigFailure("no_key", f"no key: {_emptiness(source)}", _remedy(source))
    redaction.remember(key)
    _leave_no_core()
    if not key.isascii() or not key.isprintable() or set(key) & _NEVER_IN_A_KEY:
        raise ConfigFailure(
            "bad_key",
            f"the key from {source} has characters that no key has ({len(key)} characters)",
            "store the bare key, without quotes or line breaks",
        )
    return key


def hide_all(environ: Mapping[str, str]) -> None:
    """Hide what variables hold that are called as keys are: a command line may quote it wrongly."""
    for name, value in environ.items():
        if name.endswith("API_KEY"):
            redaction.remember(value.strip())


def guard_plaintext(base_url: str, allow_http: bool) -> None:
    """Refuse to send a key unencrypted to another machine."""
    if urlsplit(base_url).scheme == "http" and not (allow_http or is_loopback(base_url)):
        raise ConfigFailure(
            "plaintext_key",
            f"the key would cross the network unencrypted to {urlsplit(base_url).hostname}",
            "use https, or say allow_http: true in its profile, or --no-key",
        )


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port) of a URL, the unit a key is bound to."""
    parts = urlsplit(url)
    return (
        parts.scheme,
        parts.hostname or "",
        parts.port or (443 if parts.scheme == "https" else 80),
    )


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_environment(source: KeySource, environ: Mapping[str, str]) -> str:
    return environ.get(source.name, "").strip()


def _from_file(source: KeySource, environ: Mapping[str, str]) -> str:
    try:
        raw = trusted.read(Path(source.name).expanduser(), "the key file")
        return raw.decode("utf-8", "replace").strip()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "there is no such file"
        raise ConfigFailure(
            "no_key", f'the key file "{source.name}" cannot be read: {reason}', _remedy(source)
        ) from None


def _from_command(source: KeySource, environ: Mapping[str, str]) -> str:
    """The first line the command prints, as password managers put the secret there."""
    try:
        done = subprocess.run(
            source.argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environ
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such command"
        raise ConfigFailure(
            "no_key", f'the key command "{source.argv[0]}" cannot run: {reason}'
        ) from None
    if done.returncode:
        redaction.remember(_first_line(done.stdout))  # what it complains of may be the key
        told = redaction.excerpt(os.fsdecode(done.stderr), 120)
        raise ConfigFailure(
            "no_key",
            f'the key command "{source.argv[0]}" failed with status {done.returncode}: {told}',
        )
    return _first_line(done.stdout)


def _first_line(raw: bytes) -> str:
    return os.fsdecode(raw).strip().partition("\n")[0].strip()


def _leave_no_core() -> None:
    """No image of our memory is left on the disk if we crash from here on.

    The kernel hands it to a collector (systemd-coredump, apport) whatever the limit, unless that is
    1; as a limit for files 1 is too little for any.
    """
    try:
        import resource
    except ImportError:
        return  # Windows
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0 if most == 0 else 1, most))


_READERS = {
    "environment": _from_environment,
    "file": _from_file,
    "command": _from_command,
}


def _emptiness(source: KeySource) -> str:
    if source.kind == "environment":
        return f"{source.name} is not set"
    return f"the {source} gave nothing"


def _remedy(source: KeySource) -> str:
    if source.kind == "environment":
        return f"set {source.name}, or try it without a key: mcli sandbox -- mcli ask hi"
    return "look at its source"
