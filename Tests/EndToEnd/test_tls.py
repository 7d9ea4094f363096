"""A coordinator that asks every client for a certificate: the Python SDK and the command line work over it, others do not."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from kagzi import Client, Context, Worker, workflow

from harness import Coordinator


class Authority:
    """A certificate authority of the test's own, with a certificate for the server and one for a client."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "authority.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority",
                      "-keyout", folder / "authority.key", "-out", self.certificate)  # fmt: skip
        for name, extension in (("server", "subjectAltName=DNS:localhost,IP:127.0.0.1"), ("client", "basicConstraints=CA:FALSE")):
            (folder / f"{name}.ext").write_text(extension)
            self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                          "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")  # fmt: skip
            self._openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", self.certificate, "-days", "2",
                          "-CAkey", folder / "authority.key", "-CAcreateserial",
                          "-extfile", folder / f"{name}.ext", "-out", folder / f"{name}.pem")  # fmt: skip

    def _openssl(self, *arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def credentials(self) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(
            self.certificate.read_bytes(), (self.folder / "client.key").read_bytes(),
            (self.folder / "client.pem").read_bytes())  # fmt: skip


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "tls"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def secure(
    authority: Authority, new_database: Callable[[], str], new_coordinator: Callable[..., Coordinator]
) -> Coordinator:
    return new_coordinator(
        new_database(), "--tls-certificate", str(authority.folder / "server.pem"),
        "--tls-private-key", str(authority.folder / "server.key"), "--tls-client-ca", str(authority.certificate))  # fmt: skip


@workflow("greet-securely")
async def greet(ctx: Context, name: str) -> str:
    return await ctx.step("greet", lambda: f"Hello, {name}")


def test_a_python_client_and_worker_with_a_certificate_work(secure: Coordinator, authority: Authority) -> None:
    async def run() -> str:
        async with Client(secure.address, credentials=authority.credentials()) as client, Worker(client, workflows=[greet]):
            return str(await client.execute(greet, "Ada"))

    assert asyncio.run(run()) == "Hello, Ada"


def kagzi(secure: Coordinator, *options: object) -> subprocess.CompletedProcess[Any]:
    command = [secure.binary, "workflow", "list", "--address", secure.address, "--timeout", "5s", *options]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=30)


def test_the_command_line_needs_and_uses_a_certificate(secure: Coordinator, authority: Authority) -> None:
    own = ("--certificate", authority.folder / "client.pem", "--private-key", authority.folder / "client.key")
    done = kagzi(secure, "--ca", authority.certificate, *own)
    assert done.returncode == 0, done.stderr

    assert kagzi(secure, "--ca", authority.certificate).returncode != 0, "no certificate of its own"
    assert kagzi(secure, *own).returncode != 0, "an authority that it does not trust"
    assert kagzi(secure).returncode != 0, "plaintext"
    half = kagzi(secure, "--ca", authority.certificate, *own[:2])
    assert half.returncode != 0 and "--private-key" in half.stderr


def test_without_a_certificate_no_call_gets_through(secure: Coordinator, authority: Authority) -> None:
    async def run() -> None:
        credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes())
        async with Client(secure.address, credentials=credentials, retry_for=1) as client:
            await client.start(greet, "Eve")

    with pytest.raises(Exception, match=r"(?i)unavailable|handshake|reach|ssl"):
        asyncio.run(run())
