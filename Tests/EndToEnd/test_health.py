"""Health: of the database, of every worker, of every queue, over AdminService, grpc.health.v1 and the command line."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from harness import Postgres, Service, admin, detail_of, details, duration, free_port, run, worker

CALL = 15.0
HEALTHY = admin.HEALTH_STATUS_HEALTHY
DEGRADED = admin.HEALTH_STATUS_DEGRADED
UNHEALTHY = admin.HEALTH_STATUS_UNHEALTHY
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def check(service: Service, **fields: Any) -> tuple[int, dict[str, Any]]:
    """The status and the findings by subject."""
    response = service.admin.CheckHealth(admin.CheckHealthRequest(**fields), timeout=CALL)
    assert response.status == max(finding.status for finding in response.findings)
    assert all(finding.message for finding in response.findings)
    return response.status, {finding.subject: finding for finding in response.findings}


@pytest.fixture
def own(new_coordinator: Any, new_database: Any) -> Service:
    """A coordinator on a database that nothing else is in."""
    return new_coordinator(new_database()).service()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A cluster that the test may stop."""
    cluster = Postgres(tmp_path / "postgres")
    cluster.start()
    yield cluster
    cluster.stop()


# Findings


def test_checklist_21_an_idle_system_is_healthy_with_evidence(own: Service) -> None:
    status, findings = check(own)
    assert status == HEALTHY
    assert list(findings) == ["database", "workers", "queues", "runs"]
    assert int(findings["database"].evidence["round_trip_ms"]) < 1_000
    assert findings["workers"].evidence["running"] == "0"


def test_checklist_21_a_workers_heartbeat_age_decides_by_the_thresholds_of_the_request(
    own: Service, raw: Any, queue: str
) -> None:
    silent = raw(own, queue, workflows=["w"])
    silent.open()
    subject = f"worker/{silent.worker_id}"
    status, findings = check(own)
    while int(findings[subject].evidence["heartbeat_age_ms"]) < 1_100:  # the age itself is what is tested
        time.sleep(0.1)
        status, findings = check(own)
    assert status == HEALTHY and findings[subject].status == HEALTHY
    age = int(findings[subject].evidence["heartbeat_age_ms"])
    assert 1_000 <= age < 10_000 and int(findings[subject].evidence["uptime_ms"]) >= age
    assert findings[subject].evidence["heartbeat_timeout_ms"] == "120000"
    assert findings[subject].evidence["heartbeat_warning_ms"] == "60000"
    status, findings = check(own, heartbeat_warning=duration(1))
    assert status == DEGRADED and findings[subject].status == DEGRADED
    status, findings = check(own, heartbeat_timeout=duration(1))
    assert status == UNHEALTHY and findings[subject].status == UNHEALTHY
    assert findings["workers"].evidence["unhealthy"] == "1"
    silent.send(beat=worker.Beat())
    silent.next("beat")
    deadline = time.monotonic() + 30
    while check(own, heartbeat_timeout=duration(1))[0] != HEALTHY:
        assert time.monotonic() < deadline
        silent.send(beat=worker.Beat())


def test_checklist_21_a_draining_worker_is_degraded_and_a_stopped_one_is_no_trouble(
    own: Service, raw: Any, queue: str
) -> None:
    flow = raw(own, queue, workflows=["w"])
    flow.open()
    own.admin.DrainWorker(admin.DrainWorkerRequest(worker_id=flow.worker_id, reason="upgrade"), timeout=CALL)
    status, findings = check(own)
    finding = findings[f"worker/{flow.worker_id}"]
    assert status == DEGRADED and finding.status == DEGRADED and "upgrade" in finding.message
    assert finding.evidence["status"] == "SHUTTING_DOWN"
    flow.close()
    status, findings = check(own)
    assert status == HEALTHY and f"worker/{flow.worker_id}" not in findings
    # Asked for by name, it is what it is.
    status, findings = check(own, worker_id=flow.worker_id)
    assert list(findings) == ["database", f"worker/{flow.worker_id}"]
    assert status == UNHEALTHY and findings[f"worker/{flow.worker_id}"].evidence["status"] == "STOPPED"


def test_checklist_21_a_crashed_worker_makes_the_system_unhealthy_until_it_is_back(
    own: Service, raw: Any, queue: str
) -> None:
    flow = raw(own, queue, workflows=["w"], lease=1)
    flow.open()
    subject = f"worker/{flow.worker_id}"
    flow.drop()
    deadline = time.monotonic() + 30
    while check(own)[1][subject].evidence["status"] != "CRASHED":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    status, findings = check(own)
    assert status == UNHEALTHY and findings[subject].status == UNHEALTHY and "lapsed" in findings[subject].message
    assert findings["workers"].evidence["crashed_recently"] == "1"
    raw(own, queue, workflows=["w"], worker_id=flow.worker_id).open()
    status, findings = check(own)
    assert status == HEALTHY and findings[subject].evidence["status"] == "RUNNING"


def test_checklist_21_what_a_worker_holds_is_evidence(own: Service, raw: Any, queue: str) -> None:
    flow = raw(own, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    own.start("w", queue)
    flow.task()
    _, findings = check(own, worker_id=flow.worker_id)
    evidence = findings[f"worker/{flow.worker_id}"].evidence
    assert (evidence["active_workflows"], evidence["active_activities"]) == ("1", "0")


def test_checklist_21_ready_tasks_that_nobody_serves_are_found(own: Service, raw: Any, queue: str) -> None:
    own.start("w", queue)
    own.start("w", queue)
    status, findings = check(own)
    finding = findings[f"queue/{queue}"]
    assert status == DEGRADED and finding.status == DEGRADED and "no live worker" in finding.message
    expected = {"task_queue": queue, "kind": "workflow", "type": "w", "version": "1", "ready": "2", "live_workers": "0"}
    assert expected.items() <= dict(finding.evidence).items()
    assert findings["queues"].evidence["ready_without_worker"] == "2"
    time.sleep(0.3)
    status, findings = check(own, task_overdue=duration(0.2))
    assert status == UNHEALTHY and findings[f"queue/{queue}"].status == UNHEALTHY
    # A worker without free slots serves them, but late.
    late = raw(own, queue, workflows=["w"])
    late.open()
    status, findings = check(own, task_overdue=duration(0.2))
    assert status == DEGRADED and findings[f"queue/{queue}"].evidence["live_workers"] == "1"
    status, findings = check(own)
    assert status == HEALTHY and f"queue/{queue}" not in findings
    # One that drains will not take them.
    own.admin.DrainWorker(admin.DrainWorkerRequest(worker_id=late.worker_id), timeout=CALL)
    assert check(own)[1][f"queue/{queue}"].evidence["live_workers"] == "0"


def test_checklist_21_parked_runs_are_found_with_their_reason(own: Service, raw: Any, queue: str) -> None:
    flow = raw(own, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = own.start("w", queue)
    flow.report(flow.task().token, workflow=worker.WorkflowReport(park=worker.Park(reason="step 'a' became 'b'")))
    assert own.get(run_id).status == run.RUN_STATUS_PAUSED
    status, findings = check(own)
    assert status == DEGRADED and findings["runs"].status == DEGRADED
    evidence = dict(findings["runs"].evidence)
    assert evidence["paused"] == "1" and evidence["example_run_id"] == run_id
    assert "step 'a' became 'b'" in findings["runs"].message


def test_checklist_21_a_namespace_is_checked_by_itself(own: Service, raw: Any, queue: str) -> None:
    own.admin.CreateNamespace(admin.CreateNamespaceRequest(name="quiet"), timeout=CALL)
    subject = f"worker/{raw(own, queue, activities=['a']).worker_id}"
    assert subject in check(own, namespace="default")[1] and subject not in check(own, namespace="quiet")[1]
    own.start("w", queue)
    assert check(own)[0] == DEGRADED
    assert check(own, namespace="default")[0] == DEGRADED
    assert check(own, namespace="quiet")[0] == HEALTHY


def test_checklist_21_bad_requests_are_refused_with_their_field(own: Service) -> None:
    for fields, wanted in [
        ({"heartbeat_timeout": duration(0)}, "heartbeat_timeout"),
        ({"heartbeat_warning": duration(-1)}, "heartbeat_warning"),
        ({"heartbeat_timeout": duration(5), "heartbeat_warning": duration(6)}, "heartbeat_warning"),
        ({"task_overdue": duration(0)}, "task_overdue"),
    ]:
        with pytest.raises(grpc.RpcError) as bad:
            check(own, **fields)
        assert bad.value.code() == grpc.StatusCode.INVALID_ARGUMENT and detail_of(bad.value).field == wanted
    for fields, kind in [({"worker_id": "nobody"}, "worker"), ({"namespace": "nowhere"}, "namespace")]:
        with pytest.raises(grpc.RpcError) as missing:
            check(own, **fields)
        assert missing.value.code() == grpc.StatusCode.NOT_FOUND
        assert isinstance(detail_of(missing.value), details.ResourceNotFound)
        assert detail_of(missing.value).kind == kind


# The database goes away and comes back


def test_checklist_21_without_postgres_everything_says_so_in_time_and_with_it_again_that_all_is_well(
    own_postgres: Postgres, new_coordinator: Any
) -> None:
    coordinator = new_coordinator(own_postgres.make_database())
    service = coordinator.service()
    health = health_pb2_grpc.HealthStub(service.channel)
    changes: list[int] = []
    changed = threading.Condition()

    def watch() -> None:
        with suppress(grpc.RpcError):  # the test's end closes the channel
            for response in health.Watch(health_pb2.HealthCheckRequest(), timeout=120):
                with changed:
                    changes.append(response.status)
                    changed.notify_all()

    def wait_for(wanted: list[int], seconds: float) -> None:
        with changed:
            assert changed.wait_for(lambda: changes == wanted, seconds), changes

    threading.Thread(target=watch, daemon=True).start()
    wait_for([SERVING], 30)
    own_postgres.kill()
    begin = time.monotonic()
    status, findings = check(service)
    assert time.monotonic() - begin < 10
    assert status == UNHEALTHY and list(findings) == ["database"]
    assert findings["database"].evidence["error"]
    wait_for([SERVING, NOT_SERVING], 30)
    for name in ("", "kagzi.v1.WorkflowService"):
        assert health.Check(health_pb2.HealthCheckRequest(service=name), timeout=CALL).status == NOT_SERVING
    own_postgres.start()
    wait_for([SERVING, NOT_SERVING, SERVING], 60)
    assert check(service)[0] == HEALTHY


def test_checklist_21_a_postgres_that_hangs_is_unhealthy_within_five_seconds(
    own_postgres: Postgres, new_coordinator: Any
) -> None:
    coordinator = new_coordinator(own_postgres.make_database())
    service = coordinator.service()
    assert check(service)[0] == HEALTHY
    own_postgres.freeze()
    try:
        for _ in range(2):
            # A probe of the coordinator's own may be under way since the freeze: its end is then the answer, in its words.
            begin = time.monotonic()
            status, findings = check(service)
            assert time.monotonic() - begin < 10, "five seconds, and a machine that has other things to do"
            assert status == UNHEALTHY and list(findings) == ["database"]
            assert findings["database"].evidence["error"]
    finally:
        own_postgres.thaw()
    deadline = time.monotonic() + 60
    while check(service)[0] != HEALTHY:
        assert time.monotonic() < deadline


def test_checklist_21_a_stopping_coordinator_is_not_serving_and_ends_the_watch(
    new_coordinator: Any, new_database: Any
) -> None:
    coordinator = new_coordinator(new_database())
    service = coordinator.service()
    watch = health_pb2_grpc.HealthStub(service.channel).Watch(health_pb2.HealthCheckRequest(), timeout=60)
    assert next(watch).status == SERVING
    assert coordinator.terminate() == 0
    told = []
    with pytest.raises(grpc.RpcError) as ended:
        for response in watch:
            told.append(response.status)
    assert told == [NOT_SERVING] and ended.value.code() == grpc.StatusCode.UNAVAILABLE


# The command line


def kagzi(binary: Path, address: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary, *words, "--address", address], capture_output=True, text=True, timeout=60, check=False
    )


def test_checklist_21_kagzi_health_tells_by_its_exit_code(
    binary: Path, new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    coordinator = new_coordinator(new_database())
    address, service = coordinator.address, coordinator.service()
    well = kagzi(binary, address, "health")
    assert well.returncode == 0 and well.stdout.startswith("HEALTHY\n") and "database" in well.stdout
    service.start("w", queue)
    assert kagzi(binary, address, "health").returncode == 0
    assert kagzi(binary, address, "health", "--strict").returncode == 1
    late = kagzi(binary, address, "health", "--task-overdue", "1ms", "--json")
    found = json.loads(late.stdout)
    assert late.returncode == 1 and found["status"] == "UNHEALTHY"
    assert {finding["subject"] for finding in found["findings"]} == {
        "database", "workers", "queues", f"queue/{queue}", "runs",
    }  # fmt: skip
    one = kagzi(binary, address, "health", "--worker", "nobody")
    assert one.returncode == 1 and "nobody" in one.stderr
    nowhere = kagzi(binary, f"127.0.0.1:{free_port()}", "health", "--timeout", "2s")
    assert nowhere.returncode == 2 and "cannot be reached" in nowhere.stderr


def test_checklist_20_kagzi_worker_and_queue_show_what_the_services_tell(
    binary: Path, new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    coordinator = new_coordinator(new_database())
    address, service = coordinator.address, coordinator.service()
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    service.start("w", queue)
    service.start("nobody-does", queue)
    [listed] = json.loads(kagzi(binary, address, "worker", "list", "--json").stdout)
    assert listed["workerId"] == flow.worker_id and listed["status"] == "RUNNING"
    assert "session" in kagzi(binary, address, "worker", "show", flow.worker_id).stdout
    assert flow.worker_id in kagzi(binary, address, "queue", "show", queue).stdout or "w v1" in kagzi(binary, address, "queue", "show", queue).stdout
    [orphaned] = json.loads(kagzi(binary, address, "queue", "list", "--unserved", "--json").stdout)
    assert [entry["type"]["type"] for entry in orphaned["entries"]] == ["nobody-does"]
    drained = kagzi(binary, address, "worker", "drain", flow.worker_id, "--give-back-after", "5s", "--reason", "cli")
    assert drained.returncode == 0
    order = flow.next("drain")
    assert (order.timeout, order.reason) == (duration(5), "cli")
    events = json.loads(kagzi(binary, address, "worker", "events", flow.worker_id, "--json").stdout)
    assert [event["kind"] for event in events if event["kind"] != "HEARTBEAT"] == ["SHUTDOWN_REQUESTED", "STARTED"]
    flow.close()
    assert json.loads(kagzi(binary, address, "worker", "list", "--json").stdout) == []
    [stopped] = json.loads(kagzi(binary, address, "worker", "list", "--all", "--json").stdout)
    assert stopped["status"] == "STOPPED"
    stats = json.loads(kagzi(binary, address, "stats", "--json").stdout)
    assert stats["kagzi_runs_started_total"] == 2
    missing = kagzi(binary, address, "worker", "show", "nobody")
    assert missing.returncode == 1 and "nobody" in missing.stderr
