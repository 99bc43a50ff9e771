"""Asking a sandbox over a real connection."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: HTTPMessage
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def content(self) -> str:
        return self.body["choices"][0]["message"]["content"]

    @property
    def error(self) -> Any:
        return self.body["error"]

    @property
    def events(self) -> list[Any]:
        """The events of a stream that came to its end."""
        blocks = self.raw.decode().split("\n\n")
        assert blocks[-2:] == ["data: [DONE]", ""]
        return [json.loads(block.removeprefix("data: ")) for block in blocks[:-2]]


def connect(url: str) -> HTTPConnection:
    """An HTTP connection to the sandbox at `url`."""
    return HTTPConnection(urlsplit(url).netloc, timeout=20)


def dial(url: str) -> socket.socket:
    """A bare connection, for bytes that no client would send."""
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=20)


def send(url: str, method: str, path: str, data: bytes | None = None) -> Answer:
    """One request on a connection of its own."""
    connection = connect(url)
    try:
        connection.request(method, path, data)
        reply = connection.getresponse()
        return Answer(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def complete(url: str, body: Any) -> Answer:
    """Post a completion request."""
    return send(url, "POST", "/v1/chat/completions", json.dumps(body).encode())


def user(text: str, **fields: Any) -> dict[str, Any]:
    """The smallest request there is, and what else it asks for."""
    return {"model": "sandbox", "messages": [{"role": "user", "content": text}], **fields}


def instructed(system: str, text: str, **fields: Any) -> dict[str, Any]:
    """A request with a system message."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return {"model": "sandbox", "messages": messages, **fields}


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    received = b""
    while data := connection.recv(1 << 16):
        received += data
    return received
