"""What a start of the program costs, in processor time: python -m tests.benchmarks.start.

Processor time and not the clock, since other programs take the clock's; the median of many turns,
each of all commands after one another, and the ratio to an interpreter that does nothing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TURNS = 15
BARE = (sys.executable, "-c", "pass")
COMMANDS = {
    "python -c pass": BARE,
    "mcli --version": ("mcli", "--version"),
    "mcli ask --help": ("mcli", "ask", "--help"),
    "mcli count-tokens": ("mcli", "count-tokens"),
    "mcli ask, by replay": ("mcli", "ask", "-n", "hi", "--replay", "{tape}"),
}
"""`mcli` is the installed one, beside the interpreter."""


def main() -> None:
    """Print a table of seconds and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        tape = Path(folder) / "tape"
        env = {"HOME": folder, "PATH": os.environ["PATH"]}
        program = str(Path(sys.executable).with_name("mcli"))
        record = [program, "sandbox", "--", program, "ask", "-n", "hi", "--record", str(tape)]
        subprocess.run(record, env=env, check=True, stdout=subprocess.DEVNULL)
        env["MCLI_MODEL"] = "sandbox"
        spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(TURNS):
            for name, words in COMMANDS.items():
                argv = [word.format(tape=tape) for word in words]
                argv[0] = program if argv[0] == "mcli" else argv[0]
                spent[name].append(processor_s(argv, env))
    medians = {name: statistics.median(times) for name, times in spent.items()}
    bare = medians["python -c pass"]
    for name, seconds in medians.items():
        print(f"{name:20}  {seconds:.3f} s  {seconds / bare:4.1f}")  # noqa: T201


def processor_s(argv: list[str], env: dict[str, str]) -> float:
    """User and system time of one run, which must not fail."""
    process = subprocess.Popen(
        argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert process.returncode in (0, 66), said  # 66: count-tokens of nothing
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
