"""The picture of the README: real runs in a terminal, against the sandbox; for `.ci/make-picture`.

A shell on a terminal of 80 columns runs each line of `LINES` and says it before, as if a person had
typed it. What is shown goes into an SVG by rich, without its web fonts: nothing is fetched by who
looks at it. Seconds, which differ from run to run, are written as 0.1s.
"""

from __future__ import annotations

import fcntl
import html
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.program import ROOT

PICTURE = ROOT / ".github" / "terminal.svg"
WIDTH = 80
FILES = {
    "mail.txt": "Since the update the export ends with error 500.\nIs that a known bug?\n",
    "mails.txt": "It crashes: a bug.\nAn idea: open on Sundays.\nAll praise to you!\n",
}
LINES = (
    "mcli classify -l bug,feature,praise mail.txt",
    "mcli classify -q -l bug,praise --expect praise mail.txt; echo status $?",
    "mcli summarize mail.txt",
    "mcli batch classify -D labels=bug,idea,praise mails.txt --text -o labels",
    "paste labels mails.txt",
    'mcli codegen "Fibonacci" --lang python > fib.py && cat fib.py',
    'mcli ask "Tell me all" --max-tokens 5 > answer.txt; echo status $?',
    "grep nothing mail.txt | mcli summarize; echo status $?",
    "mcli count-tokens mail.txt fib.py",
)
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>Runs of mcli in a terminal</title>
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, monospace; font-size: {char_height}px; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def session(home: Path, path: str) -> str:
    """What a terminal shows of a shell in `home` that runs the lines; PATH is `path`."""
    for name, text in FILES.items():
        (home / name).write_text(text)
    typed = "\n".join(
        f"printf '\\033[1;32m$\\033[0m %s\\n' {_quoted(line)}\n{line}" for line in LINES
    )
    (home / "script").write_text(typed)
    env = {"HOME": str(home), "PATH": path, "TERM": "xterm-256color"}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    process = subprocess.Popen(
        ["mcli", "sandbox", "--", "bash", "script"], env=env, cwd=home, **streams
    )
    os.close(theirs)
    shown = _read(ours)
    assert process.wait(60) == 0, shown
    return re.sub(r"\b\d+(\.\d+)?s, req=", "0.1s, req=", shown.replace("\r\n", "\n"))


def drawn(shown: str) -> str:
    """The SVG of it."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown.rstrip("\n")), overflow="fold")
    return console.export_svg(title="mcli sandbox -- bash", code_format=FORMAT, unique_id="mcli")


def texts(svg: str) -> list[str]:
    """The lines of text in an SVG of this kind, from top to bottom, without the title."""
    found: dict[float, str] = {}
    for y, words in re.findall(
        r'<text class="mcli-r\d+"[^>]* y="([\d.]+)"[^>]*>([^<]*)</text>', svg
    ):
        found[float(y)] = found.get(float(y), "") + html.unescape(words).replace("\xa0", " ")
    return [found[y].rstrip() for y in sorted(found)]


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"


def _read(terminal: int) -> str:
    """All that is shown, until nobody has the other side any more."""
    shown = b""
    try:
        while piece := os.read(terminal, 65536):
            shown += piece
    except OSError:  # Linux's way to say that it is closed
        pass
    os.close(terminal)
    return shown.decode()


def main() -> None:
    """Write the picture, or the file that the first argument names."""
    target = Path(sys.argv[1]) if sys.argv[1:] else PICTURE
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    with tempfile.TemporaryDirectory() as home:
        target.write_text(drawn(session(Path(home), path)))


if __name__ == "__main__":
    main()
