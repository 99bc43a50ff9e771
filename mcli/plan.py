"""SHELL: from what a command asks for to the request that is sent: recipe, settings, data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mcli import (
    attaching,
    ballot,
    conversing,
    deadline,
    fieldpath,
    filetree,
    filling,
    fitting,
    history,
    inputs,
    keys,
    labels,
    library,
    outfile,
    output,
    prices,
    profiles,
    recipe,
    recipe_document,
    settings,
    terms,
    toolbox,
)
from mcli.api import forms
from mcli.chat import Message, Request
from mcli.errors import ConfigFailure, NoInput, UsageFailure
from mcli.history import History
from mcli.inputs import Bounds
from mcli.job import Job
from mcli.reading import Reading
from mcli.recipe import Fit, Output, Recipe
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import frozen, replace
from mcli.terms import Terms
from mcli.toolbox import Toolbox

NO_TOOLS = Toolbox()


@frozen
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
    fit: Fit
    terms: Terms
    toolbox: Toolbox = NO_TOOLS


@frozen
class Material:
    """What the messages are made of beside the recipe: data, a person's system message, what was
    said before, and what is attached to the last message of the user."""

    data: str
    system: str
    history: History = history.NONE
    parts: tuple[Mapping[str, Any], ...] = ()


def make(job: Job, said: Said, began: float) -> Plan:
    """The plan of `job`; nothing is read but recipe, configuration and what variables name."""
    config = profiles.load(os.environ)
    early = settings.load(said, os.environ, config=config)
    with deadline.alarm(early.ends(began), early.timeout_s):
        found = find(job, said)
        return of(found, settings.load(said, os.environ, found, config), job, said, began)


def find(job: Job, said: Said) -> Recipe:
    """The recipe that `job` names, or that is written on the spot."""
    if job.template is not None:
        filling.refuse_broken_text([job.template])
        return recipe_document.on_the_spot(job.template)
    if job.bundled:
        return library.bundled(job.recipe).recipe
    found = library.find(job.recipe, os.environ)
    if found.shadows and said.verbose:
        output.note(f"{found.path} stands in for the bundled recipe of that name")
    return found.recipe


def of(found: Recipe, chosen: Settings, job: Job, said: Said, began: float) -> Plan:
    """The plan of `job` where its recipe and the settings are known already."""
    return filled(frame(found, chosen, job, said, began), job, said)


def frame(found: Recipe, chosen: Settings, job: Job, said: Said, began: float) -> Plan:
    """The plan of all jobs that differ in their variables and data: those are not looked at, and
    the plan has none yet."""
    claimed = filling.claims_stdin(found, job, said)
    wanted = _wanted(found, job)
    elsewhere = job.messages_file is not None or filling.attaches(found, said)
    no_stdin = chosen.no_stdin or claimed or elsewhere
    box = toolbox.make(found.tools, job.tool_files, job.allow_tools, job.max_steps)
    how = Reading(wanted.kind, (), "", said.allow_truncated, wanted.schema, wanted.get)
    how = replace(how, tools=bool(box.tools))
    found = replace(found, output=wanted)
    known = prices.find(chosen.model or "", chosen.models)
    fit = said.fit or found.fit
    return Plan(job, found, chosen, {}, how, began, no_stdin, fit, known, box)


def filled(plan: Plan, job: Job, said: Said) -> Plan:
    """The plan of `job`, from that of all jobs like it."""
    found, how, wanted = plan.recipe, plan.reading, plan.recipe.output
    values = filling.bind(found, job, said)
    if job.data is None:
        rule = filling.data_rule(found, job, said)
        inputs.refuse_terminal((*job.files, *said.file), rule, plan.no_stdin)
    if wanted.kind == "label":
        known = labels.parse(values["labels"] or ())
        how = replace(how, labels=known, several=values.get("multi") is True)
        ballot.check(job.ballot, how)
        _check_expected(job, [label.name for label in known])
        values["labels"] = [label.name for label in known]
        values["label_lines"] = labels.lines(known)
    elif wanted.kind == "code":
        language = values.get("language") or ""
        how = replace(how, language=language, files=job.write is not None, check=wanted.check)
    return replace(plan, job=job, values=values, reading=how)


def prepare(plan: Plan, said: Said) -> str | None:
    """Everything that can go wrong before data is read or a request paid for; gives the key."""
    model(plan)
    conversing.seen(plan.job, history.NONE)
    if said.output is not None:
        outfile.check(said.output, said.no_clobber)
    elif said.to_stdout:
        output.check_stdout()
    if plan.job.write is not None:
        filetree.check(plan.job.write)
    return key_for(plan.settings, plan.began)


def model(plan: Plan) -> str:
    """The model that is asked. ConfigFailure where nobody named one."""
    if plan.settings.model is None:
        raise ConfigFailure(
            "no_model",
            f'the profile "{plan.settings.profile}" names no model',
            "name one with -m or MCLI_MODEL (mcli models lists them)",
        )
    return plan.settings.model


def key_for(chosen: Settings, began: float) -> str | None:
    """The key for the endpoint in force, or None where it takes none or is not called."""
    if chosen.keeping.replay is not None:
        return None
    if chosen.key.kind != "none":
        keys.guard_plaintext(chosen.base_url, chosen.allow_http)
    try:
        late = "the key was not there"
        with deadline.alarm(chosen.ends(began), chosen.timeout_s, late):
            return keys.fetch(chosen.key, chosen.base_url, os.environ)
    except ConfigFailure as failure:
        if failure.slug == "no_key":
            # Under cron HOME is another, and so is the file: say which one was looked at.
            failure.hint += f" (configuration: {profiles.path(os.environ)})"
        raise


def read(plan: Plan, said: Said) -> Material:
    """The data and what goes with them, from where they come. Raises NoInput, BadInput."""
    chosen = plan.settings
    with deadline.alarm(chosen.ends(plan.began), chosen.timeout_s):
        return replace(beside(plan.job, said), data=data(plan, said))


def beside(job: Job, said: Said) -> Material:
    """What the messages are made of beside the data. Raises NoInput, BadInput."""
    bounds = Bounds(said.invalid, said.max_input)
    system = _system(said, bounds)
    before = conversing.given(job, bounds)
    attached = attaching.gather(said.image, said.attach, said.image_detail, said.max_input)
    return Material("", system, before, attached)


def data(plan: Plan, said: Said) -> str:
    """The data: those of the job, or from files or stdin. Raises NoInput, BadInput."""
    rule = filling.data_rule(plan.recipe, plan.job, said)
    if plan.job.data is not None:
        return inputs.given(plan.job.data, rule)
    bounds = Bounds(said.invalid, said.max_input)
    pieces = inputs.gather((*plan.job.files, *said.file), rule, plan.no_stdin, bounds)
    return inputs.frame(pieces) if pieces else ""


def request(plan: Plan, material: Material, said: Said) -> Request:
    """The request that is sent. Raises NoInput, UsageFailure, and BadInput for one that is longer
    than the model's window."""

    def render(data: str) -> tuple[Message, ...]:
        return messages(plan, replace(material, data=data))

    told = messages(plan, material)
    asked = [message for message in told if message.role == "user"]
    nothing = not any(message.content.strip() or message.parts for message in asked)
    if nothing and not material.history.messages:
        raise NoInput("empty_input", "there is nothing to ask", "give a prompt or data")
    chosen = plan.settings
    form = forms.first(plan.reading.schema) if plan.reading.kind == "json" else None
    stream = streams(plan, said)
    params = {**chosen.params, **plan.toolbox.as_sent()}
    bare = Request(model(plan), told, params, chosen.soft, stream, form)
    if plan.reading.kind == "label":
        bare = ballot.asked(bare, plan.reading, plan.job.ballot, chosen.strict_schema)
    return fitting.fitted(bare, material.data, plan.fit, plan.terms, render)


def messages(plan: Plan, material: Material) -> tuple[Message, ...]:
    """What the recipe makes of the variables and of `material`, behind what was said before."""
    wanted = plan.recipe
    if material.history.whole:
        wanted = replace(wanted, turns=tuple(t for t in wanted.turns if t.role != "system"))
    made = recipe.render(wanted, plan.values, material.data, material.system)
    if material.parts:
        last = max(n for n, message in enumerate(made) if message.role == "user")
        whole = replace(made[last], parts=(*made[last].parts, *material.parts))
        made = (*made[:last], whole, *made[last + 1 :])
    return material.history.joined(made)


def streams(plan: Plan, said: Said) -> bool:
    """Whether the answer is shown as it comes: only plain text, one, and only to stdout."""
    if plan.reading.kind != "text" or plan.reading.tools or terms.answers(plan.settings.params) > 1:
        return False
    if said.json or not said.to_stdout:
        return False
    return os.isatty(output.STDOUT) if said.stream is None else said.stream


def _wanted(found: Recipe, job: Job) -> Output:
    """How the answer is read: as the recipe says, under what the command says of JSON or code."""
    if found.output.kind == "code":
        check = found.output.check if job.check is None else job.check
        repair = found.output.repair if job.repair is None else job.repair
        return replace(found.output, check=check, repair=repair)
    if job.schema_file is None and job.get is None and job.repair is None:
        return found.output
    wanted = replace(found.output, kind="json")
    if job.schema_file is not None:
        wanted = replace(wanted, schema=inputs.read_schema(job.schema_file))
    if job.get is not None:
        try:
            wanted = replace(wanted, get=fieldpath.parse(job.get))
        except ValueError as error:
            raise UsageFailure("bad_flag", f"--get {error}") from None
    return wanted if job.repair is None else replace(wanted, repair=job.repair)


def _check_expected(job: Job, known: Sequence[str]) -> None:
    for name in job.expect:
        if name not in known and name != job.ballot.unsure:
            raise UsageFailure(
                "bad_labels", f'--expect "{name}" is not in the set', f"known: {', '.join(known)}"
            )


def _system(said: Said, bounds: Bounds) -> str:
    parts = [said.system or ""]
    filling.refuse_broken_text(parts)
    if said.system_file is not None:
        parts.append(inputs.read_file(said.system_file, bounds))
    return "\n\n".join(part for part in parts if part.strip())
