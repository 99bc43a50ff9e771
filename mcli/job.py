"""CORE: what a command asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from mcli.recipe import DataRule
from mcli.variables import Given


@dataclass(frozen=True, slots=True)
class Job:
    """A recipe, its variables, its data, and how the answer is wanted.

    `data` are the data themselves, for who has them already: then nothing is read.
    `bundled` keeps a person's own recipe of the name out; `template` is a recipe written on the
    spot; `rule` stands in for the recipe's own word on data; `labels_file` holds further labels,
    one a line; `expect` are labels of which the answer must be one. `schema_file` (a JSON Schema),
    `get` (the path of a field) or, but for code, `repair` (how often to ask again) make it JSON.
    `check` (whether code must be well formed) and `write` (the directory for several files of it)
    belong to code. `chunk_tokens` is how long a part may be where the recipe takes data in parts.
    """

    recipe: str
    variables: Given = field(default_factory=dict[str, "str | list[str] | tuple[str, ...]"])
    files: tuple[str, ...] = ()
    data: str | None = None
    bundled: bool = False
    rule: DataRule | None = None
    labels_file: str | None = None
    expect: tuple[str, ...] = ()
    template: str | None = None
    schema_file: str | None = None
    get: str | None = None
    repair: int | None = None
    check: bool | None = None
    write: str | None = None
    chunk_tokens: int | None = None
