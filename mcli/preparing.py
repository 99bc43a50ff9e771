"""SHELL: a batch before its first record: everything that can be wrong with it, and a rehearsal."""

from __future__ import annotations

import math
import os
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, closing, contextmanager
from typing import TYPE_CHECKING, Any

from mcli import filling, inputs, outfile, output, plan, preview, profiles, refusing, settings
from mcli.blueprint import Blueprint
from mcli.errors import ExitCode, Failure, NoInput, Partial
from mcli.inputs import Bounds
from mcli.job import Job
from mcli.order import Order
from mcli.plan import Plan
from mcli.press import Printing
from mcli.reading import Reading
from mcli.record import Record
from mcli.records import files, forms, into, openai_batch, targets, told
from mcli.records.each import Each as Files
from mcli.records.forms import Form
from mcli.records.framing import Rules
from mcli.records.source import Source, Wanted
from mcli.said import Said
from mcli.shapes import frozen, replace

if TYPE_CHECKING:
    from mcli.key_index import KeyIndex


@frozen
class Batch:
    """A batch with everything known but its records; `said` is what a person said of the run, and
    `blueprint.said` what holds for each record."""

    blueprint: Blueprint
    order: Order
    said: Said
    source: Source
    printing: Printing
    began: float

    @property
    def columns(self) -> Sequence[str] | None:
        """Those of a table, where they are known before it is read."""
        return self.source.table and self.source.table.header

    def whole(self, record: Record) -> Record:
        """The record with its text, where that is in a file of its own; failed if it cannot be
        read."""
        if self.blueprint.form != "files" or record.blank or record.failure is not None:
            return record
        bounds = Bounds(self.said.invalid, self.said.max_input)
        try:
            return replace(record, data=files.text_of(record, bounds))
        except Failure as failure:
            return replace(record, failure=failure)

    async def records(self) -> AsyncGenerator[Record]:
        """The records, each when it is wanted. Raises NoInput and BadInput."""
        async with aclosing(self.source.records()) as records:
            async for record in records:
                yield self.whole(record)


@contextmanager
def made(job: Job, order: Order, said: Said, began: float) -> Generator[Batch]:
    """The batch that was ordered. Raises a Failure for what is wrong with it."""
    form = order.format or forms.guessed(order.paths)
    if order.journal is None and said.output is not None and not outfile.is_special(said.output):
        order = replace(order, journal=f"{said.output}.journal")
    refusing.refuse(order, said, form)
    inputs.refuse_terminal(order.paths, "required", no_stdin=False)
    if form == "openai-batch":
        job = replace(job, template="{{ data }}")
    found = plan.find(job, said)
    if form != "files" or not order.paths:  # there the paths are not read as inputs
        filling.claims_stdin(found, replace(job, files=order.paths or ("-",)), said)
    chosen = settings.load(said, os.environ, found, profiles.load(os.environ))
    refusing.refuse_same_file(order, said, chosen.keeping)
    if chosen.no_stdin and not order.paths:
        raise NoInput("empty_input", "stdin is left alone and no file is named", "name an INPUT")
    if not chosen.caps.usd_given:  # nobody knows beforehand what many records may cost
        chosen = replace(chosen, caps=replace(chosen.caps, usd=math.inf))
    job = replace(job, variables=filling.given(found, job, said))
    each = replace(said, var=(), var_file=(), stream=False, verbose=False, output=None)
    beside = plan.beside(job, said)
    blueprint = Blueprint(
        found, chosen, job, each, beside, form, order.data_field, order.into_fields
    )
    rules = Rules(said.invalid, said.max_input, order.nul)
    wanted = Wanted(order.paths, form, rules, order.limit)
    with _index(order, form) as index:
        source = Source(wanted, index and index.clash)
        printing = _printing(blueprint, order, said, index)
        yield Batch(blueprint, order, said, source, printing, began)


async def rehearsed(made: Batch) -> ExitCode:
    """Print what would be sent for each record, one a line. Raises Partial if there are some that
    cannot be asked."""
    wrong: Failure | None = None
    failed = all = 0
    frame = made.blueprint.frame()
    async with aclosing(made.records()) as records:
        async for record in records:
            if record.blank:
                continue
            all += 1
            try:
                output.json_line(_told(made, record, frame))
            except Failure as failure:
                failed, wrong = failed + 1, wrong or failure
    if wrong is not None:
        message = f"{failed:,} of {all:,} records cannot be asked; the first: {wrong.message}"
        raise Partial("batch_partial", message, wrong.hint)
    return ExitCode.OK


def _told(made: Batch, record: Record, frame: Plan) -> Any:
    blueprint, said = made.blueprint, made.blueprint.said
    if blueprint.form == "openai-batch":
        request = blueprint.ready(record, frame)[1]
        call = preview.call(blueprint.settings, request)
    else:
        planned, material = blueprint.plan(record, frame)
        call = preview.of(planned, material, said)
    if made.order.to is None:
        return call
    return openai_batch.told(record.id or str(record.n), call["body"])


@contextmanager
def _index(order: Order, form: Form) -> Generator[KeyIndex | None]:
    """What remembers ids and the names of files, where there are any."""
    if not forms.has_ids(form) and order.each is None:
        yield None
        return
    from mcli.key_index import KeyIndex

    with closing(KeyIndex()) as index:
        yield index


def _printing(blueprint: Blueprint, order: Order, said: Said, index: KeyIndex | None) -> Printing:
    """How answers are printed. Raises UsageFailure, CannotCreate."""
    wanted = blueprint.recipe.output
    how = Reading(wanted.kind, (), "", False, wanted.schema, wanted.get)
    if order.into is not None or order.into_fields:
        return Printing(into.printer(blueprint.form, how, order.into))
    if order.text:
        return Printing(told.Texts(order.nul), gap=b"\0" if order.nul else b"\n")
    if order.each is None or index is None:
        return Printing(told.Envelopes())
    template = targets.parse(order.each, blueprint.form == "files")
    own = refusing.own_files(order, said, blueprint.settings.keeping)
    each = Files(template, said.no_clobber, index.is_taken, own)
    each.check()
    return Printing(told.Envelopes(), each)
