"""A name server that misbehaves, in a network of its own: `resolver.py HOW COMMAND…`.

Run under `unshare -Urmn`. HOW is `silent`, `unknown` (there is no such name), `failing` (ask again
later) or `found` (every name is 127.0.0.1). The command takes this process's place; the name
server dies with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile

PR_SET_PDEATHSIG = 1
CODES = {"unknown": 3, "failing": 2, "found": 0}
"""RCODE of the answer: RFC 1035 §4.1.1."""


def main() -> None:
    """Set the network up, start the name server, become the command."""
    how, *command = sys.argv[1:]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("nameserver 127.0.0.1\n")
        file.flush()
        subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 53))
    if os.fork() == 0:
        os.setsid()  # no part of what the command leaves behind
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for descriptor in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
        serve(listener, how)
    listener.close()
    os.execvp(command[0], command)


def serve(listener: socket.socket, how: str) -> None:
    """Answer every question alike, or none."""
    while True:
        query, sender = listener.recvfrom(4096)
        if how != "silent":
            listener.sendto(answer(query, how), sender)


def answer(query: bytes, how: str) -> bytes:
    """The reply to `query`: its question again, and an address for a question after one."""
    end = query.index(b"\0", 12) + 5
    (kind,) = struct.unpack("!H", query[end - 4 : end - 2])
    known = how == "found" and kind == 1
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | CODES[how], 1, int(known), 0, 0)
    address = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\x01"
    return head + query[12:end] + (address if known else b"")


if __name__ == "__main__":
    main()
