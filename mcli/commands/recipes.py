"""FLAGS: `mcli recipes`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import ANYWAY, CALLING, SETTING, Commands, documented
from mcli.said import Said

recipes = Commands(
    help="Look after recipes: list, show, check and test them.", no_args_is_help=False
)
_UNREAD = {ExitCode.NO_INPUT: "no input"}

_Paths = Annotated[
    list[str] | None, typer.Argument(metavar="[PATH]...", help="Files, or directories to search")
]


@recipes.command("list")
@documented(
    ANYWAY,
    ("What there is", "mcli recipes list"),
    ("Names alone", "mcli recipes list | cut -f1"),
)
@options.takes(options.LOOKING)
def list_recipes(said: Said) -> ExitCode:
    """The recipes that have a name: your own and the bundled ones."""
    from mcli import shelf

    return shelf.show_list(said)


@recipes.command("show")
@documented(
    {**SETTING, **_UNREAD},
    ("A bundled one, to begin from", "mcli recipes show summarize > mine.yaml"),
    ("Its inputs, for a script", "mcli recipes show translate --json | jq .data.inputs"),
)
@options.takes(options.LOOKING)
def show(
    said: Said, recipe: Annotated[str, typer.Argument(metavar="RECIPE", show_default=False)]
) -> ExitCode:
    """A recipe's file, as it is."""
    from mcli import shelf

    return shelf.show(recipe, said)


@recipes.command("check")
@documented(
    {**ANYWAY, **_UNREAD, ExitCode.NO: "something is wrong"},
    ("All below a directory", "mcli recipes check prompts/"),
    ("Your own and the bundled ones", "mcli recipes check"),
)
@options.takes(options.LOOKING)
def check(said: Said, paths: _Paths = None) -> ExitCode:
    """What is wrong with recipes, a line each.

    Without PATH: your own and the bundled ones.
    """
    from mcli import checking

    return checking.check(paths or (), said)


@recipes.command("test")
@documented(
    {**CALLING, **_UNREAD, ExitCode.NO: "a test fails", ExitCode.BAD_INPUT: "bad input"},
    ("On the sandbox, without a key", "mcli sandbox -- mcli recipes test prompts/"),
    ("For CI", "mcli recipes test prompts/ --junit results.xml"),
)
@options.takes(options.TESTING)
def run_tests(
    said: Said,
    paths: _Paths = None,
    jobs: Annotated[
        int,
        typer.Option(
            "-j", "--jobs", metavar="N", parser=options.whole(1, 256), help="Tests at a time"
        ),
    ] = "8",  # pyright: ignore[reportArgumentType]
    junit: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the results as JUnit's XML, too")
    ] = None,
) -> ExitCode:
    """Run the tests that recipes bring along.

    Without PATH: those of your own and of the bundled ones.
    """
    from mcli import trial

    return trial.run(paths or (), jobs, junit, said)


@recipes.command("schema")
@documented(
    ANYWAY,
    ("For an editor", "mcli recipes schema > recipe.schema.json"),
    ("Of what --json prints", "mcli recipes schema envelope"),
)
@options.takes(options.LOOKING)
def schema(
    said: Said,
    of: Annotated[
        Literal["recipe", "envelope"], typer.Argument(metavar="[recipe|envelope]")
    ] = "recipe",
) -> ExitCode:
    """The JSON Schema of recipes, for an editor, or of what --json prints."""
    from mcli import shelf

    return shelf.show_schema(of, said)
