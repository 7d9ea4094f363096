"""One operator action to every run that a filter chooses."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator, RawWorker, Service, common, detail_of, details, payload, run, timer, worker, workflow_service,
)  # fmt: skip

CANCEL, TERMINATE, PAUSE, RESUME, RETRY, SIGNAL = range(1, 7)


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    return flow


def batch(service: Service, queue: str, action: int, timeout: float = 60, **fields: Any) -> Any:
    fields.setdefault("filter", run.RunFilter(task_queue=queue))
    return service.workflows.BatchRuns(
        workflow_service.BatchRunsRequest(action=action, **fields), timeout=timeout
    )


def last(responses: Iterator[Any]) -> Any:
    messages = list(responses)
    assert messages[-1].finished and not any(message.finished for message in messages[:-1])
    done = [message.done + message.failed for message in messages]
    assert done == sorted(done)
    return messages[-1]


def statuses(service: Service, runs: list[str]) -> set[int]:
    return {service.get(run_id).status for run_id in runs}


def failed_runs(flow: RawWorker, service: Service, queue: str, count: int) -> list[str]:
    flow.grant(count)
    runs = [service.start("w", queue) for _ in range(count)]
    for _ in runs:
        failure = common.Failure(kind=common.ERROR_KIND_UNKNOWN, message="no")
        flow.report(flow.task().token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure)))
    return runs


def test_a_batch_tells_the_total_first_then_its_progress_and_its_end(service: Service, queue: str) -> None:
    runs = [service.start("w", queue) for _ in range(100)]
    messages = list(batch(service, queue, PAUSE, reason="maintenance"))
    assert messages[0].total == 100 and messages[0].done == 0
    assert len(messages) > 3 and messages[-1].finished and messages[-1].done == 100 and messages[-1].failed == 0
    assert statuses(service, runs) == {run.RUN_STATUS_PAUSED}
    assert service.get(runs[0]).status_reason == "maintenance"
    assert last(batch(service, queue, RESUME)).done == 100
    assert statuses(service, runs) == {run.RUN_STATUS_PENDING}
    assert last(batch(service, queue, CANCEL)).done == 100
    assert last(batch(service, queue, TERMINATE)).done == 100
    assert statuses(service, runs) == {run.RUN_STATUS_TERMINATED}
    assert last(batch(service, queue, TERMINATE)).total == 0, "closed runs are not meant"


def test_a_dry_run_only_counts(service: Service, queue: str) -> None:
    runs = [service.start("w", queue) for _ in range(5)]
    (message,) = batch(service, queue, TERMINATE, dry_run=True)
    assert message.total == 5 and message.finished and message.done == 0
    assert statuses(service, runs) == {run.RUN_STATUS_PENDING}


def test_failed_runs_are_retried_and_signals_are_sent(flow: RawWorker, service: Service, queue: str) -> None:
    runs = failed_runs(flow, service, queue, 10)
    terminated = service.start("w", queue)
    service.terminate(terminated)
    assert last(batch(service, queue, RETRY)).done == 10, "terminated runs are retried only when they are named"
    assert statuses(service, runs) == {run.RUN_STATUS_RUNNING}
    assert last(batch(service, queue, SIGNAL, signal_name="go", payload=payload(b"1"))).done == 10
    flow.grant(10)
    for _ in runs:
        command = worker.Command(await_signal=worker.AwaitSignal(key="go", signal_name="go"))
        flow.suspend(flow.task().token, command)
    for run_id in runs:
        assert service.wait_step(run_id, "go", run.STEP_STATE_COMPLETED)


def test_what_could_not_be_changed_is_counted_and_told_at_the_end(
    flow: RawWorker, service: Service, queue: str
) -> None:
    failed = failed_runs(flow, service, queue, 30)
    open_runs = [service.start("w", queue) for _ in range(3)]
    everything = run.RunFilter(
        task_queue=queue, statuses=[run.RUN_STATUS_FAILED, run.RUN_STATUS_PENDING, run.RUN_STATUS_RUNNING]
    )
    end = last(batch(service, queue, PAUSE, filter=everything))
    assert (end.total, end.done, end.failed) == (33, 3, 30)
    assert len(end.failures) == 20 and all("is closed as FAILED" in failure for failure in end.failures)
    assert statuses(service, open_runs) == {run.RUN_STATUS_PAUSED} and statuses(service, failed) == {
        run.RUN_STATUS_FAILED
    }


def test_the_pace_is_kept_and_runs_that_start_meanwhile_are_left_alone(service: Service, queue: str) -> None:
    for _ in range(12):
        service.start("w", queue)
    begin = time.monotonic()
    responses = batch(service, queue, PAUSE, max_per_second=10)
    next(responses)
    late = service.start("w", queue)
    assert last(responses).done == 12
    assert time.monotonic() - begin > 1.0
    assert service.get(late).status == run.RUN_STATUS_PENDING


def test_a_batch_stops_when_its_caller_goes_away(service: Service, queue: str) -> None:
    runs = [service.start("w", queue) for _ in range(40)]
    responses = batch(service, queue, PAUSE, max_per_second=10)
    for message in responses:
        if message.done >= 3:
            break
    responses.cancel()
    time.sleep(0.5)
    count = len([1 for run_id in runs if service.get(run_id).status == run.RUN_STATUS_PAUSED])
    time.sleep(1)
    assert len([1 for run_id in runs if service.get(run_id).status == run.RUN_STATUS_PAUSED]) == count < 30
    assert last(batch(service, queue, PAUSE)).done == 40 - count, "the same batch again does the rest"


def test_a_batch_does_not_hold_up_a_coordinator_that_stops(
    new_coordinator: Any, new_database: Any, queue: str
) -> None:
    coordinator: Coordinator = new_coordinator(new_database())
    service = coordinator.service()
    runs = [service.start("w", queue) for _ in range(60)]
    responses = batch(service, queue, PAUSE, max_per_second=10)
    for message in responses:
        if message.done >= 3:
            break
    begin = time.monotonic()
    assert coordinator.terminate() == 0 and time.monotonic() - begin < 5.5
    with pytest.raises(grpc.RpcError) as error:
        list(responses)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE, error.value
    coordinator.start()
    grpc.channel_ready_future(service.channel).result(15)
    assert 0 < last(batch(service, queue, PAUSE)).done < len(runs) - 2, "the same batch again does the rest"


def test_batches_that_say_too_little_are_refused(service: Service, queue: str) -> None:
    def refusal(action: int, **fields: Any) -> tuple[grpc.StatusCode, Any]:
        with pytest.raises(grpc.RpcError) as error:
            list(batch(service, queue, action, **fields))
        return error.value.code(), detail_of(error.value)

    for empty in ({"filter": None}, {"filter": run.RunFilter()}):
        code, detail = refusal(CANCEL, **empty)
        assert code == grpc.StatusCode.INVALID_ARGUMENT
        assert isinstance(detail, details.InvalidField) and detail.field == "all"
    code, detail = refusal(0)
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "action"
    code, detail = refusal(SIGNAL)
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "signal_name"
    code, detail = refusal(CANCEL, namespace="nowhere")
    assert code == grpc.StatusCode.NOT_FOUND and detail.kind == "namespace"
    code, detail = refusal(CANCEL, reason="x" * 5_000)
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "reason"


# The command line


def kagzi(binary: Path, address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [binary, "workflow", *arguments, "--address", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_command_line_shows_progress_a_summary_and_fails_when_some_failed(
    binary: Path, shared: Coordinator, flow: RawWorker, service: Service, queue: str
) -> None:
    flow.keep_beating(5)
    failed = failed_runs(flow, service, queue, 2)
    for _ in range(3):
        service.start("w", queue)
    done = kagzi(binary, shared.address, "batch", "pause", "--queue", queue, "--dry-run")
    assert done.returncode == 0 and done.stdout == "pause would change 3 runs\n", done
    done = kagzi(binary, shared.address, "batch", "pause", "--queue", queue)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "pause: 3 done, 0 failed, of 3", done
    assert "3/3 (100 %)" in done.stdout
    done = kagzi(binary, shared.address, "batch", "resume", "--queue", queue, "--status", "FAILED")
    assert done.returncode == 1 and done.stdout.count("failed: run ") == 2, done
    done = kagzi(binary, shared.address, "batch", "retry", "--queue", queue, "--json")
    assert json.loads(done.stdout.splitlines()[-1])["done"] == 2
    done = kagzi(binary, shared.address, "batch", "cancel")
    assert done.returncode == 1 and "the filter is empty" in done.stderr, done
    for command in ("pause", "resume"):
        assert kagzi(binary, shared.address, command, failed[0]).returncode == 0
    assert kagzi(binary, shared.address, "retry", failed[0]).returncode == 1, "it is open"
    done = kagzi(binary, shared.address, "explain", failed[0])
    assert done.returncode == 0 and "no free slot" in done.stdout, done
    flow.grant(5)
    by_run = {task.run_id: task for task in (flow.task() for _ in range(2))}
    flow.suspend(by_run[failed[0]].token, timer("nap", 3600))
    done = kagzi(binary, shared.address, "fork", failed[0], "--from", "nap", "--json")
    assert service.get(json.loads(done.stdout)["runId"]).related_run_id == failed[0]
    done = kagzi(binary, shared.address, "attempts", failed[0])
    assert "(run)" in done.stdout, done
