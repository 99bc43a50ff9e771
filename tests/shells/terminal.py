"""A shell at a terminal of its own, without anybody's configuration, completion switched on."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import termios
import time

import pytest

from tests.program import Program

ARGV = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SWITCHED_ON = {
    "bash": (
        "bind 'set show-all-if-ambiguous on' 'set page-completions off' 2>/dev/null;"
        "bind 'set completion-query-items 0'; eval \"$(mcli completion bash)\""
    ),
    "zsh": (
        "LISTMAX=0; unsetopt list_ambiguous; autoload -Uz compinit && compinit -D -u;"
        ' eval "$(mcli completion zsh)"'
    ),
    "fish": "set -g fish_autosuggestion_enabled 0; mcli completion fish | source",
}
"""How the manual says that it is done, behind what makes a shell show offers without a question."""
INSTALLED = {
    "bash": ". {folder}/mcli-llm.bash",
    "zsh": "fpath=({folder} $fpath); autoload -Uz compinit && compinit -D -u",
    "fish": "set -p fish_complete_path {folder}",
}
"""How a shell comes by the files of an installation by itself; bash by bash-completion, which loads
the file of the name that it is asked about."""
PATIENCE_S = 30.0
_CONTROL = re.compile(
    r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()].|\x1b[=>]|[\r\x07\x0f]"
)
"""What drives a terminal."""


class Shell:
    """A running shell; `screen` is all that it has written, without what drives a terminal."""

    def __init__(self, name: str, program: Program, first: str = "", on: str = "") -> None:
        if shutil.which(name) is None:
            if "CI" in os.environ:
                pytest.fail(f"{name} is not installed")
            pytest.skip(f"{name} is not installed")
        self.name = name
        self.raw = b""
        path = f"{program.wrapper().parent}{os.pathsep}{program.env['PATH']}"
        env = {**program.env, "PATH": path, "LC_ALL": "C.UTF-8"}
        env["TERM"] = "xterm" if name == "fish" else "dumb"
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(program.home)
                os.execvpe(ARGV[name][0], ARGV[name], env)
            finally:
                os._exit(127)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 160, 0, 0))
        self.do(on or SWITCHED_ON[name])
        if first:
            self.do(first)

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *error: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    @property
    def screen(self) -> str:
        return _CONTROL.sub("", self.raw.decode("utf-8", "replace"))

    def do(self, line: str) -> str:
        """Run a line to its end: what is on the screen since the one before."""
        os.write(self.terminal, f"{line}; echo do''ne\r".encode())
        self.wait_for("done")
        seen, self.raw = self.screen, b""
        return seen

    def press(self, line: str, *shown: str) -> str:
        """Write a line without ending it, Tab included, until all of `shown` are on the screen, and
        take it back: all that was written there meanwhile."""
        os.write(self.terminal, line.encode())
        self.wait_for(*shown)
        os.write(self.terminal, b"\x15")  # the line is away
        return self.do("true")

    def wait_for(self, *shown: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not all(text in self.screen for text in shown):
            left = until - time.monotonic()
            ready = left > 0 and select.select([self.terminal], [], [], left)[0]
            assert ready, f"{self.name} shows {self.screen!r}, not all of {shown}"
            try:
                self.raw += os.read(self.terminal, 65536)
            except OSError:
                pytest.fail(f"{self.name} ended: {self.screen!r}")
