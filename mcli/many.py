"""SHELL: a batch: the path of `run`, for every record of an input."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from mcli import (
    batch,
    book,
    descriptors,
    loop,
    outfile,
    outlet,
    output,
    plan,
    preparing,
    profiles,
    sending,
)
from mcli.book import Book
from mcli.crew import Crew
from mcli.each import Each
from mcli.engine import Desk, Local
from mcli.errors import BadInput, ExitCode, Failure, Interrupted, Partial, TryAgain
from mcli.job import Job
from mcli.order import Order
from mcli.outlet import Outlet
from mcli.preparing import Batch
from mcli.press import Press
from mcli.progress import Progress
from mcli.said import Said
from mcli.shapes import replace

if TYPE_CHECKING:
    from mcli.journal import Journal

JOBS = 8
"""Requests in flight, where nobody says otherwise."""


def run(job: Job, order: Order, said: Said) -> ExitCode:
    """Do `job` for each record that `order` names. Raises a Failure that says what became of the
    run, and Interrupted where a signal ended it."""
    began = time.monotonic()
    try:
        if outfile.is_stdout(said.output):
            said = replace(said, output=None)
        with preparing.made(job, order, said, began) as made:
            if said.dry_run:
                made.source.check()
                made.blueprint.refuse_hopeless(made.columns)
                return loop.run(preparing.rehearsed(made), watch=made.said.to_stdout)
            place = outlet.made(made.said)
            key = plan.key_for(made.blueprint.settings, began)
            made.source.check()
            made.blueprint.refuse_hopeless(made.columns)
            with _journal(made) as journal:
                return _done(made, journal, key, place)
    except Failure as failure:
        failure.elapsed_s = time.monotonic() - began
        failure.recipe = failure.recipe or job.recipe
        raise


@contextmanager
def _journal(made: Batch) -> Generator[Journal | None]:
    if made.order.journal is None:
        yield None
        return
    from mcli import journal

    with journal.opened(made.order.journal, book.facts(made.blueprint), made.order.new) as opened:
        if made.order.doubt == "fail" and opened.spent.unended:
            message = f"a crash left open whether {opened.spent.unended} requests were answered"
            hint = "--in-doubt retry asks again and may pay twice, skip leaves them out"
            raise BadInput("in_doubt", message, hint)
        yield opened


def _done(made: Batch, journal: Journal | None, key: str | None, place: Outlet) -> ExitCode:
    """Do all records, and say what became of the run."""
    notes = Book(journal, made.order.doubt, made.order.retry_failed)
    crew = loop.run(_worked(made, notes, key, place), watch=made.said.to_stdout)
    tally = crew.tally
    if journal is not None:
        journal.end(tally.ok, tally.bad, len(notes.doubted))
    if made.said.verbose:
        output.note(batch.summary(tally, time.monotonic() - made.began))
    if notes.doubted:
        tell = output.note if made.said.verbose else output.terminal_note
        tell(f"a crash had left open whether these were answered: {', '.join(notes.doubted)}")
    if crew.signalled is not None:
        failure = batch.of_run(_interrupted(made, crew), tally)
        output.failure_line(failure, made.said.color)
        raise Interrupted(crew.signalled)
    if crew.failure is not None:
        raise batch.of_run(_stopped(crew.failure, made, crew), tally)
    if crew.halted:
        halted = Partial("halted", f"stopped by --halt: {batch.failures(tally)}", _again(made))
        raise batch.of_run(halted, tally)
    place.finish()
    told = not (made.order.text or made.said.quiet)
    failure = batch.verdict(tally, made.order.journal is not None, told)
    if failure is not None:
        raise batch.of_run(failure, tally)
    return ExitCode.OK


async def _worked(made: Batch, notes: Book, key: str | None, place: Outlet) -> Crew:
    from mcli.api import quota
    from mcli.api.pace import Pace

    blueprint, order = made.blueprint, made.order
    chosen = blueprint.settings
    jobs = descriptors.room(order.jobs or chosen.limits.concurrency or JOBS)
    purse = sending.purse(chosen, chosen.model)
    notes.charge(purse)
    endpoint = sending.endpoint(chosen, profiles.ENDING, key)
    endpoint.open(endpoint.url)  # what is wrong with the way there fails no record
    shared = quota.of_run(jobs)
    pace = Pace(jobs, endpoint.gate, shared)
    direct = sending.direct(replace(endpoint, gate=pace), purse, blueprint.said)
    desk = Desk(Local(direct, lambda limit_s: sending.within(chosen, limit_s, shared)))
    press = Press(made.printing, place, not order.unordered, lambda: made.source.table)
    async with aclosing(made.records()) as records:
        crew = Crew(records, Each(blueprint, desk.reach, key, purse), pace, notes, press)
        progress = Progress(crew.tally, made.source.share, made.said, made.began)
        beside = [asyncio.ensure_future(each) for each in (desk.serve(), progress.run())]
        try:
            await crew.work(jobs, order.halt)
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
    return crew


def _interrupted(made: Batch, crew: Crew) -> Failure:
    """What a person is told whose signal ended the run."""
    done = crew.tally.ok + crew.tally.failed
    failure = TryAgain("interrupted", f"interrupted: {done:,} records are done", _again(made))
    failure.elapsed_s = time.monotonic() - made.began
    return failure


def _stopped(failure: Failure, made: Batch, crew: Crew) -> Failure:
    """What ended the run, and how far it was."""
    done = crew.tally.ok + crew.tally.failed
    failure.message = f"{failure.message} (the batch stopped after {done:,} records)"
    failure.hint = f"{failure.hint}; {_again(made)}" if failure.hint else _again(made)
    return failure


def _again(made: Batch) -> str:
    if made.order.journal is None:
        return "with --journal FILE a run goes on where it stopped"
    return "run the same command again to go on"
