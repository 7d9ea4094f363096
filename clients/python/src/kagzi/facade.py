"""Kagzi under the names of its V1-to-V2 guide: one object that registers, starts, and makes workers."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from . import errors
from ._messages import worker_service
from ._times import Seconds
from .client import Client
from .definitions import Activity, Workflow
from .handle import Handle
from .runs import RunStatus
from .types import VersionInfo
from .worker import Worker
from .worker_builder import WorkerBuilder
from .workers import WorkerEvent, WorkerInfo, WorkerStatus


class Kagzi(Client):
    """A client that also keeps what this program registers.

        kagzi = await Kagzi.connect("127.0.0.1:7480")
        kagzi.register_workflow_version("process-order", 2, process_order)
        await kagzi.set_default_workflow_version("process-order", 2)
        await kagzi.create_worker().start()

    Everything of `Client` is there, too. The address is the coordinator's; it keeps its database's schema up to date itself.
    """

    def __init__(self, target: str | None = None, **options: Any) -> None:
        """See Client."""
        super().__init__(target, **options)
        self._workflows: dict[tuple[str, int], Workflow[Any, Any]] = {}
        self._activities: dict[tuple[str, int], Activity[Any, Any]] = {}
        self._workers: list[Worker] = []

    @classmethod
    async def connect(cls, target: str | None = None, **options: Any) -> Kagzi:
        """A client whose coordinator has answered; `Unavailable` if none does within `retry_for` seconds (15)."""
        kagzi = cls(target, **options)
        try:
            await kagzi.server_info()
        except BaseException:
            await kagzi.close()
            raise
        return kagzi

    # Registering

    def register_workflow(self, name: str, function: Callable[..., Awaitable[Any]]) -> None:
        """Serve a workflow; it is version 1."""
        self.register_workflow_version(name, 1, function)

    def register_workflow_version(self, name: str, version: int, function: Callable[..., Awaitable[Any]]) -> None:
        """Serve a version of a workflow, beside its other versions. The first version registered becomes the default."""
        if isinstance(function, Workflow):
            function = function.function
        definition: Workflow[Any, Any] = Workflow(function, name, version)
        if self._workflows.setdefault((name, version), definition) is not definition:
            raise ValueError(f"version {version} of {name!r} is registered twice")
        for worker in self._workers:
            if not worker.has_started:
                worker.register_workflow(name, function, version)

    def register_activity(self, name: str, function: Callable[..., Any], version: int = 1) -> None:
        """Serve an activity."""
        if isinstance(function, Activity):
            function = function.function
        definition: Activity[Any, Any] = Activity(function, name, version)
        if self._activities.setdefault((name, version), definition) is not definition:
            raise ValueError(f"version {version} of {name!r} is registered twice")
        for worker in self._workers:
            if not worker.has_started:
                worker.register_activity(name, function, version)

    # Starting

    async def start_workflow(self, name: str | Workflow[Any, Any], input: Any = None, **options: Any) -> Handle[Any]:
        """Start a run on the type's default version. Options: see Client.start."""
        return await self.start(name, input, **options)

    async def start_workflow_version(
        self, name: str | Workflow[Any, Any], version: int, input: Any = None, **options: Any
    ) -> Handle[Any]:
        """Start a run on a version."""
        return await self.start(name, input, version=version, **options)

    async def start_workflows(
        self, name: str | Workflow[Any, Any], inputs: Sequence[Any], **options: Any
    ) -> list[Handle[Any]]:
        """Start a run for each input, many in one call. Options: see Client.start_many."""
        return await self.start_many(name, inputs, **options)

    def workflow_handle(self, run_id: str = "", result_type: Any = Any, *, workflow_id: str = "") -> Handle[Any]:
        """A run that was started elsewhere, by its run id or its workflow id."""
        return self.handle(run_id, workflow_id=workflow_id, result_type=result_type)

    async def schema_version(self) -> int:
        """The version of the database's schema, which the coordinator keeps up to date by itself."""
        return (await self.server_info()).schema_version

    # Versions

    async def set_default_workflow_version(self, name: str, version: int) -> None:
        """Make a version the default for new runs; `VersionNotRegistered` if nobody ever registered it.

        What was registered here counts, also before a worker of this program has started.
        """
        try:
            await self.workflow_types.set_default(name, version)
        except (errors.VersionNotRegistered, errors.NotFound):
            if (name, version) not in self._workflows:
                raise
            await self._announce()
            await self.workflow_types.set_default(name, version)

    async def get_default_workflow_version(self, name: str) -> int:
        """The version that new runs get."""
        return await self.workflow_types.get_default(name)

    async def list_workflow_versions(self, name: str) -> list[VersionInfo]:
        """All versions of a workflow, lowest first."""
        return list((await self.workflow_types.describe(name)).versions)

    async def set_workflow_rollout(self, name: str, percents: Mapping[int, float]) -> None:
        """Send a share of new runs to versions: `{3: 5.0}` sends 5 % to version 3."""
        await self.workflow_types.set_rollout(name, percents)

    async def deprecate_workflow_version(self, name: str, version: int, *, undo: bool = False) -> None:
        """Refuse new runs on a version; its open runs finish. `undo` takes it back."""
        await self.workflow_types.deprecate(name, version, undo=undo)

    async def count_runs(self, name: str, version: int | None = None) -> dict[RunStatus, int]:
        """How many runs of a workflow there are, by status."""
        return await self.count(workflow=name, version=version)

    async def _announce(self) -> None:
        """Register what this program serves, by a worker that leaves at once and takes no tasks."""
        request = worker_service.RegisterWorkerRequest(
            worker_id=f"registration-{uuid.uuid4()}", namespace=self.namespace, labels={"purpose": "registration"}
        )
        for name, version in self._workflows:
            request.workflows.add(type=name, version=version)
        for name, version in self._activities:
            request.activities.add(type=name, version=version)
        response = await self._call("RegisterWorker", request, worker_service.RegisterWorkerResponse, "WorkerService")
        leave = worker_service.DeregisterWorkerRequest(session_id=response.session_id, reason="registered")
        await self._call("DeregisterWorker", leave, worker_service.DeregisterWorkerResponse, "WorkerService")

    # Workers

    def create_worker(self, **options: Any) -> Worker:
        """A worker that serves everything that is registered here; options: see Worker."""
        worker = Worker(self, workflows=self._workflows.values(), activities=self._activities.values(), **options)
        self._workers.append(worker)
        return worker

    def create_worker_builder(self) -> WorkerBuilder:
        """The same, its options set one by one."""
        return WorkerBuilder(self.create_worker)

    async def get_active_workers(self) -> list[WorkerInfo]:
        """Workers that live."""
        return await self.workers.active()

    async def list_workers(self, statuses: Sequence[WorkerStatus] = ()) -> list[WorkerInfo]:
        """Workers of these statuses; without any: all that are remembered."""
        return await self.workers.list(statuses)

    async def get_worker(self, worker_id: str) -> WorkerInfo:
        """One worker."""
        return await self.workers.get(worker_id)

    async def count_active_workflows(self, worker: WorkerInfo | str) -> int:
        """Workflow tasks that a worker holds now."""
        return await self.workers.count_active_workflows(worker)

    async def get_worker_events(self, worker: WorkerInfo | str = "", limit: int = 100) -> list[WorkerEvent]:
        """What happened to a worker, newest first."""
        return await self.workers.events(worker, limit=limit)

    async def drain_worker(self, worker: WorkerInfo | str, *, timeout: Seconds | None = None, reason: str = "") -> None:
        """Tell a worker to take no new tasks, finish what runs and leave."""
        await self.workers.drain(worker, timeout=timeout, reason=reason)
