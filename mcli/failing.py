"""EDGE: how a failure is told: a line without secrets, an envelope, a number.

`flags` are here the words of the command line in front of `--`.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from itertools import pairwise

from mcli import envelope, keys, output, system
from mcli.errors import Failure, ReaderGone, WriteFailure


def report(failure: Failure, flags: Sequence[str]) -> int:
    """The failure's line on stderr, and with `--json` its envelope on stdout. The exit code, or the
    negative number of the signal to die of.
    """
    keys.hide_all(os.environ)
    code = int(failure.exit_code)
    try:
        if "--json" in flags:
            output.failure_envelope(envelope.of_failure(failure))
    except ReaderGone:
        return -system.SIGPIPE
    except WriteFailure as failed:
        if not isinstance(failure, WriteFailure):
            failure, code = failed, int(failed.exit_code)
    output.failure_line(failure, _color(flags))
    return code


def bug(error: BaseException, flags: Sequence[str]) -> Failure:
    """What is told of an internal error: its kind and place, never its text or its variables."""
    show(error, flags)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    message = f"internal error: {type(error).__name__}{place}"
    return Failure("bug", message, "report it, with --debug", charged="maybe")


def show(error: BaseException | None, flags: Sequence[str]) -> None:
    """Its traceback, without variables and secrets, with `--debug`."""
    if error is not None and "--debug" in flags:
        keys.hide_all(os.environ)
        output.traceback_text("".join(traceback.format_exception(error)))


def _color(flags: Sequence[str]) -> str:
    """What `--color` says, also where the rest of the command line is wrong."""
    said = [word.removeprefix("--color=") for word in flags if word.startswith("--color=")]
    said += [value for flag, value in pairwise(flags) if flag == "--color"]
    return said[-1] if said else "auto"
