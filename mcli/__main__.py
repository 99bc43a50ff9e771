"""ENTRY: the process: its descriptors, its signals, and an end that tells the truth.

The version, the screens of `--help` and what a shell asks at a Tab are told before anything else is
loaded: where the interpreter takes 12 ms to start, Typer takes 40, and `typing` alone 9.
"""

from __future__ import annotations

import gc
import os
import sys

from mcli import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

_PATIENCE_S = 5
_MANY = 100_000
"""Objects: twice what a start makes, nearly all of which stay. To look among them for what may go
takes a twentieth of it."""
_SCREENS = os.path.join(os.path.dirname(__file__), "screens")
_DEEPEST = 2
"""Words of a command, as in `mcli recipes test`."""


def entry() -> NoReturn:
    """Run the command line of this process and leave with its exit code.

    It leaves by `os._exit`, so that no thread that hangs in a resolver can hold it back, or by the
    signal itself, so that shells and loops see it.
    """
    owed = _at_once(sys.argv[1:])
    gc.set_threshold(_MANY)
    _die_by_interrupts()
    from mcli import system

    _own_the_descriptors(system.direction)
    # Typer takes 60 ms, in which Ctrl-C must already be quiet.
    from mcli import ending

    ending.install(sys.argv[1:])
    from mcli.cli import main

    code = main(sys.argv[1:], owed)
    if code < 0:
        system.die_by(-code)
    os._exit(code)


def _at_once(argv: list[str]) -> bytes:
    """Answer what can be answered with nothing loaded, and end. What of it cannot be written is
    given back, for those who tell of that."""
    owed = b""
    try:
        if argv[:1] == ["__complete"]:
            _complete(argv[1:])
        owed = _known(argv)
        if not owed:
            return owed
        owed = owed[os.write(1, owed) :]
    except KeyboardInterrupt:  # the module that has signals is not loaded yet
        from mcli import system

        system.die_by(system.SIGINT)
    except OSError:
        return owed
    return owed or os._exit(0)


def _known(argv: list[str]) -> bytes:
    """What is said to a command line, where that is the same until the next release: the version,
    or a screen of `--help`, which `.ci/make-screens` has written."""
    if argv[:1] == ["--version"]:
        return f"mcli {__version__}\n".encode()
    *words, last = argv or ("",)
    if last not in ("-h", "--help") or len(words) > _DEEPEST or not all(map(_is_name, words)):
        return b""
    try:
        with open(os.path.join(_SCREENS, ".".join(("mcli", *words, "txt"))), "rb") as file:
            return file.read()
    except OSError:
        return b""  # no command, or one whose help depends on more


def _is_name(word: str) -> bool:
    """Whether it may be that of a command: no path, and not one for a disk that ignores case."""
    return word.isascii() and word.islower() and word.replace("-", "").isalpha()


def _complete(asked: list[str]) -> NoReturn:
    """Answer a shell that completes a command line: in time and in silence, whatever is broken."""
    import faulthandler  # part of the interpreter; for an alarm of `signal` enums would be loaded

    try:
        silence = os.open(os.devnull, os.O_WRONLY)  # a disk that hangs is not to hold the prompt
        faulthandler.dump_traceback_later(_PATIENCE_S, exit=True, file=silence)
        from mcli import tab

        told = tab.answer(asked, os.environ).encode("utf-8", "replace")
        os.write(1, told)
    except BaseException:  # noqa: BLE001 - it would be written across the line that a person edits
        pass
    os._exit(0)


def _die_by_interrupts() -> None:
    """Ctrl-C kills at once, also in a resolver or an import; what was ignored stays ignored."""
    import signal

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
