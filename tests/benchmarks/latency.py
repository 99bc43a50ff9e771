"""A server that answers every completion with the same reply, so many seconds later.

    python -m tests.benchmarks.latency SECONDS

Prints its port. It does as little as it can, since it has the same cores as what is measured: it
looks for the length of a request, and for nothing else in it.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys

HOST = "127.0.0.1"
ANSWER = "Paris is the capital of France. " * 3
REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": ANSWER},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 13, "completion_tokens": 17, "total_tokens": 30},
}
BODY = json.dumps(REPLY).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req_1\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self._latency_s = latency_s
        self._held = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n")[0]) if place >= 0 else 0
            if len(self._held) < end + 4 + length:
                return
            body = self._held[end + 4 : end + 4 + length]
            self._held = self._held[end + 4 + length :]
            self.asked(head, body)

    def asked(self, head: bytes, body: bytes) -> None:
        """A request has come, whole; its head in small letters."""
        asyncio.get_running_loop().call_later(self._latency_s, self.answer, WHOLE)

    def answer(self, wire: bytes) -> None:
        """Send it, if somebody is there still."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(wire)


async def serve(latency_s: float) -> None:
    """Answer until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(latency_s), HOST, 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(float(sys.argv[1])))
