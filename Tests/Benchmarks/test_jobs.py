"""Waiting for the jobs of a queue that has no results."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from jobs import JobDriver


class Queue(JobDriver):
    """Each job is done at the second look; those of some numbers fail."""

    def __init__(self, failing: Sequence[int] = ()):
        super().__init__()
        self.jobs = 0
        self.looked: dict[int, int] = {}
        self.failing = failing
        self.looks = 0

    async def enqueue(self, due: int | None) -> int:
        self.jobs += 1
        return self.jobs

    async def finished(self, jobs: Sequence[int]) -> list[int]:
        self.looks += 1
        for job in jobs:
            self.looked[job] = self.looked.get(job, 0) + 1
        return [job for job in jobs if self.looked[job] > 1]

    async def succeeded(self, jobs: Sequence[int]) -> int:
        return len([job for job in jobs if job not in self.failing])

    async def is_any_left(self) -> bool:
        self.looks += 1
        return self.looks < 3


async def test_many_jobs_are_asked_after_together() -> None:
    queue = Queue()
    await queue.many("one", 1, 50)
    assert (queue.jobs, queue.looks) == (50, 3)


async def test_single_jobs_share_their_looks() -> None:
    queue = Queue()
    assert (await queue.paced(2_000, 0.05))["count"] == 100
    assert queue.looks < 100


@pytest.mark.parametrize("load", ["latency", "many", "paced"])
async def test_a_job_that_fails_voids_the_run(load: str) -> None:
    queue = Queue(failing=[3])
    with pytest.raises(RuntimeError, match=r"\d+ of \d+ jobs succeeded"):
        await {"latency": lambda: queue.latency(5), "many": lambda: queue.many("one", 1, 5), "paced": lambda: queue.paced(1_000, 0.01)}[load]()


async def test_whoever_waits_hears_that_the_queue_cannot_be_asked() -> None:
    class Broken(Queue):
        async def finished(self, jobs: Sequence[int]) -> list[int]:
            raise RuntimeError("no connection")

    with pytest.raises(RuntimeError, match="no connection"):
        await Broken().latency(1)
