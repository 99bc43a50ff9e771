"""CORE: under which heading a shared flag stands in `--help` and in the manual pages.

A command's own flag names its heading itself (`rich_help_panel`), or stands under `OWN`.
"""

from __future__ import annotations

from collections.abc import Iterable

from mcli.shapes import frozen

OWN = "Options"
MANY = 8
"""A command with more flags than this explains the usual ones in `--help`, and names the others."""

_SHARED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Records": (("format", "data_field", "limit"), ("nul",)),
    "Lines": (("into", "into_fields", "text", "each"), ("unordered",)),
    "Run": (("jobs", "journal", "halt"), ("new", "retry_failed", "in_doubt", "to")),
    "Model": (
        ("model", "profile"),
        ("base_url", "no_key", "temperature", "max_tokens", "top_p", "stop", "seed", "param"),
    ),
    "Input": (
        ("file", "no_stdin"),
        (
            "image", "var", "var_file", "system", "system_file", "attach", "image_detail",
            "invalid", "max_input", "fit",
        ),
    ),
    "Output": (
        ("output", "json", "stream", "dry_run"),
        ("no_clobber", "allow_truncated", "show_reasoning", "quiet", "color"),
    ),
    "Time and cost": (
        ("timeout", "max_cost"),
        ("retries", "max_requests", "rpm", "tpm", "fallback"),
    ),
    "Recording and diagnosis": ((), ("record", "replay", "cache", "verbose", "debug")),
}  # fmt: skip
"""The headings in their order, each with the flags that are always explained, and the others."""


@frozen
class Group:
    """A heading, and the names of the flags under it: explained, and only named."""

    heading: str
    explained: tuple[str, ...]
    named: tuple[str, ...] = ()


def grouped(flags: Iterable[tuple[str, str | None]], all_of_them: bool) -> list[Group]:
    """The flags (a name, and the heading that it gives itself) by headings: a command's own in
    front, as they were declared, then the shared ones. `all_of_them`: each is to be explained."""
    given = list(flags)
    brief = len(given) > MANY and not all_of_them
    shared = {name for names in _SHARED.values() for each in names for name in each}
    own: dict[str, list[str]] = {}
    for name, heading in given:
        if (heading or name not in shared) and not (brief and name == "help"):
            own.setdefault(heading or OWN, []).append(name)
    groups = [Group(heading, tuple(names)) for heading, names in own.items()]
    there = {name for name, heading in given if not heading} & shared
    for heading, (usual, rare) in _SHARED.items():
        first = tuple(name for name in usual if name in there)
        rest = tuple(name for name in rare if name in there)
        if first or rest:
            groups.append(Group(heading, first, rest) if brief else Group(heading, first + rest))
    return groups
