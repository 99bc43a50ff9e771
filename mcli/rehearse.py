"""SHELL: the sandbox, alone or around a command."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

from mcli import durations, envelope, output
from mcli.errors import CannotCreate, ExitCode, UsageFailure, reason
from mcli.said import Said
from mcli.sandbox import child, rehearsal, server
from mcli.shapes import frozen

T = TypeVar("T")

DEFAULT_PORT = 8399
"""The port of the built-in profile `sandbox`."""


@frozen
class Order:
    """The command to run against the sandbox (or none), and the day it is to have."""

    command: tuple[str, ...]
    port: int | None
    latency: str | None
    fail: str | None
    seed: int | None


def sandbox(order: Order, said: Said) -> ExitCode | int:
    """Serve until a signal comes, or become the command with a server beside it."""
    if order.command and said.json:
        raise UsageFailure("bad_flag", "--json has no meaning here: stdout belongs to the command")
    listening = _open(order, said)
    if order.command:
        try:
            child.run_with(listening, order.command)
        except child.CannotRun as error:
            output.note(str(error))
            return error.status
    if said.json:
        output.json_line(envelope.of_data({"url": listening.url}, 0.0))
    else:
        output.text(listening.url)
    listening.serve()
    return ExitCode.OK


def _open(order: Order, said: Said) -> server.Server:
    """The listening server; beside a command it takes any free port unless one was named."""
    port = order.port if order.port is not None else 0 if order.command else DEFAULT_PORT
    latency = _read("--latency", durations.seconds, order.latency, 0.0)
    faults = _read("--fail", rehearsal.parse_faults, order.fail, ())
    day = rehearsal.Rehearsal(latency, faults, order.seed)
    try:
        return server.open_server(port, day, output.note if said.verbose else None)
    except OSError as error:
        hint = "choose another with --port" if error.errno == errno.EADDRINUSE else ""
        why = reason(error, "cannot be opened")
        raise CannotCreate("port_taken", f"port {port}: {why}", hint) from None


def _read(flag: str, read: Callable[[str], T], word: str | None, absent: T) -> T:
    """What was said with a flag; UsageFailure if it makes no sense."""
    if word is None:
        return absent
    try:
        return read(word)
    except ValueError as error:
        raise UsageFailure("bad_flag", f"{flag}: {error}") from None
