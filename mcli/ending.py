"""EDGE: what fails is told from the first moment on; how (`failing`) is loaded when something does.

What fails where nobody catches it is told in the same way. An exception that ends a thread, or the
program outside its `main`, is a bug. One that Python or the event loop cannot raise anywhere, such
as that of a destructor, changes no result: it is shown with `--debug` only.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from mcli.errors import Failure

_flags: list[str] = []
"""The words of the command line in front of `--`."""


def install(argv: Sequence[str]) -> None:
    """From now on what nobody catches is told here, and nothing by Python itself."""
    _flags[:] = argv[: argv.index("--")] if "--" in argv else argv
    sys.excepthook = _end
    threading.excepthook = lambda told: _end(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _show(told.exc_value)


def in_loop(loop: object, context: dict[str, Any]) -> None:
    """The event loop's word on what it could not raise."""
    _show(context.get("exception"))


def report(failure: Failure) -> int:
    """Tell of a failure. The exit code, or the negative number of the signal to die of."""
    from mcli import failing

    return failing.report(failure, _flags)


def crash(error: BaseException) -> int:
    """Tell of a bug. What `report` gives back."""
    from mcli import failing

    return failing.report(failing.bug(error, _flags), _flags)


def _show(error: BaseException | None) -> None:
    if error is not None and "--debug" in _flags:
        from mcli import failing

        failing.show(error, _flags)


def _end(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    code = 70
    try:
        code = crash(error or kind())
    finally:  # whatever else is broken: 1 would be a verdict
        os._exit(code if code >= 0 else 128 - code)
