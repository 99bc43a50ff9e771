"""EDGE: the sandbox's HTTP server, on loopback alone.

A thread a connection, HTTP/1.1 with keep-alive. It prints nothing: whoever wants a line a request
gives a `log`, which is then called from those threads.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from mcli.sandbox import bodies, prompts, replies
from mcli.sandbox.prompts import Rejected
from mcli.sandbox.rehearsal import CUT, Rehearsal, draw
from mcli.tokens import counting

Log = Callable[[str], None]

_HOST = "127.0.0.1"
_METHODS = {"/models": "GET", "/chat/completions": "POST"}
_IDLE_S = 300
_LINGER_S = 5.0
_MOST_LINGERED = 256 << 20


class Server:
    """A server that is bound and listening; connections wait until `start` or `serve`."""

    def __init__(self, listener: _Listener) -> None:
        self._listener = listener
        self._serving = False

    @property
    def url(self) -> str:
        """The base URL, `/v1` included."""
        return f"http://{_HOST}:{self._listener.server_address[1]}/v1"

    @property
    def logs(self) -> bool:
        """Whether requests are reported to somebody."""
        return self._listener.log is not None

    def fileno(self) -> int:
        """The listening socket's."""
        return self._listener.fileno()

    def start(self) -> None:
        """Serve in a thread of its own, until `close` or the end of the process."""
        self._begin()
        threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name="sandbox", daemon=True
        ).start()

    def serve(self) -> None:
        """Serve in this thread, until an exception (Ctrl-C) or `close` from another thread."""
        self._begin()
        self._listener.serve_forever()

    def close(self) -> None:
        """Stop serving and free the port; replies under way are not waited for."""
        if self._serving:
            self._listener.shutdown()
        self._listener.server_close()

    def _begin(self) -> None:
        self._serving = True
        self._listener.vocabulary.start()


def open_server(port: int, rehearsal: Rehearsal | None = None, log: Log | None = None) -> Server:
    """Bind 127.0.0.1 and listen; port 0 is any free one. OSError if the port is taken.

    No thread exists before `start` or `serve`, so that the process can still fork.
    """
    return Server(_Listener(port, rehearsal or Rehearsal(), log))


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, port: int, rehearsal: Rehearsal, log: Log | None) -> None:
        self.log = log
        self.numbers = itertools.count(1)
        # Loaded while nobody waits for it yet; the first request that does, waits for this.
        self.vocabulary = threading.Thread(target=_load_vocabulary, daemon=True)
        self._rehearsal = rehearsal
        self._dice = random.Random(rehearsal.seed)
        super().__init__((_HOST, port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own looks the host's name up, which can hang without a resolver.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.server_address[1]

    def rehearse(self) -> str | None:
        """Wait as long as asked; the fault of this request, if it draws one."""
        fault = draw(self._rehearsal, self._dice)
        time.sleep(self._rehearsal.latency_s)
        return fault

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave are no news; `_Handler` has answered everything else."""


def _load_vocabulary() -> None:
    counting.count("", counting.choose(replies.MODELS[0]).encoding)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    disable_nagle_algorithm = True
    # Headers and body leave in one packet; every reply ends with a flush.
    wbufsize = 1 << 16

    _fault: str | None = None

    @property
    def _listener(self) -> _Listener:
        return cast(_Listener, self.server)

    def _handle(self) -> None:
        """One request, whatever its method."""
        self._fault = None
        try:
            raw = bodies.read(self.headers, self.rfile)
            self._fault = self._listener.rehearse()
            if self._fault not in (None, CUT):
                raise replies.rehearsed(int(self._fault))
            self._route(raw)
        except Rejected as problem:
            self._reject(problem)
        except OSError:
            raise
        except Exception as error:
            self._reject(Rejected(f"bug in the sandbox: {type(error).__name__}", status=500))
            raise

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle

    def _route(self, raw: bytes) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        method = _METHODS.get(path.removeprefix("/v1"))
        if method is None:
            raise Rejected(
                f"the sandbox has no {ascii(path)[:200]}: it serves GET /v1/models"
                " and POST /v1/chat/completions",
                status=404,
                code="unknown_url",
            )
        if self.command != method:
            raise Rejected(
                f"{self.command} is not the method here: use {method}",
                status=405,
                code="method_not_allowed",
                headers={"Allow": method},
            )
        if method == "GET":
            self._send(200, replies.models())
        else:
            self._complete(raw)

    def _complete(self, raw: bytes) -> None:
        prompt = prompts.read(raw)
        self._listener.vocabulary.join()
        said = replies.reply(prompt)
        if prompt.stream:
            events = [_json(chunk) for chunk in replies.chunks(prompt, said, raw)]
            self._stream([*events, b"[DONE]"])
        else:
            self._send(200, replies.whole(prompt, said, raw))

    def _reject(self, problem: Rejected) -> None:
        unread = isinstance(problem, bodies.Unread)
        headers = [*problem.headers.items(), *([("Connection", "close")] if unread else [])]
        self._send(problem.status, replies.error(problem), headers)
        if unread:
            self._linger()

    def _send(
        self, status: int, body: dict[str, Any], headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        payload = _json(body) + b"\n"
        length = ("Content-Length", str(len(payload)))
        self._head(status, "application/json", [length, *headers])
        if self.command == "HEAD":
            payload = b""
        self.wfile.write(payload[: len(payload) // 2] if self._fault == CUT else payload)
        self._finish()

    def _stream(self, events: list[bytes]) -> None:
        """Server-sent events, each in a chunk of its own; HTTP/1.0 gets them until the end."""
        chunked = self.request_version != "HTTP/1.0"
        framing = ("Transfer-Encoding", "chunked") if chunked else ("Connection", "close")
        self._head(
            200, "text/event-stream; charset=utf-8", [framing, ("Cache-Control", "no-cache")]
        )
        # What is left of a cut stream never has the finish reason: that would make it whole.
        kept = events[: (len(events) - 1) // 2] if self._fault == CUT else events
        for event in kept:
            data = b"data: %b\n\n" % event
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            self.wfile.flush()
        if chunked and self._fault != CUT:
            self.wfile.write(b"0\r\n\r\n")
        self._finish()

    def _head(self, status: int, kind: str, headers: Iterable[tuple[str, str]]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("x-request-id", f"sandbox-{next(self._listener.numbers)}")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _finish(self) -> None:
        self.wfile.flush()
        if self._fault == CUT:
            self.close_connection = True

    def _linger(self) -> None:
        """Let a client that is still sending read the reply; closing at once would reset it."""
        self.connection.settimeout(_LINGER_S)
        with contextlib.suppress(OSError):
            received = 0
            while received < _MOST_LINGERED and (data := self.connection.recv(1 << 16)):
                received += len(data)

    def handle_expect_100(self) -> bool:
        try:
            bodies.announced(self.headers)
        except Rejected as problem:
            self._reject(problem)
            return False
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses by itself, in the API's shape instead of HTML."""
        words = message or self.responses[code][0] if code in self.responses else str(message)
        self._send(code, replies.error(Rejected(words, status=code)), [("Connection", "close")])

    def version_string(self) -> str:
        return "mcli-sandbox"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self._listener.log:
            path = ascii(getattr(self, "path", "-"))[1:-1][:200]
            self._listener.log(f"{self.command or '-'} {path} {int(code)}")

    def log_message(self, format: str, *args: Any) -> None:
        """The standard library's own remarks are nobody's business."""


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
