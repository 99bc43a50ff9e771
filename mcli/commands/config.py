"""FLAGS: `mcli config`."""

from __future__ import annotations

from mcli import options
from mcli.errors import ExitCode
from mcli.help_screen import ANYWAY, SETTING, Commands, documented
from mcli.said import Said

config = Commands(help="Settings, each with where it came from.", no_args_is_help=False)


@config.command("show")
@documented(
    SETTING,
    ("What is in force, and why", "mcli config show"),
    ("One value, for a script", "mcli config show --model gpt-4o --json | jq -r .data.model.value"),
)
@options.takes(options.SETTINGS)
def show(said: Said) -> ExitCode:
    """Every setting in force and its origin; keys are masked."""
    from mcli import showing

    return showing.config(said)


@config.command("path")
@documented(
    ANYWAY,
    ("Where the file is", "mcli config path"),
    ("Look at it", 'ls -l "$(mcli config path)" || echo "there is none yet"'),
)
@options.takes(("json", "debug"))
def path(said: Said) -> ExitCode:
    """Where the configuration file is, or would be."""
    from mcli import showing

    return showing.config_path(said)
