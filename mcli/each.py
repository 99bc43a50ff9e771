"""SHELL: one record of a batch, from what it brings to the envelope of its answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mcli import batch, envelope, output, plan, sending, structured
from mcli.accounting import Work
from mcli.answering import Asker
from mcli.errors import BadInput, Failure
from mcli.job import Job
from mcli.plan import Material, Plan
from mcli.recipe import Recipe
from mcli.record import Record
from mcli.said import Said
from mcli.settings import Settings

if TYPE_CHECKING:
    from mcli.purse import Purse
    from mcli.sending import Reach

Envelope = dict[str, Any]
_ADDRESSES = ("https://", "http://", "data:")


@dataclass(frozen=True, slots=True)
class Common:
    """What all records have in common: the recipe and what it is filled in with beside them, the
    settings, and what the messages are made of beside data. `data_field` names the field that is
    the data."""

    recipe: Recipe
    settings: Settings
    job: Job
    said: Said
    material: Material
    data_field: str | None

    def frame(self) -> Plan:
        """What all plans have in common. Raises a Failure."""
        return plan.frame(self.recipe, self.settings, self.job, self.said, 0.0)

    def plan(self, record: Record, frame: Plan) -> tuple[Plan, Material]:
        """The plan for `record`, and its material. Raises a Failure for what it lacks."""
        job = self.job
        data = record.data
        if record.fields is not None:
            given = dict(job.variables)
            for name, value in record.fields.items():
                if name == self.data_field:
                    data = _data(value, name, record)
                elif name in self.recipe.inputs and name not in given and value is not None:
                    given[name] = _given(value, name, self.recipe, record)
            if self.data_field is not None and self.data_field not in record.fields:
                raise BadInput(
                    "missing_field", f'{record.place} has no field "{self.data_field}"',
                    "--input names the field that is the data",
                )  # fmt: skip
            job = replace(job, variables=given)
        job = replace(job, data=data or "")
        planned = plan.filled(frame, job, self.said)
        return planned, replace(self.material, data=plan.data(planned, self.said))


class Each:
    """Asks about records, from one purse, each with its own time."""

    def __init__(self, common: Common, reach: Reach, key: str | None, purse: Purse) -> None:
        self._common = common
        self._frame = common.frame()
        self._reach = reach
        self._key = key
        self._purse = purse
        self._work = Work("batch", common.job.recipe)

    async def envelope(self, record: Record) -> Envelope:
        """What came of `record`. Raises a Failure that is not its own: one that ends the run, and
        that the run has ended before it was asked."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            if record.failure is not None:
                raise record.failure
            planned, material = self._common.plan(record, self._frame)
            said = self._common.said
            patience = sending.within(planned.settings, planned.settings.timeout_s)
            asker = Asker(self._reach, self._key, self._purse, self._work, said, patience)
            answer, exchange = await asker.answer(planned, material)
            recipe = planned.job.recipe
            return envelope.of_answer(answer, exchange, recipe, loop.time() - began)
        except Failure as failure:
            failure.elapsed_s = loop.time() - began
            failure.recipe = self._common.job.recipe
            not_asked = failure.slug == "not_sent" and not failure.attempts
            if batch.stops(failure) or not_asked:
                raise
            return output.without_secrets(envelope.of_failure(failure))


def _data(value: Any, name: str, record: Record) -> str:
    """The field that is the data, which is text: nothing is made of anything else in silence."""
    if isinstance(value, str):
        return value
    raise BadInput("bad_field", f'{record.place}: "{name}" is no text', "data must be text")


def _given(
    value: Any, name: str, recipe: Recipe, record: Record
) -> str | list[str] | tuple[str, ...]:
    """A field as the text of a variable. It names no file: which are read is a person's to say."""
    if recipe.inputs[name].type == "image" and not str(value).startswith(_ADDRESSES):
        raise BadInput(
            "bad_field", f'{record.place}: "{name}" is no address of an image',
            "a record cannot name files: give http(s) or data URLs",
        )  # fmt: skip
    if isinstance(value, list):
        return tuple(structured.shown(item) for item in value)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return structured.shown(value)
