"""TLS trusts whom the machine trusts, and reads no bundle for those it can find by their names."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mcli.api import authorities, dialling, pool
from mcli.api.connection import Connection
from mcli.api.wire import Call
from mcli.errors import Failure
from tests.api import once
from tests.faults import tls
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that trusts nobody yet: `bundle` is its file, and `names` its folder."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "names").mkdir()
    known = SimpleNamespace(
        openssl_cafile=str(tmp_path / "bundle"), openssl_capath=str(tmp_path / "names")
    )
    monkeypatch.setattr(authorities.ssl, "get_default_verify_paths", lambda: known)
    monkeypatch.setattr(authorities, "_BUNDLES", ())
    return tmp_path


def named(folder: Path, certificate: str) -> None:
    """Put a certificate where OpenSSL finds it."""
    told = ["openssl", "x509", "-subject_hash", "-noout", "-in", certificate]
    name = subprocess.check_output(told, text=True).strip()
    shutil.copy(certificate, folder / f"{name}.0")


def stranger(folder: Path) -> Path:
    """An authority that certified nothing here."""
    path = folder / "stranger.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    made += ["-subj", "/CN=stranger", "-keyout", str(folder / "key"), "-out", str(path)]
    subprocess.run(made, check=True, capture_output=True)
    return path


async def status(url: str) -> int:
    """The status of one reply."""
    async with once.opener(url)(url) as wire, wire.reply(Call(url, {"Accept": "*/*"})) as reply:
        return reply.status


def asked(server: FaultyServer) -> int:
    with tls.Front("good", server.port) as front:
        return asyncio.run(asyncio.wait_for(status(front.base_url), 20))


def test_one_found_by_its_name_is_trusted_and_the_bundle_not_read(
    machine: Path, server: FaultyServer
) -> None:
    server.play(ok())
    named(machine / "names", tls.authority())
    (machine / "bundle").write_text("no bundle at all: to read it would be an error")

    assert asked(server) == 200


def test_one_that_stands_only_in_the_bundle_is_trusted_too(
    machine: Path, server: FaultyServer
) -> None:
    server.play(ok())
    named(machine / "names", str(stranger(machine)))
    shutil.copy(tls.authority(), machine / "bundle")

    assert asked(server) == 200


def test_without_a_folder_the_bundle_is_read(machine: Path, server: FaultyServer) -> None:
    server.play(ok())
    shutil.copy(tls.authority(), machine / "bundle")
    shutil.rmtree(machine / "names")

    assert asked(server) == 200


def test_the_bundle_of_another_system_is_found(
    machine: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(ok())
    monkeypatch.setattr(authorities, "_BUNDLES", ("/gone.pem", tls.authority()))

    assert asked(server) == 200


@pytest.mark.parametrize("has_bundle", [True, False])
def test_who_is_in_neither_is_not_trusted(
    has_bundle: bool, machine: Path, server: FaultyServer
) -> None:
    server.play(ok())
    named(machine / "names", str(stranger(machine)))
    if has_bundle:
        shutil.copy(machine / "stranger.pem", machine / "bundle")
    with pytest.raises(Failure) as caught:
        asked(server)

    assert caught.value.slug == "tls_untrusted"


def test_a_bundle_is_read_once(machine: Path) -> None:
    named(machine / "names", tls.authority())
    shutil.copy(tls.authority(), machine / "bundle")
    trust = authorities.of_machine()

    assert not trust.is_whole
    trust.complete()
    (machine / "bundle").unlink()
    trust.complete()
    assert trust.is_whole
    assert trust.context.verify_mode == ssl.CERT_REQUIRED
    assert trust.context.check_hostname


def test_connections_side_by_side_all_trust_the_bundle(
    machine: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each finds out by itself that the folder is not enough, whoever read the bundle first."""
    server.play(ok())
    named(machine / "names", str(stranger(machine)))
    shutil.copy(tls.authority(), machine / "bundle")
    dial, many = dialling.dial, 4

    async def told(url: str) -> list[int]:
        together = asyncio.Barrier(many)

        async def refused_together(*where: Any) -> Connection:
            try:
                return await dial(*where)
            except ssl.SSLCertVerificationError:
                await together.wait()
                raise

        monkeypatch.setattr(dialling, "dial", refused_together)
        async with once.opener(url)(url) as wire:

            async def one() -> int:
                async with wire.reply(Call(url, {"Accept": "*/*"})) as reply:
                    return reply.status

            return await asyncio.gather(*(one() for _ in range(many)))

    with tls.Front("good", server.port) as front:
        found = asyncio.run(asyncio.wait_for(told(front.base_url), 20))

    assert found == [200] * many


def test_beside_a_folder_of_its_own_no_other_system_s_bundle_is_trusted(
    machine: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the HTTP library has it: whom a machine left out, it does not trust."""
    named(machine / "names", str(stranger(machine)))
    monkeypatch.setattr(authorities, "_BUNDLES", (tls.authority(),))
    with pytest.raises(Failure) as caught:
        asked(server)

    assert caught.value.slug == "tls_untrusted"


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
@pytest.mark.parametrize("names", [False, True])
def test_a_broken_bundle_is_a_mistake_of_the_machine_s(
    names: bool, proxy: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if names:
        named(machine / "names", tls.authority())
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    (machine / "bundle").write_text("no certificate")
    if names and not proxy:
        pool.to("https://api.example/v1")  # which may never need it
        return
    with pytest.raises(Failure) as caught:
        pool.to("https://api.example/v1")

    assert caught.value.slug == "bad_environment"
    told = "variable" if proxy else "the certificates of this machine"
    assert told in caught.value.message


def test_a_broken_bundle_is_told_as_such_when_it_is_needed(
    machine: Path, server: FaultyServer
) -> None:
    named(machine / "names", str(stranger(machine)))
    (machine / "bundle").write_text("no certificate")
    with pytest.raises(Failure) as caught:
        asked(server)

    assert caught.value.slug == "bad_environment"
