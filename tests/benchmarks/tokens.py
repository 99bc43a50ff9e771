"""Counting tokens: mcli with splintr and without, plain tiktoken, and ttok, in one run.

    .venv/bin/python -m tests.benchmarks.tokens

Installs ttok, with tiktoken, into an environment of its own below the temporary directory, and gives
tiktoken the vocabulary that we ship, since its own download needs a network. Each program counts,
as a process, a short text, 1 MB and 50 MB of English with code (o200k_base): wall time, the best of
a few turns, the ratio to plain tiktoken, and peak memory. Then 1 MB of each awkward input
is set against 1 MB of that text, within one process, and the parts of tiktoken's start are timed, to
see what a prepared vocabulary could save. Prints the tables of `mcli help tokens`.
"""

from __future__ import annotations

import base64
import hashlib
import marshal
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mcli.tokens import fast, tokenizer, vocabulary
from tests.program import ROOT

ENCODING = "o200k_base"
MEGABYTE = 1_000_000
LARGE = 50
ROUNDS = 6
WITHOUT = "import sys; sys.modules['splintr'] = None; from mcli.__main__ import entry; entry()"
PLAIN = "import sys, tiktoken; print(len(tiktoken.get_encoding('o200k_base').encode_ordinary(open(sys.argv[1]).read())))"
TTOK = "import sys; from ttok.cli import cli; sys.argv[1:] = ['-m', 'gpt-4o', '-i', sys.argv[1]]; cli()"
PEAK = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"


def english(size: int) -> str:
    """So many bytes of our own manual and source, in an order that never comes again."""
    lines = [
        line
        for path in sorted((ROOT / "mcli").rglob("*"))
        if path.suffix in (".md", ".py")
        for line in path.read_text().splitlines()
        if line.isascii() and "<|" not in line  # ttok refuses the name of a special token
    ]
    random.seed(1)
    taken = random.choices(lines, k=size // 20)
    return "\n".join(taken)[:size].ljust(size, ".")


def awkward() -> dict[str, str]:
    """A megabyte each of what is hard to split."""
    rest = random.Random(1)
    return {
        "one letter": "a" * MEGABYTE,
        "spaces, then text": " " * (MEGABYTE - 4) + "text",
        "emoji": "😀" * (MEGABYTE // 4),
        "Chinese without punctuation": "".join(chr(0x4E00 + rest.randrange(20_000)) for _ in range(MEGABYTE // 3)),
        "base64": base64.b64encode(rest.randbytes(MEGABYTE * 3 // 4)).decode(),
        "letters without a space": "".join(rest.choices("abcdefghijklmnop", k=MEGABYTE)),
    }  # fmt: skip


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """The least wall time in seconds."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def other(folder: Path) -> tuple[str, dict[str, str]]:
    """An interpreter with ttok, and an environment in which tiktoken finds its vocabulary."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "ttok", "tiktoken"], check=True)
    cache = folder / "cache"
    cache.mkdir()
    for name in ("o200k_base", "cl100k_base"):
        found = vocabulary.read(name).ranks
        text = b"".join(b"%b %d\n" % (base64.b64encode(t), rank) for t, rank in found.items())
        address = f"https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
        (cache / hashlib.sha1(address.encode()).hexdigest()).write_bytes(text)
    return python, {**os.environ, "TIKTOKEN_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}


def programs(folder: Path) -> None:
    """The first table: whole processes."""
    python, env = other(folder)
    texts = {"small": folder / "small", "1 MB": folder / "mb", "50 MB": folder / "large"}
    for path, size in zip(texts.values(), (20, MEGABYTE, LARGE * MEGABYTE), strict=True):
        path.write_text(english(size))
    count = ["count-tokens", "--encoding", ENCODING]
    commands = {
        "tiktoken, plain": [python, "-c", PLAIN],
        "mcli with splintr": [sys.executable, "-m", "mcli", *count],
        "mcli with tiktoken": [sys.executable, "-c", WITHOUT, *count],
        "ttok": [python, "-c", TTOK],
    }
    print("| program | short text | ratio | 1 MB | ratio | 50 MB | ratio | MB/s | peak, 50 MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    times = {name: dict.fromkeys(texts, 1e9) for name in commands}
    for turn in range(ROUNDS):  # each program in each, since the machine is not always as busy
        for key, path in texts.items():
            for name, argv in commands.items():
                if turn < 3 or key != "50 MB":
                    took = best(lambda a=argv, p=path: run([*a, str(p)], env), 1)
                    times[name][key] = min(times[name][key], took)
    base = times["tiktoken, plain"]
    for name, argv in commands.items():
        told = " | ".join(f"{t:.2f} s | {t / base[key]:.2f}" for key, t in times[name].items())
        speed = LARGE / (times[name]["50 MB"] - times[name]["small"])
        peak = int(run([sys.executable, "-c", PEAK, *argv, str(texts["50 MB"])], env)) // 1024
        print(f"| {name} | {told} | {speed:.0f} | {peak} MB |", flush=True)


def run(argv: list[str], env: dict[str, str]) -> str:
    """What a program prints."""
    return subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout


def shapes() -> None:
    """The second table: awkward input against English."""
    print("\n| 1 MB of | splintr | tiktoken |\n| --- | ---: | ---: |")
    sizes = (fast.sizes, tokenizer.sizes)
    for counting in sizes:
        counting(["load"], ENCODING)
    plain = english(MEGABYTE)
    bases = [seconds(counting, plain) for counting in sizes]
    for name, text in awkward().items():
        ratios = [
            seconds(counting, text) / base for counting, base in zip(sizes, bases, strict=True)
        ]
        print(f"| {name} | {ratios[0]:.1f} | {ratios[1]:.1f} |")


def seconds(counting: Callable[[list[str], str], object], text: str) -> float:
    """Once only: splintr remembers the texts it has seen."""
    return best(lambda: counting([text], ENCODING), 1)


def prepared() -> None:
    """What a prepared vocabulary could save of tiktoken's start."""
    read = best(lambda: vocabulary.read(ENCODING))
    ranks = vocabulary.read(ENCODING)
    packed = marshal.dumps(ranks.ranks)
    stored = best(lambda: marshal.loads(packed))
    tokenizer.load.cache_clear()
    whole = best(lambda: (tokenizer.load.cache_clear(), tokenizer.load(ENCODING)))
    print(
        f"\ntiktoken's object {whole * 1000:.0f} ms, of which our vocabulary is {read * 1000:.0f} ms;"
    )
    print(
        f"as a marshalled dictionary it is {stored * 1000:.0f} ms: {(read - stored) / whole:.0%} saved"
    )


def main() -> None:
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} processors, CPython {platform.python_version()}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        programs(Path(folder))
    shapes()
    prepared()


if __name__ == "__main__":
    main()
