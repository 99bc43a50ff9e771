"""SHELL: the tokens of files or stdin, as wc counts words."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from mcli import envelope, inputs, output, settings
from mcli.errors import ExitCode, NoInput, UsageFailure
from mcli.inputs import Bounds
from mcli.said import Said
from mcli.tokens import counting


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be counted, as which model or encoding, and the number that is too many."""

    files: tuple[str, ...]
    model: str | None
    encoding: str | None
    most: int | None


def count(order: Order, said: Said) -> ExitCode:
    """Print the counts: alone for stdin, `COUNT NAME` a line for files, with a total for several.

    NO if the total is above `order.most`. Raises NoInput, BadInput or UsageFailure.
    """
    began = time.monotonic()
    if not said.quiet:
        output.check_stdout()
    encoding, model, approximate = _encoding(order)
    texts = _texts(order.files, said)
    counts = [(name, counting.count(text, encoding)) for name, text in texts]
    total = sum(number for _, number in counts)
    verdict = None if order.most is None else total <= order.most
    if said.json:
        data = {
            "total": total,
            "encoding": encoding,
            "model": model,
            "approximate": approximate,
            "files": [{"name": name, "tokens": number} for name, number in counts],
        }
        output.json_line(envelope.of_data(data, time.monotonic() - began, verdict))
    elif not said.quiet:
        _print(order.files, counts, total)
    return ExitCode.NO if verdict is False else ExitCode.OK


def _encoding(order: Order) -> tuple[str, str | None, bool]:
    """The encoding, the model it stands for, and whether that is a guess."""
    if order.encoding is not None:
        if order.model is not None:
            raise UsageFailure("bad_flag", "--model and --encoding exclude each other")
        if order.encoding not in counting.ENCODINGS:
            known = ", ".join(counting.ENCODINGS)
            message = f'unknown encoding "{order.encoding}"'
            raise UsageFailure("unknown_encoding", message, f"known: {known}")
        return order.encoding, None, False
    said = Said(model=order.model, dry_run=True)  # which needs no key
    model = settings.load(said, os.environ).model
    choice = counting.choose(model or "")
    return choice.encoding, model, choice.approximate


def _texts(files: tuple[str, ...], said: Said) -> list[tuple[str, str]]:
    bounds = Bounds(said.invalid, most=None)
    if files:
        return [(name, inputs.read_file(name, bounds)) for name in files]
    if said.no_stdin or settings.truth(os.environ, "MCLI_NO_STDIN"):
        raise NoInput("empty_input", "stdin is left alone and no file is named", "name a FILE")
    inputs.refuse_terminal(files, "required", no_stdin=False)
    return [("-", inputs.read_file("-", bounds))]


def _print(files: tuple[str, ...], counts: list[tuple[str, int]], total: int) -> None:
    if files in ((), ("-",)):
        output.text(str(total))
        return
    lines = [f"{number} {name}" for name, number in counts]
    if len(counts) > 1:
        lines.append(f"{total} total")
    output.text("\n".join(lines))
