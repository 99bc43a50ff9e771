"""TLS in front of the faulty server, with certificates good and bad, and handshakes that fail."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"

_LAST_YEARS = ("-startdate", "200101000000Z", "-enddate", "200201000000Z")

CA_CONFIG = """\
[ca]
default_ca = own
[own]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


@functools.cache
def folder() -> Path:
    """The authority (`ca.pem`) and what it signed, made once for each process."""
    path = Path(tempfile.mkdtemp(prefix="mcli-tls-"))
    (path / "index").touch()
    (path / "serial").write_text("01")
    (path / "ca.cnf").write_text(CA_CONFIG.format(folder=path))
    _openssl("req", "-x509", "-nodes", *_new_key(path, "ca"), "-days", "9", "-subj", "/CN=own")
    _self_sign(path)
    _sign(path, "good", f"IP:{HOST}", ("-days", "9"))
    _sign(path, "elsewhere", "DNS:api.example", ("-days", "9"))
    _sign(
        path, "expired", f"IP:{HOST}", ("-startdate", "200101000000Z", "-enddate", "200201000000Z")
    )
    return path


def authority() -> str:
    """The path of the authority's certificate, for SSL_CERT_FILE."""
    return str(folder() / "ca.pem")


class Front:
    """Listens with `certificate` and passes what it hears to the server at `port`.

    Instead of a certificate: `reset` or `silent`, where the handshake ends or never begins,
    `plain`, which speaks HTTP only, and `old`, whose TLS nobody accepts any more.
    """

    def __init__(self, certificate: str, port: int) -> None:
        self._certificate, self._port = certificate, port
        self._socket = socket.create_server((HOST, 0))
        self.base_url = f"https://{HOST}:{self._socket.getsockname()[1]}/v1"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._socket.accept()
                self._open.append(peer)
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._certificate == "silent":
                return
            if self._certificate == "reset":
                peer.recv(1)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.close()
                return
            if self._certificate == "plain":
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                peer.close()
                return
            with (
                _context(self._certificate).wrap_socket(peer, server_side=True) as safe,
                socket.create_connection((HOST, self._port)) as inner,
            ):
                threading.Thread(target=_pump, args=(safe, inner), daemon=True).start()
                _pump(inner, safe)


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Pass everything on until one of them ends."""
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def _context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    name = "good" if certificate == "old" else certificate
    context.load_cert_chain(folder() / f"{name}.pem", folder() / f"{name}.key")
    if certificate == "old":
        context.set_ciphers("ECDHE-RSA-AES128-SHA")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _self_sign(path: Path) -> None:
    names = ("-subj", "/CN=self", "-addext", f"subjectAltName=IP:{HOST}")
    _openssl("req", "-x509", "-nodes", *_new_key(path, "self"), "-days", "9", *names)


def _sign(path: Path, name: str, subject: str, dates: tuple[str, ...]) -> None:
    asked = path / f"{name}.csr"
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={subject}")
    _openssl("req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", str(path / f"{name}.key"),
             "-out", str(asked), *names)  # fmt: skip
    own = ("-cert", str(path / "ca.pem"), "-keyfile", str(path / "ca.key"))
    _openssl("ca", "-batch", "-notext", "-config", str(path / "ca.cnf"), *own, *dates,
             "-in", str(asked), "-out", str(path / f"{name}.pem"))  # fmt: skip


def _new_key(path: Path, name: str) -> tuple[str, ...]:
    keys = ("-keyout", str(path / f"{name}.key"), "-out", str(path / f"{name}.pem"))
    return ("-newkey", "rsa:2048", *keys)


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
