"""FLAGS: what is said of a command line that cannot be meant, and what was most likely meant."""

from __future__ import annotations

import difflib
import re
from typing import Any

from mcli import output
from mcli.errors import UsageFailure
from mcli.expressions import expression

_SECRET = expression(
    r"key|secret|passw|bearer|credential|auth(?!or)|(?<!max-)(?<!chunk-)(?<!count-)token(?!s)",
    re.IGNORECASE,
)
"""A flag that somebody made up to hand over a secret; `--max-token` is none."""
_FIRST = (
    ("mcli sandbox -- mcli ask hello", "needs no key: a local server answers"),
    ('git diff | mcli ask "Any risk in it?"', "needs export MEGALLM_API_KEY=..."),
    ("mcli help", "the manual; --help has examples"),
)
"""What to try first, and what of it."""


def usage(error: Exception) -> UsageFailure:
    """Typer's complaint on one line, with what was meant and where to find out more."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mcli"
    told: Any = getattr(error, "format_message", error.__str__)()
    message = " ".join(str(told).split()).rstrip(".")
    message = message[:1].lower() + message[1:] if message else "the command line is incomplete"
    see = f"see {command} --help"
    if message == "missing command":
        return UsageFailure("usage", message, _first(context, see))
    if not hasattr(error, "possibilities"):  # Typer's mark of a flag that there is not
        return UsageFailure("usage", message, see)
    message = message.partition(" (")[0]
    if _SECRET.search(message.partition(":")[2]):  # nothing is suggested that takes one
        hint = "no flag takes a key, since others can read it there; use MCLI_API_KEY"
        return UsageFailure("usage", message, hint)
    return UsageFailure("usage", message, f"{_meant(error, context)}{see}")


def _meant(error: Any, context: Any) -> str:
    """The flag that was most likely meant, as the beginning of a hint; "" if none is near."""
    if context is None:
        return ""
    known = _long(context.command)
    for name, command in getattr(context.command, "commands", {}).items():
        if error.option_name in _long(command) and context.parent is None:
            return f"flags stand behind the command, as in mcli {name} {error.option_name}; "
    near = [word for word in known if word.startswith(error.option_name)]
    if len(near) != 1:
        near = difflib.get_close_matches(error.option_name, sorted(known), n=1)
    return f"did you mean {near[0]}? " if near else ""


def _long(command: Any) -> set[str]:
    """The long flags of a command."""
    words = {word for each in command.params for word in (*each.opts, *each.secondary_opts)}
    return {word for word in words if word.startswith("--")} | {"--help"}


def _first(context: Any, see: str) -> str:
    """What to do where only `mcli`, or the name of a group, was said. A person who looks is shown
    it in lines of their own."""
    if context is None:
        return see
    if context.parent is not None:
        return f"give one of {', '.join(context.command.commands)}; {see}"
    if not output.is_watched():
        return f"try first: {'; '.join(line for line, _ in _FIRST)}"
    width = max(len(line) for line, _ in _FIRST)
    for line in ("Try first:", *(f"  {line:{width}}  {about}" for line, about in _FIRST)):
        output.aside(line)
    return see
