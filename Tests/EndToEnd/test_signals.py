"""Signals: kept in order, delivered once, never lost whether they come before, while or after somebody waits."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator, RawWorker, Service, await_signal, common, detail_of, details, duration, payload, run, timer, worker, workflow_service,
)  # fmt: skip


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    made: RawWorker = raw(service, queue, workflows=["w"])
    made.open()
    made.grant(20)
    return made


def refused(call: Any) -> tuple[grpc.StatusCode, Any]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), detail_of(caught.value)


def test_a_signal_that_comes_while_a_step_waits_settles_it_and_wakes_the_run(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, await_signal("approval", "approve"), sticky=True)
    assert service.get(run_id).status == run.RUN_STATUS_WAITING
    assert service.step(run_id, "approval").signal_name == "approve"
    assert service.signal(run_id, "approve", b'"yes"') == run_id
    task = flow.task()
    assert task.workflow.delta
    (record,) = task.workflow.steps
    assert (record.kind, record.state, record.output.data) == (
        run.STEP_KIND_SIGNAL, run.STEP_STATE_COMPLETED, b'"yes"',
    )  # fmt: skip
    flow.complete(task.token)


def test_signals_that_came_before_are_taken_oldest_first(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    for number in range(3):
        service.signal(run_id, "n", str(number).encode())
    service.signal(run_id, "other", b'"x"')
    for number in range(3):
        flow.suspend(task.token, await_signal(f"wait{number}", "n"), sticky=True)
        task = flow.task(timeout=5)
        (record,) = task.workflow.steps
        assert (record.key, record.output.data) == (f"wait{number}", str(number).encode())
    flow.suspend(task.token, await_signal("wait3", "n"))
    flow.expect_nothing("task", 0.2)
    service.signal(run_id, "n", b"3")
    task = flow.task()
    assert {step.key: step.output.data for step in task.workflow.steps}["wait3"] == b"3"


def test_a_signal_that_comes_while_the_function_runs_is_taken_by_the_wait_of_its_next_report(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.go_on(task.token, commands=[await_signal("first", "go")])
    service.signal(run_id, "go", b"1")
    flow.suspend(task.token, sticky=True)
    task = flow.task(timeout=5)
    assert task.workflow.steps[0].output.data == b"1"
    flow.complete(task.token)


def test_several_waits_for_one_name_get_one_signal_each_in_order(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    service.signal(run_id, "n", b"0")
    flow.suspend(task.token, *[await_signal(f"wait{number}", "n") for number in range(3)], sticky=True)
    task = flow.task()
    assert [(step.key, step.output.data) for step in task.workflow.steps] == [("wait0", b"0")]
    flow.suspend(task.token, sticky=True)
    service.signal(run_id, "n", b"1")
    task = flow.task()
    assert [(step.key, step.output.data) for step in task.workflow.steps] == [("wait1", b"1")]
    service.signal(run_id, "n", b"2")
    flow.suspend(task.token, sticky=True)
    task = flow.task()
    assert [(step.key, step.output.data) for step in task.workflow.steps] == [("wait2", b"2")]
    flow.complete(task.token)


def test_a_signal_without_a_payload_settles_the_step_without_an_output(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, await_signal("s", "bare"))
    service.workflows.SignalWorkflow(
        workflow_service.SignalWorkflowRequest(run_id=run_id, signal_name="bare"), timeout=10
    )
    (record,) = flow.task().workflow.steps
    assert record.state == run.STEP_STATE_COMPLETED and not record.HasField("output")


def test_the_same_request_id_signals_once_and_is_answered_the_same_even_after_the_close(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    for _ in range(3):
        assert service.signal(run_id, "n", b"1", request_id="r1") == run_id
    service.signal(run_id, "n", b"2", request_id="r2")
    flow.suspend(task.token, await_signal("a", "n"), await_signal("b", "n"), await_signal("c", "n"))
    steps = {step.key: step for step in flow.task().workflow.steps}
    assert (steps["a"].output.data, steps["b"].output.data) == (b"1", b"2")
    assert steps["c"].state == run.STEP_STATE_WAITING
    assert service.signal(run_id, "n", b"1", request_id="r1") == run_id
    assert service.step(run_id, "c").state == run.STEP_STATE_WAITING
    service.terminate(run_id)
    assert service.signal(run_id, "n", b"1", request_id="r1") == run_id
    code, detail = refused(lambda: service.signal(run_id, "n", b"1", request_id="r3"))
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    assert isinstance(detail, details.RunClosed) and detail.status == "TERMINATED"


def test_a_wait_that_gets_no_signal_in_time_fails_with_a_timeout(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    begin = time.monotonic()
    flow.suspend(flow.task().token, await_signal("s", "never", 0.3))
    task = flow.task()
    assert time.monotonic() - begin >= 0.3
    (record,) = task.workflow.steps
    assert record.state == run.STEP_STATE_FAILED
    assert (record.failure.kind, record.failure.code) == (common.ERROR_KIND_TIMEOUT, "SIGNAL_TIMEOUT")
    # The signal that comes too late waits for the next wait.
    service.signal(run_id, "never", b"1")
    flow.suspend(task.token, await_signal("again", "never", 0))
    steps = {step.key: step for step in flow.task().workflow.steps}
    assert steps["again"].output.data == b"1" and steps["s"].state == run.STEP_STATE_FAILED


def test_signals_that_race_with_the_timeout_are_neither_lost_nor_doubled(
    flow: RawWorker, service: Service, queue: str
) -> None:
    """Each signal is sent when its wait times out: it is taken by that wait, or stays for the next."""
    flow.grant(20)
    runs = [service.start("w", queue) for _ in range(20)]
    for _ in runs:
        flow.suspend(flow.task().token, await_signal("first", "s", 0.5))
    start = time.monotonic()

    def send(index: int) -> None:
        time.sleep(max(0.0, start + 0.4 + 0.01 * index - time.monotonic()))
        service.signal(runs[index], "s", str(index).encode())

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(send, range(20)))
    results: dict[str, Any] = {}
    while len(results) < 20:
        task = flow.task()
        flow.grant(1)
        steps = {step.key: step for step in task.workflow.steps}
        if steps["first"].state == run.STEP_STATE_COMPLETED:
            results[task.run_id] = steps["first"].output.data
            assert not any(step.state == run.STEP_STATE_COMPLETED for key, step in steps.items() if key == "second")
            flow.complete(task.token)
        elif "second" not in steps:
            flow.suspend(task.token, await_signal("second", "s"))
        else:
            results[task.run_id] = steps["second"].output.data
            flow.complete(task.token)
    assert results == {run_id: str(index).encode() for index, run_id in enumerate(runs)}


def test_a_run_holds_a_bounded_number_of_untaken_signals(
    flow: RawWorker, service: Service, queue: str, shared: Coordinator, postgres: Any
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    postgres.query(
        shared.database,
        f"INSERT INTO kagzi.signals (run_id, seq, name, payload, received_at) "
        f"SELECT '{run_id}', n, 'bulk', NULL, now() FROM generate_series(1, 9999) n; "
        f"UPDATE kagzi.open_runs SET signals_received = 9999, signals_untaken = 9999 WHERE run_id = '{run_id}'",
    )
    service.signal(run_id, "last", b"1", request_id="fits")
    code, detail = refused(lambda: service.signal(run_id, "one more"))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED and isinstance(detail, details.QueueFull)
    service.signal(run_id, "last", b"1", request_id="fits")
    flow.suspend(task.token, await_signal("s", "last"))
    flow.suspend(flow.task().token)
    service.signal(run_id, "one more")


@pytest.mark.parametrize(
    ("field", "fields"),
    [("signal_name", {"name": ""}), ("signal_name", {"name": "x" * 257}), ("request_id", {"request_id": "x" * 129})],
)
def test_a_signal_that_makes_no_sense_is_refused(
    flow: RawWorker, service: Service, queue: str, field: str, fields: dict[str, str]
) -> None:
    run_id = service.start("w", queue)
    code, detail = refused(lambda: service.signal(run_id, fields.pop("name", "n"), **fields))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == field


def test_a_signal_of_no_run_is_refused(service: Service) -> None:
    code, detail = refused(
        lambda: service.signal("018f3b2a-7c1d-7e5f-8a9b-0c1d2e3f4a5b", "n")
    )
    assert code == grpc.StatusCode.NOT_FOUND and isinstance(detail, details.RunNotFound)
    code, _ = refused(lambda: service.signal("", "n", workflow_id="no-such-workflow"))
    assert code == grpc.StatusCode.NOT_FOUND
    code, detail = refused(lambda: service.signal("", "n"))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "run_id"


def test_a_payload_that_is_too_large_is_refused(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    code, detail = refused(lambda: service.signal(run_id, "n", b"x" * ((2 << 20) + 1)))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED and isinstance(detail, details.PayloadTooLarge)


@pytest.mark.parametrize("fields", [{"signal_name": ""}, {"signal_name": "x" * 257}, {"timeout": duration(-1)}])
def test_a_wait_that_makes_no_sense_is_refused_with_its_report(
    flow: RawWorker, service: Service, queue: str, fields: Any
) -> None:
    run_id = service.start("w", queue)
    wait = worker.AwaitSignal(key="s", **{"signal_name": "n", **fields})
    answer = flow.suspend(flow.task().token, worker.Command(await_signal=wait))
    assert answer.rejection.reason == worker.REJECTION_REASON_INVALID
    assert not service.steps(run_id)


def test_a_signal_by_workflow_id_reaches_the_open_run(flow: RawWorker, service: Service, queue: str) -> None:
    old = service.start("w", queue, workflow_id=f"entity-{queue}")
    flow.complete(flow.task().token)
    service.wait(old)
    new = service.start("w", queue, workflow_id=f"entity-{queue}")
    assert service.signal("", "n", workflow_id=f"entity-{queue}") == new
    service.terminate(new)
    code, detail = refused(lambda: service.signal("", "n", workflow_id=f"entity-{queue}"))
    assert code == grpc.StatusCode.FAILED_PRECONDITION and detail.run_id == new


def test_a_signal_of_a_run_that_never_began_is_there_when_it_does(raw: Any, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    service.signal(run_id, "early", b"1")
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    flow.suspend(flow.task().token, await_signal("s", "early"))
    flow.grant(1)
    assert flow.task().workflow.steps[0].output.data == b"1"


def test_a_run_that_also_sleeps_is_woken_by_the_signal_alone(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, timer("nap", 60), await_signal("s", "n"))
    service.signal(run_id, "n", b"1")
    steps = {step.key: step.state for step in flow.task().workflow.steps}
    assert steps == {"nap": run.STEP_STATE_WAITING, "s": run.STEP_STATE_COMPLETED}


# Signal with start


def signal_with_start(service: Service, queue: str, workflow_id: str, data: bytes, **fields: Any) -> Any:
    start = workflow_service.StartWorkflowRequest(
        workflow_type="w", task_queue=queue, workflow_id=workflow_id, **fields.pop("start", {})
    )
    request = workflow_service.SignalWithStartRequest(start=start, signal_name="n", payload=payload(data), **fields)
    return service.workflows.SignalWithStart(request, timeout=15)


def test_signal_with_start_starts_once_and_signals_each_time(flow: RawWorker, service: Service, queue: str) -> None:
    first = signal_with_start(service, queue, f"cart-{queue}", b"0")
    second = signal_with_start(service, queue, f"cart-{queue}", b"1", request_id="r")
    third = signal_with_start(service, queue, f"cart-{queue}", b"1", request_id="r")
    assert [answer.started for answer in (first, second, third)] == [True, False, False]
    assert first.run_id == second.run_id == third.run_id
    flow.suspend(flow.task().token, *[await_signal(f"w{number}", "n") for number in range(3)])
    steps = {step.key: step for step in flow.task().workflow.steps}
    assert (steps["w0"].output.data, steps["w1"].output.data) == (b"0", b"1")
    assert steps["w2"].state == run.STEP_STATE_WAITING
    service.terminate(first.run_id)
    fourth = signal_with_start(service, queue, f"cart-{queue}", b"2")
    assert fourth.started and fourth.run_id != first.run_id


def test_signal_with_start_is_idempotent_by_its_request_ids(flow: RawWorker, service: Service, queue: str) -> None:
    fields: Any = {"start": {"request_id": f"start-{queue}"}, "request_id": "signal"}
    first = signal_with_start(service, queue, f"cart-{queue}", b"0", **dict(fields, start=dict(fields["start"])))
    again = signal_with_start(service, queue, f"cart-{queue}", b"0", **dict(fields, start=dict(fields["start"])))
    assert (first.run_id, first.started, again.run_id, again.started) == (first.run_id, True, first.run_id, False)
    service.terminate(first.run_id)
    again = signal_with_start(service, queue, f"cart-{queue}", b"0", **dict(fields, start=dict(fields["start"])))
    assert again.run_id == first.run_id
    other = dict(fields, start=dict(fields["start"]), request_id="other")
    code, detail = refused(lambda: signal_with_start(service, queue, f"cart-{queue}", b"0", **other))
    assert code == grpc.StatusCode.FAILED_PRECONDITION and isinstance(detail, details.RunClosed)


@pytest.mark.parametrize("policy", [1, 3])
def test_signal_with_start_has_one_conflict_policy(service: Service, queue: str, policy: int) -> None:
    code, detail = refused(
        lambda: signal_with_start(service, queue, "x", b"0", start={"conflict_policy": policy})
    )
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "start.conflict_policy"


def test_100_callers_of_signal_with_start_on_two_coordinators_start_one_run_and_all_signals_arrive(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    services = [new_coordinator(database).service() for _ in range(2)]
    with ThreadPoolExecutor(100) as pool:
        answers = list(
            pool.map(
                lambda number: signal_with_start(services[number % 2], queue, "busy", str(number).encode()), range(100)
            )
        )
    assert len({answer.run_id for answer in answers}) == 1
    assert sum(answer.started for answer in answers) == 1
    flow = raw(services[0], queue, workflows=["w"])
    flow.open()
    flow.grant(2)
    flow.suspend(flow.task().token, *[await_signal(f"w{number}", "n") for number in range(100)])
    steps = flow.task().workflow.steps
    assert sorted(int(step.output.data) for step in steps) == list(range(100))


# In order, exactly once


def test_1000_signals_from_two_coordinators_are_taken_in_order_of_each_sender_exactly_once(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    """Each of two senders knows the order of its own; the run takes 10 at a time while they come."""
    database = new_database()
    services = [new_coordinator(database).service() for _ in range(2)]
    flow = raw(services[0], queue, workflows=["w"])
    flow.open()
    flow.grant(2)
    run_id = services[1].start("w", queue)

    def send(sender: int) -> None:
        for number in range(500):
            services[sender].signal(run_id, "n", json.dumps([sender, number]).encode())

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(2)]
    for thread in senders:
        thread.start()
    taken: list[list[int]] = []
    task = flow.task()
    while len(taken) < 1_000:
        waits = [await_signal(f"w{len(taken) + number}", "n") for number in range(10)]
        open_keys = {wait.await_signal.key for wait in waits}
        flow.suspend(task.token, *waits, sticky=True)
        batch: dict[str, Any] = {}
        while open_keys:
            task = flow.task()
            flow.grant(1)
            for step in task.workflow.steps:
                if step.key in open_keys and step.state == run.STEP_STATE_COMPLETED:
                    open_keys.discard(step.key)
                    batch[step.key] = json.loads(step.output.data)
            if open_keys:
                flow.suspend(task.token, sticky=True)
        taken += [batch[wait.await_signal.key] for wait in waits]
    for thread in senders:
        thread.join()
    for sender in range(2):
        assert [number for who, number in taken if who == sender] == list(range(500))
    flow.complete(task.token)
    assert services[0].wait(run_id).status == run.RUN_STATUS_COMPLETED


# The command line


def test_kagzi_workflow_signal_and_start_with_a_signal(
    flow: RawWorker, service: Service, queue: str, binary: Path
) -> None:
    def kagzi(*words: str) -> Any:
        command = [str(binary), "workflow", *words, "--address", service.address, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    started = kagzi(
        "start", "w", "--queue", queue, "--id", f"cli-{queue}", "--signal", "n", "--signal-payload", '{"a": 1}'
    )
    assert started["started"]
    assert kagzi("signal", f"cli-{queue}", "n", "--payload", "[2]") == {"runId": started["runId"]}
    flow.suspend(flow.task().token, await_signal("a", "n"), await_signal("b", "n"))
    steps = {step.key: step.output.data for step in flow.task().workflow.steps}
    assert steps == {"a": b'{"a": 1}', "b": b"[2]"}
    shown = kagzi("steps", started["runId"])
    assert {step["signalName"] for step in shown} == {"n"}
    assert kagzi("list", "--parent", started["runId"]) == []
