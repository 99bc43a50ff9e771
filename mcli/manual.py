"""EDGE: the manual: pages of Markdown that ship inside the package, one a topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from mcli import strict
from mcli.errors import UsageFailure

_FOLDER = Path(__file__).parent / "help"


def topics() -> dict[str, str]:
    """Every topic with the heading of its page, in alphabetical order."""
    return {path.stem: _heading(path) for path in sorted(_FOLDER.glob("*.md"))}


def page(topic: str, commands: Mapping[str, Callable[[], str]] | None = None) -> str:
    """The page on `topic`, as it was written, or what is made for a name in `commands`.

    UsageFailure if there is none.
    """
    known = {path.stem: path for path in _FOLDER.glob("*.md")}
    if topic in known:
        return known[topic].read_text(encoding="utf-8")
    if commands and topic in commands:
        return commands[topic]()
    near = strict.did_you_mean(topic, {*known, *(commands or ())})
    if not near.endswith("?"):
        near = f"{strict.did_you_mean('', known)};"
    hint = f"{near} a command has its own --help"
    raise UsageFailure("unknown_topic", f'the manual has no page "{topic}"', hint)


def _heading(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().removeprefix("#").strip()
