"""A worker: runs workflows and activities that a coordinator hands out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from ._activity_tasks import ActivityTasks
from ._messages import worker, worker_service
from ._session import Session
from ._times import to_duration
from ._version import __version__
from ._workflow_tasks import WorkflowTasks
from .client import Client
from .definitions import Activity, Workflow

logger = logging.getLogger("kagzi.worker")

LAST_ANSWERS_TIMEOUT = 5.0
"""How long a worker that leaves waits for the answers to its last reports, in seconds."""


class Worker:
    """Runs workflows and activities.

    `await worker.run()` runs until `stop()` or SIGTERM or SIGINT, then drains: it takes no new tasks and lets running ones
    finish for `graceful_shutdown_timeout_secs`; what is left is handed back to other workers. A second signal does that
    at once. `async with worker:` runs it in the background instead. A worker runs once.
    """

    def __init__(
        self,
        client: Client | str | None = None,
        *,
        workflows: Iterable[Workflow[Any, Any]] = (),
        activities: Iterable[Activity[Any, Any]] = (),
        task_queues: Sequence[str] = ("default",),
        namespace: str | None = None,
        worker_id: str | None = None,
        max_concurrent_workflows: int = 10,
        max_concurrent_activities: int = 10,
        heartbeat_interval_secs: float = 30.0,
        lease_duration_secs: float = 30.0,
        graceful_shutdown_timeout_secs: float = 300.0,
        max_cached_workflows: int = 1_000,
        max_threads: int | None = None,
        hostname: str | None = None,
        labels: Mapping[str, str] | None = None,
        poll_interval_ms: int | None = None,
    ) -> None:
        """Describe a worker.

        `client` is a Client or a coordinator's address (several by commas). Heartbeats are sent every
        `heartbeat_interval_secs`, but at least three in a lease (`lease_duration_secs`). `max_cached_workflows` suspended
        functions are kept in memory, so that they need not be replayed. `max_threads` bounds functions that are not async
        (default: the sum of the two concurrency limits). `poll_interval_ms` is accepted for compatibility: tasks are pushed,
        nothing is polled.
        """
        self._client = client if isinstance(client, Client) else Client(client, namespace=namespace)
        self.worker_id = worker_id or f"worker-{uuid.uuid4()}"
        self.task_queues = list(task_queues)
        self.hostname = hostname or socket.gethostname()
        self.labels = dict(labels or {})
        self.max_concurrent_workflows = max_concurrent_workflows
        self.max_concurrent_activities = max_concurrent_activities
        self.heartbeat_interval_secs = heartbeat_interval_secs
        self.lease_duration_secs = lease_duration_secs
        self.graceful_shutdown_timeout_secs = graceful_shutdown_timeout_secs
        self.poll_interval_ms = poll_interval_ms
        self.max_cached_workflows = max_cached_workflows
        if max_concurrent_workflows < 0 or max_concurrent_activities < 0:
            raise ValueError("max_concurrent_workflows and max_concurrent_activities cannot be negative")
        if heartbeat_interval_secs <= 0 or lease_duration_secs <= 0 or graceful_shutdown_timeout_secs < 0:
            raise ValueError("the heartbeat interval and the lease must be more than zero, the shutdown timeout not less")
        self._max_threads = max_threads or max(1, max_concurrent_workflows + max_concurrent_activities)
        self._has_started = False
        self._workflows: dict[tuple[str, int], Workflow[Any, Any]] = {}
        self._activities: dict[tuple[str, int], Activity[Any, Any]] = {}
        for workflow in workflows:
            self._add_workflow(workflow)
        for activity in activities:
            self._add_activity(activity)
        # What the tasks need:
        self.executor: ThreadPoolExecutor | None = None
        self.max_payload_bytes = 0
        self.max_report_items = 1_000
        self.session: Session
        self._workflow_tasks: WorkflowTasks | None = None
        self._activity_tasks: ActivityTasks | None = None
        self._is_running = False
        self._is_draining = False
        self._stop_requested: asyncio.Event | None = None
        self._hurry: asyncio.Event | None = None
        self._idle: asyncio.Event | None = None
        self._drain_timeout: float | None = None
        self._background: asyncio.Task[None] | None = None

    # Registering

    def register_workflow(self, name: str, function: Callable[..., Any], version: int = 1) -> None:
        """Serve an async function as a workflow. Before the worker starts."""
        self._add_workflow(Workflow(function, name, version))

    def register_activity(self, name: str, function: Callable[..., Any], version: int = 1) -> None:
        """Serve a function as an activity. Before the worker starts."""
        self._add_activity(Activity(function, name, version))

    def _add_workflow(self, workflow: Workflow[Any, Any]) -> None:
        if not isinstance(workflow, Workflow):
            raise TypeError(f"{workflow!r} is not a workflow: decorate it with @workflow(name), or use register_workflow")
        self._add(self._workflows, workflow)

    def _add_activity(self, activity: Activity[Any, Any]) -> None:
        if not isinstance(activity, Activity):
            raise TypeError(f"{activity!r} is not an activity: decorate it with @activity(name), or use register_activity")
        self._add(self._activities, activity)

    def _add(self, table: dict[tuple[str, int], Any], definition: Any) -> None:
        if self._has_started:
            raise RuntimeError("register before the worker starts")
        key = (definition.name, definition.version)
        if table.setdefault(key, definition) is not definition:
            raise ValueError(f"version {key[1]} of {key[0]!r} is registered twice")

    # Running

    @property
    def is_running(self) -> bool:
        """Whether it has started and not ended."""
        return self._is_running

    @property
    def has_started(self) -> bool:
        """Whether it was started; a worker runs once."""
        return self._has_started

    @property
    def is_draining(self) -> bool:
        """Whether it takes no new tasks any more."""
        return self._is_draining

    @property
    def active_workflow_count(self) -> int:
        """Workflow tasks at work now; suspended runs do not count."""
        return 0 if self._workflow_tasks is None else self._workflow_tasks.active_count

    @property
    def active_activity_count(self) -> int:
        """Activities at work now."""
        return 0 if self._activity_tasks is None else self._activity_tasks.active_count

    @property
    def cached_workflow_count(self) -> int:
        """Suspended functions in memory."""
        return 0 if self._workflow_tasks is None else self._workflow_tasks.suspended_count

    async def run(self) -> None:
        """Run until stopped: by `stop()`, SIGTERM, SIGINT or the coordinator's drain. Starting twice is an error."""
        self._prepare()
        remove_signals = self._handle_signals()
        try:
            await self._run()
        finally:
            remove_signals()

    async def start(self) -> None:
        """The same as `run`."""
        await self.run()

    async def __aenter__(self) -> Worker:
        self._prepare()
        self._background = asyncio.get_running_loop().create_task(self._run())
        connected = asyncio.ensure_future(self.session.is_connected.wait())
        await asyncio.wait({connected, self._background}, return_when=asyncio.FIRST_COMPLETED)
        connected.cancel()
        if self._background.done():
            self._background.result()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        if self._background is not None:
            await self._background

    def stop(self, timeout: float | None = None) -> None:
        """Drain and end. Returns at once; `run()` returns when it is done. Call it on the worker's event loop.

        `timeout`: how many seconds running tasks may finish; None: `graceful_shutdown_timeout_secs`. Asked again with a timeout
        while the worker drains, it hurries it.
        """
        if self._stop_requested is None or self._hurry is None:
            return
        if timeout is not None:
            if self._is_draining:
                asyncio.get_running_loop().call_later(timeout, self._hurry.set)
            else:
                self._drain_timeout = timeout
        self._stop_requested.set()

    def _prepare(self) -> None:
        if self._has_started:
            raise RuntimeError(f"worker {self.worker_id} was started already: a worker runs once")
        if not self._workflows and not self._activities:
            raise ValueError("the worker has no workflows and no activities")
        self._has_started = True
        self._is_running = True
        self._workflow_tasks = WorkflowTasks(self, self._workflows)
        self._activity_tasks = ActivityTasks(self, self._activities)
        self._stop_requested = asyncio.Event()
        self._hurry = asyncio.Event()
        self._idle = asyncio.Event()
        self.executor = ThreadPoolExecutor(self._max_threads, thread_name_prefix="kagzi")
        self.session = Session(self._client.new_addresses(), self._registration(), self)

    def _registration(self) -> worker_service.RegisterWorkerRequest:
        request = worker_service.RegisterWorkerRequest(
            worker_id=self.worker_id,
            namespace=self._client.namespace,
            task_queues=self.task_queues,
            workflow_slots=self.max_concurrent_workflows,
            activity_slots=self.max_concurrent_activities,
            hostname=self.hostname,
            pid=os.getpid(),
            sdk_name="kagzi-python",
            sdk_version=__version__,
            labels=self.labels,
            lease_duration=to_duration(self.lease_duration_secs),
            heartbeat_interval=to_duration(self.heartbeat_interval_secs),
        )
        for name, version in self._workflows:
            request.workflows.add(type=name, version=version)
        for name, version in self._activities:
            request.activities.add(type=name, version=version)
        return request

    def _handle_signals(self) -> Callable[[], None]:
        """Make SIGTERM and SIGINT stop the worker; returns what takes that back."""

        def received() -> None:
            assert self._stop_requested is not None and self._hurry is not None
            if self._stop_requested.is_set():
                self._hurry.set()
            self._stop_requested.set()

        loop = asyncio.get_running_loop()
        handled = []
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(number, received)
                handled.append(number)

        def restore() -> None:
            for number in handled:
                loop.remove_signal_handler(number)

        return restore

    async def _run(self) -> None:
        assert self._stop_requested is not None and self.executor is not None
        loop = asyncio.get_running_loop()
        session = loop.create_task(self.session.run())
        stopping = loop.create_task(self._stop_requested.wait())
        logger.info("worker %s starts", self.worker_id)
        try:
            await asyncio.wait({session, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not session.done():
                await self._drain()
                await self.session.leave("stopped")
                await asyncio.wait({session}, timeout=3)
            if session.done():
                session.result()
        finally:
            for task in (session, stopping):
                task.cancel()
            self._abandon_all()
            self.workflow_tasks.close()
            self.executor.shutdown(wait=False, cancel_futures=True)
            self._is_running = False
            logger.info("worker %s has stopped", self.worker_id)

    async def _drain(self) -> None:
        assert self._idle is not None and self._hurry is not None
        self._is_draining = True
        self.session.beat()  # so that operators see it
        timeout = self.graceful_shutdown_timeout_secs if self._drain_timeout is None else self._drain_timeout
        logger.info(
            "worker %s drains: %d workflow tasks and %d activities are at work, for at most %g s",
            self.worker_id, self.active_workflow_count, self.active_activity_count, timeout,
        )  # fmt: skip
        self.check_idle()
        idle = asyncio.ensure_future(self._idle.wait())
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({idle, hurry}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        hurry.cancel()
        self.workflow_tasks.give_back_all("the worker stops")
        self.activity_tasks.give_back_all("the worker stops")
        if self.session.is_connected.is_set():
            await self.session.wait_answered(LAST_ANSWERS_TIMEOUT)

    def check_idle(self) -> None:
        """Called when a task has ended: a draining worker without tasks may leave."""
        if self._is_draining and self._idle is not None and not self.active_workflow_count and not self.active_activity_count:
            self._idle.set()

    def _abandon_all(self) -> None:
        self.workflow_tasks.abandon_all()
        self.activity_tasks.abandon_all()

    @property
    def workflow_tasks(self) -> WorkflowTasks:
        """The workflow tasks it holds."""
        assert self._workflow_tasks is not None, "the worker has not started"
        return self._workflow_tasks

    @property
    def activity_tasks(self) -> ActivityTasks:
        """The activity tasks it holds."""
        assert self._activity_tasks is not None, "the worker has not started"
        return self._activity_tasks

    def free(self, workflows: int = 0, activities: int = 0) -> None:
        """Called when a task is no longer at work, without a report that says so: its slot is free."""
        if self._is_draining:
            self.check_idle()
        else:
            self.session.grant(workflows, activities)

    def give_back(self, task: worker.Task, reason: str, evicted: bool) -> None:
        """Called when a task cannot be taken."""
        request = worker_service.WorkRequest()
        report = request.report
        report.token = task.token
        if task.HasField("workflow"):
            report.workflow.give_back.reason = reason
            report.workflow.give_back.evicted = evicted
            report.grant.workflow_slots = 0 if self._is_draining else 1
        else:
            report.activity.give_back.reason = reason
            report.grant.activity_slots = 0 if self._is_draining else 1
        if not evicted:
            logger.warning("gave a task of run %s back: %s", task.run_id, reason)
        self.session.report(request, None)

    # SessionHost

    def welcomed(self, welcome: worker.Welcome) -> None:
        """See SessionHost."""
        limits = welcome.limits
        self.max_payload_bytes = limits.max_payload_bytes
        self.max_report_items = limits.max_report_items or self.max_report_items
        logger.info("worker %s %s session %s", self.worker_id, "resumes" if welcome.resumed else "opens", welcome.session_id)

    def held_tokens(self) -> list[bytes]:
        """See SessionHost."""
        return [*self.workflow_tasks.tokens, *self.activity_tasks.tokens]

    def free_slots(self) -> tuple[int, int]:
        """See SessionHost."""
        if self._is_draining:
            return 0, 0
        workflows = self.max_concurrent_workflows - self.active_workflow_count if self._workflows else 0
        activities = self.max_concurrent_activities - self.active_activity_count if self._activities else 0
        return max(0, workflows), max(0, activities)

    def session_lost(self, reason: str) -> None:
        """See SessionHost."""
        self._abandon_all()
        self.check_idle()

    def drain_requested(self, timeout: float | None, reason: str) -> None:
        """See SessionHost."""
        logger.info("the coordinator asks worker %s to drain: %s", self.worker_id, reason)
        self._drain_timeout = timeout
        self.stop()

    def fill_beat(self, beat: worker.Beat) -> None:
        """See SessionHost."""
        beat.active_workflows = self.active_workflow_count
        beat.active_activities = self.active_activity_count
        beat.draining = self._is_draining
        self.activity_tasks.fill_beat(beat)

    def task_arrived(self, task: worker.Task) -> None:
        """See SessionHost."""
        if task.HasField("workflow"):
            self.workflow_tasks.arrived(task)
        elif task.HasField("activity"):
            self.activity_tasks.arrived(task)

    def task_cancelled(self, token: bytes, reason: str) -> None:
        """See SessionHost."""
        if not self.activity_tasks.cancelled(token, reason):
            self.workflow_tasks.cancelled(token, reason)

    def groups_resolved(self, resolved: worker.GroupsResolved) -> None:
        """See SessionHost."""
        self.workflow_tasks.groups_resolved(resolved)

    def task_lost(self, token: bytes, reason: str) -> None:
        """See SessionHost."""
        if not self.activity_tasks.lost(token, reason):
            self.workflow_tasks.lost(token, reason)
