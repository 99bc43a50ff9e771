"""CORE: what a person ordered of a batch, beside the job that each record is."""

from __future__ import annotations

from typing import Literal

from mcli.batch import Halt
from mcli.records.forms import Form
from mcli.shapes import field, frozen

Doubt = Literal["retry", "skip", "fail"]


@frozen
class Order:
    """Where records come from, how answers are printed, and how the run goes.

    `paths` are input files (none: stdin), `format` what they hold (None: as their names say), `nul`
    ends records with NUL. `data_field` names the field that is the data. `into`, `into_fields`,
    `text` and `each` are forms of output; with none of them an envelope is a line. `journal` makes
    it durable; `new` starts one over; `doubt` is what becomes of requests of which only a crash
    knows whether they were answered. `to` is what a dry run prints.
    """

    paths: tuple[str, ...] = ()
    format: Form | None = None
    nul: bool = False
    limit: int | None = None
    data_field: str | None = None
    into: str | None = None
    into_fields: bool = False
    text: bool = False
    each: str | None = None
    unordered: bool = False
    jobs: int | None = None
    halt: Halt = field(default_factory=Halt)
    journal: str | None = None
    new: bool = False
    retry_failed: bool = False
    doubt: Doubt = "retry"
    to: Literal["openai-batch"] | None = None
