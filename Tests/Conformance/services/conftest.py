"""A server of health and reflection for every module."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

ROOT = Path(__file__).resolve().parents[3]
NAME = "HealthAndReflectionServer"


@pytest.fixture(scope="session")
def binary() -> Path:
    """The server, built from the sources as they are."""
    build = ["swift", "build", "--configuration", os.environ.get("KAGZI_BUILD", "debug"), "--product", NAME]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    folder = subprocess.run([*build, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(folder.stdout.strip()) / NAME


class Server:
    """A running server, told what to do by lines."""

    def __init__(self, binary: Path) -> None:
        self.process = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout
        self.address = f"127.0.0.1:{self.line().removeprefix('listening on ')}"

    def line(self) -> str:
        ready, _, _ = select.select([self.output], [], [], 20)
        assert ready, "the server said nothing"
        return self.output.readline().strip()

    def tell(self, command: str) -> None:
        self.input.write(command + "\n")
        assert self.line() == "done"

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.address)

    def stop(self) -> int:
        self.input.close()
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.output.close()


@pytest.fixture
def server(binary: Path) -> Iterator[Server]:
    running = Server(binary)
    yield running
    assert running.stop() == 0
