"""EDGE: what the endpoint says: whether the key is accepted, which models it has, and its time."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from mcli.api import calls
from mcli.api.calls import Endpoint
from mcli.api.persist import Patience
from mcli.api.wire import Call, Opener, Reply, Wire
from mcli.doctor.finding import Check, failed, ok, problem, warning
from mcli.errors import Failure
from mcli.keys import KeySource
from mcli.shapes import field, mutable, replace

MOST_ASTRAY_S = 60.0
"""Seconds between two clocks that nobody notices: `Date` has whole ones, and comes late."""

_LISTLESS = (404, 405, 501)


@mutable
class Heard:
    """What came with the last reply: its status, its headers, and our time then (Unix, s)."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    at: float = 0.0

    @property
    def is_stream(self) -> bool:
        """Whether it came as a stream of events."""
        return "event-stream" in self.headers.get("content-type", "").lower()

    def over(self, inner: Opener) -> Opener:
        """`inner`, with what it brings noted here."""

        @asynccontextmanager
        async def opened(url: str) -> AsyncGenerator[Wire]:
            async with inner(url) as wire:
                yield _Noting(wire, self)

        return opened


@mutable
class _Noting:
    _wire: Wire
    _heard: Heard

    def reply(self, call: Call) -> AbstractAsyncContextManager[Reply]:
        return self._noted(call)

    @asynccontextmanager
    async def _noted(self, call: Call) -> AsyncGenerator[Reply]:
        async with self._wire.reply(call) as reply:
            self._heard.status, self._heard.headers = reply.status, reply.headers
            self._heard.at = time.time()
            yield reply


async def asked(
    endpoint: Endpoint, patience: Patience, source: KeySource
) -> tuple[list[str] | None, list[Check]]:
    """The models that are listed, and what the endpoint makes of the key; nothing is spent."""
    heard = Heard()
    endpoint = replace(endpoint, open=heard.over(endpoint.open))
    listed: list[str] | None = None
    try:
        found, _ = await calls.models(endpoint, patience, _nothing)
        listed = [entry["id"] for entry in found]
        check = ok("access", f"GET /models lists {len(listed)}{_accepted(endpoint.key)}")
    except Failure as failure:
        check = refused(failure, heard.status, endpoint, source)
    if not heard.status:  # no reply, so nothing more is known of it
        return listed, [check]
    return listed, [check, clock(heard.headers.get("date", ""), heard.at)]


def refused(failure: Failure, status: int, endpoint: Endpoint, source: KeySource) -> Check:
    """What a refusal means: of a key, of a call that some endpoints do not have, or of all."""
    if status in _LISTLESS:
        path = urlsplit(endpoint.url).path
        hint = "some have none; if commands fail with 404 too, check the base URL"
        if "/v" not in path:
            hint += ", which mostly ends in /v1"
        return warning("access", f"no list of models: {failure.message}", hint, failure.slug)
    if failure.slug == "auth":
        hint = f"check the key, which came from {source}"
        if endpoint.key is None:
            hint = "no key was sent: configure one for this host"
        return problem("access", failure.message, hint, failure.slug)
    return failed("access", failure)


def clock(date: str, now: float) -> Check:
    """How our clock stands to that of the server, whose header `Date` (RFC 9110 §6.6.1) is told."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return ok("clock", "the server tells no time to compare with")
    astray = now - theirs
    if abs(astray) <= MOST_ASTRAY_S:
        return ok("clock", "within a minute of the server's")
    way = "ahead of" if astray > 0 else "behind"
    hint = "set the clock: certificates, budgets and --since go by it"
    return warning("clock", f"{abs(astray):.0f} s {way} the server's", hint)


def _accepted(key: str | None) -> str:
    return "; no key was sent" if key is None else "; the key was not refused"


def _nothing(message: str) -> None:
    """There are no further attempts to tell of."""
