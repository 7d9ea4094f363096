"""A real coordinator with a database of its own, and what the tests do to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from coordinator import Coordinator, Cutter

from kagzi import Client

WORKER_SCRIPT = Path(__file__).with_name("worker_process.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def coordinator() -> Iterator[Coordinator]:
    """One coordinator for all tests that do it no harm."""
    with _running() as coordinator:
        yield coordinator


@pytest.fixture
def own_coordinator() -> Iterator[Coordinator]:
    """A coordinator that a test may kill."""
    with _running() as coordinator:
        yield coordinator


@contextmanager
def _running() -> Iterator[Coordinator]:
    # Not in pytest's own folder: Postgres may run as another user, who cannot enter that.
    folder = Path(tempfile.mkdtemp(prefix="kagzi-"))
    folder.chmod(0o755)
    coordinator = Coordinator(folder / "data")
    try:
        coordinator.start()
        yield coordinator
    finally:
        coordinator.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def client(coordinator: Coordinator) -> AsyncIterator[Client]:
    async with Client(coordinator.address) as client:
        yield client


@pytest.fixture
def queue(request: pytest.FixtureRequest) -> str:
    """A task queue of the test's own, so that workers of other tests take none of its tasks."""
    return str(request.node.name)


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts worker processes: `spawn(address, queue)`; all of them are ended after the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(address: str, queue: str, **settings: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(WORKER_SCRIPT), address, queue, str(tmp_path)],
            stdin=subprocess.DEVNULL,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                **{key.upper(): str(value) for key, value in settings.items()},
            },
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture
async def cutter(coordinator: Coordinator) -> AsyncIterator[Cutter]:
    cutter = Cutter(coordinator.address)
    await cutter.start()
    yield cutter
    await cutter.stop()
