"""One run in a worker's memory: the state machine between a workflow function and the coordinator.

It does no I/O. What comes in: tasks (`begin`, `resume`), answers to reports (`answered`), cancellation (`cancel`), and the
ends of local steps. What goes out: reports, by `RunHost.send_report`. The rules are in `docs/worker-protocol.md`:
at most one report is in flight; a local step returns only when its outcome is recorded; when nothing in the function
can go on, everything gathered goes out in one report and the function stays suspended where it stands.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from contextvars import ContextVar
from typing import Any, Protocol

from . import _payloads
from ._call import Call
from ._failures import cancelled_failure, error_of, failure_of
from ._loop import WorkflowLoop
from ._messages import common, worker, worker_service
from ._messages import run as records
from ._times import seconds_of, to_duration
from .context import Context
from .definitions import Workflow
from .errors import Cancelled, DuplicateStepName, ErrorKind, StepError
from .retry import RetryPolicy

logger = logging.getLogger("kagzi.workflow")

LONGEST_WAIT_IN_PLACE = 1.0
"""A recorded retry that is due within so many seconds is waited for; for a later one the function is suspended."""

MAX_REPORT_BYTES = 3 * 1024 * 1024
"""A report's payloads are at most this together; what is more goes into the next one."""

_SETTLED = (records.STEP_STATE_COMPLETED, records.STEP_STATE_FAILED, records.STEP_STATE_CANCELLED)

is_shielded: ContextVar[bool] = ContextVar("kagzi_is_shielded", default=False)
"""True inside `ctx.uncancellable()`, in the tasks it starts too."""


class RunHost(Protocol):
    """What a run needs from its worker."""

    loop: asyncio.AbstractEventLoop
    max_payload_bytes: int
    max_report_items: int

    @property
    def executor(self) -> Executor | None:
        """Where functions run that are not async."""
        ...

    @property
    def keeps_suspended(self) -> bool:
        """Whether a function that is suspended now will be kept in memory."""
        ...

    def send_report(self, run: WorkflowRun, request: worker_service.WorkRequest, ends_task: bool) -> None:
        """Send a report; its answer comes back by `answered`."""
        ...


class Abandoned(BaseException):
    """Thrown into what a dropped function still does; nobody sees it."""


class _Wait:
    """A call of the context that has not returned."""

    __slots__ = ("attempt", "call", "failure", "future", "is_left", "is_shielded", "key", "kind", "name", "output",
                 "policy", "started", "task", "timer")  # fmt: skip

    def __init__(self, key: str, name: str, kind: int, future: asyncio.Future[common.Payload], shielded: bool) -> None:
        self.key = key
        self.name = name
        self.kind = kind
        self.future = future
        self.is_shielded = shielded
        # Of a local step:
        self.call: Call | None = None
        self.policy: common.RetryPolicy | None = None
        self.attempt = 1
        self.started = 0.0
        self.task: asyncio.Task[Any] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.output: common.Payload | None = None
        self.failure: common.Failure | None = None
        self.is_left = False  # its next attempt comes with a later task


class WorkflowRun:
    """A workflow function and what is known of its run."""

    def __init__(self, definition: Workflow[Any, Any], host: RunHost) -> None:
        self.definition = definition
        self.host = host
        self.run_id = ""
        self.token = b""
        self.is_suspended = False
        self.is_over = False
        self.is_cancelled = False
        self.cancel_reason = ""
        self.loop = WorkflowLoop(host.loop, self._advance)  # type: ignore[abstract]  # only what asyncio needs here
        self._task = worker.Task()
        self._context = Context(self)
        self._random: random.Random | None = None
        self._root: asyncio.Task[Any] | None = None
        self._unasked: dict[str, worker.StepRecord] = {}
        self._asked: set[str] = set()
        self._uses: dict[str, int] = {}
        self._names: set[str] = set()
        self._waits: dict[str, _Wait] = {}
        self._results: list[_Wait] = []
        self._commands: list[worker.Command] = []
        self._sent: tuple[list[_Wait], list[worker.Command]] = ([], [])
        self._item_limit = host.max_report_items
        self._running = 0
        self._is_in_flight = False
        self._park_reason: str | None = None
        self._has_given_up = False

    # What the worker tells

    def adopt(self, task: worker.Task) -> None:
        """A task came, and more of its recorded steps are still to be fetched."""
        self.run_id = task.run_id
        self.token = task.token

    def begin(self, task: worker.Task, steps: Iterable[worker.StepRecord]) -> None:
        """A whole task came: call the function, with these steps recorded."""
        self._task = task
        self.run_id = task.run_id
        self.token = task.token
        self._unasked = {record.key: record for record in steps}
        if task.workflow.cancel_requested:
            self.is_cancelled = True
            self.cancel_reason = task.workflow.cancel_reason
        self._root = self.loop.create_task(self._function())
        self._advance()

    def resume(self, task: worker.Task, steps: Iterable[worker.StepRecord]) -> None:
        """A delta came: go on with what settled since."""
        self.token = task.token
        self.is_suspended = False
        self._is_in_flight = False
        self._item_limit = self.host.max_report_items
        self.loop.is_held = True
        if task.workflow.cancel_requested and not self.is_cancelled:
            self.is_cancelled = True
            self.cancel_reason = task.workflow.cancel_reason
        for record in steps:
            self._apply(record)
        if self.is_cancelled:
            self._cancel_waits()
        self._advance()

    def cancel(self, reason: str) -> None:
        """Cancellation was asked for: it is thrown into every call of the context, except uncancellable ones."""
        if self.is_cancelled or self.is_over:
            return
        self.is_cancelled = True
        self.cancel_reason = reason
        if self.is_suspended:
            return  # the coordinator sends a task that says so; without one nothing can be reported
        self.loop.is_held = True
        self._cancel_waits()
        self._advance()

    def answered(self, answer: worker.ReportAnswer) -> None:
        """The last report was answered."""
        self._is_in_flight = False
        results, commands = self._sent
        self._sent = ([], [])
        if answer.HasField("rejection"):
            self._rejected(answer.rejection, results, commands)
            return
        if self.is_over or self.is_suspended:
            return
        decisions = {decision.key: decision for decision in answer.decisions}
        self.loop.is_held = True
        for wait in results:
            self._decided(wait, decisions.get(wait.key))
        self._advance()

    def give_back(self, reason: str, evicted: bool = False) -> None:
        """Hand the task back as it is."""
        request = self._request()
        request.report.workflow.give_back.reason = reason
        request.report.workflow.give_back.evicted = evicted
        self._end(request)

    def drop(self) -> None:
        """Forget the function where it stands. Nothing that it still does has an effect."""
        if self.is_over:
            return
        self.is_over = True
        for wait in self._waits.values():
            if wait.timer is not None:
                wait.timer.cancel()
            if wait.task is not None and wait.call is not None and wait.call.can_cancel:
                wait.task.cancel()
        self.loop.drop()
        self._waits.clear()
        self._unasked.clear()
        self._commands.clear()

    # What the context asks

    @property
    def task(self) -> worker.Task:
        """The task the function was called with."""
        return self._task

    def random(self) -> random.Random:
        """The run's random numbers, the same on every replay."""
        if self._random is None:
            self._random = random.Random(self._task.workflow.seed)
        return self._random

    async def local(self, name: str, call: Call, policy: RetryPolicy | None) -> Any:
        """Run a local step, or return what is recorded of it."""
        opened = self._open(name, records.STEP_KIND_LOCAL)
        if isinstance(opened, common.Payload):
            call.discard()
            return _payloads.decode(opened, call.returns)
        wait, record = opened
        wait.call = call
        wait.policy = None if policy is None else policy.message()
        if record is None:
            self._attempt(wait, 1, 0.0)
        elif record.state == records.STEP_STATE_RETRYING:
            self._retry(wait, record)
        else:
            self._attempt(wait, max(1, record.attempt), 0.0)
        return _payloads.decode(await self._outcome(wait), call.returns)

    async def activity(self, name: str, command: worker.Command, returns: Any) -> Any:
        """Schedule an activity and wait for it, or return what is recorded of it."""
        return _payloads.decode(await self._remote(name, records.STEP_KIND_ACTIVITY, command), returns)

    async def sleep(self, name: str, command: worker.Command) -> None:
        """Start a timer and wait for it."""
        await self._remote(name, records.STEP_KIND_SLEEP, command)

    async def _remote(self, name: str, kind: int, command: worker.Command) -> common.Payload:
        opened = self._open(name, kind)
        if isinstance(opened, common.Payload):
            return opened
        wait, record = opened
        if record is None:
            body: Any = getattr(command, str(command.WhichOneof("command")))
            body.key = wait.key
            self._commands.append(command)
        return await self._outcome(wait)

    def encode(self, value: Any, what: str) -> common.Payload:
        """A payload within the coordinator's limit."""
        payload = _payloads.encode(value)
        limit = self.host.max_payload_bytes
        if limit and len(payload.data) > limit:
            raise StepError(
                ErrorKind.INVALID_INPUT,
                f"{what} has {len(payload.data):,} bytes, more than the coordinator's limit of {limit:,}: "
                f"store it elsewhere and pass its address",
            )
        return payload

    def _open(self, name: str, kind: int) -> common.Payload | tuple[_Wait, worker.StepRecord | None]:
        """Give a use of a name its key: its recorded output, or what to wait for; throws a recorded failure."""
        if self.is_over:
            raise Abandoned
        if asyncio.get_running_loop() is not self.loop:
            raise RuntimeError(
                f"step {name!r} was asked for outside of its workflow function: a step or an activity cannot use ctx"
            )
        if not isinstance(name, str) or not name:
            raise TypeError(f"a step's name is a text that is not empty, not {name!r}")
        if name in self._names:
            raise DuplicateStepName(name)
        use = self._uses.get(name, 0) + 1
        self._uses[name] = use
        key = name if use == 1 else f"{name}#{use}"
        self._asked.add(key)
        record = self._unasked.pop(key, None)
        if record is not None and record.kind != kind:
            self._park(
                f"step {key!r} is recorded as {_kind_name(record.kind)}, but version {self.definition.version} of "
                f"{self.definition.name!r} asks for it as {_kind_name(kind)}: run it with the code it began with"
            )
        if record is not None and record.state in _SETTLED and self._park_reason is None:
            if record.state == records.STEP_STATE_COMPLETED:
                return record.output
            raise self._error(record)
        shielded = is_shielded.get()
        if self.is_cancelled and not shielded and self._park_reason is None:
            raise Cancelled(self.cancel_reason)
        wait = _Wait(key, name, kind, self.loop.create_future(), shielded)
        self._waits[key] = wait
        self._names.add(name)
        return wait, record

    async def _outcome(self, wait: _Wait) -> common.Payload:
        try:
            return await wait.future
        except asyncio.CancelledError:
            if wait.future.cancelled() and not self.is_over:
                self._abandon(wait)
            raise
        finally:
            self._waits.pop(wait.key, None)
            self._names.discard(wait.name)

    # The function

    async def _function(self) -> Any:
        definition = self.definition
        if not definition.takes_input:
            return await definition.function(self._context)
        payload = self._task.workflow.input
        if definition.input_is_optional and payload.encoding in ("null", "") and not payload.data:
            return await definition.function(self._context)
        return await definition.function(self._context, _payloads.decode(payload, definition.input_type))

    def _advance(self) -> None:
        """Let the function go on as far as it can, then report."""
        self.loop.is_held = False
        if not self.is_over:
            self.loop.run()
            self._report()

    def _park(self, reason: str) -> None:
        if self._park_reason is None:
            self._park_reason = reason
            logger.error("run %s is parked: %s", self.run_id, reason)

    # Local steps

    def _attempt(self, wait: _Wait, attempt: int, delay: float) -> None:
        if self._park_reason is not None:
            return
        self._running += 1
        wait.attempt = attempt
        wait.is_left = False
        if delay > 0:
            wait.timer = self.host.loop.call_later(delay, self._call, wait)
        else:
            self._call(wait)

    def _call(self, wait: _Wait) -> None:
        assert wait.call is not None
        wait.timer = None
        wait.started = self.host.loop.time()
        wait.task = self.host.loop.create_task(wait.call.run(self.host.executor))
        wait.task.add_done_callback(functools.partial(self._attempt_ended, wait))

    def _attempt_ended(self, wait: _Wait, task: asyncio.Task[Any]) -> None:
        self._running -= 1
        wait.task = None
        error: BaseException | None = Cancelled() if task.cancelled() else task.exception()
        if self.is_over:
            return
        if wait.future.done():  # the function waits for it no more
            self._advance()
            return
        wait.output = wait.failure = None
        if error is None:
            try:
                wait.output = self.encode(task.result(), f"the result of step {wait.key!r}")
            except Exception as problem:
                error = problem
        if error is not None:
            if isinstance(error, asyncio.CancelledError) and self.is_cancelled and not wait.is_shielded:
                wait.future.set_exception(Cancelled(self.cancel_reason))
                self._advance()
                return
            wait.failure = failure_of(error)
        self._results.append(wait)
        self._advance()

    def _decided(self, wait: _Wait, decision: worker.StepDecision | None) -> None:
        if wait.future.done():
            return
        if wait.output is not None:
            wait.future.set_result(wait.output)
        elif decision is not None and decision.HasField("retry"):
            if self.is_cancelled and not wait.is_shielded:
                wait.future.set_exception(Cancelled(self.cancel_reason))
            elif decision.retry.in_place:
                self._attempt(wait, decision.retry.next_attempt, seconds_of(decision.retry.delay))
            else:
                wait.is_left = True
        else:
            assert wait.failure is not None
            wait.future.set_exception(error_of(wait.failure))

    def _retry(self, wait: _Wait, record: worker.StepRecord) -> None:
        delay = seconds_of(record.retry_delay)
        if delay > LONGEST_WAIT_IN_PLACE:
            wait.is_left = True
            wait.attempt = record.attempt
        else:
            self._attempt(wait, max(1, record.attempt), delay)

    # Records, cancellation

    def _apply(self, record: worker.StepRecord) -> None:
        wait = self._waits.get(record.key)
        if wait is None:
            if record.key not in self._asked:
                self._unasked[record.key] = record
        elif wait.future.done():
            return
        elif record.state == records.STEP_STATE_COMPLETED:
            wait.future.set_result(record.output)
        elif record.state in _SETTLED:
            wait.future.set_exception(self._error(record))
        elif wait.is_left and record.state == records.STEP_STATE_RETRYING:
            self._retry(wait, record)

    def _error(self, record: worker.StepRecord) -> BaseException:
        if record.state == records.STEP_STATE_CANCELLED and self.is_cancelled:
            return Cancelled(self.cancel_reason)
        failure = record.failure
        if record.state == records.STEP_STATE_CANCELLED and not record.HasField("failure"):
            failure = cancelled_failure("the step was cancelled")
        return error_of(failure)

    def _cancel_waits(self) -> None:
        for wait in list(self._waits.values()):
            if wait.is_shielded or wait.future.done():
                continue
            if wait.task is not None:  # its end is what the function sees
                if wait.call is not None and wait.call.can_cancel:
                    wait.task.cancel()
                continue
            if wait.timer is not None:
                wait.timer.cancel()
                wait.timer = None
                self._running -= 1
            elif wait.kind == records.STEP_KIND_LOCAL and not wait.is_left:
                continue  # its outcome is being recorded
            wait.future.set_exception(Cancelled(self.cancel_reason))

    def _abandon(self, wait: _Wait) -> None:
        """The function itself cancelled the call, such as by a timeout of its own."""
        if wait.kind == records.STEP_KIND_LOCAL:
            if wait.timer is not None:
                wait.timer.cancel()
                wait.timer = None
                self._running -= 1
            elif wait.task is not None and wait.call is not None and wait.call.can_cancel:
                wait.task.cancel()
            return
        for command in self._commands:
            if getattr(command, str(command.WhichOneof("command"))).key == wait.key:
                self._commands.remove(command)
                return
        command = worker.Command()
        command.cancel_step.key = wait.key
        self._commands.append(command)

    # Reports

    def _report(self) -> None:
        """Send what there is to say, if anything, when the function stands still."""
        if self.is_over or self.is_suspended or self._is_in_flight or not self.loop.is_idle or self._root is None:
            return
        if self._park_reason is not None:
            self._send_park(self._park_reason)
        elif self._root.done():
            self._send_end(self._root)
        elif self._results or self._is_more_than_one_report:
            self._send_continue()
        elif self._running or self.loop.foreign:
            if self._commands:
                self._send_continue()
        elif self._waits:
            self._send_suspend()
        else:
            self._send_park(
                "the workflow function waits for something that is no step: wait for steps, activities and timers of its "
                "context only"
            )

    @property
    def _is_more_than_one_report(self) -> bool:
        if len(self._results) + len(self._commands) > self._item_limit:
            return True
        return len(self._commands) > 1 and sum(map(_size, self._commands)) > MAX_REPORT_BYTES

    def _request(self) -> worker_service.WorkRequest:
        request = worker_service.WorkRequest()
        request.report.token = self.token
        return request

    def _with_items(self) -> worker_service.WorkRequest:
        """A report of as many results and commands as fit."""
        request = self._request()
        report = request.report.workflow
        room, size = self._item_limit, 0
        results: list[_Wait] = []
        while self._results and room > 0 and (size == 0 or size + _size(self._results[0]) <= MAX_REPORT_BYTES):
            wait = self._results.pop(0)
            size += _size(wait)
            room -= 1
            results.append(wait)
            result = report.results.add(key=wait.key, attempt=wait.attempt)
            if wait.output is not None:
                result.output.CopyFrom(wait.output)
            elif wait.failure is not None:
                result.failure.CopyFrom(wait.failure)
            if wait.policy is not None:
                result.retry_policy.CopyFrom(wait.policy)
            result.duration.CopyFrom(to_duration(self.host.loop.time() - wait.started))
        count = 0
        while count < len(self._commands) and room > 0:
            size += _size(self._commands[count])
            if size > MAX_REPORT_BYTES and (count > 0 or results):
                break
            count += 1
            room -= 1
        commands, self._commands = self._commands[:count], self._commands[count:]
        report.commands.extend(commands)
        self._sent = (results, commands)
        return request

    def _send_continue(self) -> None:
        request = self._with_items()
        getattr(request.report.workflow, "continue").SetInParent()
        self._send(request, ends_task=False)

    def _send_suspend(self) -> None:
        request = self._with_items()
        sticky = self.host.keeps_suspended
        request.report.workflow.suspend.sticky = sticky
        self.is_suspended = True
        self._send(request, ends_task=True)
        if not sticky:
            self.drop()

    def _send_end(self, root: asyncio.Task[Any]) -> None:
        failure: common.Failure | None = None
        output: common.Payload | None = None
        if root.cancelled():
            failure = cancelled_failure(self.cancel_reason)
        elif (error := root.exception()) is not None:
            failure = failure_of(error)
        elif (reason := self._unasked_reason()) is not None:
            self._send_park(reason)
            return
        else:
            try:
                output = self.encode(root.result(), f"the result of workflow {self.definition.name!r}")
            except Exception as problem:
                failure = failure_of(problem)
        if self._is_more_than_one_report:
            self._send_continue()
            return
        request = self._with_items()
        if output is not None:
            request.report.workflow.complete.output.CopyFrom(output)
        elif failure is not None:
            request.report.workflow.fail.failure.CopyFrom(failure)
        self._end(request)

    def _unasked_reason(self) -> str | None:
        """Why a return is a version conflict: recorded steps that nobody asked for and nobody still could."""
        left = [record.key for record in self._unasked.values() if record.state == records.STEP_STATE_COMPLETED]
        if not left or self.is_cancelled or self.loop.has_live_tasks:
            return None
        shown = ", ".join(repr(key) for key in left[:5]) + (", …" if len(left) > 5 else "")
        return (
            f"version {self.definition.version} of {self.definition.name!r} returned without asking for recorded steps: "
            f"{shown}; it asked for: {_shown(sorted(self._asked))}: run it with the code it began with"
        )

    def _send_park(self, reason: str) -> None:
        request = self._request()
        request.report.workflow.park.reason = reason
        logger.error("run %s is parked: %s", self.run_id, reason)
        self._end(request)

    def _end(self, request: worker_service.WorkRequest) -> None:
        self._send(request, ends_task=True)
        self.drop()

    def _send(self, request: worker_service.WorkRequest, ends_task: bool) -> None:
        self._is_in_flight = True
        self.host.send_report(self, request, ends_task)

    def _rejected(self, rejection: worker.Rejection, results: Sequence[_Wait], commands: Sequence[worker.Command]) -> None:
        if rejection.reason == worker.REJECTION_REASON_LEASE_LOST:
            logger.info("run %s: the task went to another worker: %s", self.run_id, rejection.message)
            self.drop()
            return
        items = len(results) + len(commands)
        if rejection.reason == worker.REJECTION_REASON_LIMIT and items > 1 and not self.is_over:
            self._item_limit = max(1, items // 2)
            self._results[:0] = results
            self._commands[:0] = commands
            self.is_suspended = False
            self._advance()
            return
        logger.error("run %s: the coordinator refused a report: %s", self.run_id, rejection.message)
        if self._has_given_up:
            return
        self._has_given_up = True
        request = self._request()
        if rejection.reason == worker.REJECTION_REASON_LIMIT:
            failure = StepError(ErrorKind.INVALID_INPUT, f"the coordinator refused a report: {rejection.message}")
            request.report.workflow.fail.failure.CopyFrom(failure_of(failure))
        else:
            request.report.workflow.give_back.reason = f"the coordinator refused a report: {rejection.message}"
        self.host.send_report(self, request, ends_task=True)
        self.drop()


def _size(item: _Wait | worker.Command) -> int:
    if isinstance(item, _Wait):
        return 0 if item.output is None else len(item.output.data)
    return len(item.schedule_activity.input.data) if item.HasField("schedule_activity") else 0


def _kind_name(kind: int) -> str:
    return records.StepKind.Name(kind).removeprefix("STEP_KIND_").lower()


def _shown(keys: Sequence[str]) -> str:
    return (", ".join(repr(key) for key in keys[:5]) + (", …" if len(keys) > 5 else "")) or "nothing"
