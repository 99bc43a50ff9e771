"""CORE: what a command asks for."""

from __future__ import annotations

from mcli.ballot import Ballot
from mcli.recipe import DataRule
from mcli.shapes import field, frozen
from mcli.variables import Given


@frozen
class Job:
    """A recipe, its variables, its data, and how the answer is wanted.

    `data` are the data themselves, for who has them already: then nothing is read.
    `bundled` keeps a person's own recipe of the name out; `template` is a recipe written on the
    spot; `rule` stands in for the recipe's own word on data; `labels_file` holds further labels,
    one a line; `expect` are labels of which the answer must be one, and `ballot` says how it is
    decided. `schema_file` (a JSON Schema),
    `get` (the path of a field) or, but for code, `repair` (how often to ask again) make it JSON.
    `check` (whether code must be well formed) and `write` (the directory for several files of it)
    belong to code. `chunk_tokens` is how long a part may be where the recipe takes data in parts.
    `tool_files` hold tools that are offered; `allow_tools` are those whose command may run,
    `max_steps` the rounds. `messages_file` holds the conversation so far; or it is in the file
    `thread`, which is added to, and of which the last `keep_turns` are sent.
    """

    recipe: str
    variables: Given = field(default_factory=dict[str, "str | list[str] | tuple[str, ...]"])
    files: tuple[str, ...] = ()
    data: str | None = None
    bundled: bool = False
    rule: DataRule | None = None
    labels_file: str | None = None
    expect: tuple[str, ...] = ()
    ballot: Ballot = field(default_factory=Ballot)
    template: str | None = None
    schema_file: str | None = None
    get: str | None = None
    repair: int | None = None
    check: bool | None = None
    write: str | None = None
    chunk_tokens: int | None = None
    messages_file: str | None = None
    thread: str | None = None
    keep_turns: int | None = None
    tool_files: tuple[str, ...] = ()
    allow_tools: tuple[str, ...] = ()
    max_steps: int | None = None
