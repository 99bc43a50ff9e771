"""EDGE: how many connections this process may have open at once."""

from __future__ import annotations

import os

SPARE = 48
"""Descriptors for all that is no connection: files, the resolver, what a tool is started with."""

_FOLDERS = ("/proc/self/fd", "/dev/fd")


def room(wanted: int) -> int:
    """Of `wanted` connections those for which there are descriptors, and one at least.

    The soft limit, which is 256 or 1,024 on many machines, is raised for them as far as the hard
    one lets it, and no further: what a child of ours makes of more is unknown.
    """
    need = _open() + SPARE + wanted
    try:
        import resource
    except ImportError:
        return wanted  # Windows has no such limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < need:
        most = need if hard == resource.RLIM_INFINITY else min(need, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
        except (ValueError, OSError):
            pass  # the kernel has a bound of its own
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - (need - wanted)))


def _open() -> int:
    """The descriptors that are open now."""
    for folder in _FOLDERS:
        try:
            return len(os.listdir(folder))
        except OSError:
            continue
    return 16
