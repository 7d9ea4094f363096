"""What the tests of pausing, retrying and forking runs share."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from .contract import common, run, worker
from .raw import RawWorker, detail_of, open_group, policy, schedule
from .service import Service

PERMANENT = common.ERROR_KIND_BUSINESS_LOGIC_ERROR


def fail(flow: RawWorker, token: bytes, *results: Any, kind: int = PERMANENT, **fields: Any) -> Any:
    failure = common.Failure(kind=kind, message="it failed", **fields)
    report = worker.WorkflowReport(fail=worker.Fail(failure=failure), results=list(results))
    return flow.report(token, workflow=report)


def states(service: Service, run_id: str) -> dict[str, int]:
    return {step.key: step.state for step in service.steps(run_id)}


def refusal(call: Any, *arguments: Any) -> tuple[grpc.StatusCode, Any]:
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments)
    return error.value.code(), detail_of(error.value)


def member(group: str, name: str) -> Any:
    return schedule(f"{group}/{name}", "a", group=group, retry_policy=policy(1))


def fail_group(flow: RawWorker) -> Any:
    """Takes the workflow task, which opens group `g`, whose member `good` completes and whose member `bad` fails; returns the task."""
    task = flow.task()
    flow.grant(0, 1)
    flow.go_on(
        task.token,
        commands=[open_group("g", run.GROUP_STRATEGY_FAIL_FAST, 2), member("g", "good"), member("g", "bad")],
    )
    members = {each.activity.step: each for each in (flow.task(), flow.task())}
    flow.output(members["g/good"].token, b"1")
    flow.failure(members["g/bad"].token, PERMANENT)
    return task
