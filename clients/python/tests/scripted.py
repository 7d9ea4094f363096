"""A coordinator that a test plays by hand, for one run: it gets the run's reports and says what comes next."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from typing import Any

from kagzi import _payloads
from kagzi._failures import failure_of
from kagzi._messages import Duration, Timestamp, common, worker, worker_service
from kagzi._messages import run as records
from kagzi._run import WorkflowRun
from kagzi.definitions import Workflow

LOCAL = records.STEP_KIND_LOCAL
ACTIVITY = records.STEP_KIND_ACTIVITY
SLEEP = records.STEP_KIND_SLEEP
CHILD = records.STEP_KIND_CHILD
SIGNAL = records.STEP_KIND_SIGNAL

SUCCEEDED = records.GROUP_VERDICT_SUCCEEDED
FAILED = records.GROUP_VERDICT_FAILED
DEADLINE = records.GROUP_VERDICT_DEADLINE
CANCELLED = records.GROUP_VERDICT_CANCELLED


def completed(key: str, output: Any = None, kind: Any = ACTIVITY) -> worker.StepRecord:
    return worker.StepRecord(key=key, kind=kind, state=records.STEP_STATE_COMPLETED, attempt=1, output=_payloads.encode(output))


def failed(key: str, error: BaseException, kind: Any = ACTIVITY) -> worker.StepRecord:
    return worker.StepRecord(key=key, kind=kind, state=records.STEP_STATE_FAILED, attempt=1, failure=failure_of(error))


def in_state(key: str, state: Any, kind: Any = ACTIVITY, attempt: int = 1, delay: float = 0.0) -> worker.StepRecord:
    record = worker.StepRecord(key=key, kind=kind, state=state, attempt=attempt)
    if delay:
        record.retry_delay.CopyFrom(Duration(seconds=int(delay), nanos=int(delay % 1 * 1e9)))
    return record


def cancelled(key: str, kind: Any = ACTIVITY) -> worker.StepRecord:
    return worker.StepRecord(key=key, kind=kind, state=records.STEP_STATE_CANCELLED, attempt=1)


def group(key: str, verdict: Any = 0, **facts: Any) -> worker.GroupRecord:
    return worker.GroupRecord(key=key, verdict=verdict, **facts)


def value(payload: common.Payload) -> Any:
    return _payloads.decode(payload)


class Coordinator:
    """Plays the coordinator for one run. It is the run's host too."""

    max_payload_bytes = 2 * 1024 * 1024
    max_report_items = 1_000
    executor: Executor | None = None

    def __init__(self, function: Workflow[Any, Any] | Callable[..., Coroutine[Any, Any, Any]], version: int = 1) -> None:
        self.loop = asyncio.get_running_loop()
        self.keeps_suspended = True
        definition = function if isinstance(function, Workflow) else Workflow(function, function.__name__, version)
        self.definition = definition
        self.run = WorkflowRun(definition, self)
        self.reports: asyncio.Queue[worker_service.WorkRequest] = asyncio.Queue()
        self._tokens = itertools.count(1)

    def send_report(self, run: WorkflowRun, request: worker_service.WorkRequest, ends_task: bool) -> None:
        outcome = request.report.workflow.WhichOneof("outcome")
        assert ends_task == (outcome != "continue")
        if run is self.run:
            self.reports.put_nowait(request)

    async def report(self) -> worker.WorkflowReport:
        """The next report."""
        request = await asyncio.wait_for(self.reports.get(), 5)
        assert request.report.token == self.run.token
        return request.report.workflow

    async def begin(self, input: Any = None, *steps: worker.StepRecord, **options: Any) -> worker.WorkflowReport:
        """A whole task; gives the report that follows."""
        self.run.begin(self.task(input, steps, **options), list(steps))
        return await self.report()

    async def begin_again(self, input: Any = None, *steps: worker.StepRecord, **options: Any) -> worker.WorkflowReport:
        """A whole task for a worker that has nothing in memory."""
        self.run = WorkflowRun(self.definition, self)
        return await self.begin(input, *steps, **options)

    async def resume(
        self, *steps: worker.StepRecord, cancel: str | None = None, groups: Sequence[worker.GroupRecord] = ()
    ) -> worker.WorkflowReport:
        """A delta; gives the report that follows."""
        task = self.task(None, steps, cancel=cancel, delta=True, groups=groups)
        self.run.resume(task, list(steps))
        return await self.report()

    def task(
        self, input: Any, steps: Any, cancel: str | None = None, delta: bool = False, seed: int = 7,
        groups: Sequence[worker.GroupRecord] = (),
    ) -> worker.Task:  # fmt: skip
        task = worker.Task(
            token=f"token-{next(self._tokens)}".encode(),
            run_id="run-1",
            workflow_id="order-1",
            workflow_type=self.definition.name,
            workflow_version=self.definition.version,
            attempt=1,
            namespace="default",
        )
        workflow = task.workflow
        workflow.delta = delta
        if not delta:
            workflow.input.CopyFrom(_payloads.encode(input))
        workflow.cancel_requested = cancel is not None
        workflow.cancel_reason = cancel or ""
        workflow.now.CopyFrom(Timestamp(seconds=1_700_000_000))
        workflow.seed = seed
        workflow.groups.extend(groups)
        return task

    def answer(self, *decisions: worker.StepDecision, groups: Sequence[worker.GroupRecord] = ()) -> None:
        """Everything of the last report is recorded, with these decisions."""
        self.run.answered(worker.ReportAnswer(report_id=1, decisions=decisions, resolved_groups=groups))

    async def answered(self, *decisions: worker.StepDecision, groups: Sequence[worker.GroupRecord] = ()) -> worker.WorkflowReport:
        """The same; gives the report that follows."""
        self.answer(*decisions, groups=groups)
        return await self.report()

    def tell(self, *steps: worker.StepRecord, groups: Sequence[worker.GroupRecord]) -> None:
        """Groups were resolved elsewhere, and these of their members settled there."""
        self.run.groups_resolved(groups, steps)

    async def told(self, *steps: worker.StepRecord, groups: Sequence[worker.GroupRecord]) -> worker.WorkflowReport:
        """The same; gives the report that follows."""
        self.tell(*steps, groups=groups)
        return await self.report()

    async def rejected(self, reason: Any, message: str = "no") -> None:
        self.run.answered(worker.ReportAnswer(rejection=worker.Rejection(reason=reason, message=message)))

    async def nothing(self) -> None:
        """Nothing is reported."""
        for _ in range(20):
            await asyncio.sleep(0)
        assert self.reports.empty(), self.reports.get_nowait()


def recorded(key: str) -> worker.StepDecision:
    return worker.StepDecision(key=key, recorded=worker.Recorded())


def for_good(key: str) -> worker.StepDecision:
    return worker.StepDecision(key=key, failed_for_good=worker.FailedForGood(reason="attempts"))


def retry(key: str, attempt: int, in_place: bool = True, delay_ms: int = 0) -> worker.StepDecision:
    return worker.StepDecision(
        key=key,
        retry=worker.Retry(next_attempt=attempt, delay=Duration(nanos=delay_ms * 1_000_000), in_place=in_place),
    )


def outcome(report: worker.WorkflowReport) -> str:
    return str(report.WhichOneof("outcome"))


def keys(report: worker.WorkflowReport) -> list[str]:
    """The keys of the report's commands."""
    return [getattr(command, str(command.WhichOneof("command"))).key for command in report.commands]
