"""SHELL: a batch: the path of `run`, for every record of an input."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcli import (
    batch,
    book,
    descriptors,
    filling,
    intake,
    loop,
    outfile,
    outlet,
    output,
    plan,
    profiles,
    sending,
    settings,
)
from mcli.book import Book
from mcli.crew import Crew
from mcli.each import Common, Each
from mcli.engine import Desk, Local
from mcli.errors import BadInput, ExitCode, Failure, Interrupted, Partial, TryAgain
from mcli.intake import Intake
from mcli.job import Job
from mcli.order import Order
from mcli.outlet import Outlet
from mcli.press import Press
from mcli.progress import Progress
from mcli.reading import Reading
from mcli.records import into, told
from mcli.records.told import Printer
from mcli.said import Said

if TYPE_CHECKING:
    from mcli.journal import Journal

JOBS = 8
"""Requests in flight, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with everything known but its records; `said` is what a person said of the run, and
    `common.said` what holds for each record."""

    common: Common
    order: Order
    said: Said
    intake: Intake
    printer: Printer
    began: float


def run(job: Job, order: Order, said: Said) -> ExitCode:
    """Do `job` for each record that `order` names. Raises a Failure that says what became of the
    run, and Interrupted where a signal ended it."""
    began = time.monotonic()
    try:
        made = _made(job, order, said, began)
        if said.dry_run:
            raise NotImplementedError
        place = outlet.made(made.said)
        key = plan.key_for(made.common.settings, math.inf)
        with _journal(made) as journal:
            return _done(made, journal, key, place)
    except Failure as failure:
        failure.elapsed_s = time.monotonic() - began
        failure.recipe = job.recipe
        raise


def _made(job: Job, order: Order, said: Said, began: float) -> Batch:
    config = profiles.load(os.environ)
    found = plan.find(job, said)
    chosen = settings.load(said, os.environ, found, config)
    if not chosen.caps.usd_given:  # nobody knows beforehand what many records may cost
        chosen = replace(chosen, caps=replace(chosen.caps, usd=math.inf))
    job = replace(job, variables=filling.given(found, job, said))
    each = replace(said, var=(), var_file=(), stream=False, verbose=False, output=None)
    common = Common(found, chosen, job, each, plan.beside(job, said), order.data_field)
    if order.journal is None and said.output is not None and not outfile.is_special(said.output):
        order = replace(order, journal=f"{said.output}.journal")
    taken = intake.opened(order, said)
    return Batch(common, order, said, taken, _printer(order, taken.format, common), began)


def _printer(order: Order, format: str, common: Common) -> Printer:
    wanted = common.recipe.output
    how = Reading(wanted.kind, (), "", False, wanted.schema, wanted.get)
    if order.into is not None or order.into_fields:
        return into.printer(format, how, order.into)
    return told.Texts(order.nul) if order.text else told.Envelopes()


@contextmanager
def _journal(made: Batch) -> Generator[Journal | None]:
    if made.order.journal is None:
        yield None
        return
    from mcli import journal

    with journal.opened(made.order.journal, book.facts(made.common), made.order.new) as opened:
        if made.order.doubt == "fail" and opened.spent.unended:
            message = f"a crash left open whether {opened.spent.unended} requests were answered"
            hint = "--in-doubt retry asks again and may pay twice, skip leaves them out"
            raise BadInput("in_doubt", message, hint)
        yield opened


def _done(made: Batch, journal: Journal | None, key: str | None, place: Outlet) -> ExitCode:
    writer = Book(journal, made.order.doubt, made.order.retry_failed)
    crew = loop.run(_worked(made, writer, key, place), watch=made.said.to_stdout)
    tally, order = crew.tally, made.order
    if journal is not None:
        journal.end(tally.ok, tally.bad, len(writer.doubted))
    if made.said.verbose:
        output.note(batch.summary(tally, time.monotonic() - made.began))
    if writer.doubted:
        tell = output.note if made.said.verbose else output.terminal_note
        tell(f"a crash had left open whether these were answered: {', '.join(writer.doubted)}")
    if crew.signalled is not None:
        output.failure_line(_interrupted(made, crew))
        raise Interrupted(crew.signalled)
    if crew.failure is not None:
        raise _stopped(crew.failure, made, crew)
    if crew.halted:
        raise Partial(
            "halted",
            f"stopped by --halt: {tally.bad:,} of {tally.ended:,} records failed",
            "their lines say why",
        )
    place.finish()
    failure = batch.verdict(tally, order.journal)
    if failure is not None:
        raise failure
    return ExitCode.OK


async def _worked(made: Batch, writer: Book, key: str | None, place: Outlet) -> Crew:
    from mcli.api import quota
    from mcli.api.pace import Pace

    common, order = made.common, made.order
    chosen = common.settings
    jobs = descriptors.room(order.jobs or JOBS)
    purse = sending.purse(chosen, chosen.model)
    endpoint = sending.endpoint(chosen, profiles.ENDING, key, many=True)
    pace = Pace(jobs, endpoint.gate)
    direct = sending.direct(replace(endpoint, gate=pace), purse, common.said)
    shared = quota.of_run(jobs)
    desk = Desk(Local(direct, lambda limit_s: sending.within(chosen, limit_s, shared)))
    each = Each(common, desk.reach, key, purse)
    gap = (b"\0" if order.nul else b"\n") if order.text else b""
    press = Press(made.printer, place, not order.unordered, gap)
    crew = Crew(made.intake.stream(), each, pace, writer, press)
    progress = Progress(crew.tally, made.intake.share, made.said, made.began)
    beside = [asyncio.ensure_future(desk.serve()), asyncio.ensure_future(progress.run())]
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
    failure.hint = f"{failure.hint}; then {_again(made)}" if failure.hint else _again(made)
    return failure


def _again(made: Batch) -> str:
    if made.order.journal is None:
        return "with --journal FILE a run can be gone on with"
    return "run the same command again to go on"
