"""What of the machine a row needs, and whether it is there."""

from __future__ import annotations

import functools
import re
import subprocess

from .catalogue import Row

TRIED = {
    "unshare": ("unshare", "-Urmn", "ip", "link", "set", "lo", "up"),
    "strace": ("strace", "-o", "/dev/null", "true"),
    "faketime": ("faketime", "-f", "+1h", "true"),
    "openssl": ("openssl", "version"),
    "chown": ("bash", "-c", 'file=$(mktemp) && chown 1 "$file" && rm "$file"'),
    "localedef": ("localedef", "--help"),
}
"""Each tool, and a command that works where it may be used; a container may forbid some."""


def lacking(row: Row) -> list[str]:
    """The tools that the row needs and this machine lacks."""
    words = set(re.findall(r"\w+", row.call.via))
    if row.tls:
        words.add("openssl")
    if "@LOCALES@" in row.call.env.values():
        words.add("localedef")
    return sorted(tool for tool in words & set(TRIED) if not works(tool))


@functools.cache
def works(tool: str) -> bool:
    """Whether it may be used on this machine."""
    try:
        return subprocess.run(TRIED[tool], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
