"""The client: starts, results, retries, typed errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from fake_server import FakeServer, refuse

from kagzi import (
    AlreadyStarted,
    Client,
    ConflictPolicy,
    Context,
    ErrorKind,
    QueueFull,
    RetryPolicy,
    RpcError,
    RunNotFound,
    RunStatus,
    StepError,
    Unavailable,
    Unimplemented,
    WorkflowCancelled,
    WorkflowFailed,
    WorkflowTerminated,
    WorkflowTimedOut,
    _payloads,
    workflow,
)
from kagzi._failures import failure_of
from kagzi._messages import Duration, Timestamp, details, workflow_service
from kagzi._messages import run as records
from kagzi._rpc import Addresses


@dataclass
class Receipt:
    total: float


@workflow("order")
async def order(ctx: Context, amount: float) -> Receipt:
    return Receipt(amount)


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    server = await FakeServer().start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: FakeServer) -> AsyncIterator[Client]:
    async with Client(server.address, retry_for=2) as client:
        yield client


def started(run_id: str = "run-1", fresh: bool = True) -> Any:
    return workflow_service.StartWorkflowResponse(run_id=run_id, workflow_id="order-1", workflow_version=1, started=fresh)


def closed(status: Any, **fields: Any) -> Any:
    run = records.Run(run_id="run-1", workflow_id="order-1", status=status, **fields)
    return workflow_service.WaitRunResponse(run=run, closed=True)


async def test_a_start_says_everything_that_was_asked(server: FakeServer, client: Client) -> None:
    seen = []

    async def start(request: Any, context: Any) -> Any:
        seen.append(request)
        return started()

    server.unary["StartWorkflow"] = start
    handle = await client.start(
        order, 12.5, id="order-1", version=2, task_queue="q", tags={"a": "b"}, priority=3, run_timeout=60,
        start_delay=1, conflict=ConflictPolicy.USE_EXISTING, retry=RetryPolicy.fixed(), headers={"t": "1"},
    )  # fmt: skip
    request = seen[0]
    assert (handle.run_id, handle.workflow_id, handle.was_started) == ("run-1", "order-1", True)
    assert (request.workflow_type, request.workflow_id, request.workflow_version, request.task_queue) == (
        "order",
        "order-1",
        2,
        "q",
    )
    assert (request.namespace, request.input.data, dict(request.tags)) == ("default", b"12.5", {"a": "b"})
    assert (request.run_timeout.seconds, request.conflict_policy, request.retry_policy.max_attempts) == (60, 2, 3)
    assert request.request_id
    await client.start("order", 1)
    assert not seen[1].HasField("workflow_version")
    assert seen[1].request_id != request.request_id


async def test_a_start_that_did_not_get_through_is_repeated_with_the_same_request_id(server: FakeServer, client: Client) -> None:
    ids = []

    async def start(request: Any, context: Any) -> Any:
        ids.append(request.request_id)
        if len(ids) < 3:
            await refuse(context, grpc.StatusCode.UNAVAILABLE, "no database", details.StorageUnavailable(reason="x"))
        return started()

    server.unary["StartWorkflow"] = start
    await client.start(order, 1.0)
    assert len(ids) == 3 and len(set(ids)) == 1


async def test_a_dead_address_is_left_for_the_next(server: FakeServer) -> None:
    async def start(request: Any, context: Any) -> Any:
        return started()

    server.unary["StartWorkflow"] = start
    dead = await FakeServer().start()
    await dead.stop()
    async with Client(f"{dead.address},{server.address}") as client:
        assert (await client.start(order, 1.0)).run_id == "run-1"


async def test_many_starts_go_out_in_one_call(server: FakeServer, client: Client) -> None:
    calls = []

    async def start(request: Any, context: Any) -> Any:
        calls.append(len(request.requests))
        results = [workflow_service.StartResult(started=started(f"run-{n}")) for n in range(len(request.requests) - 1)]
        refused = workflow_service.StartError(code=6, message="there already")
        return workflow_service.StartWorkflowsResponse(results=[*results, workflow_service.StartResult(error=refused)])

    server.unary["StartWorkflows"] = start
    handles = await client.start_many(order, [1.0, 2.0, 3.0], return_exceptions=True)
    assert calls == [3]
    assert [handle.run_id for handle in handles[:2]] == ["run-0", "run-1"]
    assert isinstance(handles[2], RpcError) and handles[2].code == "ALREADY_EXISTS"
    with pytest.raises(RpcError, match="there already"):
        await client.start_many(order, [1.0, 2.0])


async def test_a_result_is_waited_for_and_typed(server: FakeServer, client: Client) -> None:
    answers = [
        workflow_service.WaitRunResponse(run=records.Run(run_id="run-1"), closed=False),
        closed(records.RUN_STATUS_COMPLETED, output=_payloads.encode({"total": 3.0})),
    ]
    server.unary["WaitRun"] = _always(lambda: answers.pop(0))
    assert await client.handle("run-1", result_type=Receipt).result() == Receipt(3.0)


async def test_a_wait_that_ends_first_is_a_timeout(server: FakeServer, client: Client) -> None:
    server.unary["WaitRun"] = _always(lambda: workflow_service.WaitRunResponse(closed=False))
    with pytest.raises(TimeoutError):
        await client.handle("run-1").result(timeout=0.01)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (records.RUN_STATUS_FAILED, WorkflowFailed),
        (records.RUN_STATUS_CANCELLED, WorkflowCancelled),
        (records.RUN_STATUS_TERMINATED, WorkflowTerminated),
        (records.RUN_STATUS_TIMED_OUT, WorkflowTimedOut),
    ],
)
async def test_each_way_to_end_has_its_error(server: FakeServer, client: Client, status: Any, error: type[Exception]) -> None:
    failure = failure_of(StepError(ErrorKind.TIMEOUT, "too late", code="T1"))
    server.unary["WaitRun"] = _always(lambda: closed(status, failure=failure))
    with pytest.raises(error, match="too late") as caught:
        await client.handle("run-1").result()
    if isinstance(caught.value, WorkflowFailed):
        assert (caught.value.kind, caught.value.failure.code) == (ErrorKind.TIMEOUT, "T1")


async def test_errors_carry_their_details(server: FakeServer, client: Client) -> None:
    async def start(request: Any, context: Any) -> None:
        await refuse(context, grpc.StatusCode.ALREADY_EXISTS, "order-1 is open", details.AlreadyStarted(run_id="run-9"))

    async def get(request: Any, context: Any) -> None:
        await refuse(context, grpc.StatusCode.NOT_FOUND, "no such run", details.RunNotFound(run_id="run-8"))

    server.unary.update(StartWorkflow=start, GetRun=get)
    with pytest.raises(AlreadyStarted, match="order-1 is open") as already:
        await client.start(order, 1.0)
    assert already.value.run_id == "run-9"
    with pytest.raises(RunNotFound) as missing:
        await client.get("run-8")
    assert (missing.value.run_id, missing.value.code) == ("run-8", "NOT_FOUND")
    with pytest.raises(Unimplemented):
        await client.handle("run-1").cancel()


async def test_a_full_queue_is_waited_for(server: FakeServer, client: Client) -> None:
    calls = []

    async def start(request: Any, context: Any) -> Any:
        calls.append(request)
        if len(calls) == 1:
            wait = Duration(nanos=20_000_000)
            await refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "full", details.QueueFull(retry_after=wait))
        return started()

    server.unary["StartWorkflow"] = start
    await client.start(order, 1.0)
    assert len(calls) == 2
    client.retry_for = 0
    calls.clear()
    with pytest.raises(QueueFull) as full:
        await client.start(order, 1.0)
    assert full.value.retry_after == pytest.approx(0.02)


async def test_nobody_there_is_unavailable() -> None:
    server = await FakeServer().start()
    await server.stop()
    async with Client(server.address, retry_for=0.1) as client:
        with pytest.raises(Unavailable):
            await client.start(order, 1.0)


async def test_runs_are_listed_page_by_page(server: FakeServer, client: Client) -> None:
    async def list_runs(request: Any, context: Any) -> Any:
        first = int(request.page_token or 0)
        runs = [records.Run(run_id=f"run-{n}", status=records.RUN_STATUS_RUNNING) for n in range(first, first + 2)]
        return workflow_service.ListRunsResponse(runs=runs, next_page_token=str(first + 2) if first < 4 else "")

    server.unary["ListRuns"] = list_runs
    assert [run.run_id async for run in client.list()] == [f"run-{n}" for n in range(6)]
    assert [run.run_id async for run in client.list(limit=3)] == [f"run-{n}" for n in range(3)]


async def test_a_watch_goes_on_after_a_lost_connection(server: FakeServer, client: Client) -> None:
    asked = []

    async def watch(request: Any, context: Any) -> AsyncIterator[Any]:
        asked.append(request.after_sequence)
        for sequence in range(request.after_sequence + 1, 5):
            run = records.Run(run_id="run-1", status=records.RUN_STATUS_RUNNING)
            yield workflow_service.WatchRunResponse(sequence=sequence, at=Timestamp(seconds=1), run=run)
            if sequence == 2 and len(asked) == 1:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "restart")

    server.unary["WatchRun"] = watch
    changes = [change async for change in client.handle("run-1").watch()]
    assert [change.sequence for change in changes] == [1, 2, 3, 4]
    assert asked == [0, 1]  # the last one may have been cut in the middle of its changes
    assert changes[0].run is not None and changes[0].run.status is RunStatus.RUNNING


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("localhost", "localhost:7480"),
        ("localhost:1", "localhost:1"),
        ("http://localhost:1", "localhost:1"),
        ("::1", "[::1]:7480"),
        ("[::1]:1", "[::1]:1"),
        (" a:1 , b:2 ", "a:1"),
    ],
)
def test_addresses(target: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Addresses(target, None).current == expected
    monkeypatch.setenv("KAGZI_ADDRESS", target)
    assert Addresses(None, None).current == expected


def _always(make: Callable[[], Any]) -> Any:
    async def answer(request: Any, context: Any) -> Any:
        return make()

    return answer
