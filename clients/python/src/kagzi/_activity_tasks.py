"""The activity tasks that a worker holds."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import threading
from typing import TYPE_CHECKING, Any

from . import _payloads
from ._failures import failure_of
from ._messages import common, worker, worker_service
from .activities import ActivityContext, enter
from .definitions import Activity
from .errors import ErrorKind, StepError

if TYPE_CHECKING:
    from .worker import Worker

logger = logging.getLogger("kagzi.worker")

PROGRESS_INTERVAL = 0.25
"""Progress of activities is sent at most so often, in seconds."""


class _RunningActivity:
    __slots__ = ("context", "definition", "is_abandoned", "task", "work")

    def __init__(self, definition: Activity[Any, Any], task: worker.Task, context: ActivityContext) -> None:
        self.definition = definition
        self.task = task
        self.context = context
        self.work: asyncio.Task[None] | None = None
        self.is_abandoned = False  # whatever comes of it is not reported


class ActivityTasks:
    """Runs activities and sends their progress."""

    def __init__(self, owner: Worker, definitions: dict[tuple[str, int], Activity[Any, Any]]) -> None:
        self._owner = owner
        self._definitions = definitions
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._running: dict[bytes, _RunningActivity] = {}
        self._progress: dict[bytes, common.Payload | None] = {}
        self._progress_timer: asyncio.TimerHandle | None = None
        self._last_progress = 0.0

    # What the worker tells

    @property
    def tokens(self) -> list[bytes]:
        """The tasks at work."""
        return list(self._running)

    @property
    def active_count(self) -> int:
        """How many that are."""
        return len(self._running)

    def cancelled(self, token: bytes, reason: str) -> bool:
        """A task was asked to cancel; False if it is not here."""
        running = self._running.get(token)
        if running is None:
            return False
        running.context.cancel(reason)
        if running.definition.is_async and running.work is not None:
            running.work.cancel()
        return True

    def lost(self, token: bytes, reason: str) -> bool:
        """A task is no longer ours; False if it is not here."""
        running = self._running.get(token)
        if running is None:
            return False
        logger.info("activity %s of run %s is no longer ours: %s", running.context.step, running.task.run_id, reason)
        running.context.cancel(reason)
        self._abandon(running)
        return True

    def give_back_all(self, reason: str) -> None:
        """Hand every task back."""
        for running in list(self._running.values()):
            request = self._request(running.task)
            request.report.activity.give_back.reason = reason
            self._end(running, request)
            self._abandon(running)

    def abandon_all(self) -> None:
        """Forget everything."""
        for running in list(self._running.values()):
            self._abandon(running)
        self._running.clear()
        self._progress.clear()

    def fill_beat(self, beat: worker.Beat) -> None:
        """Say what activities have reached."""
        for token, details in self._progress.items():
            progress = beat.progress.add(token=token)
            if details is not None:
                progress.details.CopyFrom(details)
        self._progress.clear()
        self._last_progress = self._loop.time()

    def arrived(self, task: worker.Task) -> None:
        """A task to do."""
        if task.token in self._running:
            return  # pushed again on a new stream
        activity = task.activity
        definition = self._definitions.get((activity.activity_type, activity.activity_version or 1))
        if self._owner.is_draining:
            self._owner.give_back(task, "the worker is draining", evicted=True)
            return
        if definition is None:
            reason = f"worker {self._owner.worker_id} has no version {activity.activity_version} of {activity.activity_type!r}"
            self._owner.give_back(task, reason, evicted=False)
            return
        running = _RunningActivity(definition, task, ActivityContext(task, self))
        self._running[task.token] = running
        running.work = self._loop.create_task(self._perform(running))

    async def _perform(self, running: _RunningActivity) -> None:
        request = self._request(running.task)
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
                self._owner.free(activities=1)
        else:
            self._end(running, request)

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
        result = await self._loop.run_in_executor(
            self._owner.executor, functools.partial(variables.run, definition.function, *arguments)
        )
        return await result if asyncio.iscoroutine(result) else result

    def _encode(self, result: Any, running: _RunningActivity) -> common.Payload:
        payload = _payloads.encode(result)
        if self._owner.max_payload_bytes and len(payload.data) > self._owner.max_payload_bytes:
            raise StepError(
                ErrorKind.INVALID_INPUT,
                f"the result of activity {running.definition.name!r} has {len(payload.data):,} bytes, more than the "
                f"coordinator's limit of {self._owner.max_payload_bytes:,}: store it elsewhere and return its address",
            )
        return payload

    def _request(self, task: worker.Task) -> worker_service.WorkRequest:
        request = worker_service.WorkRequest()
        request.report.token = task.token
        return request

    def _end(self, running: _RunningActivity, request: worker_service.WorkRequest) -> None:
        token = running.task.token
        if token in self._progress:
            self._owner.session.beat()  # before the report, so that the next attempt sees it
        if self._running.pop(token, None) is None:
            return
        if not self._owner.is_draining:
            request.report.grant.activity_slots = 1
        self._owner.session.report(request, functools.partial(self._answered, running))
        self._owner.check_idle()

    def _answered(self, running: _RunningActivity, answer: worker.ReportAnswer) -> None:
        if not answer.HasField("rejection"):
            return
        rejection = answer.rejection
        what = f"the report of activity {running.context.step} of run {running.task.run_id} was refused"
        if rejection.reason == worker.REJECTION_REASON_LEASE_LOST:
            logger.info("%s: %s", what, rejection.message)
            return
        logger.error("%s: %s", what, rejection.message)
        request = self._request(running.task)
        failure = failure_of(StepError(ErrorKind.INVALID_INPUT, f"{what}: {rejection.message}", code="REPORT_REFUSED"))
        request.report.activity.failure.CopyFrom(failure)
        self._owner.session.report(request, None)

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
            self._loop.call_soon_threadsafe(self._note_progress, token, payload)

    def _note_progress(self, token: bytes, details: common.Payload | None) -> None:
        if token not in self._running:
            return
        if details is not None or token not in self._progress:
            self._progress[token] = details
        if self._progress_timer is None:
            delay = max(0.0, self._last_progress + PROGRESS_INTERVAL - self._loop.time())
            self._progress_timer = self._loop.call_later(delay, self._send_progress)

    def _send_progress(self) -> None:
        self._progress_timer = None
        if self._progress:
            self._owner.session.beat()
