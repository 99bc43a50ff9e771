"""Write the scripts of all shells: .ci/make-completions [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import bash
import fish
import powershell
import zsh
from tree import tree

ROOT = Path(__file__).parents[2]
# bash-completion looks for a file of each command's name, which loads the other's beside it.
BASH_LINK = '. "${BASH_SOURCE[0]%/*}/mcli.bash"\n'


def main(argv: list[str]) -> None:
    """Write them into a folder, `completions/` unless one is named."""
    folder = Path(argv[0]) if argv else ROOT / "completions"
    root = tree()
    scripts = {
        "mcli.bash": bash.script(root),
        "mcli-llm.bash": BASH_LINK,
        "_mcli": zsh.script(root),
        "mcli.fish": fish.script(root),
        "mcli-llm.fish": fish.LINK,
        "mcli.ps1": powershell.script(root),
    }
    for name, text in scripts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
