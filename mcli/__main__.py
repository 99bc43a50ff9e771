"""ENTRY: the process: its descriptors, its signals, and an end that tells the truth."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

_PATIENCE_S = 5
_MANY = 200_000
"""Objects: more than a start makes, nearly all of which stay. To look among them for what may go
takes a twentieth of it."""


def entry() -> NoReturn:
    """Run the command line of this process and leave with its exit code.

    It leaves by `os._exit`, so that no thread that hangs in a resolver can hold it back, or by the
    signal itself, so that shells and loops see it.
    """
    gc.set_threshold(_MANY)
    _die_by_interrupts()
    from mcli import system

    _own_the_descriptors(system.direction)
    if sys.argv[1:2] == ["__complete"]:
        _complete(sys.argv[2:])
    # Typer takes 60 ms, in which Ctrl-C must already be quiet.
    from mcli import ending

    ending.install(sys.argv[1:])
    from mcli.cli import main

    code = main(sys.argv[1:])
    if code < 0:
        system.die_by(-code)
    os._exit(code)


def _complete(asked: list[str]) -> NoReturn:
    """Answer a shell that completes a command line: in time and in silence, whatever is broken."""
    if hasattr(signal, "SIGALRM"):  # a disk that hangs is not to hold the prompt
        signal.signal(signal.SIGALRM, _give_up)
        signal.alarm(_PATIENCE_S)
    try:
        from mcli import tab

        told = tab.answer(asked, os.environ).encode("utf-8", "replace")
        os.write(1, told)
    except BaseException:  # noqa: BLE001 - it would be written across the line that a person edits
        pass
    os._exit(0)


def _give_up(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(0)


def _die_by_interrupts() -> None:
    """Ctrl-C kills at once, also in a resolver or an import; what was ignored stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _own_the_descriptors(direction: Callable[[int], int]) -> None:
    """Open what the caller closed of 0, 1 and 2, so that no file of ours gets those numbers.

    A closed stdout becomes one that cannot be written, so that the loss of an answer shows.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR if descriptor == 2 else os.O_RDONLY)
    if direction(0) == os.O_WRONLY:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what nohup makes of a terminal
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    else:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # pyright: ignore


if __name__ == "__main__":
    entry()
