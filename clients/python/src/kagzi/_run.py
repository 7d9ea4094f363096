"""One run in a worker's memory: the state machine between a workflow function and the coordinator.

It does no I/O. What comes in: tasks (`begin`, `resume`), answers to reports (`answered`), groups that were resolved elsewhere
(`groups_resolved`), cancellation (`cancel`), and the ends of local steps. What goes out: reports, by `RunHost.send_report`. The rules are in `docs/worker-protocol.md`:
at most one report is in flight; a local step returns only when its outcome is recorded; when nothing in the function
can go on, everything gathered goes out in one report and the function stays suspended where it stands.

Its parts: `Ledger` (keys and records), `LocalSteps` (attempts at work), `Groups`, `Outbox` (what is to be said) and
`Reporter` (when and how it is said).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from typing import Any, NoReturn, Protocol

from . import _payloads
from ._failures import cancelled_failure, error_of, failure_of
from ._groups import Groups
from ._ledger import Ledger
from ._local import LocalHost, LocalSteps
from ._loop import WorkflowLoop
from ._members import Plan
from ._messages import common, worker, worker_service
from ._messages import run as records
from ._outbox import Outbox
from ._reporter import Reporter
from ._times import seconds_of
from ._wait import SETTLED, Wait, is_shielded
from .context import Context
from .definitions import Workflow
from .errors import Cancelled, ErrorKind, StepError

logger = logging.getLogger("kagzi.workflow")

LONGEST_WAIT_IN_PLACE = 1.0
"""A recorded retry that is due within so many seconds is waited for; for a later one the function is suspended."""


class RunHost(LocalHost, Protocol):
    """What a run needs from its worker."""

    @property
    def max_payload_bytes(self) -> int:
        """The coordinator's limit; 0: none known."""
        ...

    @property
    def max_report_items(self) -> int:
        """The most results and commands in one report."""
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
        self.loop = WorkflowLoop(host.loop, self.advance)  # type: ignore[abstract]  # only what asyncio needs here
        self.ledger = Ledger(definition)
        self.locals = LocalSteps(host, self._attempt_ended)
        self.outbox = Outbox(host.max_report_items, host.loop.time)
        self.groups = Groups(self)
        self.waits: dict[str, Wait] = {}
        self.root: asyncio.Task[Any] | None = None
        self.continuation: worker.ContinueAsNew | None = None
        """Set when the run goes on as a new one: whatever the function still does has no effect."""
        self._reporter = Reporter(self)
        self._task = worker.Task()
        self._context = Context(self)
        self._random: random.Random | None = None
        self._will_advance = False
        self._news: list[tuple[Iterable[worker.GroupRecord], Iterable[worker.StepRecord]]] = []

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
        self.ledger.load(steps, task.workflow.groups)
        self._take_news()
        if task.workflow.cancel_requested:
            self.is_cancelled = True
            self.cancel_reason = task.workflow.cancel_reason
        self.root = self.loop.create_task(self._function())
        self.advance()

    def resume(self, task: worker.Task, steps: Iterable[worker.StepRecord]) -> None:
        """A delta came: go on with what settled since."""
        self.token = task.token
        self.is_suspended = False
        self._reporter.is_in_flight = False
        self.outbox.limit = self.host.max_report_items
        self.loop.is_held = True
        if task.workflow.cancel_requested and not self.is_cancelled:
            self.is_cancelled = True
            self.cancel_reason = task.workflow.cancel_reason
        groups = task.workflow.groups
        if groups:
            self.groups.note(groups)
        for record in steps:
            self._apply(record)
        self.groups.resumed()
        self._take_news()
        if self.is_cancelled:
            self._cancel_waits()
        self.advance()

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
        self.advance()

    def answered(self, answer: worker.ReportAnswer) -> None:
        """The last report was answered."""
        self._reporter.is_in_flight = False
        if answer.HasField("rejection"):
            self._reporter.rejected(answer.rejection)
            return
        results = self.outbox.accepted()
        if self.is_over:
            self._let_go()
            return
        if self.is_suspended:
            return
        self.loop.is_held = True
        resolved = answer.resolved_groups
        if resolved:
            self.groups.note(resolved)
        if results:
            decisions = {decision.key: decision for decision in answer.decisions}
            for wait in results:
                if wait.group is None or not self.groups.decides_later(wait, results):
                    self._decided(wait, decisions.get(wait.key))
        if resolved:
            self.groups.settle()
        self._take_news()
        self.advance()

    def groups_resolved(self, groups: Iterable[worker.GroupRecord], steps: Iterable[worker.StepRecord]) -> None:
        """Groups were resolved elsewhere; `steps` are their members that settled there.

        Taken only after the answer to a report on its way: that says first which of its results were recorded before.
        """
        if self.is_over:
            return
        self._news.append((groups, steps))
        if self.root is None or self.is_suspended or self._reporter.is_in_flight:
            return
        self.loop.is_held = True
        self._take_news()
        self.advance()

    def _take_news(self) -> None:
        news, self._news = self._news, []
        for groups, steps in news:
            self.groups.note(groups)
            for record in steps:
                self._apply(record)
            self.groups.told(groups)

    def give_back(self, reason: str, evicted: bool = False) -> None:
        """Hand the task back as it is."""
        self._reporter.give_back(reason, evicted)

    def drop(self) -> None:
        """Forget the function where it stands. Nothing that it still does has an effect."""
        if self.is_over:
            return
        self.is_over = True
        for wait in self.waits.values():
            self.locals.cancel(wait)
        self.loop.drop()
        self.waits.clear()
        self.ledger.clear()
        self.outbox.clear()

    def _let_go(self) -> None:
        """The last report is recorded: cut the circles, so that all is freed now and nothing is left to the garbage collector."""
        del self.loop, self.locals, self.groups, self.root, self._reporter, self._context

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

    async def step(self, name: str, plan: Plan) -> Any:
        """Run a step, or return what is recorded of it."""
        wait, returns = self._ask(name, plan), plan.returns
        del plan  # a suspended function keeps what its coroutines name
        return _payloads.decode(await self.outcome(wait), returns)

    async def sleep(self, name: str, plan: Plan) -> None:
        """Wait for a timer."""
        await self.outcome(self._ask(name, plan))

    async def output(self, name: str, plan: Plan) -> common.Payload:
        """The same as `step`, not decoded."""
        return await self.outcome(self._ask(name, plan))

    def _ask(self, name: str, plan: Plan) -> Wait:
        """Begin a step, or find what is recorded of it."""
        call = plan.call
        try:
            wait = self._open(name, plan.kind)
        except BaseException:
            if call is not None:
                call.discard()
            raise
        if wait.outcome is not None:
            if call is not None:
                call.discard()
        elif call is not None:
            wait.call, wait.policy = call, plan.policy
            self.begin_local(wait, wait.record)
        elif wait.record is None:
            command = plan.command
            assert command is not None
            body: Any = getattr(command, str(command.WhichOneof("command")))
            body.key = wait.key
            self.outbox.add(command)
        return wait

    def encode(self, value: Any, what: str) -> common.Payload:
        """A payload within the coordinator's limit."""
        payload = _payloads.encode(value)
        limit = self.host.max_payload_bytes
        if limit and len(payload.data) > limit:
            raise StepError(
                ErrorKind.INVALID_INPUT,
                f"{what} has {len(payload.data):,} bytes, more than the coordinator's limit of {limit:,}: "
                f"store it elsewhere and pass its address",
                code="PAYLOAD_TOO_LARGE",
            )
        return payload

    async def continue_as_new(self, payload: common.Payload, version: int | None) -> NoReturn:
        """End the function here; the run goes on as a new one."""
        self.check_asking("continue_as_new")
        if self.is_cancelled and not is_shielded.get():
            raise Cancelled(self.cancel_reason)
        if self.continuation is None:
            self.continuation = worker.ContinueAsNew(input=payload)
            if version is not None:
                self.continuation.workflow_version = version
        while True:  # the function does not get any further
            await self.loop.create_future()

    def check_asking(self, what: str) -> None:
        """Refuse what cannot be asked here and now."""
        if self.is_over:
            raise Abandoned
        if asyncio.get_running_loop() is not self.loop:
            raise RuntimeError(f"{what} was asked for outside of its workflow function: a step or an activity cannot use ctx")

    def _open(self, name: str, kind: int) -> Wait:
        """Give a use of a name its key; what is recorded of it settles it."""
        self.check_asking(f"step {name!r}")
        key = self.ledger.key_of_step(name)
        wait = Wait(key, name, kind, is_shielded.get())
        wait.record = record = self.ledger.ask(key, kind)
        if self.ledger.conflict is None:
            if record is not None and record.state in SETTLED:
                completed = record.state == records.STEP_STATE_COMPLETED
                wait.outcome = record.output if completed else self.error_of_record(record)
                return wait
            if self.is_cancelled and not wait.is_shielded:
                raise Cancelled(self.cancel_reason)
        wait.future = self.loop.create_future()
        self.wait_for(wait)
        self.ledger.hold(name)
        return wait

    def wait_for(self, wait: Wait) -> None:
        """Records and decisions of its key settle it from now on."""
        self.waits[wait.key] = wait

    def forget(self, keys: Iterable[str]) -> None:
        """Nobody waits for these any more."""
        for key in keys:
            self.waits.pop(key, None)

    async def outcome(self, wait: Wait) -> common.Payload:
        """Wait for the outcome of a step."""
        if wait.outcome is None:
            assert wait.future is not None
            try:
                await wait.future
            except asyncio.CancelledError:
                if wait.future.cancelled() and not self.is_over:
                    self._abandon(wait)
                raise
            finally:
                self.waits.pop(wait.key, None)
                self.ledger.release(wait.name)
        outcome = wait.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is not None
        return outcome

    # The function

    async def _function(self) -> Any:
        definition = self.definition
        if not definition.takes_input:
            return await definition.function(self._context)
        payload = self._task.workflow.input
        if definition.input_is_optional and payload.encoding in ("null", "") and not payload.data:
            return await definition.function(self._context)
        return await definition.function(self._context, _payloads.decode(payload, definition.input_type))

    def advance(self) -> None:
        """Let the function go on as far as it can, then report."""
        self.loop.is_held = False
        self._will_advance = False
        if not self.is_over:
            self.loop.run()
            self._reporter.report()

    def _advance_soon(self) -> None:
        """The same after all that happens in this turn of the worker's loop, so that it goes into one report."""
        if not self._will_advance:
            self._will_advance = True
            self.host.loop.call_soon(self.advance)

    # Local steps

    def begin_local(self, wait: Wait, record: worker.StepRecord | None) -> None:
        """Run the attempt that is due."""
        if self.ledger.conflict is not None:
            return
        if record is None:
            self._start(wait, 1, 0.0)
        elif record.state == records.STEP_STATE_RETRYING:
            self._retry(wait, record)
        else:
            self._start(wait, max(1, record.attempt), 0.0)

    def _start(self, wait: Wait, attempt: int, delay: float) -> None:
        (self.locals if wait.group is None else self.groups).start(wait, attempt, delay)

    def _attempt_ended(self, wait: Wait, task: asyncio.Task[Any]) -> None:
        error: BaseException | None = Cancelled() if task.cancelled() else task.exception()
        if self.is_over:
            return
        if not wait.is_done:
            self._note_end(wait, task, error)
        if wait.group is not None:
            self.groups.attempt_ended(wait.group)
        self._advance_soon()

    def _note_end(self, wait: Wait, task: asyncio.Task[Any], error: BaseException | None) -> None:
        wait.output = wait.failure = None
        if error is None:
            try:
                wait.output = self.encode(task.result(), f"the result of step {wait.key!r}")
            except Exception as problem:
                error = problem
        if error is not None:
            if isinstance(error, asyncio.CancelledError) and self.is_cancelled and not wait.is_shielded:
                wait.settle(Cancelled(self.cancel_reason), was_cancelled=True)
                return
            wait.failure = failure_of(error)
        self.outbox.results.append(wait)

    def _decided(self, wait: Wait, decision: worker.StepDecision | None) -> None:
        if wait.is_done:
            return
        if wait.output is not None:
            wait.settle(wait.output)
        elif decision is not None and decision.HasField("retry"):
            if self.is_cancelled and not wait.is_shielded:
                wait.settle(Cancelled(self.cancel_reason), was_cancelled=True)
            elif decision.retry.in_place:
                self._start(wait, decision.retry.next_attempt, seconds_of(decision.retry.delay))
            else:
                wait.is_left = True
        elif decision is not None and decision.HasField("recorded") and wait.group is not None and wait.group.record is not None:
            pass  # it would have been tried again, but its group is resolved
        else:
            assert wait.failure is not None
            wait.settle(error_of(wait.failure))

    def _retry(self, wait: Wait, record: worker.StepRecord) -> None:
        delay = seconds_of(record.retry_delay)
        if delay > LONGEST_WAIT_IN_PLACE:
            wait.is_left = True
            wait.attempt = record.attempt
        else:
            self._start(wait, max(1, record.attempt), delay)

    # Records, cancellation

    def _apply(self, record: worker.StepRecord) -> None:
        wait = self.waits.get(record.key)
        if wait is None:
            self.ledger.note(record)
        elif wait.is_done:
            return
        elif record.state in SETTLED:
            if wait.group is not None:
                self.groups.apply(wait, record)
            elif record.state == records.STEP_STATE_COMPLETED:
                wait.settle(record.output)
            else:
                wait.settle(self.error_of_record(record))
        elif wait.is_left and record.state == records.STEP_STATE_RETRYING:
            self._retry(wait, record)

    def error_of_record(self, record: worker.StepRecord) -> BaseException:
        """What a recorded failure or cancellation is thrown as."""
        if record.state == records.STEP_STATE_CANCELLED and self.is_cancelled:
            return Cancelled(self.cancel_reason)
        failure = record.failure
        if record.state == records.STEP_STATE_CANCELLED and not record.HasField("failure"):
            failure = cancelled_failure("the step was cancelled")
        return error_of(failure)

    def _cancel_waits(self) -> None:
        for wait in list(self.waits.values()):
            if wait.is_shielded or wait.is_done or wait.future is None:
                continue
            had_timer = wait.timer is not None
            if self.locals.cancel(wait):
                continue  # its end is what the function sees
            if not had_timer and wait.kind == records.STEP_KIND_LOCAL and not wait.is_left and not self._is_queued(wait):
                continue  # its outcome is being recorded
            wait.settle(Cancelled(self.cancel_reason), was_cancelled=True)
        self.groups.cancel()

    def _is_queued(self, wait: Wait) -> bool:
        return wait.group is not None and any(each is wait for each, _, _ in wait.group.queue)

    def _abandon(self, wait: Wait) -> None:
        """The function itself cancelled the call, such as by a timeout of its own."""
        if wait.kind != records.STEP_KIND_LOCAL:
            if not self.outbox.withdraw_step(wait.key):
                self.outbox.cancel(wait.key)
        elif wait.is_left:
            self.outbox.cancel(wait.key)
        else:
            self.locals.cancel(wait)
