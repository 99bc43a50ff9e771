"""SHELL: the one path through the program: a recipe and its variables to an answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcli import deadline, envelope, loop, outfile, output, plan, profiles, reading, settings
from mcli.chat import Exchange, Request
from mcli.errors import ExitCode, Failure, NotAllowed
from mcli.plan import Job, Plan
from mcli.reading import Answer
from mcli.said import Said
from mcli.settings import Settings

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
        endpoint = _endpoint(planned.settings, profiles.ENDING, plan.prepare(planned, said))
        request = plan.request(planned, said)
        place = _place(request, planned)
        patience = _patience(planned.settings, began)
        with output.Screen() as screen:
            exchange = place.find() if place else None
            if exchange is None:
                exchange = _send(request, endpoint, planned, said, patience, screen.show)
            elif request.stream:
                screen.show(exchange.completion.text)
            answer = _read(exchange, planned)
        if place and not exchange.cached:
            place.keep(exchange, _notes(said))
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
        endpoint = _endpoint(chosen, "/models", key)
        call = calls.models(endpoint, _patience(chosen, began), _notes(said))
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


def _endpoint(chosen: Settings, ending: str, key: str | None) -> Endpoint:
    """What answers, be it a recording. Raises what is wrong with one before data is read."""
    from mcli.api import calls, cassette

    answers = cassette.opener(chosen.keeping.record, chosen.keeping.replay)
    return calls.Endpoint(profiles.endpoint(chosen.base_url, ending), key, answers)


def _place(request: Request, planned: Plan) -> Place | None:
    """Where the answer is kept, if it is."""
    chosen = planned.settings
    lifetime_s = chosen.keeping.cache_in_force_s
    if lifetime_s is None:
        return None
    from mcli.api import cache

    return cache.place(request, chosen.base_url, planned.reading, lifetime_s, os.environ)


def _send(
    request: Request,
    endpoint: Endpoint,
    planned: Plan,
    said: Said,
    patience: Patience,
    show: Callable[[str], None],
) -> Exchange:
    from mcli.api import calls

    shown = show if request.stream else None
    call = calls.complete(request, endpoint, patience, _notes(said), shown)
    try:
        return loop.run(call, watch=said.to_stdout)
    except NotAllowed as failure:
        replays = planned.settings.keeping.replay is not None
        source = planned.settings.key
        if failure.slug == "auth" and (endpoint.key or (replays and source.kind != "none")):
            failure.hint = f"check the key, which came from {source}"
        elif failure.slug == "auth" and not replays:
            failure.hint = "no key was sent: configure one for this host"
        raise


def _read(exchange: Exchange, planned: Plan) -> Answer:
    try:
        return reading.read(exchange.completion, planned.reading)
    except Failure as failure:
        failure.attempts = exchange.attempts
        failure.request_id = exchange.request_id
        failure.warnings = exchange.warnings
        raise


def _patience(chosen: Settings, began: float) -> Patience:
    """By default the clock starts when the input is complete, which is now."""
    from mcli.api.persist import Patience

    start = began if chosen.timeout_given else time.monotonic()
    # A recorded reply is the final one, so it is not asked for again.
    retries = chosen.retries if chosen.keeping.replay is None else 0
    return Patience(start + chosen.timeout_s, chosen.timeout_s, retries)


def _notes(said: Said) -> Callable[[str], None]:
    return output.note if said.verbose else _silence


def _silence(message: str) -> None:
    """Without -v, what happens on the way is not told."""


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
