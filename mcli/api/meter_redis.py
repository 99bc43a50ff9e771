"""EDGE: the log of starts that machines share, in Redis (`limits: {store: redis://…}`).

Each step is one call of a script, so it is done whole, by Redis's own clock. A call, with the name
looked up and the connection made, has a second at most: then the answer comes first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mcli.api.meter import LEASE_S, LONGEST_PAUSE_S, Ask, Look, Unusable

SCRIPT = Path(__file__).with_name("meter.lua")
PATIENCE_S = 1.0
_PARTS = ("meter", "starts", "rows", "waiting", "asks", "limits")
_ROUNDS = 10_000
"""Of the hash that stands for a key: it is to be the same on every machine, so it has no secret
salt, and is made slow for who would try keys of few possibilities."""


def named(base_url: str, key: str | None) -> str:
    """What stands for endpoint and key, on whichever machine."""
    raw = (key or "").encode("utf-8", "surrogateescape")
    return hashlib.pbkdf2_hmac("sha256", raw, base_url.encode(), _ROUNDS, 12).hex()


class RedisMeter:
    """The log called `name` in the Redis at `url`. `clock` is for tests, which have their own."""

    def __init__(
        self, name: str, url: str, hold_s: float, clock: Callable[[], float] | None = None
    ) -> None:
        self._keys = [f"mcli:{{{name}}}:{part}" for part in _PARTS]
        self._hold_s = hold_s
        self._clock = clock
        self._url = url
        self._client: Any = None
        self._hands = ThreadPoolExecutor(1)

    def enter(self, ask: Ask) -> Look:
        """Start it if there is room for it and all ahead; else it waits, and was heard of now."""
        told = self._run("enter", ask.id, str(ask.tokens), str(ask.rpm or 0), str(ask.tpm or 0))
        return Look(*(float(each) for each in told))

    def leave(self, id: int) -> None:
        """It does not wait any more."""
        self._run("leave", id)

    def settle(self, id: int, tokens: int | None, sent: bool) -> None:
        """It ended with so many tokens; if it was never sent, its place is given back."""
        self._run("settle", id, "" if tokens is None else str(tokens), "1" if sent else "0")

    def pause(self, seconds: float) -> None:
        """Nobody is to start for so long."""
        self._run("pause", 0, str(min(seconds, LONGEST_PAUSE_S)))

    def _run(self, step: str, id: int, *more: str) -> list[bytes]:
        now = "" if self._clock is None else repr(self._clock())
        argv = [step, str(id), str(self._hold_s), str(LEASE_S), now, *more]
        # In a thread of its own, since nothing bounds how long a name is looked up.
        done = self._hands.submit(self._call, argv)
        try:
            return done.result(PATIENCE_S)
        except TimeoutError:
            self._hands = ThreadPoolExecutor(1)  # the other one may be stuck for minutes
            self._client = None
            raise Unusable(f"no reply within {PATIENCE_S:g} s") from None
        except (redis.RedisError, OSError, ValueError, TypeError) as error:
            # What it says may quote the URL, in which there may be a password.
            raise Unusable(type(error).__name__) from None

    def _call(self, argv: list[str]) -> list[bytes]:
        if self._client is None:
            client: Any = redis.Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
                self._url,
                socket_timeout=PATIENCE_S,
                socket_connect_timeout=PATIENCE_S,
                retry=Retry(NoBackoff(), 0),
            )
            self._client = client.register_script(SCRIPT.read_bytes())
        return self._client(keys=self._keys, args=argv)
