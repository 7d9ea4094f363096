"""Health: of the database, of workers, of the whole system."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from ._messages import admin as messages
from ._times import to_duration
from .errors import RpcError, Unhealthy
from .workers import WorkerInfo

if TYPE_CHECKING:
    from .client import Client

CHECK_TIMEOUT = 15.0
"""A check that takes longer than this, in seconds, counts as failed."""


class HealthStatus(enum.IntEnum):
    """How well something is."""

    HEALTHY = 1
    DEGRADED = 2
    """It works, but look at it."""
    UNHEALTHY = 3


@dataclass(frozen=True)
class HealthCheckConfig:
    """When a worker's heartbeat is too old, and a task has waited too long."""

    heartbeat_timeout_secs: float = 120
    """Unhealthy when older."""
    heartbeat_warning_secs: float = 60
    """Degraded when older."""
    task_overdue_secs: float = 60
    """A queue is degraded when a task in it waits longer."""

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_warning_secs <= self.heartbeat_timeout_secs:
            raise ValueError("heartbeat_warning_secs must be more than zero and at most heartbeat_timeout_secs")
        if self.task_overdue_secs <= 0:
            raise ValueError("task_overdue_secs must be more than zero")


@dataclass(frozen=True)
class Finding:
    """One thing that was checked, with the numbers behind the verdict."""

    subject: str
    """`database`, `worker/<id>`, `queue/<name>`, `runs`, or `coordinator` when that could not be asked."""
    status: HealthStatus
    message: str
    evidence: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


@dataclass(frozen=True)
class WorkerHealth:
    """How well a worker is."""

    worker_id: str
    status: HealthStatus
    message: str
    heartbeat_age: timedelta | None
    uptime: timedelta | None
    active_workflows: int


@dataclass(frozen=True)
class SystemHealth:
    """How well everything is."""

    status: HealthStatus
    """The worst of the findings."""
    findings: tuple[Finding, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether everything works. What is only degraded, such as a worker that drains, is in `warnings`."""
        return self.status is not HealthStatus.UNHEALTHY

    @property
    def errors(self) -> list[str]:
        """What does not work, one sentence each."""
        return [str(finding) for finding in self.findings if finding.status is HealthStatus.UNHEALTHY]

    @property
    def warnings(self) -> list[str]:
        """What works but should be looked at."""
        return [str(finding) for finding in self.findings if finding.status is HealthStatus.DEGRADED]


class HealthChecker:
    """Asks the coordinator how well the database, the workers and the queues are.

    checker = HealthChecker(client, HealthCheckConfig(heartbeat_timeout_secs=120, heartbeat_warning_secs=60))
    health = await checker.comprehensive_check()
    if not health.is_healthy: print(health.errors)
    """

    def __init__(self, client: Client, config: HealthCheckConfig | None = None) -> None:
        """Check through a client, workers of its namespace."""
        self._client = client
        self.config = config or HealthCheckConfig()

    async def check_database_health(self) -> Finding:
        """One real round trip of the coordinator to its database. Throws `Unhealthy` if it does not answer in time."""
        finding = next(each for each in (await self._check()).findings if each.subject in ("database", "coordinator"))
        if finding.status is HealthStatus.UNHEALTHY:
            raise Unhealthy(finding)
        return finding

    async def check_worker_health(self, worker: WorkerInfo | str, active_workflows: int | None = None) -> WorkerHealth:
        """How well one worker is, by its status and the age of its last heartbeat. `NotFound` if there is none of that id.

        `active_workflows` is what to report if the coordinator does not say.
        """
        worker_id = worker if isinstance(worker, str) else worker.worker_id
        findings = self._findings(await self._ask(worker_id))
        finding = next((each for each in findings if each.subject == f"worker/{worker_id}"), findings[0])
        evidence = finding.evidence
        active = evidence.get("active_workflows")
        return WorkerHealth(
            worker_id=worker_id,
            status=finding.status,
            message=finding.message,
            heartbeat_age=_milliseconds(evidence.get("heartbeat_age_ms")),
            uptime=_milliseconds(evidence.get("uptime_ms")),
            active_workflows=int(active) if active is not None else active_workflows or 0,
        )

    async def comprehensive_check(self) -> SystemHealth:
        """Database, every worker, queues with tasks and nobody to serve them, overdue tasks, parked runs.

        Never throws: a coordinator that cannot be asked is a finding, too.
        """
        return await self._check()

    async def _check(self) -> SystemHealth:
        try:
            response = await self._ask("")
        except RpcError as error:
            finding = Finding("coordinator", HealthStatus.UNHEALTHY, f"it cannot be asked: {error}", {"code": error.code})
            return SystemHealth(HealthStatus.UNHEALTHY, (finding,))
        return SystemHealth(HealthStatus(response.status or HealthStatus.HEALTHY), tuple(self._findings(response)))

    async def _ask(self, worker_id: str) -> messages.CheckHealthResponse:
        request = messages.CheckHealthRequest(
            namespace=self._client.namespace,
            heartbeat_timeout=to_duration(self.config.heartbeat_timeout_secs),
            heartbeat_warning=to_duration(self.config.heartbeat_warning_secs),
            worker_id=worker_id,
            task_overdue=to_duration(self.config.task_overdue_secs),
        )
        return await self._client._call(
            "CheckHealth", request, messages.CheckHealthResponse, "AdminService", timeout=CHECK_TIMEOUT, is_idempotent=False
        )

    def _findings(self, response: messages.CheckHealthResponse) -> list[Finding]:
        return [
            Finding(each.subject, HealthStatus(each.status or HealthStatus.HEALTHY), each.message, dict(each.evidence))
            for each in response.findings
        ]


def _milliseconds(text: str | None) -> timedelta | None:
    return None if text is None else timedelta(milliseconds=float(text))
