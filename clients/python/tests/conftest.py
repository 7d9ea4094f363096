"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

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
