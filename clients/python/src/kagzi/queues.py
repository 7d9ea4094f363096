"""Task queues: what waits for workers, and who serves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ._caller import Caller
from ._messages import admin as messages
from ._times import datetime_of


@dataclass(frozen=True)
class QueueEntry:
    """What waits of one type and version."""

    kind: str
    """`workflow` or `activity`."""
    type: str
    version: int
    ready: int
    """Tasks that wait for a worker."""
    leased: int
    """Tasks that workers hold."""
    oldest_ready_at: datetime | None
    live_workers: int


@dataclass(frozen=True)
class Queue:
    """A task queue."""

    name: str
    entries: tuple[QueueEntry, ...]

    @staticmethod
    def of(message: messages.Queue) -> Queue:
        """From the contract's message."""
        return Queue(
            message.task_queue,
            tuple(
                QueueEntry(
                    kind=entry.kind,
                    type=entry.type.type,
                    version=entry.type.version or 1,
                    ready=entry.ready,
                    leased=entry.leased,
                    oldest_ready_at=datetime_of(entry.oldest_ready_at) if entry.HasField("oldest_ready_at") else None,
                    live_workers=entry.live_workers,
                )
                for entry in message.entries
            ),
        )


class Queues(Caller):
    """`client.queues`."""

    service = "AdminService"

    async def get(self, name: str = "default") -> Queue:
        """One queue; without entries if nobody has used it."""
        request = messages.DescribeQueueRequest(namespace=self.namespace, task_queue=name)
        return Queue.of((await self._call("DescribeQueue", request, messages.DescribeQueueResponse)).queue)

    async def list(self) -> list[Queue]:
        """All queues, by name."""
        request = messages.ListQueuesRequest(namespace=self.namespace)
        response = await self._call("ListQueues", request, messages.ListQueuesResponse)
        return [Queue.of(queue) for queue in response.queues]

    async def stats(self) -> dict[str, float]:
        """The coordinator's counters and gauges, by name."""
        request = messages.GetStatsRequest(namespace=self.namespace)
        return dict((await self._call("GetStats", request, messages.GetStatsResponse)).values)
