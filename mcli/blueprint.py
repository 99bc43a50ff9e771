"""SHELL: what all records of a batch have in common, and the plan for each of them."""

from __future__ import annotations

from collections.abc import Sequence

from mcli import labels, plan, prices, strict, toolset, variables
from mcli.chat import Request
from mcli.errors import BadInput, ConfigFailure, UsageFailure
from mcli.job import Job
from mcli.plan import Material, Plan
from mcli.recipe import Recipe
from mcli.record import Record
from mcli.records import given, openai_batch
from mcli.records.forms import Form
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import frozen, replace
from mcli.toolbox import Toolbox
from mcli.variables import Given

_ADDRESSES = ("https://", "http://", "data:")


@frozen
class Blueprint:
    """What all records have in common: the recipe and what it is filled in with beside them, the
    settings, what the messages are made of beside data, and the form of the records, of which
    `data_field` names the field that is the data. With `wants_fields` an answer must be an
    object."""

    recipe: Recipe
    settings: Settings
    job: Job
    said: Said
    material: Material
    form: Form
    data_field: str | None = None
    wants_fields: bool = False

    def frame(self) -> Plan:
        """What all plans have in common. Raises a Failure."""
        return plan.frame(self.recipe, self.settings, self.job, self.said, 0.0)

    def plan(self, record: Record, frame: Plan) -> tuple[Plan, Material]:
        """The plan for `record`, and its material. Raises a Failure for what it lacks."""
        record = given.data_from(record, self.data_field)
        if record.failure is not None:
            raise record.failure
        job = replace(self.job, variables=self._variables(record), data=record.data or "")
        planned = plan.filled(frame, job, self.said)
        return planned, replace(self.material, data=plan.data(planned, self.said))

    def ready(self, record: Record, frame: Plan) -> tuple[Plan, Request]:
        """The plan for a record that is a request already, and that. Raises a Failure."""
        if record.failure is not None or record.fields is None:
            raise record.failure or BadInput("bad_record", f"{record.place}: no request")
        body = record.fields["body"]
        planned = plan.filled(frame, replace(self.job, data="-"), self.said)
        try:
            tools = toolset.read(toolset.node_of(body.get("tools") or [], f"{record.place}: tools"))
        except ConfigFailure as failure:
            raise BadInput("bad_record", failure.message, failure.hint) from None
        how = replace(planned.reading, tools=bool(tools))
        request = openai_batch.request_of(body)
        known = prices.find(request.model, self.settings.models)
        planned = replace(planned, reading=how, toolbox=Toolbox(tools), terms=known)
        return planned, request

    def refuse_hopeless(self, columns: Sequence[str] | None) -> None:
        """Raise UsageFailure for what no record of the input can bring, before any is sent;
        `columns` are those of a table."""
        rows = self.form in ("csv", "tsv", "jsonl")
        if self.data_field is not None and not rows:
            raise UsageFailure("bad_flag", "--input names a field, and the records have none")
        if self.form == "openai-batch":
            return
        if columns and self.data_field is not None and self.data_field not in columns:
            hint = strict.did_you_mean(self.data_field, columns)
            message = f'--input: no column is called "{self.data_field}"'
            raise UsageFailure("bad_flag", message, hint)
        if columns and self.recipe.data == "required" and not self._has_data(columns):
            message = "the recipe needs data, and no column is said to be that"
            raise UsageFailure(
                "bad_flag", message, f"--input FIELD; there are {', '.join(columns)}"
            )
        self._refuse_unfilled(columns or (), open=rows and columns is None)

    def _has_data(self, columns: Sequence[str]) -> bool:
        return self.data_field is not None or given.DATA in columns

    def _refuse_unfilled(self, columns: Sequence[str], open: bool) -> None:
        """What a value is that a record brings, is for the record to say; here it counts as there,
        and with `open` any of them may be."""
        inputs = {
            name: replace(each, required=each.required and not (open or name in columns))
            for name, each in self.recipe.inputs.items()
        }
        try:
            values = variables.bind(inputs, self.job.variables, self.recipe.name)
        except UsageFailure as failure:
            if columns:
                failure.hint = f"{failure.hint}; the columns are {', '.join(columns)}"
            raise
        if self.recipe.output.kind == "label" and "labels" in self.job.variables:
            labels.parse(values["labels"] or ())

    def _variables(self, record: Record) -> Given:
        """The fields that the recipe takes, under what a person gave. They name no file: which are
        read is a person's to say."""
        found = dict(self.job.variables)
        for name, value in given.variables(record).items():
            if name not in self.recipe.inputs or name in found:
                continue
            kind = self.recipe.inputs[name].type
            if kind == "file":
                message = f'{record.place}: "{name}" is the path of a file'
                hint = "a record cannot name files: use -D, or an input of type string"
                raise BadInput("bad_record", message, hint)
            if kind == "image" and not (isinstance(value, str) and value.startswith(_ADDRESSES)):
                message = f'{record.place}: "{name}" is no address of an image'
                hint = "a record cannot name files: give http(s) or data URLs"
                raise BadInput("bad_record", message, hint)
            found[name] = value
        return found
