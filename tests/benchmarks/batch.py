"""`mcli batch` beside what one would write without it; the table of `mcli help batch`.

    .venv/bin/python -m tests.benchmarks.batch            # about half an hour
    .venv/bin/python -m tests.benchmarks.batch --short    # a look, and no page is written

Every program asks a server of this machine about the same lines, in turns, so that what disturbs
one disturbs the others. The time is that of the whole program, its start included; the ideal is
`N * latency / jobs`. CPU time is that of the program and all it starts.
"""

from __future__ import annotations

import datetime
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mcli import __version__
from tests.benchmarks import peers, tools
from tests.faults.stage import high_water
from tests.program import ROOT

PAGE = ROOT / "mcli" / "help" / "batch.md"
HEADING = "## Measured"
SDK, LLM = "3.54.0", "0.36"
JOBS = (64, 256, 1000)
LATENCIES_S = (0.05, 2.0)
SIZES = (1_000, 10_000, 100_000)
LONGEST_S = 120.0
"""No run for the sake of its memory takes longer."""
LINE = "{n} What is the capital of France, and why is it not another town?\n"
LOOK_S = 0.02
"""How often it is looked whether a program has ended."""
MANY = 10_000
"""Records of a run, where they do not take long."""
MOST_PROCESSES = 256
"""A program that is a process a record is not measured beyond: it would take all memory."""

Prepare = Callable[[Path, str, int], list[str]]
"""Makes of a folder with `records`, a URL and the number of jobs the words of a command."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program; of one record it takes about `each_s` of a core, which says how many it gets."""

    name: str
    prepare: Prepare
    each_s: float
    most_jobs: int = 10_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took."""

    records: int
    elapsed_s: float
    cpu_s: float
    peak_mib: float


def main() -> int:
    short = "--short" in sys.argv[1:]
    table: list[str] = []
    for latency_s in LATENCIES_S:
        with server(latency_s) as url:
            for jobs in JOBS[:1] if short else JOBS:
                table += rows(url, latency_s, jobs, 10 if short else 1)
    alone = undisturbed()
    memory = grown(SIZES[:2] if short else SIZES)
    if not short:
        write(table, alone, memory)
    return 0


def contestants() -> list[Peer]:
    """mcli as it is and with a journal, the SDK, and two programs under xargs."""
    sdk, llm = tools.install("openai", SDK), tools.install("llm", LLM)
    return [
        Peer("mcli batch", mcli(), 0.0008),
        Peer("mcli batch --journal", mcli("--journal", "journal", "--new"), 0.001),
        Peer(f"openai {SDK}, asyncio", by_sdk(sdk), 0.0025),
        Peer("xargs -P, curl", by_curl, 0.015, MOST_PROCESSES),
        Peer(f"xargs -P, llm {LLM}", by_llm(llm), 1.5, JOBS[0]),
    ]


def mcli(*flags: str) -> Prepare:
    def prepare(_: Path, url: str, jobs: int) -> list[str]:
        words = [sys.executable, "-m", "mcli", "batch", "-e", "Say", "records", "-j", str(jobs)]
        return [*words, "-m", "gpt-4o-mini", "--base-url", url, *flags]

    return prepare


def by_sdk(folder: Path) -> Prepare:
    def prepare(_: Path, url: str, jobs: int) -> list[str]:
        script = str(ROOT / "tests" / "benchmarks" / "sdk_client.py")
        words = [str(folder / "bin" / "python"), script, url, str(jobs)]
        return ["sh", "-c", 'exec "$@" < records', "sh", *words]

    return prepare


def by_curl(folder: Path, url: str, jobs: int) -> list[str]:
    body = '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say {}"}]}'
    words = ["curl", "-sS", f"{url}/chat/completions", "-H", "Content-Type: application/json"]
    words += ["-H", "Authorization: Bearer sk-none", "-d", body]
    return ["xargs", "-a", "records", "-d", r"\n", "-P", str(jobs), "-I", "{}", *words]


def by_llm(folder: Path) -> Prepare:
    def prepare(home: Path, url: str, jobs: int) -> list[str]:
        models = f'[{{"model_id": "here", "model_name": "gpt-4o-mini", "api_base": "{url}"}}]'
        (home / "extra-openai-models.yaml").write_text(models)
        words = [str(folder / "bin" / "llm"), "-m", "here", "--no-log", "--no-stream", "Say {}"]
        env = {"PATH": os.environ["PATH"], "LLM_USER_PATH": str(home), "OPENAI_API_KEY": "sk-none"}
        # The first makes its database, where many trip over one another.
        subprocess.run(words, env=env, check=True, capture_output=True)
        return ["xargs", "-a", "records", "-d", r"\n", "-P", str(jobs), "-I", "{}", *words]

    return prepare


def rows(url: str, latency_s: float, jobs: int, divisor: int) -> list[str]:
    """A row a program, all about as long: mcli and the SDK get the same records."""
    told: list[str] = []
    base = None
    for peer in contestants():
        if jobs > peer.most_jobs:
            continue
        count = records_for(peer, latency_s, jobs) // divisor
        spent = run(peer.prepare, url, jobs, count)
        ideal_s = max(count * latency_s / jobs, latency_s)
        each_ms = spent.cpu_s / count * 1000
        base = base or each_ms
        cells = [
            f"{latency_s * 1000:.0f} ms", str(jobs), peer.name, f"{count:,}",
            f"{count / spent.elapsed_s:,.0f}", beyond(spent.elapsed_s / ideal_s),
            f"{each_ms:.2f} ms", f"{each_ms / base:.1f}",
        ]  # fmt: skip
        told.append(f"| {' | '.join(cells)} |")
        print(told[-1], flush=True)  # noqa: T201
    return told


def beyond(ratio: float) -> str:
    """How far above the ideal a time is."""
    return f"{ratio - 1:+.0%}" if ratio < 10 else f"{ratio:,.0f} times"


def records_for(peer: Peer, latency_s: float, jobs: int) -> int:
    """Enough that the start of a program is small beside them, in whole rounds of `jobs`."""
    if peer.each_s > 1:
        return jobs
    rounds = 20 if latency_s > 1 else max(5, MANY // jobs)
    if peer.each_s * jobs > 2:
        rounds = 5  # what a thousand in flight cost it is clear by then
    return jobs * (max(2, rounds // 8) if peer.each_s > 0.01 else rounds)


def grown(sizes: tuple[int, ...]) -> list[str]:
    """Peak memory for so many records, with 64 in flight."""
    lines = [f"| 64 in flight | {' | '.join(f'{size:,} records' for size in sizes)} |"]
    lines.append(f"| --- |{' ---: |' * len(sizes)}")
    with server(0.0) as url:
        for peer in contestants()[:3]:
            fit = [size for size in sizes if size * peer.each_s <= LONGEST_S]
            peaks = [f"{run(peer.prepare, url, 64, size).peak_mib:.1f} MiB" for size in fit]
            cells = [*peaks, *["not run"] * (len(sizes) - len(fit))]
            lines.append(f"| {' | '.join([peer.name, *cells])} |")
            print(lines[-1], flush=True)  # noqa: T201
    return lines


def undisturbed() -> list[str]:
    """How far from the ideal mcli is where nothing else runs."""
    lines = ["| latency | in flight | over the ideal |", "| --- | ---: | ---: |"]
    for latency_s in LATENCIES_S:
        for jobs in JOBS if latency_s > 1 else JOBS[:1]:
            count = jobs * (20 if latency_s > 1 else MANY // jobs)
            with tempfile.TemporaryDirectory() as folder:
                words = [sys.executable, "-m", "tests.benchmarks.quiet", str(count), str(jobs)]
                env = {"PATH": os.environ["PATH"], "HOME": folder, "PYTHONPATH": str(ROOT)}
                done = subprocess.run(
                    [*words, str(latency_s), folder],
                    cwd=ROOT, env=env, check=True, capture_output=True, text=True,
                )  # fmt: skip
            lines.append(f"| {latency_s * 1000:.0f} ms | {jobs} | {done.stdout.strip()} |")
            print(lines[-1], flush=True)  # noqa: T201
    return lines


@contextmanager
def server(latency_s: float) -> Iterator[str]:
    """The base URL of a server that takes so long."""
    words = [sys.executable, "-m", "tests.benchmarks.latency", str(latency_s)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(child.stdout.readline())}/v1"
        finally:
            child.kill()


def run(prepare: Prepare, url: str, jobs: int, count: int) -> Spent:
    """One run over `count` records in an empty home. It must answer all of them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with open(home / "records", "w") as file:
            file.writelines(LINE.format(n=n) for n in range(count))
        words = prepare(home, url, jobs)
        env = {"PATH": os.environ["PATH"], "HOME": folder, "PYTHONPATH": str(ROOT)}
        env |= {"LLM_USER_PATH": folder, "OPENAI_API_KEY": "sk-none", "MCLI_API_KEY": "sk-none"}
        with open(home / "out", "wb") as out:
            began = time.monotonic()
            child = subprocess.Popen(words, cwd=home, env=env, stdout=out)
            peak = 0
            while True:
                # What wait4 tells of memory begins with that of this process.
                peak = max(peak, high_water(child.pid))
                ended, status, used = os.wait4(child.pid, os.WNOHANG)
                if ended:
                    break
                time.sleep(LOOK_S)
            elapsed_s = time.monotonic() - began
            child.returncode = os.waitstatus_to_exitcode(status)
        answers = (home / "out").read_bytes().count(b"Paris is")
        if child.returncode:
            raise RuntimeError(f"exit {child.returncode}: {' '.join(words)}")
        assert answers >= count, (answers, words)
        return Spent(count, elapsed_s, used.ru_utime + used.ru_stime, peak / 2**20)


def write(table: list[str], alone: list[str], memory: list[str]) -> None:
    """Put the tables, and what they were measured with, between the markers of the page."""
    head = "| latency | in flight | program | records | a second | over the ideal |"
    head += " CPU a record | times mcli's |"
    lines = [
        f"Measured on {datetime.date.today()} with mcli {__version__}, Python "
        f"{platform.python_version()} and {platform.system()} on {os.cpu_count()} cores of "
        f"{machine()}, which the server shared, by `.venv/bin/python -m tests.benchmarks.batch`; "
        f"the load average was {os.getloadavg()[2]:.1f}, at nice {os.nice(0)}.",
        "", head, f"|{' --- |' * 3}{' ---: |' * 5}", *table,
        "", "mcli alone, by a clock that counts its CPU time and the time in which it has nothing "
        "to do (`tests.benchmarks.quiet`), as on a machine where nothing else runs:", "", *alone,
        "", "Peak memory by the number of records:", "", *memory, "",
    ]  # fmt: skip
    page = PAGE.read_text() if PAGE.exists() else f"{HEADING}\n\n{peers.BEGIN}{peers.END}"
    before, _, rest = page.partition(peers.BEGIN)
    after = rest.partition(peers.END)[2]
    PAGE.write_text(before + peers.BEGIN + "\n".join(lines) + peers.END + after)


def machine() -> str:
    """What the processor calls itself."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    assert shutil.which("curl"), "curl is one of the programs that are compared"
    sys.exit(main())
