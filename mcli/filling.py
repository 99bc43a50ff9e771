"""SHELL: the variables of a recipe, from the flags and the files that a person named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcli import attaching, inputs, labels, variables
from mcli.errors import BadInput, UsageFailure
from mcli.inputs import Bounds
from mcli.job import Job
from mcli.recipe import DataRule, Recipe
from mcli.said import Said
from mcli.variables import FROM_FLAGS, Given


def claims_stdin(found: Recipe, job: Job, said: Said) -> bool:
    """Whether stdin is read for something else than data. UsageFailure if it is wanted twice."""
    files = {name for name, declared in found.inputs.items() if declared.type in FROM_FLAGS}
    wanted = [
        said.system_file,
        job.labels_file,
        job.schema_file,
        job.messages_file,
        *job.tool_files,
        *said.image,
        *said.attach,
    ]
    wanted += [_pair(pair, "--var-file")[1] for pair in said.var_file]
    wanted += [path for name, path in (_pair(pair, "-D") for pair in said.var) if name in files]
    claims = wanted.count("-")
    if claims + [*job.files, *said.file].count("-") > 1:
        raise UsageFailure("stdin_twice", "stdin can be read only once", "name - only once")
    return claims > 0


def bind(found: Recipe, job: Job, said: Said) -> dict[str, Any]:
    """The variables with their types; UsageFailure names everything that is wrong with them."""
    known = given(found, job, said)
    refuse_broken_text([word for value in known.values() for word in _as_list(value)])
    try:
        values = variables.bind(found.inputs, known, found.name)
    except UsageFailure as failure:
        if job.bundled:
            failure.hint = f"see mcli {job.recipe} --help"
        raise
    for name, declared in found.inputs.items():
        if declared.type == "image" and values[name] is not None:
            detail = said.image_detail
            values[name] = attaching.image(values[name], detail, said.max_input, f'"{name}"')
    return values


def given(found: Recipe, job: Job, said: Said) -> Given:
    """The variables as they were said: `-D` and `--var-file`, under the command's own flags."""
    known: dict[str, str | list[str] | tuple[str, ...]] = {}
    bounds = Bounds(said.invalid, said.max_input)
    for pair in said.var:
        name, value = _pair(pair, "-D")
        if name in found.inputs and found.inputs[name].type == "file":
            value = inputs.read_file(value, bounds)
        known[name] = value if name not in known else [*_as_list(known[name]), value]
    for pair in said.var_file:
        name, path = _pair(pair, "--var-file")
        named = name in found.inputs and found.inputs[name].type == "image"
        known[name] = path if named else inputs.read_file(path, bounds)
    known = {**known, **job.variables}
    if job.labels_file is not None:
        more = labels.in_file(inputs.read_file(job.labels_file, bounds))
        known["labels"] = (*_as_list(job.variables.get("labels", ())), *more)
    return known


def attaches(found: Recipe, said: Said) -> bool:
    """Whether a person named something to attach, in place of stdin. UsageFailure for a detail of
    images where there are none."""
    pictured = any(declared.type == "image" for declared in found.inputs.values())
    if said.image_detail is not None and not (said.image or said.attach or pictured):
        raise UsageFailure("bad_flag", "--image-detail belongs to --image")
    return bool(said.image or said.attach)


def data_rule(found: Recipe, job: Job, said: Said) -> DataRule:
    """Whether data are expected: what is attached may be all that there is. UsageFailure where the
    recipe takes none."""
    rule = job.rule or found.data
    if not (said.image or said.attach):
        return rule
    if rule == "none":
        message = "this recipe takes no data"
        raise UsageFailure("unexpected_data", message, "leave out --image and --attach")
    return "optional"


def refuse_broken_text(words: Sequence[str]) -> None:
    """Bytes of the command line that are not UTF-8 arrive as lone surrogates."""
    try:
        "".join(words).encode()
    except UnicodeEncodeError:
        message = "an argument is not valid UTF-8"
        raise BadInput("bad_encoding", message, "convert it first") from None


def _as_list(value: str | list[str] | tuple[str, ...]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _pair(pair: str, flag: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals or not name:
        raise UsageFailure("bad_flag", f'{flag} "{pair}" is not NAME=VALUE')
    return name, value
