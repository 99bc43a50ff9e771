"""Another host: nobody has any business calling it, and whoever does is heard."""

from __future__ import annotations

import socket
from contextlib import suppress

HOST = "127.0.0.2"


class Bystander:
    """Listens and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server((HOST, 0))
        self._socket.setblocking(False)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"

    def heard(self) -> bytes | None:
        """What callers have said since it was last asked; None if there was no caller."""
        said: bytes | None = None
        with suppress(BlockingIOError):
            while True:
                caller, _ = self._socket.accept()
                with caller:
                    caller.settimeout(0.2)
                    said = said or b""
                    with suppress(OSError):
                        said += caller.recv(65536)
        return said


BYSTANDER = Bystander()
"""One for all rows of a process, so that a row can name its address; rows run one by one."""
