"""SHELL: what would be sent, for `--dry-run`."""

from __future__ import annotations

from typing import Any

from mcli import conversing, parts, plan, profiles
from mcli.chat import Request
from mcli.plan import Material, Plan
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import replace


def of(planned: Plan, material: Material, said: Said) -> dict[str, Any]:
    """The call; of data in parts the first, and what all of them would take."""
    from mcli.api import codec

    before = conversing.seen(planned.job, material.history)
    material = replace(material, history=before)
    cut = parts.of(planned, material, said)
    request = cut.requests()[0] if cut else plan.request(planned, material, said)
    codec.encode(request)
    told = call(planned.settings, request)
    return {**told, "estimate": parts.estimate(cut)} if cut else told


def call(chosen: Settings, request: Request) -> dict[str, Any]:
    """One request as it would be sent, with the key masked."""
    from mcli.api import codec

    key = "***" if chosen.key.kind != "none" else None
    return {
        "method": "POST",
        "url": profiles.endpoint(chosen.base_url, profiles.ENDING),
        "headers": codec.headers(key, request.stream),
        "body": codec.body_of(request),
    }
