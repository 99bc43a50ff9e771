"""SHELL: the workers of a batch: from the next record to its line, until the input ends or the run
is stopped.

A run that is stopped begins nothing new, and who waits for a turn or before a retry waits no more.
What is in flight may end, since it is paid for: after a signal for a while, after a failure that
concerns all as long as it takes, and not at all where nothing that came could be kept.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mcli import batch, offspring, system
from mcli.api.gate import NOT_SENT
from mcli.batch import Halt, Tally
from mcli.book import Book
from mcli.each import Each, Envelope
from mcli.errors import ExitCode, Failure, TryAgain
from mcli.press import Press
from mcli.record import Record

if TYPE_CHECKING:
    from mcli.api.pace import Pace

GRACE_S = 10.0
"""How long after a signal what is in flight may take to end."""
LAST_LINES_S = 1.0
"""How long after that a reader may take."""

_INTERRUPTED = TryAgain("interrupted", "the run was interrupted")


class Crew:
    """One for a run. `failure` is what ended it before its input did, `signalled` the signal that
    did; `halted` says that too many records failed."""

    def __init__(
        self, records: AsyncIterator[Record], each: Each, pace: Pace, book: Book, press: Press
    ) -> None:
        self._records = records
        self._each = each
        self._pace = pace
        self._book = book
        self._press = press
        self._reading = asyncio.Lock()
        self._reader: asyncio.Task[Any] | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._idle: set[asyncio.Task[None] | None] = set()
        self._settling: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._over = asyncio.Event()
        self._halt = Halt()
        self._broken: BaseException | None = None
        self.tally = Tally()
        self.failure: Failure | None = None
        self.halted = False
        self.signalled: int | None = None

    async def work(self, jobs: int, halt: Halt) -> None:
        """Do all records, `jobs` side by side. Raises what nobody foresaw; what ended the run is
        told by its attributes."""
        self._halt = halt
        writing = asyncio.ensure_future(self._press.run())
        writing.add_done_callback(self._settled)
        self._workers = [asyncio.ensure_future(self._worker()) for _ in range(jobs)]
        for worker in self._workers:
            worker.add_done_callback(self._settled)
        try:
            with self._signals():
                await asyncio.gather(*self._workers, return_exceptions=True)
                while self._settling:
                    await asyncio.gather(*self._settling, return_exceptions=True)
                if self._broken is not None:
                    raise self._broken
                self.failure = self.failure or self._pace.ended
                self._press.close()
                over = asyncio.ensure_future(self._over.wait())
                await asyncio.wait({writing, over}, return_when=asyncio.FIRST_COMPLETED)
                over.cancel()
        finally:
            everybody = (writing, *self._workers, *self._settling)
            for each in everybody:
                each.cancel()
            await asyncio.gather(*everybody, return_exceptions=True)

    def stop(self, failure: Failure) -> None:
        """Begin nothing new, because of `failure`."""
        self.failure = batch.worst(self.failure, failure)
        self._begin_nothing()
        if failure.slug not in batch.CAPS:  # what has been counted against a cap is sent
            self._pace.end(failure)
        if failure.exit_code in (ExitCode.BUG, ExitCode.IO_ERROR):
            self._cut()

    async def _worker(self) -> None:
        me = asyncio.current_task()
        while not self._stopping:
            self._idle.add(me)
            try:
                await self._press.room()
                async with self._pace.place():
                    self._idle.discard(me)
                    if not await self._one():
                        return
            except Failure as failure:
                self.stop(self._pace.ended or failure)
            finally:
                self._idle.discard(me)

    async def _one(self) -> bool:
        """Do the next record; whether there was one."""
        record, key, envelope = await self._next()
        if record is None:
            return False
        if record.blank:
            await self._press.put(record, None)
            return True
        if envelope is not None:
            await self._settle(record, envelope, kept=True)
            return True
        self._book.begin(key, record)
        self.tally.in_flight += 1
        try:
            envelope = await self._each.envelope(record)
        except Failure as failure:
            if failure.slug != NOT_SENT:
                self.stop(failure)
            self.tally.spent(failure.attempts, failure.charged, failure.cost_usd)
            keeping = self._book.leave(key, record, failure)
        else:
            keeping = self._keep(key, record, envelope) if key else None
        finally:
            self.tally.in_flight -= 1
        if keeping is None:
            assert envelope is not None
            await self._settle(record, envelope)  # nobody keeps it
            return True
        # A sync takes as long as some answers: the next record does not wait for it.
        settling = asyncio.ensure_future(keeping)
        self._settling.add(settling)
        settling.add_done_callback(self._settled)
        return True

    async def _next(self) -> tuple[Record | None, str, Envelope | None]:
        """The next record, its key, and what became of it in an earlier run; no record where there
        is none, or nothing is to begin."""
        async with self._reading:
            if self._stopping:
                return None, "", None
            reader = self._reader = asyncio.current_task()
            try:
                record = await anext(self._records, None)
            except asyncio.CancelledError:
                if not self._stopping or reader is None or reader.uncancel():
                    raise
                return None, "", None
            finally:
                self._reader = None
            if record is None:
                self._begin_nothing()
                return None, "", None
            key = self._book.key(record)
            known = self._each.known(self._book.find(key, record))
            claimed = self._press.claim(record, known is not None and known["ok"])
            if claimed.failure is not None:
                return claimed, "", None
            return claimed, key, known

    async def _keep(self, key: str, record: Record, envelope: Envelope) -> None:
        """Make it durable, and only then visible."""
        await self._book.keep(key, record, envelope)
        await self._settle(record, envelope)

    async def _settle(self, record: Record, envelope: Envelope, kept: bool = False) -> None:
        await self._press.put(record, envelope)
        self.tally.count(envelope, kept, record.place)
        if self._halt.reached(self.tally.bad, self.tally.ended) and not self._stopping:
            self.halted = True
            self._begin_nothing()

    def _settled(self, settling: asyncio.Future[None]) -> None:
        self._settling.discard(settling)
        error = None if settling.cancelled() else settling.exception()
        if isinstance(error, Failure):
            self.stop(error)
        elif error is not None:
            self._broken = error
            self._cut()

    def _begin_nothing(self) -> None:
        self._stopping = True
        for each in (*self._idle, self._reader):
            if each is not None:
                each.cancel()

    def _cut(self) -> None:
        for worker in self._workers:
            worker.cancel()

    @contextmanager
    def _signals(self) -> Generator[None]:
        """The first signal ends the run well, the second at once."""
        loop = asyncio.get_running_loop()
        caught = [each for each in system.ENDINGS if signal.getsignal(each) is not signal.SIG_IGN]
        for each in caught:
            system.attend(loop, each, self._signal)
        try:
            yield
        finally:
            for each in caught:
                system.let_kill(loop, each)

    def _signal(self, number: int) -> None:
        if self.signalled is not None:
            offspring.die(number)
            return
        self.signalled = number
        self._begin_nothing()
        self._pace.hurry(_INTERRUPTED)
        asyncio.get_running_loop().call_later(GRACE_S, self._out_of_grace)

    def _out_of_grace(self) -> None:
        self._pace.end(_INTERRUPTED)
        # One round of the loop: what was not sent says so.
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, self._cut)
        loop.call_later(LAST_LINES_S, self._over.set)
