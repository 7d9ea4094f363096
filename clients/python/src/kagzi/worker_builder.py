"""A worker with settings, built one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .worker import Worker


class WorkerBuilder:
    """`client.create_worker_builder().worker_id("orders-1").max_concurrent_workflows(10).build()`."""

    def __init__(self, create: Callable[..., Worker]) -> None:
        """Made by `Kagzi.create_worker_builder`; `create` makes the worker from its options."""
        self._create = create
        self._options: dict[str, Any] = {}

    def worker_id(self, worker_id: str) -> WorkerBuilder:
        """The worker's own id. Default: `worker-<uuid>`."""
        return self.option("worker_id", worker_id)

    def max_concurrent_workflows(self, count: int) -> WorkerBuilder:
        """Workflow tasks at a time. Default: 10."""
        return self.option("max_concurrent_workflows", count)

    def max_concurrent_activities(self, count: int) -> WorkerBuilder:
        """Activities at a time. Default: 10."""
        return self.option("max_concurrent_activities", count)

    def heartbeat_interval_secs(self, seconds: float) -> WorkerBuilder:
        """How often it says that it is alive; at most a third of the lease. Default: 30."""
        return self.option("heartbeat_interval_secs", seconds)

    def poll_interval_ms(self, milliseconds: int) -> WorkerBuilder:
        """Accepted for compatibility: tasks are pushed, nothing is polled."""
        return self.option("poll_interval_ms", milliseconds)

    def graceful_shutdown_timeout_secs(self, seconds: float) -> WorkerBuilder:
        """How long a draining worker lets running tasks finish. Default: 300."""
        return self.option("graceful_shutdown_timeout_secs", seconds)

    def hostname(self, hostname: str) -> WorkerBuilder:
        """Where it runs. Default: this machine's name."""
        return self.option("hostname", hostname)

    def lease_duration_secs(self, seconds: float) -> WorkerBuilder:
        """How long after its last heartbeat its tasks are given to others. Default: 30."""
        return self.option("lease_duration_secs", seconds)

    def task_queues(self, queues: Sequence[str]) -> WorkerBuilder:
        """The queues that it serves. Default: `default`."""
        return self.option("task_queues", queues)

    def labels(self, labels: Mapping[str, str]) -> WorkerBuilder:
        """Labels for operators. Default: none."""
        return self.option("labels", labels)

    def max_cached_workflows(self, count: int) -> WorkerBuilder:
        """Suspended functions kept in memory, so that they go on without a replay. Default: 1,000."""
        return self.option("max_cached_workflows", count)

    def option(self, name: str, value: Any) -> WorkerBuilder:
        """Any option of `Worker` by its name."""
        self._options[name] = value
        return self

    def build(self) -> Worker:
        """The worker. `await worker.start()` runs it until it is stopped."""
        return self._create(**self._options)
