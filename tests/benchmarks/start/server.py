"""A server that answers every completion at once, whole or as a stream, over http and https.

    python -m tests.benchmarks.start.server CERTIFICATE KEY

Prints the ports of both. Below `/drip` a stream comes a token at a time, each `TOKEN_S` after what
came before, and the moment of the first, in nanoseconds of the monotonic clock that all processes
of a machine share, is a line on stdout. It looks for the length of a request, for `/drip`, and for
`"stream"`, and for nothing else, since it has the cores of what is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
import time
from typing import Any

from tests.benchmarks.latency import ANSWER, HOST, REPLY, WHOLE, Answering

TOKEN_S = 0.03
"""Longer than any program takes from the head of a reply to being ready for its first token."""
DRIP = "/drip"
STREAMED = re.compile(rb'"stream": ?true')
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Request-Id: req_1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def event(data: bytes) -> bytes:
    """One event as a chunk of the body."""
    line = b"data: " + data + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(line), line)


def piece(delta: dict[str, str], finish: str | None = None) -> bytes:
    """A chunk of a completion, as an event."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    known = {name: REPLY[name] for name in ("id", "created", "model")}
    chunk: dict[str, Any] = {**known, "object": "chat.completion.chunk", "choices": [choice]}
    return event(json.dumps(chunk).encode())


BEGIN = piece({"role": "assistant", "content": ""})
TOKENS = [piece({"content": word}) for word in re.findall(r"\S+ ", ANSWER)]
END = piece({}, "stop") + event(b"[DONE]") + b"0\r\n\r\n"
STREAM = HEAD + BEGIN + b"".join(TOKENS) + END


class Streaming(Answering):
    """One connection."""

    def asked(self, head: bytes, body: bytes) -> None:
        if DRIP.encode() in head.partition(b"\r\n")[0]:
            self.answer(HEAD)
            self._later(0)
        else:
            self.answer(STREAM if STREAMED.search(body) else WHOLE)

    def _later(self, number: int) -> None:
        asyncio.get_running_loop().call_later(TOKEN_S, self._token, number)

    def _token(self, number: int) -> None:
        # The role comes with the first token: what passes bytes on must not be early by it.
        wire = BEGIN * (number == 0) + (TOKENS[number] if number < len(TOKENS) else END)
        began = time.monotonic_ns()
        self.answer(wire)
        if number == 0:
            print(began, flush=True)  # noqa: T201
        if number < len(TOKENS):
            self._later(number + 1)


async def serve(certificate: str, key: str) -> None:
    """Answer until killed, or until stdin ends."""
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    plain = await loop.create_server(Streaming, HOST, 0, backlog=1024)
    safe = await loop.create_server(Streaming, HOST, 0, backlog=1024, ssl=context)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, safe)]
    print(*ports, flush=True)  # noqa: T201
    await loop.run_in_executor(None, sys.stdin.read)  # which ends when whoever started this does


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
