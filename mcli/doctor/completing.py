"""EDGE: whether the person's shell completes our command lines: the places where it looks.

Those of bash-completion 2, of zsh's packages, and of fish 3; and the rc files, which may load it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mcli.doctor import machine
from mcli.doctor.finding import Check, ok, warning

_SYSTEM = ("/usr/local/share", "/usr/share")
_IN_DATA = {
    "bash": ("bash-completion/completions/mcli",),
    "zsh": ("zsh/site-functions/_mcli", "zsh/vendor-completions/_mcli"),
    "fish": ("fish/vendor_completions.d/mcli.fish", "fish/completions/mcli.fish"),
}
"""Below a folder for data, such as ~/.local/share."""
_AT_HOME = {
    "bash": (".bash_completion.d/mcli",),
    "zsh": (".zfunc/_mcli", ".zsh/completions/_mcli", ".zsh/functions/_mcli"),
    "fish": (".config/fish/completions/mcli.fish",),
}
_RC = {
    "bash": (".bashrc", ".bash_profile", ".profile", ".bash_completion"),
    "zsh": (".zshrc", ".zprofile"),
    "fish": (".config/fish/config.fish",),
}
_LOADS = b"mcli completion"
_TO = {
    "bash": "~/.local/share/bash-completion/completions/mcli",
    "zsh": "~/.zfunc/_mcli, a folder that is in fpath",
    "fish": "~/.config/fish/completions/mcli.fish",
}
_MOST = 1 << 20


def installed(environ: Mapping[str, str]) -> Check:
    """Whether completion is there for the shell that SHELL names; unasked for others."""
    shell = machine.shell(environ)
    if shell not in _IN_DATA:
        why = f"{shell} has none" if shell else "SHELL is not set"
        return ok("shell", f"completion is not looked for: {why}")
    home = machine.home(environ)
    for path in places(shell, home, environ):
        if os.path.lexists(path):
            return ok("shell", f'{shell}, completion by "{path}"')
    for name in _RC[shell]:
        if _loads(home / name):
            return ok("shell", f'{shell}, completion by "{home / name}"')
    hint = f"mcli completion {shell} > {_TO[shell]}"
    return warning("shell", f"{shell} has no completion for mcli", hint)


def places(shell: str, home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Where the shell would find it."""
    data = environ.get("XDG_DATA_HOME", "")
    roots = [Path(data) if os.path.isabs(data) else home / ".local" / "share"]
    roots += map(Path, _SYSTEM)  # no shell looks into an environment of Python
    found = [root / name for root in roots for name in _IN_DATA[shell]]
    found += [home / name for name in _AT_HOME[shell]]
    if shell == "zsh":
        found += [
            Path(folder) / "_mcli" for folder in environ.get("FPATH", "").split(":") if folder
        ]
    if shell == "bash":
        found.append(Path("/etc/bash_completion.d/mcli"))
    config = environ.get("XDG_CONFIG_HOME", "")
    if shell == "fish" and os.path.isabs(config):
        found.append(Path(config) / "fish" / "completions" / "mcli.fish")
    return found


def _loads(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _LOADS in file.read(_MOST)
    except OSError:
        return False
