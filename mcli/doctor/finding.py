"""CORE: what a check found: ok, a warning or a problem, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from mcli.errors import Failure
from mcli.redaction import excerpt
from mcli.shapes import frozen

Status = Literal["ok", "warning", "problem"]
Support = Literal["yes", "no", "unclear"]

VERSION = 1


@frozen
class Check:
    """What was looked at, how it is, and what to do where it is not well.

    `slug` is that of the failure that a command would end with; `support` says of what was probed
    whether the endpoint can do it.
    """

    name: str
    status: Status
    message: str
    hint: str = ""
    slug: str = ""
    support: Support | None = None


def ok(name: str, message: str) -> Check:
    """All is well."""
    return Check(name, "ok", message)


def warning(name: str, message: str, hint: str, slug: str = "") -> Check:
    """It works, or may work, and is not as it should be."""
    return Check(name, "warning", message, hint, slug)


def problem(name: str, message: str, hint: str, slug: str = "") -> Check:
    """A command would fail of it."""
    return Check(name, "problem", message, hint, slug)


def failed(name: str, failure: Failure) -> Check:
    """A command would end with this failure."""
    hint = failure.hint or "correct it; mcli help exit-codes has the slug"
    return problem(name, failure.message, hint, failure.slug)


def is_well(checks: Iterable[Check]) -> bool:
    """Whether none is a problem."""
    return all(check.status != "problem" for check in checks)


def row(check: Check) -> tuple[str, str, str, str]:
    """Status, name, what was found and what to do, without secrets and on one line each."""
    slug = f" [{check.slug}]" if check.slug else ""
    return check.status, check.name, excerpt(check.message) + slug, excerpt(check.hint)


def document(checks: Iterable[Check], elapsed_s: float) -> dict[str, Any]:
    """What `--json` prints: the verdict, and the checks in their order."""
    told = list(checks)
    return {
        "v": VERSION,
        "ok": True,
        "verdict": is_well(told),
        "checks": [
            {
                "name": check.name,
                "status": check.status,
                "message": excerpt(check.message),
                "hint": excerpt(check.hint) or None,
                "slug": check.slug or None,
                "support": check.support,
            }
            for check in told
        ],
        "elapsed_s": round(elapsed_s, 3),
    }
