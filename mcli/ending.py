"""EDGE: how a failure is told: a line without secrets, an envelope, a number.

What fails where nobody catches it is told in the same way. An exception that ends a thread, or the
program outside its `main`, is a bug. One that Python or the event loop cannot raise anywhere, such
as that of a destructor, changes no result: it is shown with `--debug` only.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Sequence
from itertools import pairwise
from types import TracebackType
from typing import Any

from mcli import envelope, keys, output, system
from mcli.errors import Failure, ReaderGone, WriteFailure

_flags: list[str] = []
"""The words of the command line in front of `--`."""


def install(argv: Sequence[str]) -> None:
    """From now on what nobody catches is told here, and nothing by Python itself."""
    _flags[:] = argv[: argv.index("--")] if "--" in argv else argv
    sys.excepthook = _end
    threading.excepthook = lambda told: _end(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: show(told.exc_value)


def in_loop(loop: object, context: dict[str, Any]) -> None:
    """The event loop's word on what it could not raise."""
    show(context.get("exception"))


def report(failure: Failure) -> int:
    """The failure's line on stderr, and with `--json` its envelope on stdout. The exit code, or the
    negative number of the signal to die of.
    """
    keys.hide_all(os.environ)
    code = int(failure.exit_code)
    try:
        if "--json" in _flags:
            output.failure_envelope(envelope.of_failure(failure))
    except ReaderGone:
        return -system.SIGPIPE
    except WriteFailure as failed:
        if not isinstance(failure, WriteFailure):
            failure, code = failed, int(failed.exit_code)
    output.failure_line(failure, _color())
    return code


def bug(error: BaseException) -> Failure:
    """What is told of an internal error: its kind and place, never its text or its variables."""
    show(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    message = f"internal error: {type(error).__name__}{place}"
    return Failure("bug", message, "report it, with --debug", charged="maybe")


def show(error: BaseException | None) -> None:
    """Its traceback, without variables and secrets, with `--debug`."""
    if error is not None and "--debug" in _flags:
        keys.hide_all(os.environ)
        output.traceback_text("".join(traceback.format_exception(error)))


def _end(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    code = report(bug(error or kind()))
    os._exit(code if code >= 0 else 128 - code)


def _color() -> str:
    """What `--color` says, also where the rest of the command line is wrong."""
    said = [word.removeprefix("--color=") for word in _flags if word.startswith("--color=")]
    said += [value for flag, value in pairwise(_flags) if flag == "--color"]
    return said[-1] if said else "auto"
