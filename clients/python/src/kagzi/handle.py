"""A handle: waits for the result of a run, looks at it, steers it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import grpc.aio

from . import _payloads, _rpc, errors
from ._failures import error_of
from ._messages import run as run_messages
from ._messages import workflow_service as messages
from ._times import to_duration
from .runs import Change, Explanation, Group, Run, RunStatus, Step, StepAttempt

if TYPE_CHECKING:
    from .client import Client

Out = TypeVar("Out", covariant=True)

WAIT_TIME = 60.0
"""How long one call waits for a result; longer waits are several calls."""


class Handle(Generic[Out]):
    """A run: wait for its result, look at it, steer it."""

    def __init__(self, client: Client, run_id: str, workflow_id: str, result_type: Any, was_started: bool = True) -> None:
        """Made by `Client.start` and `Client.handle`."""
        self._client = client
        self.run_id = run_id
        self.workflow_id = workflow_id
        self.was_started = was_started
        """False when the start found the run there already."""
        self._result_type = result_type

    def __repr__(self) -> str:
        return f"<run {self.run_id or self.workflow_id}>"

    async def result(self, timeout: float | None = None) -> Out:
        """Wait until the run is closed and return what it returned.

        Throws WorkflowFailed, WorkflowCancelled, WorkflowTerminated or WorkflowTimedOut if it did not complete, and
        TimeoutError when `timeout` (seconds) ends first; the run goes on then. A run that went on as a new one is followed.
        """
        end = None if timeout is None else time.monotonic() + timeout
        try:
            run = await self._wait(end)
            seen = {run.run_id}
            while run.status == run_messages.RUN_STATUS_CONTINUED:
                following = "" if run.related_run_id in seen else run.related_run_id
                run = await Handle[Out](self._client, following, run.workflow_id, self._result_type)._wait(end)
                seen.add(run.run_id)
        except TimeoutError:
            raise TimeoutError(f"{self!r} has not ended within {timeout:g} s") from None
        if run.status == run_messages.RUN_STATUS_COMPLETED:
            return _payloads.decode(run.output, self._result_type)  # type: ignore[no-any-return]
        failure = error_of(run.failure)
        why = run.status_reason or failure.message
        if run.status == run_messages.RUN_STATUS_CANCELLED:
            raise errors.WorkflowCancelled(run.run_id, f"run {run.run_id} was cancelled: {why}")
        if run.status == run_messages.RUN_STATUS_TERMINATED:
            raise errors.WorkflowTerminated(run.run_id, f"run {run.run_id} was terminated: {why}")
        if run.status == run_messages.RUN_STATUS_TIMED_OUT:
            raise errors.WorkflowTimedOut(run.run_id, f"run {run.run_id} timed out: {why}")
        raise errors.WorkflowFailed(run.run_id, failure)

    async def _wait(self, end: float | None) -> run_messages.Run:
        while True:
            wait = WAIT_TIME if end is None else max(0.0, min(WAIT_TIME, end - time.monotonic()))
            request = messages.WaitRunRequest(**self._name(), wait=to_duration(wait))
            response = await self._client._call("WaitRun", request, messages.WaitRunResponse, timeout=wait + 10)
            if response.closed:
                return response.run
            if end is not None and time.monotonic() >= end:
                raise TimeoutError

    async def status(self) -> RunStatus:
        """Where the run stands."""
        return (await self.describe()).status

    async def describe(self) -> Run:
        """The run as it is now, with its input and outcome."""
        return await self._client.get(self.run_id, workflow_id="" if self.run_id else self.workflow_id)

    async def cancel(self, reason: str = "") -> None:
        """Ask the run to cancel. Its cleanup still runs; then it closes as CANCELLED."""
        request = messages.CancelRunRequest(**self._name(), reason=reason)
        await self._client._call("CancelRun", request, messages.CancelRunResponse)

    async def terminate(self, reason: str = "") -> None:
        """Close the run now, without running any more of its code."""
        request = messages.TerminateRunRequest(**self._name(), reason=reason)
        await self._client._call("TerminateRun", request, messages.TerminateRunResponse)

    async def signal(self, name: str, payload: Any = None, *, request_id: str | None = None) -> None:
        """Send the run a signal. It is recorded once, kept in order, and taken by the `ctx.wait_for_signal` that comes next."""
        request = messages.SignalWorkflowRequest(
            **self._name(), signal_name=name, payload=_payloads.encode(payload), request_id=request_id or uuid.uuid4().hex
        )
        await self._client._call("SignalWorkflow", request, messages.SignalWorkflowResponse)

    async def pause(self, reason: str = "") -> None:
        """Park the run: nothing of it is handed out until `resume`. What workers hold already finishes and is recorded."""
        request = messages.PauseRunRequest(**await self._name_by_id(), reason=reason)
        await self._client._call("PauseRun", request, messages.PauseRunResponse)

    async def resume(self) -> None:
        """Let a paused or parked run go on."""
        await self._client._call("ResumeRun", messages.ResumeRunRequest(**await self._name_by_id()), messages.ResumeRunResponse)

    async def retry(self) -> None:
        """Open a failed run again: completed steps are kept, failed ones are tried again."""
        await self._client._call("RetryRun", messages.RetryRunRequest(**await self._name_by_id()), messages.RetryRunResponse)

    async def fork(
        self, from_step: str, *, input: Any = ..., id: str | None = None, version: int | None = None,
        request_id: str | None = None,
    ) -> Handle[Out]:  # fmt: skip
        """Start a new run from a step of this one: the steps before it are taken over. `input` replaces the run's own.

        `request_id` makes it idempotent: the same one gives the same run. A call that fails on the way is tried again without
        a second fork in any case.
        """
        request = messages.ForkRunRequest(
            **await self._name_by_id(), from_step=from_step, workflow_id=id or "", request_id=request_id or uuid.uuid4().hex
        )
        if input is not ...:
            request.input.CopyFrom(_payloads.encode(input))
        if version is not None:
            request.workflow_version = version
        response = await self._client._call("ForkRun", request, messages.ForkRunResponse)
        return Handle(self._client, response.run_id, id or response.run_id, self._result_type)

    async def explain(self) -> Explanation:
        """Why the run does not move, what would move it, and when it wakes next."""
        request = messages.ExplainRunRequest(**await self._name_by_id())
        return Explanation.of(await self._client._call("ExplainRun", request, messages.ExplainRunResponse))

    async def steps(self, include_payloads: bool = True) -> list[Step]:
        """The run's steps, in the order they were scheduled."""
        request = messages.ListStepsRequest(
            namespace=self._client.namespace,
            run_id=await self._resolve(),
            include_payloads=include_payloads,
            page_size=1_000 if not include_payloads else 100,
        )
        steps: list[Step] = []
        while True:
            response = await self._client._call("ListSteps", request, messages.ListStepsResponse)
            steps.extend(map(Step.of, response.steps))
            request.page_token = response.next_page_token
            if not request.page_token:
                return steps

    async def attempts(self, step: str = "") -> list[StepAttempt]:
        """The attempts of all steps, or of one."""
        request = messages.ListStepAttemptsRequest(
            namespace=self._client.namespace, run_id=await self._resolve(), step=step, page_size=1_000
        )
        attempts: list[StepAttempt] = []
        while True:
            response = await self._client._call("ListStepAttempts", request, messages.ListStepAttemptsResponse)
            attempts.extend(map(StepAttempt.of, response.attempts))
            request.page_token = response.next_page_token
            if not request.page_token:
                return attempts

    async def groups(self) -> list[Group]:
        """The run's parallel groups, in the order they were opened."""
        request = messages.ListGroupsRequest(**await self._name_by_id(), page_size=1_000)
        groups: list[Group] = []
        while True:
            response = await self._client._call("ListGroups", request, messages.ListGroupsResponse)
            groups.extend(map(Group.of, response.groups))
            request.page_token = response.next_page_token
            if not request.page_token:
                return groups

    async def watch(self, after_sequence: int = 0) -> AsyncIterator[Change]:
        """Every change of the run, from a sequence number on, until it is closed. Goes on after lost connections."""
        client = self._client
        failing_since: float | None = None
        seen: set[tuple[str, str]] = set()  # of the last sequence number: several changes of one commit share it
        last = after_sequence
        while True:
            request = messages.WatchRunRequest(**self._name(), after_sequence=max(after_sequence, last - 1))
            try:
                call = _rpc.stream(client._open(), "WorkflowService/WatchRun", messages.WatchRunResponse)(request)
                async for response in call:
                    failing_since = None
                    change = Change.of(response)
                    if change.sequence != last:
                        last = change.sequence
                        seen.clear()
                    about = change.step.key if change.step else change.attempt.step if change.attempt else ""
                    if (change.kind, about) not in seen:
                        seen.add((change.kind, about))
                        yield change
                return
            except grpc.aio.AioRpcError as failed:
                error = _rpc.error_of(failed)
            now = time.monotonic()
            failing_since = failing_since or now
            if not isinstance(error, errors.Unavailable) or now - failing_since > client.retry_for:
                raise error from None
            if len(client._addresses) > 1:
                await client._rotate()
            await asyncio.sleep(0.2)

    def _name(self) -> dict[str, Any]:
        return {
            "namespace": self._client.namespace,
            "run_id": self.run_id,
            "workflow_id": "" if self.run_id else self.workflow_id,
        }

    async def _name_by_id(self) -> dict[str, Any]:
        return {"namespace": self._client.namespace, "run_id": await self._resolve()}

    async def _resolve(self) -> str:
        return self.run_id or (await self.describe()).run_id
