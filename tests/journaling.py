"""A batch without a network: each number below COUNT is a record that is kept in a journal.

`python -m tests.journaling PATH COUNT JOBS` prints, on a line each as soon as it is so, `begun N`
and `kept N`, or `failed SLUG EXIT_CODE MESSAGE: HINT`. What is done in the journal is not asked
again.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from mcli import journal, record_key
from mcli.errors import Failure
from mcli.journal import Journal
from mcli.record import Record

FACTS = {"model": "m"}


def answer(n: int) -> dict[str, Any]:
    text = f"answer {n} " * (n % 7 * 20 + 1)
    return {"v": 1, "ok": True, "text": text, "cost_usd": 0.25, "attempts": 1}


def refusal(retryable: bool, **fields: Any) -> dict[str, Any]:
    error = {"slug": "refused", "message": "no", "retryable": retryable, "charged": "no"}
    return {"v": 1, "ok": False, "error": {**error, **fields}, "cost_usd": None, "attempts": 2}


def digest(n: int) -> str:
    return record_key.digest(Record(n, f"line {n}", f"the data of {n}"))


def key(n: int, occurrence: int = 1) -> str:
    return record_key.key(digest(n), occurrence)


def say(words: str) -> None:
    os.write(1, words.encode() + b"\n")


async def ask(kept: Journal, n: int) -> None:
    """What a batch does with a record."""
    known = kept.find(key(n))
    if known is not None and known.state == "done":
        assert kept.read(known.offset) == answer(n)
        return
    kept.begin(key(n), n)
    say(f"begun {n}")
    await asyncio.sleep(0)
    await kept.keep(key(n), n, answer(n))
    say(f"kept {n}")


async def batch(kept: Journal, count: int, jobs: int) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for n in numbers:
            await ask(kept, n)

    told = await asyncio.gather(*(work() for _ in range(jobs)), return_exceptions=True)
    for error in filter(None, told):
        raise error


def main(path: str, count: str, jobs: str) -> int:
    try:
        with journal.opened(path, FACTS, new=False) as kept:
            asyncio.run(batch(kept, int(count), int(jobs)))
            kept.end(int(count), 0, 0)
    except Failure as failure:
        code = int(failure.exit_code)
        say(f"failed {failure.slug} {code} {failure.message}: {failure.hint}")
        return code
    say("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
