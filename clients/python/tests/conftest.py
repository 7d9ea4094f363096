"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

LONGEST_TEST_SECONDS = 20


@pytest.fixture(autouse=True)
def no_test_hangs() -> Iterator[None]:
    """A test that hangs fails instead."""

    def expired(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took longer than {LONGEST_TEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(LONGEST_TEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
