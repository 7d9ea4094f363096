"""A worker: runs workflows and activities that a coordinator hands out."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import logging
import os
import signal
import socket
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from . import _payloads
from ._failures import failure_of
from ._messages import common, worker, worker_service
from ._run import WorkflowRun
from ._session import Session
from ._times import to_duration
from ._version import __version__
from .activities import ActivityContext, enter
from .client import Client
from .definitions import Activity, Workflow
from .errors import ErrorKind, KagziError, StepError

logger = logging.getLogger("kagzi.worker")

PROGRESS_INTERVAL = 0.25
"""Progress of activities is sent at most so often, in seconds."""


LAST_ANSWERS_TIMEOUT = 5.0
"""How long a worker that leaves waits for the answers to its last reports, in seconds."""


class _RunningActivity:
    __slots__ = ("context", "definition", "is_abandoned", "task", "work")

    def __init__(self, definition: Activity[Any, Any], task: worker.Task, context: ActivityContext) -> None:
        self.definition = definition
        self.task = task
        self.context = context
        self.work: asyncio.Task[None] | None = None
        self.is_abandoned = False  # whatever comes of it is not reported


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
        heartbeat_interval_secs: float | None = None,
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
        `heartbeat_interval_secs`, by default a third of the lease. `max_cached_workflows` suspended functions are kept in
        memory, so that they need not be replayed. `max_threads` bounds functions that are not async (default: the sum of
        the two concurrency limits). `poll_interval_ms` is accepted for compatibility: tasks are pushed, nothing is polled.
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
        self.max_cached_workflows = max_cached_workflows
        self._max_threads = max_threads or max(1, max_concurrent_workflows + max_concurrent_activities)
        self._has_started = False
        self._workflows: dict[tuple[str, int], Workflow[Any, Any]] = {}
        self._activities: dict[tuple[str, int], Activity[Any, Any]] = {}
        for workflow in workflows:
            self._add_workflow(workflow)
        for activity in activities:
            self._add_activity(activity)
        # What runs and their hosts need, see RunHost:
        self.loop: asyncio.AbstractEventLoop
        self.executor: ThreadPoolExecutor | None = None
        self.max_payload_bytes = 0
        self.max_report_items = 1_000
        self._session: Session
        self._runs: dict[bytes, WorkflowRun] = {}
        self._token_of: dict[str, bytes] = {}  # the task at work, by run
        self._suspended: OrderedDict[str, WorkflowRun] = OrderedDict()
        self._running: dict[bytes, _RunningActivity] = {}
        self._progress: dict[bytes, common.Payload | None] = {}
        self._progress_timer: asyncio.TimerHandle | None = None
        self._last_progress = 0.0
        self._fetches: set[asyncio.Task[None]] = set()
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
        return len(self._runs)

    @property
    def active_activity_count(self) -> int:
        """Activities at work now."""
        return len(self._running)

    @property
    def cached_workflow_count(self) -> int:
        """Suspended functions in memory."""
        return len(self._suspended)

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
        connected = asyncio.ensure_future(self._session.is_connected.wait())
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

    def stop(self) -> None:
        """Drain and end. Returns at once; `run()` returns when it is done. Call it on the worker's event loop."""
        if self._stop_requested is not None:
            self._stop_requested.set()

    def _prepare(self) -> None:
        if self._has_started:
            raise RuntimeError(f"worker {self.worker_id} was started already: a worker runs once")
        if not self._workflows and not self._activities:
            raise ValueError("the worker has no workflows and no activities")
        self._has_started = True
        self._is_running = True
        self.loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._stop_requested = asyncio.Event()
        self._hurry = asyncio.Event()
        self._idle = asyncio.Event()
        self.executor = ThreadPoolExecutor(self._max_threads, thread_name_prefix="kagzi")
        self._session = Session(self._client.new_addresses(), self._registration(), self)

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
        )
        if self.heartbeat_interval_secs is not None:
            request.heartbeat_interval.CopyFrom(to_duration(self.heartbeat_interval_secs))
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

        handled = []
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                self.loop.add_signal_handler(number, received)
                handled.append(number)

        def restore() -> None:
            for number in handled:
                self.loop.remove_signal_handler(number)

        return restore

    async def _run(self) -> None:
        assert self._stop_requested is not None and self.executor is not None
        session = self.loop.create_task(self._session.run())
        stopping = self.loop.create_task(self._stop_requested.wait())
        logger.info("worker %s starts", self.worker_id)
        try:
            await asyncio.wait({session, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not session.done():
                await self._drain()
                await self._session.leave("stopped")
                await asyncio.wait({session}, timeout=3)
            if session.done():
                session.result()
        finally:
            for task in (session, stopping, *self._fetches):
                task.cancel()
            self._abandon_all()
            self.executor.shutdown(wait=False, cancel_futures=True)
            self._is_running = False
            logger.info("worker %s has stopped", self.worker_id)

    async def _drain(self) -> None:
        assert self._idle is not None and self._hurry is not None
        self._is_draining = True
        self._session.beat()  # so that operators see it
        timeout = self.graceful_shutdown_timeout_secs if self._drain_timeout is None else self._drain_timeout
        logger.info(
            "worker %s drains: %d workflow tasks and %d activities are at work, for at most %g s",
            self.worker_id, len(self._runs), len(self._running), timeout,
        )  # fmt: skip
        self._check_idle()
        idle = asyncio.ensure_future(self._idle.wait())
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({idle, hurry}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        hurry.cancel()
        for run in list(self._runs.values()):
            run.give_back("the worker stops", evicted=True)
        for running in list(self._running.values()):
            request = self._activity_request(running.task)
            request.report.activity.give_back.reason = "the worker stops"
            self._end_activity(running, request)
            self._abandon(running)
        if self._session.is_connected.is_set():
            await self._session.wait_answered(LAST_ANSWERS_TIMEOUT)

    def _check_idle(self) -> None:
        if self._is_draining and not self._runs and not self._running and self._idle is not None:
            self._idle.set()

    def _abandon_all(self) -> None:
        for run in (*self._runs.values(), *self._suspended.values()):
            run.drop()
        self._runs.clear()
        self._token_of.clear()
        self._suspended.clear()
        for running in list(self._running.values()):
            self._abandon(running)
        self._running.clear()
        self._progress.clear()

    # SessionHost

    def welcomed(self, welcome: worker.Welcome) -> None:
        """See SessionHost."""
        limits = welcome.limits
        self.max_payload_bytes = limits.max_payload_bytes
        self.max_report_items = limits.max_report_items or self.max_report_items
        logger.info("worker %s %s session %s", self.worker_id, "resumes" if welcome.resumed else "opens", welcome.session_id)

    def held_tokens(self) -> list[bytes]:
        """See SessionHost."""
        return [*self._runs, *self._running]

    def free_slots(self) -> tuple[int, int]:
        """See SessionHost."""
        if self._is_draining:
            return 0, 0
        workflows = self.max_concurrent_workflows - len(self._runs) if self._workflows else 0
        activities = self.max_concurrent_activities - len(self._running) if self._activities else 0
        return max(0, workflows), max(0, activities)

    def session_lost(self, reason: str) -> None:
        """See SessionHost."""
        self._abandon_all()
        self._check_idle()

    def drain_requested(self, timeout: float | None, reason: str) -> None:
        """See SessionHost."""
        logger.info("the coordinator asks worker %s to drain: %s", self.worker_id, reason)
        self._drain_timeout = timeout
        self.stop()

    def fill_beat(self, beat: worker.Beat) -> None:
        """See SessionHost."""
        beat.active_workflows = len(self._runs)
        beat.active_activities = len(self._running)
        beat.draining = self._is_draining
        for token, details in self._progress.items():
            progress = beat.progress.add(token=token)
            if details is not None:
                progress.details.CopyFrom(details)
        self._progress.clear()
        self._last_progress = self.loop.time()

    def task_arrived(self, task: worker.Task) -> None:
        """See SessionHost."""
        if task.HasField("workflow"):
            self._workflow_task(task)
        elif task.HasField("activity"):
            self._activity_task(task)

    def task_cancelled(self, token: bytes, reason: str) -> None:
        """See SessionHost."""
        run = self._runs.get(token)
        if run is not None:
            run.cancel(reason)
            return
        running = self._running.get(token)
        if running is not None:
            running.context.cancel(reason)
            if running.definition.is_async and running.work is not None:
                running.work.cancel()
            return
        for suspended in self._suspended.values():
            if suspended.token == token:
                suspended.cancel(reason)
                return

    def task_lost(self, token: bytes, reason: str) -> None:
        """See SessionHost."""
        run = self._forget(token)
        if run is not None:
            logger.info("run %s is no longer ours: %s", run.run_id, reason)
            run.drop()
            self._free(workflows=1)
            return
        running = self._running.get(token)
        if running is not None:
            logger.info("activity %s of run %s is no longer ours: %s", running.context.step, running.task.run_id, reason)
            running.context.cancel(reason)
            self._abandon(running)
            return
        for run_id, suspended in self._suspended.items():
            if suspended.token == token:
                del self._suspended[run_id]
                suspended.drop()
                return

    def _free(self, workflows: int = 0, activities: int = 0) -> None:
        if self._is_draining:
            self._check_idle()
        else:
            self._session.grant(workflows, activities)

    # Workflow tasks

    def _workflow_task(self, task: worker.Task) -> None:
        if task.token in self._runs:
            return  # pushed again on a new stream
        cached = self._suspended.pop(task.run_id, None)
        earlier = self._runs.get(self._token_of.get(task.run_id, b""))
        if earlier is not None:  # its task was taken away and this one made, and the news did not get through
            self.task_lost(earlier.token, "a new task of the run came")
        if cached is not None and (cached.is_over or not task.workflow.delta):
            cached.drop()
            cached = None
        if self._is_draining:
            if cached is not None:
                cached.drop()
            self._give_back(task, "the worker is draining", evicted=True)
            return
        if task.workflow.delta:
            if cached is None:
                self._give_back(task, "the function is no longer in memory", evicted=True)
                return
            run = cached
        else:
            definition = self._workflows.get((task.workflow_type, task.workflow_version or 1))
            if definition is None:
                reason = f"worker {self.worker_id} has no version {task.workflow_version} of {task.workflow_type!r}"
                self._give_back(task, reason, evicted=False)
                return
            run = WorkflowRun(definition, self)
        self._runs[task.token] = run
        self._token_of[task.run_id] = task.token
        if task.workflow.more_steps_token:
            run.adopt(task)
            fetch = self.loop.create_task(self._fetch(run, task))
            self._fetches.add(fetch)
            fetch.add_done_callback(self._fetches.discard)
        elif task.workflow.delta:
            run.resume(task, task.workflow.steps)
        else:
            run.begin(task, task.workflow.steps)

    async def _fetch(self, run: WorkflowRun, task: worker.Task) -> None:
        steps = list(task.workflow.steps)
        try:
            steps += await self._session.fetch_steps(task.token, task.workflow.more_steps_token)
        except KagziError as error:
            if self._forget(task.token) is not None:
                run.drop()
                self._give_back(task, f"the recorded steps could not be fetched: {error}", evicted=True)
            return
        if self._runs.get(task.token) is run:
            (run.resume if task.workflow.delta else run.begin)(task, steps)

    def _give_back(self, task: worker.Task, reason: str, evicted: bool) -> None:
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
        self._session.report(request, None)

    @property
    def keeps_suspended(self) -> bool:
        """See RunHost."""
        return not self._is_draining and self.max_cached_workflows > 0

    def send_report(self, run: WorkflowRun, request: worker_service.WorkRequest, ends_task: bool) -> None:
        """See RunHost."""
        token = run.token
        if ends_task:
            if self._forget(token) is not None and not self._is_draining:
                request.report.grant.workflow_slots = 1
            if run.is_suspended and not run.is_over and self.keeps_suspended:
                self._suspended[run.run_id] = run
                if len(self._suspended) > self.max_cached_workflows:
                    _, oldest = self._suspended.popitem(last=False)
                    oldest.drop()
        elif token not in self._runs:  # a refused suspension goes on
            self._suspended.pop(run.run_id, None)
            self._runs[token] = run
            self._token_of[run.run_id] = token
        self._session.report(request, functools.partial(self._report_answered, run, token))
        self._check_idle()

    def _report_answered(self, run: WorkflowRun, token: bytes, answer: worker.ReportAnswer) -> None:
        if run.token == token:
            run.answered(answer)
        if run.is_over and self._runs.get(token) is run:
            self._forget(token)
            self._free(workflows=1)

    def _forget(self, token: bytes) -> WorkflowRun | None:
        """The task is not at work any more."""
        run = self._runs.pop(token, None)
        if run is not None and self._token_of.get(run.run_id) == token:
            del self._token_of[run.run_id]
        return run

    # Activity tasks

    def _activity_task(self, task: worker.Task) -> None:
        if task.token in self._running:
            return  # pushed again on a new stream
        activity = task.activity
        definition = self._activities.get((activity.activity_type, activity.activity_version or 1))
        if self._is_draining:
            self._give_back(task, "the worker is draining", evicted=True)
            return
        if definition is None:
            reason = f"worker {self.worker_id} has no version {activity.activity_version} of {activity.activity_type!r}"
            self._give_back(task, reason, evicted=False)
            return
        running = _RunningActivity(definition, task, ActivityContext(task, self))
        self._running[task.token] = running
        running.work = self.loop.create_task(self._perform(running))

    async def _perform(self, running: _RunningActivity) -> None:
        request = self._activity_request(running.task)
        report = request.report.activity
        try:
            result = await self._call(running)
            if running.context.completes_later:
                report.completes_later.SetInParent()
            else:
                report.output.CopyFrom(self._encode(result, running))
        except asyncio.CancelledError as error:
            if running.context.is_cancelled:
                report.cancelled.message = running.context.cancel_reason
            else:
                report.failure.CopyFrom(failure_of(error))
        except Exception as error:
            report.failure.CopyFrom(failure_of(error))
            logger.debug("activity %s failed", running.definition.name, exc_info=True)
        if running.is_abandoned:
            if self._running.pop(running.task.token, None) is not None:
                self._free(activities=1)
        else:
            self._end_activity(running, request)

    async def _call(self, running: _RunningActivity) -> Any:
        definition, task = running.definition, running.task
        enter(running.context)
        arguments: list[Any] = [running.context] if definition.takes_context else []
        if definition.takes_input:
            payload = task.activity.input
            if not (definition.input_is_optional and payload.encoding in ("null", "") and not payload.data):
                arguments.append(_payloads.decode(payload, definition.input_type))
        if definition.is_async:
            return await definition.function(*arguments)
        variables = contextvars.copy_context()
        result = await self.loop.run_in_executor(self.executor, functools.partial(variables.run, definition.function, *arguments))
        return await result if asyncio.iscoroutine(result) else result

    def _encode(self, result: Any, running: _RunningActivity) -> common.Payload:
        payload = _payloads.encode(result)
        if self.max_payload_bytes and len(payload.data) > self.max_payload_bytes:
            raise StepError(
                ErrorKind.INVALID_INPUT,
                f"the result of activity {running.definition.name!r} has {len(payload.data):,} bytes, more than the "
                f"coordinator's limit of {self.max_payload_bytes:,}: store it elsewhere and return its address",
            )
        return payload

    def _activity_request(self, task: worker.Task) -> worker_service.WorkRequest:
        request = worker_service.WorkRequest()
        request.report.token = task.token
        return request

    def _end_activity(self, running: _RunningActivity, request: worker_service.WorkRequest) -> None:
        token = running.task.token
        if token in self._progress:
            self._session.beat()  # before the report, so that the next attempt sees it
        if self._running.pop(token, None) is None:
            return
        if not self._is_draining:
            request.report.grant.activity_slots = 1
        self._session.report(request, functools.partial(self._activity_answered, running))
        self._check_idle()

    def _activity_answered(self, running: _RunningActivity, answer: worker.ReportAnswer) -> None:
        if not answer.HasField("rejection"):
            return
        rejection = answer.rejection
        what = f"the report of activity {running.context.step} of run {running.task.run_id} was refused"
        if rejection.reason == worker.REJECTION_REASON_LEASE_LOST:
            logger.info("%s: %s", what, rejection.message)
            return
        logger.error("%s: %s", what, rejection.message)
        request = self._activity_request(running.task)
        failure = failure_of(StepError(ErrorKind.INVALID_INPUT, f"{what}: {rejection.message}"))
        request.report.activity.failure.CopyFrom(failure)
        self._session.report(request, None)

    def _abandon(self, running: _RunningActivity) -> None:
        running.is_abandoned = True
        running.context.cancel(running.context.cancel_reason or "the task is no longer this worker's")
        if running.definition.is_async and running.work is not None:
            running.work.cancel()

    # ActivityHost

    def activity_beat(self, token: bytes, details: Any) -> None:
        """See ActivityHost."""
        payload = None if details is None else _payloads.encode(details)
        if threading.get_ident() == self._loop_thread:
            self._note_progress(token, payload)
        else:
            self.loop.call_soon_threadsafe(self._note_progress, token, payload)

    def _note_progress(self, token: bytes, details: common.Payload | None) -> None:
        if token not in self._running:
            return
        if details is not None or token not in self._progress:
            self._progress[token] = details
        if self._progress_timer is None:
            delay = max(0.0, self._last_progress + PROGRESS_INTERVAL - self.loop.time())
            self._progress_timer = self.loop.call_later(delay, self._send_progress)

    def _send_progress(self) -> None:
        self._progress_timer = None
        if self._progress:
            self._session.beat()
