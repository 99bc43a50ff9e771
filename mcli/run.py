"""SHELL: the one path through the program: a recipe and its variables to an answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcli import (
    asking,
    deadline,
    envelope,
    loop,
    outfile,
    output,
    plan,
    profiles,
    reading,
    sending,
    settings,
)
from mcli.accounting import Work
from mcli.chat import Exchange, Request
from mcli.errors import ExitCode, Failure
from mcli.job import Job
from mcli.plan import Plan
from mcli.reading import Answer
from mcli.said import Said

if TYPE_CHECKING:
    from mcli.api.cache import Place
    from mcli.api.calls import Endpoint
    from mcli.api.persist import Patience


def once(job: Job, said: Said) -> ExitCode:
    """Do `job` and print the answer. Raises a Failure; NO is the verdict of a check."""
    began = time.monotonic()
    try:
        if outfile.is_stdout(said.output):
            said = replace(said, output=None)
        planned = plan.make(job, said, began)
        if said.dry_run:
            return _dry_run(plan.request(planned, said), planned, said)
        key = plan.prepare(planned, said)
        endpoint = sending.endpoint(planned.settings, profiles.ENDING, key)
        request = plan.request(planned, said)
        place = _place(request, planned)
        patience = sending.patience(planned.settings, began)
        with output.Screen() as screen:
            exchange = place.find(request) if place else None
            if exchange is None:
                answer, exchange = _ask(request, endpoint, planned, said, patience, screen.show)
            else:
                answer = reading.read(exchange.completion, planned.reading)
                screen.show(answer.text if request.stream else "")
        if place and not exchange.cached:
            place.keep(exchange, sending.notes(said))
        with asking.paid(exchange):
            return _deliver(answer, exchange, planned, said, patience)
    except Failure as failure:
        failure.elapsed_s = time.monotonic() - began
        failure.recipe = job.recipe
        raise


def models(said: Said) -> ExitCode:
    """Print what the endpoint offers."""
    from mcli.api import calls

    began = time.monotonic()
    try:
        chosen = settings.load(said, os.environ)
        output.check_stdout()
        key = plan.key_for(chosen, began)
        endpoint = sending.endpoint(chosen, "/models", key)
        call = calls.models(endpoint, sending.patience(chosen, began), sending.notes(said))
        found, attempts = loop.run(call, watch=True)
    except Failure as failure:
        failure.elapsed_s = time.monotonic() - began
        raise
    if said.json:
        output.json_line(envelope.of_data(found, time.monotonic() - began, attempts=attempts))
    else:
        rows = [(m["id"], _window(m), str(m.get("owned_by") or "")) for m in found]
        output.table(("model", "context", "owner"), rows, said.color)
    return ExitCode.OK


def _place(request: Request, planned: Plan) -> Place | None:
    """Where the answer is kept, if it is."""
    chosen = planned.settings
    lifetime_s = chosen.keeping.cache_in_force_s
    if lifetime_s is None:
        return None
    from mcli.api import cache

    return cache.place(request, chosen.base_url, planned.reading, lifetime_s, os.environ)


def _ask(
    request: Request,
    endpoint: Endpoint,
    planned: Plan,
    said: Said,
    patience: Patience,
    show: Callable[[str], None],
) -> tuple[Answer, Exchange]:
    job = planned.job
    work = Work(job.recipe if job.bundled else "run", job.recipe)
    send = sending.sender(endpoint, planned.settings, said, patience, work, show)
    work = asking.ask(request, planned.reading, planned.recipe.output.repair, send)
    return loop.run(work, watch=said.to_stdout)


def _deliver(
    answer: Answer, exchange: Exchange, planned: Plan, said: Said, patience: Patience
) -> ExitCode:
    job = planned.job
    elapsed = time.monotonic() - planned.began
    verdict = answer.text in job.expect if job.expect else None
    if said.verbose:
        output.note(_summary(exchange, elapsed))
    content = answer.text
    if said.json:
        told = envelope.of_answer(answer, exchange, job.recipe, elapsed, verdict)
        content = output.json_text(told)
    if said.output is not None:
        with deadline.alarm(patience.deadline, patience.limit_s):  # a FIFO may have no reader
            outfile.write(said.output, content, said.no_clobber)
    elif not said.quiet and not plan.streams(planned, said):
        output.text(content)
    return ExitCode.NO if verdict is False else ExitCode.OK


def _summary(exchange: Exchange, elapsed_s: float) -> str:
    """What -v says of a completion."""
    completion = exchange.completion
    usage = completion.usage
    tokens = f"{usage.prompt_tokens}+{usage.completion_tokens}" if usage else "unknown"
    return (
        f"model={completion.model or 'unknown'} tokens={tokens} attempts={exchange.attempts} "
        f"{elapsed_s:.1f}s req={exchange.request_id or 'unknown'}"
        f"{' cached' if exchange.cached else ''}"
    )


def _window(model: dict[str, Any]) -> str:
    """The context window, under the names that servers give it."""
    for name in ("context_length", "max_model_len", "context_window"):
        if isinstance(model.get(name), int):
            return str(model[name])
    return ""


def _dry_run(request: Request, planned: Plan, said: Said) -> ExitCode:
    """Print what would be sent, with the key masked."""
    from mcli.api import codec

    codec.encode(request)
    preview = {
        "method": "POST",
        "url": profiles.endpoint(planned.settings.base_url, profiles.ENDING),
        "headers": codec.headers(
            "***" if planned.settings.key.kind != "none" else None, request.stream
        ),
        "body": codec.body_of(request),
    }
    if said.json:
        output.json_line(envelope.of_data(preview, time.monotonic() - planned.began))
    else:
        output.json_block(preview)
    return ExitCode.OK
