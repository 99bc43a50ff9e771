"""FLAGS: `mcli recipes`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mcli import options
from mcli.errors import ExitCode
from mcli.said import Said

recipes = typer.Typer(
    help="Look after recipes: list, show, check and test them.",
    no_args_is_help=False,
    rich_markup_mode=None,
)

_Paths = Annotated[
    list[str] | None, typer.Argument(metavar="[PATH]...", help="Files, or directories to search")
]


@recipes.command("list")
@options.takes(options.LOOKING)
def list_recipes(said: Said) -> ExitCode:
    """The recipes that have a name: your own and the bundled ones."""
    from mcli import shelf

    return shelf.show_list(said)


@recipes.command("show")
@options.takes(options.LOOKING)
def show(
    said: Said, recipe: Annotated[str, typer.Argument(metavar="RECIPE", show_default=False)]
) -> ExitCode:
    """A recipe's file, as it is."""
    from mcli import shelf

    return shelf.show(recipe, said)


@recipes.command("check")
@options.takes(options.LOOKING)
def check(said: Said, paths: _Paths = None) -> ExitCode:
    """What is wrong with recipes, a line each; without PATH your own and the bundled ones.

    Exit 1 if anything is.
    """
    from mcli import checking

    return checking.check(paths or (), said)


@recipes.command("test")
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
    """Run the tests that recipes bring along; without PATH your own and the bundled ones.

    Exit 1 if one fails.
    """
    from mcli import trial

    return trial.run(paths or (), jobs, junit, said)


@recipes.command("schema")
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
