"""FLAGS: the flags that several commands share, each declared once.

A command lists the names it takes with `@takes(…)` and gets what was said as one `said`. A flag is
None (or empty, or false) unless it was given; the environment has its turn in `settings`.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_type_hints

import typer

from mcli import caps, durations, limits
from mcli.said import MOST_REPAIRS, MOST_RETRIES, Said


def _by(parse: Callable[[str], float]) -> Callable[[str], float]:
    """A reader of what `parse` takes."""

    def read(word: str) -> float:
        try:
            return parse(word)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return read


_duration, _usd = _by(durations.seconds), _by(caps.usd)


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers in a range."""

    def read(word: str) -> int:
        if word.isdecimal() and word.isascii() and len(word) < 20 and least <= int(word) <= most:
            return int(word)
        raise typer.BadParameter(f'"{word[:40]}" is not a whole number from {least} to {most}')

    return read


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise typer.BadParameter(f'"{word[:40]}" is not a number')
    return value


def share(word: str) -> float:
    """A number from 0 to 1."""
    value = _number(word)
    if not 0 <= value <= 1:
        raise typer.BadParameter(f'"{word[:40]}" is not a number from 0 to 1')
    return value


Many = list[str] | None

FLAGS: dict[str, Callable[[], Any]] = {
    "model": lambda: Annotated[str | None, typer.Option("-m", "--model", metavar="ID", help="Model, passed as it stands [env: MCLI_MODEL]")],
    "profile": lambda: Annotated[str | None, typer.Option(metavar="NAME", help="Named endpoint [env: MCLI_PROFILE]")],
    "base_url": lambda: Annotated[str | None, typer.Option(metavar="URL", help="Endpoint; /chat/completions is appended [env: MCLI_BASE_URL]")],
    "no_key": lambda: Annotated[bool, typer.Option("--no-key", help="Call without a key [env: MCLI_NO_KEY]")],
    "temperature": lambda: Annotated[float | None, typer.Option("-t", "--temperature", metavar="T", parser=_number, help="Sampling temperature")],
    "max_tokens": lambda: Annotated[int | None, typer.Option(metavar="N", parser=whole(1, 1 << 40), help="Token limit of the answer")],
    "top_p": lambda: Annotated[float | None, typer.Option(metavar="P", parser=_number, help="Nucleus sampling")],
    "stop": lambda: Annotated[Many, typer.Option(metavar="TEXT", help="End the answer before TEXT (repeatable)")],
    "seed": lambda: Annotated[int | None, typer.Option(metavar="N", help="Seed, for servers that have one")],
    "param": lambda: Annotated[Many, typer.Option(metavar="NAME=VALUE", help="Any other request field; VALUE is JSON if it parses (repeatable)")],
    "var": lambda: Annotated[Many, typer.Option("-D", "--var", metavar="NAME=VALUE", help="An input of the recipe, taken literally (repeatable)")],
    "var_file": lambda: Annotated[Many, typer.Option(metavar="NAME=PATH", help="An input of the recipe, read from a file (repeatable)")],
    "system": lambda: Annotated[str | None, typer.Option("-s", "--system", metavar="TEXT", help="System message, added after the recipe's own")],
    "system_file": lambda: Annotated[str | None, typer.Option(metavar="PATH", help="The same, from a file")],
    "file": lambda: Annotated[Many, typer.Option("-f", "--file", metavar="PATH", help="Add a file's text; - is stdin (repeatable)")],
    "image": lambda: Annotated[Many, typer.Option(metavar="PATH|URL", help="Add an image: PNG, JPEG, WebP or GIF; - is stdin (repeatable)")],
    "image_detail": lambda: Annotated[Literal["low", "high", "auto"] | None, typer.Option(help="How closely the model looks at images")],
    "attach": lambda: Annotated[Many, typer.Option(metavar="PATH", help="Add a PDF, WAV or MP3, or an image; - is stdin (repeatable)")],
    "no_stdin": lambda: Annotated[bool, typer.Option("-n", "--no-stdin", help="Do not look at stdin [env: MCLI_NO_STDIN]")],
    "invalid": lambda: Annotated[Literal["strict", "replace"], typer.Option(help="Bytes that are not UTF-8: refuse or replace them")],
    "max_input": lambda: Annotated[int, typer.Option(metavar="BYTES", parser=whole(1, 1 << 40), help="Refuse more input than this")],
    "timeout": lambda: Annotated[float | None, typer.Option(metavar="DURATION", parser=_duration, help="The whole command: 30, 90s, 10m [env: MCLI_TIMEOUT]")],
    "retries": lambda: Annotated[int | None, typer.Option(metavar="N", parser=whole(0, MOST_RETRIES), help="Extra attempts (3) [env: MCLI_RETRIES]")],
    "rpm": lambda: Annotated[int | None, typer.Option(metavar="N", parser=whole(1, limits.MOST["rpm"]), help="Requests a minute, of all commands together [env: MCLI_RPM]")],
    "tpm": lambda: Annotated[int | None, typer.Option(metavar="N", parser=whole(1, limits.MOST["tpm"]), help="Tokens a minute, of all commands together [env: MCLI_TPM]")],
    "max_cost": lambda: Annotated[float | None, typer.Option(metavar="USD", parser=_usd, help="Cap, by list price (1) [env: MCLI_MAX_COST]")],
    "max_requests": lambda: Annotated[int | None, typer.Option(metavar="N", parser=whole(0, 1 << 40), help="Refuse to send more requests")],
    "output": lambda: Annotated[str | None, typer.Option("-o", "--output", metavar="PATH", help="Write there, whole and only on success")],
    "no_clobber": lambda: Annotated[bool, typer.Option("--no-clobber", help="Never replace a file")],
    "json": lambda: Annotated[bool, typer.Option("--json", help="Print one JSON envelope")],
    "stream": lambda: Annotated[bool | None, typer.Option("--stream/--no-stream", help="Show text as it comes (on a terminal by default)")],
    "dry_run": lambda: Annotated[bool, typer.Option("--dry-run", help="Print the request, send nothing")],
    "allow_truncated": lambda: Annotated[bool, typer.Option("--allow-truncated", help="Take an answer that hit the token limit")],
    "fit": lambda: Annotated[Literal["head", "tail", "middle"] | None, typer.Option(help="Cut data that the model's window does not take: keep this of it")],
    "fallback": lambda: Annotated[Many, typer.Option(metavar="MODEL", help="Ask this one if the model is busy or fails (repeatable)")],
    "show_reasoning": lambda: Annotated[bool, typer.Option("--show-reasoning", help="What the model thinks, on stderr")],
    "record": lambda: Annotated[str | None, typer.Option(metavar="FILE", help="Add requests and replies to a recording [env: MCLI_RECORD]")],
    "replay": lambda: Annotated[str | None, typer.Option(metavar="FILE", help="Answer from a recording, without key or network [env: MCLI_REPLAY]")],
    "cache": lambda: Annotated[float | None, typer.Option(metavar="DURATION", parser=_duration, help="Answer an equal request from disk if it is younger [env: MCLI_CACHE]")],
    "quiet": lambda: Annotated[bool, typer.Option("-q", "--quiet", help="Print no answer; the exit status is the answer")],
    "verbose": lambda: Annotated[bool, typer.Option("-v", "--verbose", help="Attempts, waits, usage and cost on stderr")],
    "debug": lambda: Annotated[bool, typer.Option("--debug", help="A traceback on an internal error")],
    "color": lambda: Annotated[Literal["auto", "always", "never"], typer.Option(help="Colour on a terminal [env: NO_COLOR]")],
}  # fmt: skip
"""Each is made for a command that takes it: to make all takes a millisecond."""

AllowTool = Annotated[
    Many, typer.Option(metavar="NAME", help="Let the command of a tool run (repeatable)")
]
MaxSteps = Annotated[
    int | None,
    typer.Option(metavar="N", parser=whole(1, 1000), help="Rounds of calls that are run (5)"),
]
Repair = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        parser=whole(0, MOST_REPAIRS),
        help="Ask again for an answer that fails its check (1)",
    ),
]

COMPLETION = tuple(FLAGS)
BATCH = tuple(name for name in FLAGS if name not in ("file", "stream", "show_reasoning"))
ENDPOINT = (
    "profile", "base_url", "no_key", "timeout", "retries", "record", "replay", "json", "verbose",
    "debug", "color",
)  # fmt: skip
SETTINGS = (
    "model", "cache", "max_cost", "max_requests", "rpm", "tpm",
    *(name for name in ENDPOINT if name != "verbose"),
)  # fmt: skip
TESTING = (
    "model", "temperature", "max_tokens", "top_p", "stop", "seed", "param", "max_cost",
    "max_requests", "rpm", "tpm", *ENDPOINT, "quiet",
)  # fmt: skip
LOOKING = ("json", "debug", "color")
EXAMINING = (
    "model", "profile", "base_url", "no_key", "timeout", "max_cost", "max_requests", "json",
    "verbose", "debug", "color",
)  # fmt: skip
COUNTING = ("json", "no_stdin", "invalid", "quiet", "verbose", "debug")

_DEFAULTS: dict[str, Any] = {"invalid": "strict", "max_input": str(16 << 20), "color": "auto"}


IN_A_BATCH = {
    "timeout": "Each record: 30, 90s, 10m (600s) [env: MCLI_TIMEOUT]",
    "max_cost": "Cap, by list price (none) [env: MCLI_MAX_COST]",
    "max_requests": "Stop before more requests are sent",
    "max_input": "Refuse a longer record",
    "output": "Write there, at the end; keeps PATH.journal",
    "json": "An envelope a line; also for the run, if it fails",
    "dry_run": "Print the request of each record, send nothing",
    "quiet": "Print no answers; the exit status is the answer",
    "verbose": "How it went, at the end, and once a minute, on stderr",
}
"""What flags mean there, where that is something else."""


def takes(
    names: tuple[str, ...], meant: Mapping[str, str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the flags called `names`, behind its own parameters; `meant` is the help of
    those that mean something else there."""

    def dress(command: Callable[..., Any]) -> Callable[..., Any]:
        def dressed(**values: Any) -> Any:
            given = {name: values.pop(name) for name in names}
            said = {name: _settled(value) for name, value in given.items() if value is not None}
            return command(said=Said(**said), **values)

        hints = get_type_hints(command, include_extras=True)
        own = inspect.signature(command).parameters.values()
        parameters = [p.replace(annotation=hints[p.name]) for p in own if p.name != "said"]
        shared = [_parameter(name, (meant or {}).get(name)) for name in names]
        ordered = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*parameters, *shared)]
        dressed.__signature__ = inspect.Signature(ordered)  # pyright: ignore[reportFunctionMemberAccess]
        dressed.__annotations__ = {p.name: p.annotation for p in ordered}
        dressed.__name__ = command.__name__
        dressed.__doc__ = command.__doc__
        return dressed

    return dress


def _parameter(name: str, meant: str | None) -> inspect.Parameter:
    annotation = FLAGS[name]()
    kind = annotation.__origin__
    if meant is not None:
        option = copy.copy(annotation.__metadata__[0])
        option.help = meant
        annotation = Annotated[kind, option]
    absent = False if kind is bool else None
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=_DEFAULTS.get(name, absent),
        annotation=annotation,
    )


def _settled(value: Any) -> Any:
    """A repeatable flag as a tuple: what was said does not change."""
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
