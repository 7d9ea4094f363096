"""Request ids of forks and of batches: what is repeated because its answer got lost acts once."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator, Postgres, RawWorker, Service, await_signal, detail_of, details, local_result, payload, registry, run, workflow_service,
)  # fmt: skip

SIGNAL = 6


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w", "w:2"])
    flow.open()
    flow.grant(1)
    return flow


def source(flow: RawWorker, service: Service, queue: str, **fields: Any) -> tuple[str, bytes]:
    """A run with a completed step, still open; its id and its task's token."""
    run_id = service.start("w", queue, **fields)
    token = flow.task().token
    flow.go_on(token, local_result("only", b"1"))
    return run_id, token


def forks(service: Service, queue: str, of: str) -> list[str]:
    return [each.run_id for each in service.list_runs(task_queue=queue) if each.related_run_id == of]


def signal_all(service: Service, queue: str, request_id: str = "", **fields: Any) -> Iterator[Any]:
    fields = {"filter": run.RunFilter(task_queue=queue), "signal_name": "go", "payload": payload(b"1"), **fields}
    return service.workflows.BatchRuns(
        workflow_service.BatchRunsRequest(action=SIGNAL, request_id=request_id, **fields), timeout=60
    )


def last(responses: Iterator[Any]) -> tuple[int, int, int]:
    *_, end = responses
    assert end.finished
    return end.total, end.done, end.failed


def signals(postgres: Postgres, shared: Coordinator, runs: list[str]) -> Counter[str]:
    rows = postgres.query(shared.database, "SELECT run_id::text FROM kagzi.signals")
    return Counter(run_id for (run_id,) in rows if run_id in runs)


# Forks


def test_a_fork_with_the_same_request_id_is_made_once_and_with_another_again(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id, token = source(flow, service, queue)
    first = service.fork(run_id, "only", request_id=f"{queue}-1")
    assert service.fork(run_id, "only", request_id=f"{queue}-1") == first
    assert forks(service, queue, run_id) == [first]
    second = service.fork(run_id, "only", request_id=f"{queue}-2")
    assert sorted(forks(service, queue, run_id)) == sorted([first, second])
    # Without one, each call is a fork of its own.
    assert len({service.fork(run_id, "only"), service.fork(run_id, "only"), first, second}) == 4
    # However the runs have gone on: the fork has ended, the source is closed.
    service.terminate(first)
    flow.complete(token)
    assert service.fork(run_id, "only", request_id=f"{queue}-1") == first
    assert len(forks(service, queue, run_id)) == 4


def test_a_forks_request_id_is_heeded_before_its_workflow_id(flow: RawWorker, service: Service, queue: str) -> None:
    run_id, _ = source(flow, service, queue)
    fork = service.fork(run_id, "only", workflow_id=f"fork-{queue}", request_id=queue)
    assert service.fork(run_id, "only", workflow_id=f"fork-{queue}", request_id=queue) == fork
    with pytest.raises(grpc.RpcError) as error:
        service.fork(run_id, "only", workflow_id=f"fork-{queue}", request_id=f"{queue}-other")
    assert error.value.code() == grpc.StatusCode.ALREADY_EXISTS and detail_of(error.value).run_id == fork


def test_starts_and_forks_share_their_request_ids(flow: RawWorker, service: Service, queue: str) -> None:
    run_id, _ = source(flow, service, queue, request_id=f"{queue}-start")
    assert service.fork(run_id, "only", request_id=f"{queue}-start") == run_id
    fork = service.fork(run_id, "only", request_id=f"{queue}-fork")
    assert service.start("w", queue, request_id=f"{queue}-fork") == fork


def test_a_repeated_fork_is_answered_though_its_version_is_deprecated_meanwhile(
    raw: Any, service: Service, queue: str
) -> None:
    workflow_type = f"w-{queue}"
    flow = raw(service, queue, workflows=[workflow_type, f"{workflow_type}:2"])
    flow.open()
    flow.grant(1)
    run_id = service.start(workflow_type, queue, workflow_version=1)
    flow.go_on(flow.task().token, local_result("only", b"1"))
    fork = service.fork(run_id, "only", workflow_version=2, request_id=queue)
    service.registry.DeprecateVersion(
        registry.DeprecateVersionRequest(kind=registry.TYPE_KIND_WORKFLOW, type=workflow_type, version=2), timeout=15
    )
    assert service.fork(run_id, "only", workflow_version=2, request_id=queue) == fork
    with pytest.raises(grpc.RpcError) as error:
        service.fork(run_id, "only", workflow_version=2, request_id=f"{queue}-other")
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_forks_of_one_request_id_at_once_on_two_coordinators_make_one_run(
    new_database: Any, new_coordinator: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    services = [new_coordinator(database).service() for _ in range(2)]
    flow = raw(services[0], queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id, _ = source(flow, services[0], queue)
    calls = 16
    for round in range(5):
        together = threading.Barrier(calls)

        def fork(number: int) -> str:
            together.wait()
            return services[number % 2].fork(run_id, "only", request_id=f"{queue}-{round}")

        with ThreadPoolExecutor(calls) as pool:
            made = set(pool.map(fork, range(calls)))
        assert len(made) == 1
        assert len(forks(services[0], queue, run_id)) == round + 1


def test_a_request_id_that_is_too_long_is_refused(flow: RawWorker, service: Service, queue: str) -> None:
    run_id, _ = source(flow, service, queue)
    for call in (
        lambda: service.fork(run_id, "only", request_id="x" * 129),
        lambda: list(signal_all(service, queue, "x" * 129)),
    ):
        with pytest.raises(grpc.RpcError) as error:
            call()
        detail = detail_of(error.value)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert isinstance(detail, details.InvalidField) and detail.field == "request_id"
    assert forks(service, queue, run_id) == []


# Batches of signals


def test_a_batch_of_signals_with_the_same_request_id_signals_each_run_once(
    postgres: Postgres, shared: Coordinator, service: Service, queue: str
) -> None:
    runs = [service.start("w", queue) for _ in range(5)]
    assert last(signal_all(service, queue, "first")) == (5, 5, 0)
    late = service.start("w", queue)
    assert last(signal_all(service, queue, "first")) == (6, 6, 0), "those that have it count as done"
    assert signals(postgres, shared, [*runs, late]) == dict.fromkeys([*runs, late], 1)
    assert last(signal_all(service, queue, "second")) == (6, 6, 0)
    assert signals(postgres, shared, [*runs, late]) == dict.fromkeys([*runs, late], 2)
    # Without one, each batch signals anew.
    for total in (3, 4):
        assert last(signal_all(service, queue)) == (6, 6, 0)
        assert signals(postgres, shared, runs) == dict.fromkeys(runs, total)


def test_a_repeated_batch_wakes_nobody_a_second_time(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, await_signal("one", "go"))
    assert last(signal_all(service, queue, "first")) == (1, 1, 0)
    flow.grant(1)
    flow.suspend(flow.task().token, await_signal("two", "go"))
    assert last(signal_all(service, queue, "first")) == (1, 1, 0)
    flow.grant(1)
    flow.expect_nothing("task", 0.5)
    assert service.step(run_id, "two").state == run.STEP_STATE_WAITING
    assert last(signal_all(service, queue, "second")) == (1, 1, 0)
    flow.complete(flow.task().token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_batch_of_signals_that_was_stopped_is_finished_by_the_same_one(
    postgres: Postgres, shared: Coordinator, service: Service, queue: str
) -> None:
    runs = [service.start("w", queue) for _ in range(20)]
    responses = signal_all(service, queue, "again", max_per_second=10)
    for message in responses:
        if message.done >= 3:
            break
    responses.cancel()
    assert last(signal_all(service, queue, "again")) == (20, 20, 0)
    assert signals(postgres, shared, runs) == dict.fromkeys(runs, 1)


def test_a_run_that_closed_after_it_got_the_signal_counts_as_done(service: Service, queue: str) -> None:
    closed, other = service.start("w", queue), service.start("w", queue)
    assert last(signal_all(service, queue, "first")) == (2, 2, 0)
    service.terminate(closed)
    everything = run.RunFilter(task_queue=queue, statuses=[run.RUN_STATUS_PENDING, run.RUN_STATUS_TERMINATED])
    assert last(signal_all(service, queue, "first", filter=everything)) == (2, 2, 0)
    assert last(signal_all(service, queue, "second", filter=everything)) == (2, 1, 1)
    assert service.get(other).status == run.RUN_STATUS_PENDING


def test_a_batchs_request_id_is_that_of_each_runs_signal(
    postgres: Postgres, shared: Coordinator, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    assert last(signal_all(service, queue, "mine")) == (1, 1, 0)
    assert service.signal(run_id, "go", request_id="mine") == run_id
    assert signals(postgres, shared, [run_id]) == {run_id: 1}


# The command line


def test_the_command_line_forks_and_signals_once_for_a_request_id(
    binary: Path, postgres: Postgres, shared: Coordinator, flow: RawWorker, service: Service, queue: str
) -> None:
    def kagzi(*arguments: str) -> str:
        command = [binary, "workflow", *arguments, "--address", shared.address, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        return done.stdout

    def fork(*options: str) -> str:
        return str(json.loads(kagzi("fork", run_id, "--from", "only", *options))["runId"])

    def signal(*options: str) -> int:
        return int(json.loads(kagzi("batch", "signal", "--queue", queue, "--signal", "go", *options).splitlines()[-1])["done"])

    run_id, _ = source(flow, service, queue)
    first = fork("--request-id", queue)
    assert fork("--request-id", queue) == first
    runs = [run_id, first, fork(), fork()]
    assert len(set(runs)) == 4
    for _ in range(2):
        assert signal("--request-id", queue) == 4
    assert signals(postgres, shared, runs) == dict.fromkeys(runs, 1)
    assert signal() == 4
    assert signals(postgres, shared, runs) == dict.fromkeys(runs, 2)
