"""When a run reports, and what outcome the report has."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from ._failures import cancelled_failure, failure_of
from ._messages import common, worker, worker_service
from .errors import ErrorKind, StepError

if TYPE_CHECKING:
    from ._run import WorkflowRun

logger = logging.getLogger("kagzi.workflow")


class Reporter:
    """Sends a run's reports, one at a time."""

    def __init__(self, run: WorkflowRun) -> None:
        self.is_in_flight = False
        self._run = run
        self._has_given_up = False

    def report(self) -> None:
        """Send what there is to say, if anything, when the function stands still."""
        run = self._run
        if run.is_over or run.is_suspended or self.is_in_flight or not run.loop.is_idle or run.root is None:
            return
        if run.ledger.conflict is not None:
            self._send_park(run.ledger.conflict)
        elif run.continuation is not None:
            self._send_continuation(run.continuation)
        elif run.root.done():
            self._send_end(run.root)
        elif run.outbox.results:
            self._send_continue(self._with_items())
        elif run.locals.running or run.loop.foreign:
            if run.outbox.commands:
                self._send_continue(self._with_items())
        elif run.waits or run.groups.are_awaited:
            self._send_suspend()
        else:
            self._send_park(
                "the workflow function waits for something that is no step: wait for steps, activities and timers of its "
                "context only"
            )

    def _request(self) -> worker_service.WorkRequest:
        request = worker_service.WorkRequest()
        request.report.token = self._run.token
        return request

    def _with_items(self) -> worker_service.WorkRequest:
        request = self._request()
        self._run.outbox.fill(request.report.workflow)
        return request

    def _send_continue(self, request: worker_service.WorkRequest) -> None:
        getattr(request.report.workflow, "continue").SetInParent()
        self._send(request, ends_task=False)

    def _send_suspend(self) -> None:
        request = self._with_items()
        if not self._run.outbox.is_empty:
            self._send_continue(request)
            return
        sticky = self._run.host.keeps_suspended
        request.report.workflow.suspend.sticky = sticky
        self._run.is_suspended = True
        self._send(request, ends_task=True)
        if not sticky:
            self._run.drop()

    def _send_continuation(self, continuation: worker.ContinueAsNew) -> None:
        if (reason := self._unasked_reason()) is not None:
            self._send_park(reason)
            return
        request = self._with_items()
        if not self._run.outbox.is_empty:
            self._send_continue(request)
            return
        request.report.workflow.continue_as_new.CopyFrom(continuation)
        self._end(request)

    def _send_end(self, root: asyncio.Task[Any]) -> None:
        run = self._run
        failure: common.Failure | None = None
        output: common.Payload | None = None
        if root.cancelled():
            failure = cancelled_failure(run.cancel_reason)
        elif (error := root.exception()) is not None:
            failure = failure_of(error)
        elif (reason := self._unasked_reason()) is not None:
            self._send_park(reason)
            return
        else:
            try:
                output = run.encode(root.result(), f"the result of workflow {run.definition.name!r}")
            except Exception as problem:
                failure = failure_of(problem)
        request = self._with_items()
        if not run.outbox.is_empty:
            self._send_continue(request)
            return
        if output is not None:
            request.report.workflow.complete.output.CopyFrom(output)
        elif failure is not None:
            request.report.workflow.fail.failure.CopyFrom(failure)
        self._end(request)

    def _unasked_reason(self) -> str | None:
        """Why ending here is a version conflict: recorded steps that nobody asked for and nobody still could."""
        # A later attempt of the run may go another way, such as past a step that failed and was compensated for.
        if self._run.is_cancelled or self._run.task.attempt > 1:
            return None
        reason = self._run.ledger.unasked_reason()
        if reason is not None and self._run.continuation is None and self._run.loop.has_live_tasks:
            return None
        return reason

    def _send_park(self, reason: str) -> None:
        request = self._request()
        request.report.workflow.park.reason = reason
        logger.error("run %s is parked: %s", self._run.run_id, reason)
        self._end(request)

    def give_back(self, reason: str, evicted: bool) -> None:
        """Hand the task back as it is."""
        request = self._request()
        request.report.workflow.give_back.reason = reason
        request.report.workflow.give_back.evicted = evicted
        self._end(request)

    def _end(self, request: worker_service.WorkRequest) -> None:
        self._send(request, ends_task=True)
        self._run.drop()

    def _send(self, request: worker_service.WorkRequest, ends_task: bool) -> None:
        self.is_in_flight = True
        self._run.host.send_report(self._run, request, ends_task)

    def rejected(self, rejection: worker.Rejection) -> None:
        """Nothing of the last report was recorded."""
        run = self._run
        if rejection.reason == worker.REJECTION_REASON_LEASE_LOST:
            logger.info("run %s: the task went to another worker: %s", run.run_id, rejection.message)
            run.drop()
            return
        items = run.outbox.refused()
        if rejection.reason == worker.REJECTION_REASON_LIMIT and items > 1 and not run.is_over:
            run.outbox.limit = max(1, items // 2)
            run.is_suspended = False
            run.advance()
            return
        logger.error("run %s: the coordinator refused a report: %s", run.run_id, rejection.message)
        if self._has_given_up:
            return
        self._has_given_up = True
        request = self._request()
        if rejection.reason == worker.REJECTION_REASON_LIMIT:
            failure = StepError(
                ErrorKind.INVALID_INPUT, f"the coordinator refused a report: {rejection.message}", code="REPORT_REFUSED"
            )
            request.report.workflow.fail.failure.CopyFrom(failure_of(failure))
        else:
            request.report.workflow.give_back.reason = f"the coordinator refused a report: {rejection.message}"
        run.host.send_report(run, request, ends_task=True)
        run.drop()
