"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from types import FrameType

import pytest
from fake_server import FakeServer

from kagzi import Client

LONGEST_TEST_SECONDS = 20
LONGEST_E2E_TEST_SECONDS = 150


@pytest.fixture(autouse=True)
def no_test_hangs(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that hangs fails instead."""

    limit = LONGEST_E2E_TEST_SECONDS if request.node.get_closest_marker("e2e") else LONGEST_TEST_SECONDS

    def expired(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took longer than {limit} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(limit)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    """A coordinator in the test's own process."""
    server = await FakeServer().start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: FakeServer) -> AsyncIterator[Client]:
    """A client of it, in a namespace of its own."""
    async with Client(server.address, namespace="shop", retry_for=2) as client:
        yield client


@pytest.fixture(params=[1_000, 0], ids=["batches", "single"])
async def batching_server(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> AsyncIterator[FakeServer]:
    """A coordinator for a worker: one that takes messages of many reports, and one that takes them one by one."""
    monkeypatch.setattr("kagzi.worker.LAST_ANSWERS_TIMEOUT", 0.05)  # most tests leave the last report unanswered
    server = await FakeServer().start()
    server.max_reports = request.param
    yield server
    await server.stop()
