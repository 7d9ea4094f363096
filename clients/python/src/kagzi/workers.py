"""Registered workers as an operator sees them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ._caller import PAGE_SIZE, Caller
from ._messages import admin as messages
from ._times import Seconds, datetime_of, seconds_of, to_duration


class WorkerStatus(enum.IntEnum):
    """Where a worker stands."""

    RUNNING = 1
    """Connected, takes tasks."""
    SHUTTING_DOWN = 2
    """Drains: takes no new tasks, finishes what runs."""
    STOPPED = 3
    """Left in good order."""
    CRASHED = 4
    """Its lease lapsed."""


@dataclass(frozen=True)
class WorkerInfo:
    """A registered worker."""

    worker_id: str
    namespace: str
    status: WorkerStatus
    status_reason: str
    session_id: str
    task_queues: tuple[str, ...]
    workflows: tuple[tuple[str, int], ...]
    """Names and versions of the workflows it serves."""
    activities: tuple[tuple[str, int], ...]
    max_concurrent_workflows: int
    max_concurrent_activities: int
    active_workflows: int
    active_activities: int
    hostname: str
    pid: int
    sdk: str
    labels: dict[str, str]
    heartbeat_interval: timedelta | None
    registered_at: datetime | None
    last_heartbeat_at: datetime | None
    lease_expires_at: datetime | None
    ended_at: datetime | None

    @property
    def worker_name(self) -> str:
        """The worker's id, by another name."""
        return self.worker_id

    @staticmethod
    def of(message: messages.Worker) -> WorkerInfo:
        """From the contract's message."""

        def time(name: str) -> datetime | None:
            return datetime_of(getattr(message, name)) if message.HasField(name) else None

        interval = message.heartbeat_interval if message.HasField("heartbeat_interval") else None
        return WorkerInfo(
            worker_id=message.worker_id,
            namespace=message.namespace,
            status=WorkerStatus(message.status),
            status_reason=message.status_reason,
            session_id=message.session_id,
            task_queues=tuple(message.task_queues),
            workflows=tuple((each.type, each.version or 1) for each in message.workflows),
            activities=tuple((each.type, each.version or 1) for each in message.activities),
            max_concurrent_workflows=message.workflow_slots,
            max_concurrent_activities=message.activity_slots,
            active_workflows=message.active_workflows,
            active_activities=message.active_activities,
            hostname=message.hostname,
            pid=message.pid,
            sdk=f"{message.sdk_name} {message.sdk_version}".strip(),
            labels=dict(message.labels),
            heartbeat_interval=None if interval is None else timedelta(seconds=seconds_of(interval)),
            registered_at=time("registered_at"),
            last_heartbeat_at=time("last_beat_at"),
            lease_expires_at=time("lease_expires_at"),
            ended_at=time("ended_at"),
        )


@dataclass(frozen=True)
class WorkerEvent:
    """Something that happened to a worker."""

    worker_id: str
    at: datetime | None
    kind: str
    """STARTED, HEARTBEAT, SHUTDOWN_REQUESTED, SHUTDOWN_COMPLETE, CRASHED, TASK_STARTED, TASK_COMPLETED or TASK_FAILED."""
    message: str


class Workers(Caller):
    """`client.workers`."""

    service = "AdminService"

    async def active(self) -> list[WorkerInfo]:
        """Workers that live: RUNNING or SHUTTING_DOWN."""
        return await self.list([WorkerStatus.RUNNING, WorkerStatus.SHUTTING_DOWN])

    async def get(self, worker_id: str) -> WorkerInfo:
        """One worker; `NotFound` if there is none of that id."""
        request = messages.GetWorkerRequest(namespace=self.namespace, worker_id=worker_id)
        return WorkerInfo.of((await self._call("GetWorker", request, messages.GetWorkerResponse)).worker)

    async def count_active_workflows(self, worker: WorkerInfo | str) -> int:
        """Workflow tasks that a worker holds now."""
        return (await self.get(worker if isinstance(worker, str) else worker.worker_id)).active_workflows

    async def events(self, worker: WorkerInfo | str = "", *, limit: int = 100) -> list[WorkerEvent]:
        """What happened to a worker, or to all, newest first."""
        request = messages.ListWorkerEventsRequest(
            namespace=self.namespace,
            worker_id=worker if isinstance(worker, str) else worker.worker_id,
            page_size=max(1, min(limit, PAGE_SIZE)),
        )
        events: list[WorkerEvent] = []
        async for page in self._pages("ListWorkerEvents", request, messages.ListWorkerEventsResponse):
            for event in page.events:
                at = datetime_of(event.at) if event.HasField("at") else None
                events.append(WorkerEvent(event.worker_id, at, event.kind, event.message))
            if len(events) >= limit:
                break
        return events[:limit]

    async def drain(self, worker: WorkerInfo | str, *, timeout: Seconds | None = None, reason: str = "") -> None:
        """Tell a worker to take no new tasks, finish what runs (for at most `timeout`; default: its own setting) and leave."""
        request = messages.DrainWorkerRequest(
            namespace=self.namespace,
            worker_id=worker if isinstance(worker, str) else worker.worker_id,
            reason=reason,
        )
        if timeout is not None:
            request.timeout.CopyFrom(to_duration(timeout))
        await self._call("DrainWorker", request, messages.DrainWorkerResponse)

    async def list(self, statuses: Sequence[WorkerStatus] = ()) -> list[WorkerInfo]:
        """Workers of these statuses; without any: all that are remembered."""
        request = messages.ListWorkersRequest(
            namespace=self.namespace,
            statuses=[int(status) for status in statuses],  # type: ignore[misc]
            page_size=PAGE_SIZE,
        )
        pages = self._pages("ListWorkers", request, messages.ListWorkersResponse)
        return [WorkerInfo.of(worker) async for page in pages for worker in page.workers]
