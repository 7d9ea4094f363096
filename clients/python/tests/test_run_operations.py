"""What operators call about runs and namespaces: batches, run control, lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest
from fake_server import FakeServer, refuse
from operator_calls import NOON, answer, order
from scripted import value

from kagzi import AlreadyExists, BatchAction, Client, GroupStrategy, GroupVerdict, RunStatus, _payloads, workflow
from kagzi._messages import Duration, admin, details, workflow_service
from kagzi._messages import run as records


# Namespaces, batches


async def test_namespaces_are_made_changed_and_disabled(server: FakeServer, client: Client) -> None:
    made = admin.Namespace(name="shop", enabled=True, retention=Duration(seconds=3600))
    creations = answer(server, "CreateNamespace", admin.CreateNamespaceResponse(namespace=made))
    updates = answer(server, "UpdateNamespace", admin.UpdateNamespaceResponse(namespace=made))
    answer(server, "GetNamespace", admin.GetNamespaceResponse(namespace=admin.Namespace(name="x")))
    answer(server, "ListNamespaces", admin.ListNamespacesResponse(namespaces=[made]))
    disabled = answer(server, "DisableNamespace", admin.DisableNamespaceResponse())
    answer(server, "EnableNamespace", admin.EnableNamespaceResponse())
    assert (await client.namespaces.create("shop", description="d", retention=3600)).retention == timedelta(hours=1)
    assert creations[0].retention.seconds == 3600
    await client.namespaces.update("shop", description="")
    assert updates[0].HasField("description") and not updates[0].HasField("retention")
    assert (await client.namespaces.get("x")).retention is None
    assert [each.name for each in await client.namespaces.list()] == ["shop"]
    await client.namespaces.disable("shop")
    await client.namespaces.enable("shop")
    assert disabled[0].name == "shop"

    async def there(request: Any, context: Any) -> Any:
        detail = details.ResourceExists(kind="namespace", name="shop")
        await refuse(context, grpc.StatusCode.ALREADY_EXISTS, "there is a namespace 'shop' already", detail)

    server.unary["CreateNamespace"] = there
    with pytest.raises(AlreadyExists) as caught:
        await client.namespaces.create("shop")
    assert (caught.value.kind, caught.value.name) == ("namespace", "shop")


async def test_a_batch_shows_its_progress(server: FakeServer, client: Client) -> None:
    requests = []

    async def batch(request: Any, context: Any) -> Any:
        requests.append(request)
        yield workflow_service.BatchRunsResponse(total=2, done=1)
        yield workflow_service.BatchRunsResponse(total=2, done=1, failed=1, failures=["run 2 is closed"], finished=True)

    server.unary["BatchRuns"] = batch
    progress = client.batches.run(
        BatchAction.SIGNAL, signal="go", payload=1, workflow="order", statuses=[RunStatus.WAITING], max_per_second=5
    )
    assert [each.done + each.failed async for each in progress] == [1, 2]
    request = requests[0]
    assert (request.signal_name, value(request.payload), request.max_per_second) == ("go", 1, 5)
    assert (request.filter.workflow_type, list(request.filter.statuses)) == ("order", [3])
    assert request.request_id
    signal: dict[str, Any] = {"signal": "go", "workflow": "order"}
    for again in ({}, {"request_id": "mine"}):
        assert [each.finished async for each in client.batches.run(BatchAction.SIGNAL, **signal, **again)] == [False, True]
    assert requests[1].request_id not in ("", request.request_id) and requests[2].request_id == "mine"
    assert [each.finished async for each in client.batches.run(BatchAction.PAUSE, workflow="order")] == [False, True]
    assert requests[3].request_id == ""


# Run control, signals, groups


async def test_a_handle_steers_its_run(server: FakeServer, client: Client) -> None:
    signals = answer(server, "SignalWorkflow", workflow_service.SignalWorkflowResponse(run_id="run-1"))
    pauses = answer(server, "PauseRun", workflow_service.PauseRunResponse(run_id="run-1"))
    answer(server, "ResumeRun", workflow_service.ResumeRunResponse(run_id="run-1"))
    answer(server, "RetryRun", workflow_service.RetryRunResponse(run_id="run-1"))
    forks = answer(server, "ForkRun", workflow_service.ForkRunResponse(run_id="run-2"))
    run = records.Run(run_id="run-1", status=records.RUN_STATUS_SLEEPING, parent_run_id="run-0", related_run_id="run-9")
    answer(server, "ExplainRun", workflow_service.ExplainRunResponse(run=run, reasons=["it sleeps"], next_wake_at=NOON))
    group = records.Group(key="g", strategy=records.GROUP_STRATEGY_RACE, member_count=3, failed=1, winner="")
    answer(server, "ListGroups", workflow_service.ListGroupsResponse(groups=[group]))
    answer(server, "GetRun", workflow_service.GetRunResponse(run=run))
    handle = client.handle(workflow_id="order-1")
    await handle.signal("approve", {"by": "ada"})
    assert (signals[0].workflow_id, signals[0].signal_name, value(signals[0].payload)) == ("order-1", "approve", {"by": "ada"})
    assert signals[0].request_id
    await handle.pause("look at it")
    assert (pauses[0].run_id, pauses[0].reason) == ("run-1", "look at it")
    await handle.resume()
    await handle.retry()
    forked = await handle.fork("pay", input=None, id="order-2")
    assert (forked.run_id, forked.workflow_id, forks[0].input.encoding) == ("run-2", "order-2", "null")
    explanation = await handle.explain()
    assert (explanation.reasons, explanation.run.status, explanation.run.parent_run_id) == (
        ["it sleeps"],
        RunStatus.SLEEPING,
        "run-0",
    )
    assert explanation.next_wake_at is not None
    found = (await handle.groups())[0]
    assert (found.strategy, found.verdict, found.failed) == (GroupStrategy.RACE, GroupVerdict.OPEN, 1)


async def test_a_fork_whose_answer_got_lost_is_asked_for_again_as_the_same(server: FakeServer, client: Client) -> None:
    requests: list[Any] = []

    async def fork(request: Any, context: Any) -> Any:
        requests.append(request)
        if len(requests) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the answer got lost")
        return workflow_service.ForkRunResponse(run_id="run-2")

    server.unary["ForkRun"] = fork
    handle = client.handle("run-1")
    assert (await handle.fork("pay")).run_id == "run-2"
    assert len(requests) == 2 and requests[0].request_id == requests[1].request_id != ""
    await handle.fork("pay")
    await handle.fork("pay", request_id="mine")
    assert requests[2].request_id not in ("", requests[0].request_id) and requests[3].request_id == "mine"


async def test_a_signal_starts_its_run_if_need_be(server: FakeServer, client: Client) -> None:
    requests = answer(server, "SignalWithStart", workflow_service.SignalWithStartResponse(run_id="run-1", started=True))
    handle = await client.signal_with_start(order, 3, id="order-1", signal="item", payload="book")
    request = requests[0]
    assert (request.start.workflow_id, request.signal_name, value(request.payload)) == ("order-1", "item", "book")
    assert request.request_id == request.start.request_id != ""
    assert (handle.run_id, handle.was_started) == ("run-1", True)


async def test_a_result_follows_the_runs_that_continue_it(server: FakeServer, client: Client) -> None:
    asked = []

    async def wait(request: Any, context: Any) -> Any:
        asked.append(request.run_id)
        number = int(request.run_id.removeprefix("run-"))
        run = records.Run(run_id=request.run_id, workflow_id="order-1", status=records.RUN_STATUS_CONTINUED)
        run.related_run_id = f"run-{number + 1}"
        if number == 3:
            run.status = records.RUN_STATUS_COMPLETED
            run.related_run_id = "run-2"
            run.output.CopyFrom(_payloads.encode("done"))
        return workflow_service.WaitRunResponse(run=run, closed=True)

    server.unary["WaitRun"] = wait
    assert await client.handle("run-1").result() == "done"
    assert asked == ["run-1", "run-2", "run-3"]


async def test_runs_are_filtered_and_counted_by_parent_and_version(server: FakeServer, client: Client) -> None:
    counts = answer(
        server, "CountRuns", workflow_service.CountRunsResponse(counts=[workflow_service.StatusCount(status=6, count=2)])
    )
    lists = answer(server, "ListRuns", workflow_service.ListRunsResponse())
    assert await client.count(workflow=order, version=2, parent_run_id="run-0") == {RunStatus.COMPLETED: 2}
    assert [run async for run in client.list(parent_run_id="run-0")] == []
    assert (counts[0].filter.workflow_version, counts[0].filter.parent_run_id) == (2, "run-0")
    assert lists[0].filter.parent_run_id == "run-0"
