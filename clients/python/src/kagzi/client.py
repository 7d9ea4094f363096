"""A client: starts runs, waits for them, looks at them, steers them."""

from __future__ import annotations

import asyncio
import enum
import os
import random
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

import grpc
import grpc.aio
from google.protobuf.message import Message

from . import _payloads, _rpc, errors
from ._failures import failure_of
from ._filter import run_filter
from ._messages import admin, worker_service
from ._messages import workflow_service as messages
from ._times import Seconds, to_duration, to_timestamp
from .batches import Batches
from .definitions import Workflow
from .handle import Handle
from .namespaces import Namespaces
from .queues import Queues
from .retry import RetryPolicy
from .runs import Run, RunStatus
from .schedules import Schedules
from .server import ServerInfo
from .types import ActivityTypes, WorkflowTypes
from .workers import Workers

if TYPE_CHECKING:
    from .worker import Worker

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)
Response = TypeVar("Response", bound=Message)
Itself = TypeVar("Itself", bound="Client")

CALL_TIMEOUT = 30.0
"""How long one try of a call may take, in seconds."""

MAX_STARTS = 500
"""How many starts go out in one call."""


class ConflictPolicy(enum.IntEnum):
    """What to do when an open run has the workflow id already."""

    FAIL = 1
    USE_EXISTING = 2
    TERMINATE_EXISTING = 3


class ReusePolicy(enum.IntEnum):
    """What to do when only closed runs have the workflow id."""

    ALLOW = 1
    ALLOW_IF_FAILED = 2
    REJECT = 3


class Client:
    """Talks to a coordinator. Make one and share it; use it on one event loop; close it, or use `async with`.

    Starting, finding and awaiting runs is here; operators' calls are in `workflow_types`, `activity_types`, `workers`,
    `queues`, `schedules`, `namespaces` and `batches`.
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        namespace: str | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        retry_for: float = 15.0,
    ) -> None:
        """Name the coordinator: `host:port`, several by commas; `https://` or `credentials` mean TLS.

        Without a target: KAGZI_ADDRESS, else 127.0.0.1:7480. Without a namespace: KAGZI_NAMESPACE, else `default`. Calls
        that do not get through are tried again, at another address if there is one, for `retry_for` seconds; all of them
        are idempotent.
        """
        self._target = target
        self._credentials = credentials
        self.namespace = namespace or os.environ.get("KAGZI_NAMESPACE") or "default"
        self.retry_for = retry_for
        self._addresses = self.new_addresses()
        self._channel: grpc.aio.Channel | None = None
        self._methods: dict[str, Any] = {}
        self.workflow_types = WorkflowTypes(self)
        """Versions of workflows: defaults, rollout, deprecation."""
        self.activity_types = ActivityTypes(self)
        """Versions of activities."""
        self.workers = Workers(self)
        """Registered workers: looking at them, draining them."""
        self.queues = Queues(self)
        """What waits for workers, and who serves it."""
        self.schedules = Schedules(self)
        """Runs started by the calendar."""
        self.namespaces = Namespaces(self)
        """Isolation boundaries."""
        self.batches = Batches(self)
        """One action to every run that a filter chooses."""

    def new_addresses(self) -> _rpc.Addresses:
        """The coordinator's addresses, for a worker of this client."""
        return _rpc.Addresses(self._target, self._credentials)

    async def close(self) -> None:
        """End the connection."""
        channel, self._channel = self._channel, None
        self._methods.clear()
        if channel is not None:
            await channel.close()

    async def __aenter__(self: Itself) -> Itself:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def create_worker(self, **options: Any) -> Worker:
        """A worker of this client; see Worker for the options."""
        from .worker import Worker

        return Worker(self, **options)

    async def server_info(self) -> ServerInfo:
        """Which coordinator answers, and what it allows."""
        request = admin.GetServerInfoRequest()
        return ServerInfo.of(await self._call("GetServerInfo", request, admin.GetServerInfoResponse, "AdminService"))

    # Starting

    @overload
    async def start(
        self, workflow: Workflow[In, Out], input: In = ..., *, id: str | None = None, version: int | None = None,
        task_queue: str | None = None, request_id: str | None = None, tags: Mapping[str, str] | None = None,
        priority: int = 0, retry: RetryPolicy | None = None, run_timeout: Seconds | None = None,
        start_delay: Seconds | None = None, start_at: datetime | None = None,
        conflict: ConflictPolicy | None = None, reuse: ReusePolicy | None = None,
        headers: Mapping[str, str] | None = None, result_type: Any = None,
    ) -> Handle[Out]: ...  # fmt: skip
    @overload
    async def start(
        self, workflow: str, input: Any = None, *, id: str | None = None, version: int | None = None,
        task_queue: str | None = None, request_id: str | None = None, tags: Mapping[str, str] | None = None,
        priority: int = 0, retry: RetryPolicy | None = None, run_timeout: Seconds | None = None,
        start_delay: Seconds | None = None, start_at: datetime | None = None,
        conflict: ConflictPolicy | None = None, reuse: ReusePolicy | None = None,
        headers: Mapping[str, str] | None = None, result_type: Any = None,
    ) -> Handle[Any]: ...  # fmt: skip
    async def start(
        self, workflow: Any, input: Any = None, *, request_id: str | None = None, result_type: Any = None, **options: Any
    ) -> Handle[Any]:
        """Start a run: `handle = await client.start(order, Order(...), id="order-17")`.

        Name the workflow by its function or its registered name. `id` is your own key: at most one open run has it; what
        happens if one has it already is `conflict` (by default `AlreadyStarted` is thrown), if a closed one has it, `reuse`.
        Without `version` the coordinator decides (rollout, else the default version). `request_id` makes the start idempotent; a
        fresh one is used by default, so that a try that is repeated after a lost connection starts one run.
        """
        request = self._start_request(workflow, input, request_id=request_id or uuid.uuid4().hex, **options)
        response = await self._call("StartWorkflow", request, messages.StartWorkflowResponse)
        return self._started(response, workflow, result_type)

    async def start_many(
        self,
        workflow: Workflow[In, Out] | str,
        inputs: Sequence[In],
        *,
        ids: Sequence[str] | None = None,
        return_exceptions: bool = False,
        result_type: Any = None,
        **options: Any,
    ) -> list[Handle[Out]]:
        """Start a run for each input, many in one call. `ids` are their workflow ids; other options are those of `start`.

        A start that is refused does not stop the others. It is thrown when all are done, or stands in its place in the list
        if `return_exceptions`.
        """
        if ids is not None and len(ids) != len(inputs):
            raise ValueError(f"{len(inputs)} inputs need as many ids, not {len(ids)}")
        requests = [
            self._start_request(workflow, each, request_id=uuid.uuid4().hex, id=None if ids is None else ids[index], **options)
            for index, each in enumerate(inputs)
        ]
        handles: list[Any] = []
        for first in range(0, len(requests), MAX_STARTS):
            batch = messages.StartWorkflowsRequest(requests=requests[first : first + MAX_STARTS])
            response = await self._call("StartWorkflows", batch, messages.StartWorkflowsResponse)
            for result in response.results:
                if result.HasField("started"):
                    handles.append(self._started(result.started, workflow, result_type))
                else:
                    handles.append(errors.RpcError(result.error.message, code=_code_name(result.error.code)))
        refused = next((handle for handle in handles if isinstance(handle, errors.RpcError)), None)
        if refused is not None and not return_exceptions:
            raise refused
        return handles

    @overload
    async def execute(
        self, workflow: Workflow[In, Out], input: In = ..., *, timeout: float | None = None, **options: Any
    ) -> Out: ...
    @overload
    async def execute(self, workflow: str, input: Any = None, *, timeout: float | None = None, **options: Any) -> Any: ...
    async def execute(self, workflow: Any, input: Any = None, *, timeout: float | None = None, **options: Any) -> Any:
        """Start a run and wait for its result."""
        handle: Handle[Any] = await self.start(workflow, input, **options)
        return await handle.result(timeout=timeout)

    def _start_request(
        self, workflow: Workflow[Any, Any] | str, input: Any, *, request_id: str, id: str | None = None,
        version: int | None = None, task_queue: str | None = None, tags: Mapping[str, str] | None = None,
        priority: int = 0, retry: RetryPolicy | None = None, run_timeout: Seconds | None = None,
        start_delay: Seconds | None = None, start_at: datetime | None = None,
        conflict: ConflictPolicy | None = None, reuse: ReusePolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> messages.StartWorkflowRequest:  # fmt: skip
        request = messages.StartWorkflowRequest(
            namespace=self.namespace,
            workflow_id=id or "",
            workflow_type=workflow.name if isinstance(workflow, Workflow) else workflow,
            task_queue=task_queue or "",
            input=_payloads.encode(input),
            priority=priority,
            tags=tags,
            request_id=request_id,
            conflict_policy=int(conflict or 0),  # type: ignore[arg-type]
            reuse_policy=int(reuse or 0),  # type: ignore[arg-type]
            headers=headers,
        )
        if version is not None:
            request.workflow_version = version
        if retry is not None:
            request.retry_policy.CopyFrom(retry.message())
        if run_timeout is not None:
            request.run_timeout.CopyFrom(to_duration(run_timeout))
        if start_delay is not None:
            request.start_delay.CopyFrom(to_duration(start_delay))
        if start_at is not None:
            request.start_at.CopyFrom(to_timestamp(start_at))
        return request

    def _started(
        self, response: messages.StartWorkflowResponse, workflow: Workflow[Any, Any] | str, result_type: Any
    ) -> Handle[Any]:
        if result_type is None:
            result_type = workflow.output_type if isinstance(workflow, Workflow) else Any
        return Handle(self, response.run_id, response.workflow_id, result_type, was_started=response.started)

    async def signal_with_start(
        self, workflow: Workflow[In, Out] | str, input: Any = None, *, signal: str, payload: Any = None,
        request_id: str | None = None, result_type: Any = None, **options: Any,
    ) -> Handle[Out]:  # fmt: skip
        """Signal the open run that has the workflow id `id`, and start it first if there is none, in one transaction.

        Options are those of `start`; `request_id` makes both idempotent.
        """
        request_id = request_id or uuid.uuid4().hex
        start = self._start_request(workflow, input, request_id=request_id, **options)
        request = messages.SignalWithStartRequest(
            start=start, signal_name=signal, payload=_payloads.encode(payload), request_id=request_id
        )
        response = await self._call("SignalWithStart", request, messages.SignalWithStartResponse)
        if result_type is None:
            result_type = workflow.output_type if isinstance(workflow, Workflow) else Any
        workflow_id = start.workflow_id or response.run_id
        return Handle(self, response.run_id, workflow_id, result_type, was_started=response.started)

    # Looking

    def handle(self, run_id: str = "", *, workflow_id: str = "", result_type: Any = Any) -> Handle[Any]:
        """A handle of a run started elsewhere, by its run id or (the open or newest run with it) its workflow id."""
        if not run_id and not workflow_id:
            raise ValueError("name the run by its run id or its workflow id")
        return Handle(self, run_id, workflow_id, result_type)

    async def get(self, run_id: str = "", *, workflow_id: str = "") -> Run:
        """A run with its input and outcome."""
        request = messages.GetRunRequest(namespace=self.namespace, run_id=run_id, workflow_id=workflow_id)
        return Run.of((await self._call("GetRun", request, messages.GetRunResponse)).run)

    async def list(
        self, *, statuses: Sequence[RunStatus] = (), workflow: Workflow[Any, Any] | str | None = None,
        version: int | None = None, workflow_id: str = "", workflow_id_prefix: str = "", task_queue: str = "",
        tags: Mapping[str, str] | None = None, created_after: datetime | None = None,
        created_before: datetime | None = None, parent_run_id: str = "", limit: int | None = None,
    ) -> AsyncIterator[Run]:  # fmt: skip
        """Runs, newest first, page by page as they are wanted: `async for run in client.list(statuses=[RunStatus.FAILED])`."""
        request = messages.ListRunsRequest(
            namespace=self.namespace,
            page_size=min(limit or 100, 1_000),
            filter=run_filter(
                statuses=statuses, workflow=workflow, version=version, workflow_id=workflow_id,
                workflow_id_prefix=workflow_id_prefix, task_queue=task_queue, tags=tags, created_after=created_after,
                created_before=created_before, parent_run_id=parent_run_id,
            ),
        )  # fmt: skip
        left = limit
        while True:
            response = await self._call("ListRuns", request, messages.ListRunsResponse)
            for run in response.runs:
                if left is not None:
                    if left == 0:
                        return
                    left -= 1
                yield Run.of(run)
            request.page_token = response.next_page_token
            if not request.page_token or left == 0:
                return

    async def count(self, **filter: Any) -> dict[RunStatus, int]:
        """How many runs there are, by status. The filter is that of `list`, such as `workflow="order", version=2`."""
        request = messages.CountRunsRequest(namespace=self.namespace, filter=run_filter(**filter))
        response = await self._call("CountRuns", request, messages.CountRunsResponse)
        return {RunStatus(each.status): each.count for each in response.counts}

    # Async completion of activities

    async def complete_activity(self, token: bytes, result: Any = None) -> None:
        """Complete an activity that said `complete_later()`, by its token."""
        request = worker_service.CompleteActivityRequest(token=token, output=_payloads.encode(result))
        await self._complete(request)

    async def fail_activity(self, token: bytes, error: BaseException) -> None:
        """Fail an activity that said `complete_later()`; the coordinator decides about a retry."""
        await self._complete(worker_service.CompleteActivityRequest(token=token, failure=failure_of(error)))

    async def _complete(self, request: worker_service.CompleteActivityRequest) -> None:
        await self._call("CompleteActivity", request, worker_service.CompleteActivityResponse, "WorkerService")

    # Calling

    async def _call(
        self,
        method: str,
        request: Message,
        response: type[Response],
        service: str = "WorkflowService",
        timeout: float = CALL_TIMEOUT,
        is_idempotent: bool = True,
    ) -> Response:
        """Call, and call again while that can help. What is not idempotent is called again only if it surely had no effect."""
        give_up_at = time.monotonic() + self.retry_for
        backoff = 0.05
        while True:
            try:
                result: Response = await self._method(f"{service}/{method}", response)(request, timeout=timeout)
                return result
            except grpc.aio.AioRpcError as failed:
                error = _rpc.error_of(failed)
            if not isinstance(error, (errors.Unavailable, errors.QueueFull)) or not (
                is_idempotent or isinstance(error, errors.QueueFull)
            ):
                raise error from None
            delay = max(backoff * random.uniform(0.5, 1.0), getattr(error, "retry_after", 0.0))
            if time.monotonic() + delay > give_up_at:
                raise error from None
            if isinstance(error, errors.Unavailable) and len(self._addresses) > 1:
                await self._rotate()
            await asyncio.sleep(delay)
            backoff = min(backoff * 2, 2.0)

    async def _rotate(self) -> None:
        self._addresses.rotate()
        await self.close()

    def _method(self, path: str, response: type[Message]) -> Any:
        method = self._methods.get(path)
        if method is None:
            method = self._methods[path] = _rpc.unary(self._open(), path, response)
        return method

    def _open(self) -> grpc.aio.Channel:
        if self._channel is None:
            self._channel = self._addresses.channel()
        return self._channel


def _code_name(code: int) -> str:
    for status in grpc.StatusCode:
        if status.value[0] == code:
            return str(status.name)
    return "UNKNOWN"
