"""What one writes with the SDK: `sdk_client.py BASE_URL JOBS < RECORDS`, an answer a line.

Run by the python of an environment that has openai.
"""

from __future__ import annotations

import asyncio
import json
import sys

import httpx2
import openai


async def main(url: str, jobs: int) -> None:
    """Ask about each line, `jobs` at a time, and print the answers in order."""
    free = asyncio.Semaphore(jobs)
    # By default it keeps no more than a hundred connections, and gives one five seconds to come
    # about, in which its pool does not make a thousand.
    most = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    wire = openai.DefaultAsyncHttpxClient(limits=most, timeout=None)
    known = {"base_url": url, "api_key": "sk-none", "http_client": wire, "timeout": None}
    async with openai.AsyncOpenAI(**known) as client:

        async def one(line: str) -> str:
            async with free:
                done = await client.chat.completions.create(
                    model="gpt-4o-mini",
                    messages=[{"role": "user", "content": f"Say\n\n{line}"}],
                )
            return done.choices[0].message.content or ""

        lines = sys.stdin.read().splitlines()
        for answer in await asyncio.gather(*map(one, lines)):
            sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
