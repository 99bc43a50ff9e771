"""SHELL: flags of a batch that do not go together, refused before anything is read or sent."""

from __future__ import annotations

import itertools
import os

from mcli.errors import UsageFailure
from mcli.keeping import Keeping
from mcli.order import Order
from mcli.records.forms import Form
from mcli.said import Said

_WHOLE = "the lines are whole requests"


def refuse(order: Order, said: Said, form: Form) -> None:
    """Raise UsageFailure for what cannot be meant. `order` has its journal, also where `-o` implies
    it."""
    _refuse_blank(order)
    _refuse_two_forms(order, said)
    if order.to is not None and not said.dry_run:
        raise UsageFailure("bad_flag", "--to says what --dry-run prints", "add --dry-run")
    if order.journal is None and (order.new or order.retry_failed):
        raise UsageFailure("bad_flag", "--new and --retry-failed belong to a journal", "--journal")
    if form == "openai-batch":
        _refuse_what_asks(said)


def _refuse_blank(order: Order) -> None:
    for flag, word in (("--into", order.into), ("--journal", order.journal)):
        if word is not None and not word.strip():
            raise UsageFailure("bad_flag", f"{flag} is blank", "is a variable unset?")


def _refuse_two_forms(order: Order, said: Said) -> None:
    kinds = {
        "--into": order.into is not None,
        "--into-fields": order.into_fields,
        "--text": order.text,
        "--output-each": order.each is not None,
        "--json": said.json and order.each is None,
    }
    given = [flag for flag, is_given in kinds.items() if is_given]
    if len(given) > 1:
        raise UsageFailure("bad_flag", f"{' and '.join(given)} exclude each other")


def refuse_same_file(order: Order, said: Said, keeping: Keeping) -> None:
    """Raise UsageFailure where a file that is read would be written, or one for two purposes, by
    whatever name."""
    written = {
        "the journal": ("--journal", order.journal),
        "the output": ("-o", said.output),
        "the recording": ("--record", keeping.record),
    }
    given = [(what, flag, path) for what, (flag, path) in written.items() if path is not None]
    for _, flag, path in given:
        if any(_same(path, each) for each in order.paths or ("-",)):
            raise UsageFailure("bad_flag", f'{flag} "{path}" is an input, too', "name another file")
        if keeping.replay is not None and _same(path, keeping.replay):
            message = f'{flag} "{path}" is what is replayed, too'
            raise UsageFailure("bad_flag", message, "name another file")
    for (what, _, path), (other, _, its) in itertools.combinations(given, 2):
        if _same(path, its):
            message = f'"{path}" is both {what} and {other}'
            raise UsageFailure("bad_flag", message, "name another file")


def own_files(order: Order, said: Said, keeping: Keeping) -> frozenset[str]:
    """What an answer may not be written over: what is read, and what else the run writes. The real
    paths of few, and the absolute ones of inputs, of which there may be many."""
    few = (order.journal, said.output, keeping.record, keeping.replay)
    real = {os.path.realpath(path) for path in few if path is not None}
    return frozenset(real | {os.path.abspath(path) for path in order.paths})


def _same(one: str, other: str) -> bool:
    try:
        if other == "-":
            return os.path.isfile(one) and os.path.samestat(os.stat(one), os.fstat(0))
        if os.path.exists(one) and os.path.exists(other):
            return os.path.isfile(one) and os.path.samefile(one, other)
        return os.path.realpath(one) == os.path.realpath(other)
    except (OSError, ValueError):
        return one == other


def _refuse_what_asks(said: Said) -> None:
    """What would change a request has no place where the requests are there already."""
    asks = {
        "-m": said.model, "-D": said.var, "--var-file": said.var_file, "-s": said.system,
        "--system-file": said.system_file, "--image": said.image, "--attach": said.attach,
        "-t": said.temperature, "--max-tokens": said.max_tokens, "--top-p": said.top_p,
        "--stop": said.stop, "--seed": said.seed, "--param": said.param, "--fit": said.fit,
    }  # fmt: skip
    given = [flag for flag, value in asks.items() if value not in (None, ())]
    if given:
        message = f"--from openai-batch: {_WHOLE}, and {given[0]} would change nothing"
        raise UsageFailure("bad_flag", message, "write it into the lines")
