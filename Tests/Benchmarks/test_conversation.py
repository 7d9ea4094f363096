"""What a driver does when it is told: the half of the conversation that runs beside a peer."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conversation import Driver, percentiles
from peers.drivers import Conversation

SECOND = """
import asyncio, conversation
class Liar(conversation.Driver):
    package = "pytest"
    async def start(self, kind, argument): return argument
    async def result(self, handle): return handle if handle < 5 else 0
asyncio.run(conversation.serve(Liar()))
"""


class Clocked(Driver):
    """Each workflow takes a while; how many are open at once is kept."""

    def __init__(self, seconds: float, open_at_once: int | None = None):
        self.seconds = seconds
        self.open_at_once = open_at_once
        self.open_now = self.most = self.started = 0

    async def start(self, kind: str, argument: int) -> Any:
        self.started += 1
        self.open_now += 1
        self.most = max(self.most, self.open_now)
        return argument

    async def result(self, handle: Any) -> int:
        await asyncio.sleep(self.seconds)
        self.open_now -= 1
        return int(handle)


async def test_no_more_are_open_than_allowed() -> None:
    driver = Clocked(0.001, open_at_once=7)
    await driver.many("one", 1, 50)
    assert (driver.started, driver.most) == (50, 7)


async def test_without_a_limit_all_are_started_before_any_is_awaited() -> None:
    driver = Clocked(0.001)
    await driver.many("one", 1, 50)
    assert driver.most == 50


async def test_a_late_start_counts_into_the_latency() -> None:
    class Stalls(Clocked):
        async def start(self, kind: str, argument: int) -> Any:
            if not self.started:
                time.sleep(0.2)  # the whole driver stands still, so that the other starts come late
            return await super().start(kind, argument)

    figures = await Stalls(0).paced(100, 0.2)
    assert figures["count"] == 20
    assert figures["max_ms"] > 190
    assert figures["p50_ms"] > 50


async def test_wrong_results_void_the_run() -> None:
    class Wrong(Clocked):
        async def result(self, handle: Any) -> int:
            return 0

    with pytest.raises(RuntimeError, match="3 workflows gave something else, such as 0 instead of 10"):
        await Wrong(0).many("sequence", 10, 3)


async def test_sleepers_that_are_started_too_late_void_the_run() -> None:
    with pytest.raises(RuntimeError, match="not all started"):
        await Clocked(0).sleepers(3, 0.5)
    assert (await Clocked(0.05).sleepers(3, 1.2))["seconds"] == pytest.approx(0.05, abs=0.04)


def test_percentiles_are_by_the_nearest_rank() -> None:
    figures = percentiles([number / 1000 for number in range(100, 0, -1)])
    assert (figures["p50_ms"], figures["p90_ms"], figures["p99_ms"], figures["max_ms"]) == pytest.approx((50, 90, 99, 100))
    assert percentiles([0.003])["p99_ms"] == pytest.approx(3)


def test_the_harness_hears_what_went_wrong_and_the_driver_goes_on(tmp_path: Path) -> None:
    program = tmp_path / "liar.py"
    program.write_text(f"import sys; sys.path[:0] = {[str(Path(sys.modules['conversation'].__file__ or '').parent)]!r}\n" + SECOND)
    with Conversation([sys.executable, "-B", str(program)], tmp_path / "log") as driver:
        assert driver.version
        assert driver.many("one", 1, 3)["seconds"] >= 0
        with pytest.raises(RuntimeError, match="3 workflows gave something else"):
            driver.many("one", 9, 3)
        assert driver.latency(2)["count"] == 2
        driver.process.kill()
        driver.process.wait()
        with pytest.raises(RuntimeError, match="the driver ended"):
            driver.latency(1)


def test_a_driver_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("an older line\n")
    with pytest.raises(RuntimeError, match="ended before it was ready: ValueError: no database"):
        Conversation([sys.executable, "-c", "raise ValueError('no database')"], tmp_path / "log")


def test_a_driver_ends_when_nobody_asks_any_more(tmp_path: Path) -> None:
    program = tmp_path / "liar.py"
    program.write_text(f"import sys; sys.path[:0] = {[str(Path(sys.modules['conversation'].__file__ or '').parent)]!r}\n" + SECOND)
    done = subprocess.run([sys.executable, "-B", str(program)], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("ready ")
