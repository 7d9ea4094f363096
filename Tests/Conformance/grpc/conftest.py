"""A test server of its own for every module, on a free port of the loopback."""

import functools
import os
import pathlib
import select
import subprocess

import grpc
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


@functools.cache
def server_binary() -> pathlib.Path:
    """The test server, built from the sources as they are."""
    product = ["--configuration", os.environ.get("KAGZI_BUILD", "debug"), "--product", "GRPCTestServer"]
    subprocess.run(["swift", "build", *product], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    path = subprocess.run(["swift", "build", *product, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True)
    return pathlib.Path(path.stdout.decode().strip()) / "GRPCTestServer"


class Server:
    """A running GRPCTestServer."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen([server_binary(), *arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        line = self.process.stdout.readline() if ready else ""
        assert line.startswith("listening on "), f"the test server did not start: {line!r}"
        self.address = f"127.0.0.1:{line.split()[-1]}"

    def channel(self, **options: object) -> grpc.Channel:
        return grpc.insecure_channel(self.address, options=[(k, v) for k, v in options.items()])

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Echo:
    """Stubs of the test service over raw bytes."""

    def __init__(self, channel: grpc.Channel) -> None:
        def path(name: str) -> str:
            return f"/test.Echo/{name}"

        for name in ("Unary", "Elsewhere", "Fail", "Hold", "Release", "Forget", "CountCancelled", "Nonexistent"):
            setattr(self, name, channel.unary_unary(path(name)))
        self.Stream = channel.unary_stream(path("Stream"))
        self.Collect = channel.stream_unary(path("Collect"))
        self.Chat = channel.stream_stream(path("Chat"))
        self.SlowChat = channel.stream_stream(path("SlowChat"))


@pytest.fixture(scope="module")
def server():
    running = Server()
    yield running
    assert running.stop() == 0


@pytest.fixture
def echo(server):
    with server.channel(**{"grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1}) as channel:
        yield Echo(channel)
