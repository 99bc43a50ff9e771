"""SHELL: the tokens of files or stdin, as wc counts words; or their text, cut to so many."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import chain
from typing import Any

from mcli import blocks, envelope, inputs, output, prices, settings
from mcli.errors import BadInput, ExitCode, NoInput, UsageFailure
from mcli.inputs import Bounds
from mcli.said import Said
from mcli.shapes import frozen, mutable
from mcli.tokens import chat_format, conversation, counting, cutting, engine, families
from mcli.tokens.counting import Choice, Tally
from mcli.tokens.cutting import Keep

_PROVABLE = 1 << 24
"""Bytes that are held to see whether their number alone says that there are not too many tokens."""


@frozen
class Order:
    """What is to be counted or cut, as which model or encoding, and the number that is too many."""

    files: tuple[str, ...]
    model: str | None = None
    encoding: str | None = None
    most: int | None = None
    truncate: int | None = None
    keep: Keep | None = None
    messages: bool = False


@mutable
class Counter:
    """How texts are counted, and what about it is an estimate."""

    choice: Choice
    model: str | None
    estimates: list[str]

    def facts(self) -> dict[str, Any]:
        """What `--json` says of it."""
        return {
            "encoding": self.choice.encoding,
            "model": self.model,
            "approximate": self.choice.approximate or bool(self.estimates),
            "estimates": self.estimates,
        }

    def tell(self, said: Said) -> None:
        """What is an estimate, on stderr: to a person, or where it was asked for."""
        for line in self.estimates if said.verbose or not said.quiet else ():
            output.note(line) if said.verbose else output.terminal_note(line)


def count(order: Order, said: Said) -> ExitCode:
    """Print the counts: alone for stdin, `COUNT NAME` a line for files, with a total for several;
    or the text, cut.

    NO if the total is above `order.most`. Raises NoInput, BadInput or UsageFailure; of several
    files those that can be counted are printed before, as wc does it.
    """
    began = time.monotonic()
    _check(order)
    if not said.quiet:
        output.check_stdout()
    counter = _counter(order)
    names = _names(order.files, said)
    if order.truncate is not None:
        _cut(order, said, counter, began)
        return ExitCode.OK
    counts, failed = _counts(names, order, said, counter)
    total = sum(number for _, number in counts)
    verdict = None if order.most is None else total <= order.most
    files = [{"name": name, "tokens": number} for name, number in counts]
    data = {"total": total, **counter.facts(), "files": files}
    if failed:
        failed.data = data
    elif said.json:
        output.json_line(envelope.of_data(data, time.monotonic() - began, verdict))
    if counts and not said.json and not said.quiet:
        _print(order.files, counts, total)
    counter.tell(said)
    if failed:
        raise failed
    return ExitCode.NO if verdict is False else ExitCode.OK


def _check(order: Order) -> None:
    if order.model is not None and order.encoding is not None:
        raise UsageFailure("bad_flag", "--model and --encoding exclude each other")
    if order.truncate is None:
        if order.keep is not None:
            raise UsageFailure("bad_flag", "--keep says what --truncate keeps", "give --truncate N")
        return
    if order.messages or order.most is not None:
        other = "--messages" if order.messages else "--max"
        raise UsageFailure("bad_flag", f"--truncate and {other} exclude each other")
    if len(order.files) > 1:
        raise UsageFailure("bad_flag", "--truncate takes one text", "join the files with cat")


def _counter(order: Order) -> Counter:
    """How to count: as the encoding that is named, or as the model in force."""
    if order.encoding is not None:
        if not engine.has(order.encoding):
            message = f'unknown encoding "{order.encoding}"'
            hint = f"known: {', '.join(engine.encodings())}"
            if order.encoding in families.FURTHER:
                hint = "it comes with splintr: pip install 'mcli-llm[fast]'"
            raise UsageFailure("unknown_encoding", message, hint)
        return Counter(Choice(order.encoding, approximate=False), None, [])
    found = settings.load(Said(model=order.model, dry_run=True), os.environ)  # which needs no key
    model = found.model or ""
    own = prices.find(model, found.models).encoding
    choice = Choice(own, approximate=False) if own else counting.choose(model)
    named = f'the vocabulary of "{model}"' if model else "which vocabulary is meant"
    told = f"{named} is not known here: counted with {choice.encoding}, as an estimate"
    return Counter(choice, found.model, [told] if choice.approximate else [])


def _names(files: tuple[str, ...], said: Said) -> tuple[str, ...]:
    if files:
        return files
    if said.no_stdin or settings.truth(os.environ, "MCLI_NO_STDIN"):
        raise NoInput("empty_input", "stdin is left alone and no file is named", "name a FILE")
    inputs.refuse_terminal(files, "required", no_stdin=False)
    return ("-",)


def _counts(
    names: tuple[str, ...], order: Order, said: Said, counter: Counter
) -> tuple[list[tuple[str, int]], NoInput | BadInput | None]:
    """The tokens of each text, and what is wrong with those that cannot be read, as one failure."""
    counts: list[tuple[str, int]] = []
    failures: list[NoInput | BadInput] = []
    spare = order.most if said.quiet and not said.json and len(names) == 1 else None
    for name in names:
        try:
            counts.append((name, _measure(name, order, Bounds(said.invalid), counter, spare)))
        except (NoInput, BadInput) as failure:
            failures.append(failure)
    if not failures:
        return counts, None
    failures[0].message = "; ".join(failure.message for failure in failures)
    return counts, failures[0]


def _measure(name: str, order: Order, bounds: Bounds, counter: Counter, spare: int | None) -> int:
    """The tokens of one text; where it has fewer bytes than `spare` tokens, as many as that."""
    text = blocks.read(name, bounds)
    if order.messages:
        return _conversation(name, "".join(text), counter)
    held: list[str] = []
    if spare is not None and spare <= _PROVABLE:
        size = 0
        for block in text:
            held.append(block)
            size += chat_format.bound(block)
            if size > spare:
                break
        else:
            return size
    tally = counting.tally(chain(held, text), counter.choice.encoding)
    return _exact(name, tally, counter)


def _exact(name: str, tally: Tally, counter: Counter) -> int:
    if not tally.exact:
        counter.estimates.append(f"{name}: cut where there is no seam, and so counted about right")
    return tally.tokens


def _conversation(name: str, text: str, counter: Counter) -> int:
    where = "stdin" if name == "-" else name
    encoding = counter.choice.encoding
    found = conversation.Count(
        counter.model or "", lambda part: counting.count(part, encoding), where
    )
    conversation.count(conversation.parse(text, where), found)
    counter.estimates += [line for line in found.estimates if line not in counter.estimates]
    return found.tokens


def _cut(order: Order, said: Said, counter: Counter, began: float) -> None:
    """Print the text of the one file, cut, as it is: a line break would be a token more."""
    name, limit = (order.files or ("-",))[0], order.truncate or 0
    keep, encoding = order.keep or "head", counter.choice.encoding
    text: Iterator[str] = blocks.read(name, Bounds(said.invalid))
    held = cutting.window(text, limit, keep)
    kept = counting.cut(held, encoding, limit, keep)
    if said.json:
        facts = {"tokens": counting.count(kept, encoding), "truncated": kept != held}
        data = {**facts, "keep": keep, **counter.facts()}
        told = envelope.of_data(data, time.monotonic() - began)
        output.json_line({**told, "text": kept})
    elif not said.quiet:
        output.piece(kept)
    counter.tell(said)


def _print(files: tuple[str, ...], counts: list[tuple[str, int]], total: int) -> None:
    if files in ((), ("-",)):
        output.text(str(total))
        return
    lines = [f"{number} {name}" for name, number in counts]
    if len(files) > 1:
        lines.append(f"{total} total")
    output.text("\n".join(lines))
