"""EDGE: where a person's files lie, by the XDG specification: a relative value is ignored.

Paths are text here, and nothing is loaded: a shell that asks at a Tab waits for this.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

RECIPES = (".yaml", ".yml")
"""How the name of a recipe's file ends."""
_PACKAGE = os.path.dirname(__file__)


def configuration(environ: Mapping[str, str]) -> str:
    """`$XDG_CONFIG_HOME/mcli`."""
    base = environ.get("XDG_CONFIG_HOME", "")
    home = environ.get("HOME") or os.path.expanduser("~")
    return os.path.join(base if os.path.isabs(base) else os.path.join(home, ".config"), "mcli")


def configuration_file(environ: Mapping[str, str]) -> str:
    """Where the configuration file is, whether it exists or not."""
    return environ.get("MCLI_CONFIG") or os.path.join(configuration(environ), "config.yaml")


def home(environ: Mapping[str, str], windows: bool = os.name == "nt") -> str:
    """The home that a person's environment names, or nothing."""
    return environ.get("HOME") or (environ.get("USERPROFILE", "") if windows else "")


def below(environ: Mapping[str, str], variable: str, usual: str, home: str) -> str:
    """The folder `mcli` in what `variable` names, or in the `usual` one of `home`; OSError where
    there is neither: a service that was given no HOME is not to leave files in that of root.
    """
    base = environ.get(variable, "")
    if os.path.isabs(base):
        return os.path.join(base, "mcli")
    if os.path.isabs(home):
        return os.path.join(home, usual, "mcli")
    raise OSError(errno.ENOENT, "no home directory is set")


def own_recipes(environ: Mapping[str, str]) -> str:
    """Where a person's own recipes lie."""
    return os.path.join(configuration(environ), "recipes")


def bundled_recipes() -> str:
    """Where those lie that ship with mcli: in the package in a wheel, beside it in a checkout."""
    inside = os.path.join(_PACKAGE, "_recipes")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), "recipes")


def recipes_in(folder: str) -> dict[str, str]:
    """The files of a folder's recipes by their names; none where it cannot be read."""
    try:
        found = sorted(os.listdir(folder))
    except OSError:
        return {}
    paths = [os.path.join(folder, name) for name in found if is_recipe(name)]
    return {name_of(path): path for path in paths if os.path.isfile(path)}


def is_path(name: str) -> bool:
    """Whether a recipe is named by its file."""
    return "/" in name or os.sep in name or name.endswith(RECIPES)


def is_recipe(file: str) -> bool:
    """Whether a file is called as one."""
    return os.path.splitext(file)[1] in RECIPES


def name_of(file: str) -> str:
    """What the recipe in a file is called."""
    return os.path.splitext(os.path.basename(file))[0].removesuffix(".prompt")
