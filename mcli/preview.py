"""SHELL: what would be sent, for `--dry-run`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcli import conversing, parts, plan, profiles
from mcli.chat import Request
from mcli.plan import Material, Plan
from mcli.said import Said


def of(planned: Plan, material: Material, said: Said) -> dict[str, Any]:
    """The call, with the key masked; of data in parts the first, and what all of them would take."""
    from mcli.api import codec

    made, estimate = request(planned, material, said)
    key = "***" if planned.settings.key.kind != "none" else None
    return {
        "method": "POST",
        "url": profiles.endpoint(planned.settings.base_url, profiles.ENDING),
        "headers": codec.headers(key, made.stream),
        "body": codec.body_of(made),
        **({} if estimate is None else {"estimate": estimate}),
    }


def request(planned: Plan, material: Material, said: Said) -> tuple[Request, dict[str, Any] | None]:
    """The request, or the first of many, and then what all of them would take."""
    from mcli.api import codec

    before = conversing.seen(planned.job, material.history)
    material = replace(material, history=before)
    cut = parts.of(planned, material, said)
    made = cut.requests()[0] if cut else plan.request(planned, material, said)
    codec.encode(made)
    return made, parts.estimate(cut) if cut else None
