"""SHELL: from what a command asks for to the request that is sent: recipe, settings, data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mcli import (
    deadline,
    inputs,
    keys,
    labels,
    library,
    outfile,
    output,
    profiles,
    recipe,
    settings,
)
from mcli.chat import Request
from mcli.errors import BadInput, ConfigFailure, NoInput, UsageFailure
from mcli.inputs import Bounds
from mcli.reading import Reading
from mcli.recipe import DataRule, Given, Recipe
from mcli.said import Said
from mcli.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """What a command asks for: a recipe, its variables, its data.

    `bundled` keeps a person's own recipe of the name out; `rule` stands in for the recipe's own
    word on data; `labels_file` holds further labels, one a line; `expect` are labels of which the
    answer must be one.
    """

    recipe: str
    variables: Given = field(default_factory=dict[str, "str | list[str] | tuple[str, ...]"])
    files: tuple[str, ...] = ()
    bundled: bool = False
    rule: DataRule | None = None
    labels_file: str | None = None
    expect: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A job with everything about it known but the data; `began` is of the monotonic clock.

    `no_stdin`: stdin is not the data, because a person said so or it is something else already.
    """

    job: Job
    recipe: Recipe
    settings: Settings
    values: Mapping[str, Any]
    reading: Reading
    began: float
    no_stdin: bool


def make(job: Job, said: Said, began: float) -> Plan:
    """The plan of `job`; nothing is read but recipe, configuration and what variables name."""
    config = profiles.load(os.environ)
    early = settings.load(said, os.environ, config=config)
    with deadline.alarm(early.ends(began), early.timeout_s):
        found = _find(job, said)
        chosen = settings.load(said, os.environ, found, config)
        claimed = _claim_stdin(found, job, said)
        values = _bind(found, job, said)
    no_stdin = chosen.no_stdin or claimed
    inputs.refuse_terminal((*job.files, *said.file), job.rule or found.data, no_stdin)
    if found.kind == "label":
        known = labels.parse(values["labels"] or ())
        _check_expected(job.expect, [label.name for label in known])
        values["labels"] = [label.name for label in known]
        values["label_lines"] = labels.lines(known)
        chosen = _limited(chosen, labels.token_limit(known))
        how = Reading("label", known, "", said.allow_truncated)
    else:
        language = values.get("language") or "" if found.kind == "code" else ""
        how = Reading(found.kind, (), language, said.allow_truncated)
    return Plan(job, found, chosen, values, how, began, no_stdin)


def prepare(plan: Plan, said: Said) -> str | None:
    """Everything that can go wrong before data is read or a request paid for; gives the key."""
    _model(plan)
    if said.output is not None:
        outfile.check(said.output, said.no_clobber)
    elif said.to_stdout:
        output.check_stdout()
    return key_for(plan.settings, plan.began)


def key_for(chosen: Settings, began: float) -> str | None:
    """The key for the endpoint in force, or None where it takes none or is not called."""
    if chosen.keeping.replay is not None:
        return None
    if chosen.key.kind != "none":
        keys.guard_plaintext(chosen.base_url, chosen.allow_http)
    try:
        with deadline.alarm(chosen.ends(began), chosen.timeout_s):
            return keys.fetch(chosen.key, chosen.base_url, os.environ)
    except ConfigFailure as failure:
        if failure.slug == "no_key":
            # Under cron HOME is another, and so is the file: say which one was looked at.
            failure.hint += f" (configuration: {profiles.path(os.environ)})"
        raise


def request(plan: Plan, said: Said) -> Request:
    """Read the data and render the messages. Raises NoInput, BadInput, UsageFailure."""
    chosen = plan.settings
    bounds = Bounds(said.invalid, said.max_input)
    with deadline.alarm(chosen.ends(plan.began), chosen.timeout_s):
        system = _system(said, bounds)
        rule = plan.job.rule or plan.recipe.data
        paths = (*plan.job.files, *said.file)
        pieces = inputs.gather(paths, rule, plan.no_stdin, bounds)
    data = inputs.frame(pieces) if pieces else ""
    messages = recipe.render(plan.recipe, plan.values, data, system)
    if not any(message.content.strip() for message in messages if message.role == "user"):
        raise NoInput("empty_input", "there is nothing to ask", "give a prompt or data")
    return Request(_model(plan), messages, chosen.params, chosen.soft, streams(plan, said))


def streams(plan: Plan, said: Said) -> bool:
    """Whether the answer is shown as it comes: only plain text, and only to stdout."""
    if plan.reading.kind != "text" or said.json or not said.to_stdout:
        return False
    return os.isatty(output.STDOUT) if said.stream is None else said.stream


def _find(job: Job, said: Said) -> Recipe:
    if job.bundled:
        return library.bundled(job.recipe).recipe
    found = library.find(job.recipe, os.environ)
    if found.shadows and said.verbose:
        output.note(f"{found.path} stands in for the bundled recipe of that name")
    return found.recipe


def _claim_stdin(found: Recipe, job: Job, said: Said) -> bool:
    """Whether stdin is read for something else than data. UsageFailure if it is wanted twice."""
    files = {name for name, declared in found.inputs.items() if declared.type == "file"}
    wanted = [said.system_file, job.labels_file]
    wanted += [_pair(pair, "--var-file")[1] for pair in said.var_file]
    wanted += [path for name, path in (_pair(pair, "-D") for pair in said.var) if name in files]
    claims = wanted.count("-")
    if claims + [*job.files, *said.file].count("-") > 1:
        raise UsageFailure("stdin_twice", "stdin can be read only once", "name - only once")
    return claims > 0


def _bind(found: Recipe, job: Job, said: Said) -> dict[str, Any]:
    given = _given(found, job, said)
    _refuse_broken_text([word for value in given.values() for word in _as_list(value)])
    try:
        return recipe.bind(found, given)
    except UsageFailure as failure:
        if job.bundled:
            failure.hint = f"see mcli {job.recipe} --help"
        raise


def _given(found: Recipe, job: Job, said: Said) -> Given:
    """The variables: `-D` and `--var-file`, under what the command's own flags say."""
    given: dict[str, str | list[str] | tuple[str, ...]] = {}
    bounds = Bounds(said.invalid, said.max_input)
    for pair in said.var:
        name, value = _pair(pair, "-D")
        if name in found.inputs and found.inputs[name].type == "file":
            value = inputs.read_file(value, bounds)
        given[name] = value if name not in given else [*_as_list(given[name]), value]
    for pair in said.var_file:
        name, path = _pair(pair, "--var-file")
        given[name] = inputs.read_file(path, bounds)
    given = {**given, **job.variables}
    if job.labels_file is not None:
        lines = inputs.read_file(job.labels_file, bounds).splitlines()
        more = [line.strip() for line in lines if line.strip()]
        given["labels"] = (*_as_list(job.variables.get("labels", ())), *more)
    return given


def _refuse_broken_text(words: Sequence[str]) -> None:
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


def _check_expected(expected: Sequence[str], known: Sequence[str]) -> None:
    for name in expected:
        if name not in known:
            raise UsageFailure(
                "bad_labels", f'--expect "{name}" is not in the set', f"known: {', '.join(known)}"
            )


def _limited(chosen: Settings, tokens: int) -> Settings:
    """A label is short: an answer that is not one need not be paid for, unless a person says so."""
    if {"max_tokens", "max_completion_tokens"} & set(chosen.params):
        return chosen
    return replace(
        chosen,
        params={**chosen.params, "max_tokens": tokens},
        soft=chosen.soft | {"max_tokens"},
    )


def _model(plan: Plan) -> str:
    if plan.settings.model is None:
        raise ConfigFailure(
            "no_model",
            f'the profile "{plan.settings.profile}" names no model',
            "name one with -m or MCLI_MODEL (mcli models lists them)",
        )
    return plan.settings.model


def _system(said: Said, bounds: Bounds) -> str:
    parts = [said.system or ""]
    _refuse_broken_text(parts)
    if said.system_file is not None:
        parts.append(inputs.read_file(said.system_file, bounds))
    return "\n\n".join(part for part in parts if part.strip())
