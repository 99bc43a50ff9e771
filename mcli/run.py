"""SHELL: the one path through the program: a recipe and its variables to an answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mcli import (
    asking,
    conversing,
    deadline,
    envelope,
    filetree,
    loop,
    outfile,
    output,
    plan,
    preview,
    profiles,
    sending,
    thinking,
)
from mcli.accounting import Work
from mcli.answering import Asker
from mcli.chat import Exchange
from mcli.errors import ExitCode, Failure
from mcli.job import Job
from mcli.plan import Plan
from mcli.reading import Answer
from mcli.said import Said
from mcli.shapes import replace

if TYPE_CHECKING:
    from mcli.api.persist import Patience


def once(job: Job, said: Said) -> ExitCode:
    """Do `job` and print the answer. Raises a Failure; NO is the verdict of a check."""
    began = time.monotonic()
    thoughts = thinking.Thoughts(said.show_reasoning)
    try:
        if outfile.is_stdout(said.output):
            said = replace(said, output=None)
        planned = plan.make(job, said, began)
        if said.dry_run:
            return _dry_run(planned, said)
        key = plan.prepare(planned, said)
        endpoint = sending.endpoint(planned.settings, profiles.ENDING, key, sending.notes(said))
        endpoint = replace(endpoint, think=thoughts.hear)
        purse = sending.purse(planned.settings, planned.settings.model)
        material = plan.read(planned, said)
        work = Work(job.recipe if job.bundled else "run", job.recipe)
        with conversing.gone_on_with(job, material.history, planned.settings, began) as talk:
            material = replace(material, history=talk.history)
            patience = sending.patience(planned.settings, began)
            reach = sending.direct(endpoint, purse, said)
            asker = Asker(reach, key, purse, work, said, patience)
            with output.Screen() as screen:
                answering = asker.answer(planned, material, thoughts.before(screen.show))
                answer, exchange = loop.run(answering, watch=said.to_stdout)
            thoughts.end(exchange.completion)
            with asking.paid(exchange):
                exchange = talk.keep(exchange)
                return _deliver(answer, exchange, planned, said, patience)
    except Failure as failure:
        thoughts.end(failure.completion)
        failure.elapsed_s = time.monotonic() - began
        failure.recipe = job.recipe
        raise


def _deliver(
    answer: Answer, exchange: Exchange, planned: Plan, said: Said, patience: Patience
) -> ExitCode:
    job = planned.job
    elapsed = time.monotonic() - planned.began
    verdict = not {*answer.text.split("\n")}.isdisjoint(job.expect) if job.expect else None
    if said.verbose:
        output.note(_summary(exchange, elapsed))
    if job.write is not None:
        files = {file["path"]: file["code"] for file in answer.data["files"]}
        filetree.write(job.write, files)
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
    cost = "unknown" if exchange.cost_usd is None else f"{exchange.cost_usd:.6g}"
    return (
        f"model={completion.model or 'unknown'} tokens={tokens} cost={cost} "
        f"attempts={exchange.attempts} {elapsed_s:.1f}s req={exchange.request_id or 'unknown'}"
        f"{' cached' if exchange.cached else ''}"
    )


def _dry_run(planned: Plan, said: Said) -> ExitCode:
    """Print what would be sent."""
    told = preview.of(planned, plan.read(planned, said), said)
    if said.json:
        output.json_line(envelope.of_data(told, time.monotonic() - planned.began))
    else:
        output.json_block(told)
    return ExitCode.OK
