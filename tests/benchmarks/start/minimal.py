"""What one writes with httpx2 alone: `minimal.py BASE_URL PROMPT [stream]`."""

import json
import sys

import httpx2

url, prompt, *more = sys.argv[1:]
request = {
    "headers": {"Authorization": "Bearer sk-none"},
    "json": {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": prompt}],
        "stream": bool(more),
    },
    "timeout": 600,
}
if more:
    with httpx2.stream("POST", f"{url}/chat/completions", **request) as reply:
        reply.raise_for_status()
        for line in reply.iter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                delta = json.loads(line[6:])["choices"][0]["delta"]
                print(delta.get("content", ""), end="", flush=True)  # noqa: T201
    print()  # noqa: T201
else:
    reply = httpx2.post(f"{url}/chat/completions", **request)
    reply.raise_for_status()
    print(reply.json()["choices"][0]["message"]["content"])  # noqa: T201
