"""EDGE: the calls of the API that mcli makes: a completion, and the list of models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any

from mcli.api import adapt, body, codec, forms, verdicts
from mcli.api.assembly import Assembly
from mcli.api.gate import OPEN, Gate
from mcli.api.persist import Note, Patience, persist
from mcli.api.sse import EventTooLarge, Framer
from mcli.api.wire import Call, Opener, Reply, Wire
from mcli.chat import Completion, Exchange, Request, Way
from mcli.errors import BadReply, Failure, Recovery, TryAgain, WriteFailure
from mcli.shapes import field, frozen, replace

HEADER_S = 60.0
"""A stream must begin within this; a reply that comes whole may take as long as it is made."""

PROGRESS_S = 300.0
"""The longest that a stream may go on without moving the answer on."""

LINGER_S = 1.0
"""How long `[DONE]` or the usage is waited for when the answer is whole."""

LARGEST_ERROR = 1 << 20
ERROR_S = 1.0
"""How long the words of an error are waited for when its status is there."""

Show = Callable[[str], None]


def _welcome() -> Failure | None:
    """Nobody counts the requests."""


def _unheard(thought: str) -> None:
    """Nobody asked to see the reasoning."""


@frozen
class Endpoint:
    """Where to call, with which key, and what answers; `refused` are the ways of asking for JSON
    that it is known not to take, for as long as the command lasts. `another` says why no further
    request may be sent, where that is so: one with a parameter changed is a further one.
    `think` is told the reasoning of an answer that is shown as it comes; that it was seen does not
    keep a reply that failed from being asked for again, as it is no part of the answer.
    Each attempt waits for its turn at `gate`."""

    url: str
    key: str | None
    open: Opener
    refused: set[Way] = field(default_factory=set[Way])
    another: Callable[[], Failure | None] = _welcome
    think: Show = _unheard
    gate: Gate = OPEN


async def complete(
    request: Request, endpoint: Endpoint, patience: Patience, note: Note, show: Show | None
) -> Exchange:
    """The completion of `request`. With `show`, its text is handed on as it comes.

    Raises a Failure that says how often was tried and what was changed on the way.
    """
    done: Exchange | None = None
    try:
        async with endpoint.open(endpoint.url) as wire:
            known = forms.unrefused(request, endpoint.refused)
            done = await _adapting(wire, known, endpoint, patience, note, show)
            if known.form:
                endpoint.refused.update(forms.passed(known.form, done.request.form))
    except WriteFailure as failure:
        if done is not None:  # it was paid for, and could not be recorded
            failure.completion, failure.charged = done.completion, "yes"
            failure.attempts, failure.request_id = done.attempts, done.request_id
            failure.warnings, failure.doubtful = done.warnings, done.doubtful
        raise
    return done


async def _adapting(
    wire: Wire,
    request: Request,
    endpoint: Endpoint,
    patience: Patience,
    note: Note,
    show: Show | None,
) -> Exchange:
    """The completion of `request`, sent again where the server objects to a parameter of it."""
    changed: dict[str, str] = {}
    attempts = doubtful = 0
    while True:
        once = _Once(wire, request, endpoint, show, patience.deadline)
        try:
            completion, tries = await persist(once.attempt, patience, note, once.is_underway)
            doubtful += once.doubtful
            done = Exchange(completion, attempts + tries, request, once.request_id)
            warnings = (*request.warnings, *changed.values())
            return replace(done, warnings=warnings, doubtful=doubtful)
        except Failure as failure:
            attempts += failure.attempts
            doubtful += once.doubtful
            change = adapt.adapted(request, failure, frozenset(changed))
            refusal = endpoint.another() if change else None
            if change is None or refusal:
                failure = refusal or failure
                failure.attempts, failure.doubtful = attempts, doubtful
                failure.warnings = (*request.warnings, *changed.values())
                raise failure from None
            name, request, warning = change
            changed[name] = warning
            note(warning)


async def models(
    endpoint: Endpoint, patience: Patience, note: Note
) -> tuple[list[dict[str, Any]], int]:
    """The models the endpoint offers, as it describes them (each has an `id`), and the attempts."""

    async def attempt(wire: Wire) -> list[dict[str, Any]]:
        call = Call(endpoint.url, codec.headers(endpoint.key, streams=False))
        async with wire.reply(call) as reply:
            await _refuse_error(reply)
            raw = await body.whole(reply.pieces)
            listed = codec.parse(raw, reply.headers, reply.host)
            codec.raise_error_in(listed, reply.headers)
            return codec.model_ids(listed)

    async with endpoint.open(endpoint.url) as wire:
        return await persist(lambda: attempt(wire), patience, note)


class _Once:
    """One attempt at a completion, and what is known of the last one."""

    def __init__(
        self, wire: Wire, request: Request, endpoint: Endpoint, show: Show | None, deadline: float
    ) -> None:
        self._wire = wire
        self._show = show if request.stream else None
        self._streams = request.stream
        headers = codec.headers(endpoint.key, request.stream)
        self._call = Call(endpoint.url, headers, codec.encode(request))
        self._request = request
        self._gate = endpoint.gate
        self._deadline = deadline
        self._underway = False
        self._shown = False
        self._think = endpoint.think
        self._thought = False
        self.request_id: str | None = None
        self.doubtful = 0

    def is_underway(self) -> bool:
        """Whether the last attempt got as far as to be sent."""
        return self._underway

    async def attempt(self) -> Completion:
        """Send it and read the reply."""
        self._underway = False
        turn = await self._gate.enter(self._request, self._deadline)
        self._underway = True
        completion: Completion | None = None
        told: Failure | None = None
        try:
            completion = await self._attempt()
            return completion
        except Failure as failure:
            told = failure
            self.doubtful += failure.charged != "no"
            self._hand_on("", "\n" if self._thought else "")  # the next attempt's is another
            raise
        except asyncio.CancelledError:  # by the deadline, while it was on its way
            self.doubtful += 1
            raise
        finally:
            turn.ended(completion, told)

    async def _attempt(self) -> Completion:
        try:
            async with (
                asyncio.timeout(HEADER_S if self._streams else None) as timer,
                self._wire.reply(self._call) as reply,
            ):
                timer.reschedule(None)
                self.request_id = verdicts.request_id(reply.headers)
                return await self._read(reply)
        except TimeoutError:
            raise TryAgain(
                "stalled", f"no reply within {HEADER_S:.0f} s", "run it again later",
                recovery=Recovery.MAYBE_CHARGED,
            ) from None  # fmt: skip
        except Failure as failure:
            failure.request_id = failure.request_id or self.request_id
            if self._shown:
                # What a person has seen cannot be taken back, so it is not asked again.
                failure.recovery = Recovery.PERMANENT
            raise

    async def _read(self, reply: Reply) -> Completion:
        await _refuse_error(reply)
        kind = reply.headers.get("content-type", "").lower()
        asked = self._streams and "json" not in kind
        if asked if reply.streamed is None else reply.streamed:
            return await self._stream(reply)
        return await self._whole(reply)

    async def _stream(self, reply: Reply) -> Completion:
        assembly = Assembly(reply.headers, reply.host)
        framer = Framer()
        head = b""
        try:
            async with aclosing(_moving(reply, assembly)) as pieces:
                async for piece in pieces:
                    if not head.lstrip():
                        head += piece
                        if head.lstrip()[:1] in (b"<", b"{"):
                            return await self._whole(reply, head)
                    self._take(framer, assembly, piece)
                    if assembly.done:
                        break
                else:
                    with suppress(BadReply):  # half an event: `completion` knows what it means
                        self._take(framer, assembly, None)
        except TryAgain:
            if not assembly.ended:
                raise
            # What is cut off behind the last word is not missed.
        completion = assembly.completion()
        self._hand_on(assembly.rest(), assembly.thought)
        return completion

    async def _whole(self, reply: Reply, head: bytes = b"") -> Completion:
        """A reply that comes whole, also from a server that ignored `stream`; `head` was read."""
        raw = head + await body.whole(reply.pieces)
        completion = codec.decode(raw, reply.headers, reply.host)
        self._hand_on(completion.text, completion.reasoning)
        return completion

    def _take(self, framer: Framer, assembly: Assembly, piece: bytes | None) -> None:
        try:
            for event in framer.close() if piece is None else framer.feed(piece):
                text = assembly.add(event)
                self._hand_on(text, assembly.thought)
                if assembly.done:
                    return
        except EventTooLarge:
            raise body.too_large(assembly.host) from None
        except UnicodeDecodeError:
            raise codec.spoilt(
                "bad_encoding", f"the stream of {assembly.host} is not UTF-8"
            ) from None

    def _hand_on(self, text: str, thought: str = "") -> None:
        if thought and self._show is not None:
            self._thought = True
            self._think(thought)
        if text and self._show is not None:
            self._shown = True
            self._show(text)


async def _moving(reply: Reply, assembly: Assembly) -> AsyncGenerator[bytes]:
    """The reply's pieces, as long as they move the answer on."""
    try:
        async with asyncio.timeout(PROGRESS_S) as timer:
            async for piece in reply.pieces:
                yield piece
                if assembly.progressed:
                    more_s = LINGER_S if assembly.ended else PROGRESS_S
                    timer.reschedule(asyncio.get_running_loop().time() + more_s)
                    assembly.progressed = False
    except TimeoutError:
        raise TryAgain(
            "stalled", f"the stream from {reply.host} does not move on", "run it again",
            recovery=Recovery.CHARGED,
        ) from None  # fmt: skip


async def _refuse_error(reply: Reply) -> None:
    """Raise what an error status means, with the error's body read as far as is sensible."""
    if 200 <= reply.status < 300 and reply.status != 204:
        return
    if reply.status == 204:
        raise codec.spoilt("empty_reply", f"{reply.host} sent an empty reply")
    raw = b""
    try:
        async with asyncio.timeout(ERROR_S):
            async for piece in reply.pieces:
                raw += piece
                if len(raw) > LARGEST_ERROR:
                    break
    except (BadReply, TryAgain, TimeoutError):
        pass  # the status says enough; a cut error page is still an error
    raise verdicts.of_status(reply.status, reply.headers, raw, reply.host)
