"""Health, and the guide's own names for what programs call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest
from fake_server import FakeServer, refuse
from operator_calls import answer, charge, order

from kagzi import (
    Client,
    Context,
    HealthCheckConfig,
    HealthChecker,
    HealthStatus,
    Kagzi,
    Unavailable,
    Unhealthy,
    VersionNotRegistered,
    Worker,
)
from kagzi._messages import admin, details, registry, worker_service, workflow_service


def finding(subject: str, status: Any, message: str = "", **evidence: str) -> admin.HealthFinding:
    return admin.HealthFinding(subject=subject, status=status, message=message, evidence=evidence)


# Health


async def test_checklist_21_a_comprehensive_check_gives_errors_and_warnings(server: FakeServer, client: Client) -> None:
    response = admin.CheckHealthResponse(
        status=admin.HEALTH_STATUS_UNHEALTHY,
        findings=[
            finding("database", admin.HEALTH_STATUS_HEALTHY, "a round trip took 1 ms"),
            finding("worker/a", admin.HEALTH_STATUS_DEGRADED, "it drains"),
            finding("queue/q", admin.HEALTH_STATUS_UNHEALTHY, "nobody serves it"),
        ],
    )
    requests = answer(server, "CheckHealth", response)
    checker = HealthChecker(client, HealthCheckConfig(heartbeat_timeout_secs=10, heartbeat_warning_secs=5))
    health = await checker.comprehensive_check()
    assert (health.is_healthy, health.status) == (False, HealthStatus.UNHEALTHY)
    assert (health.errors, health.warnings) == (["queue/q: nobody serves it"], ["worker/a: it drains"])
    request = requests[0]
    assert (request.namespace, request.heartbeat_timeout.seconds, request.heartbeat_warning.seconds) == ("shop", 10, 5)
    assert (await checker.check_database_health()).status is HealthStatus.HEALTHY


async def test_checklist_21_thresholds_have_the_guides_defaults(server: FakeServer, client: Client) -> None:
    requests = answer(server, "CheckHealth", admin.CheckHealthResponse(status=admin.HEALTH_STATUS_HEALTHY))
    health = await HealthChecker(client).comprehensive_check()
    assert (health.is_healthy, health.errors) == (True, [])
    assert (requests[0].heartbeat_timeout.seconds, requests[0].heartbeat_warning.seconds) == (120, 60)
    with pytest.raises(ValueError, match="heartbeat_warning_secs"):
        HealthCheckConfig(heartbeat_timeout_secs=5)


async def test_checklist_21_a_workers_health_has_its_numbers(server: FakeServer, client: Client) -> None:
    worker = finding(
        "worker/a", admin.HEALTH_STATUS_DEGRADED, "old", heartbeat_age_ms="61000", uptime_ms="120500", active_workflows="4"
    )
    response = admin.CheckHealthResponse(findings=[finding("database", admin.HEALTH_STATUS_HEALTHY), worker])
    requests = answer(server, "CheckHealth", response)
    health = await HealthChecker(client).check_worker_health("a", 0)
    assert requests[0].worker_id == "a"
    assert (health.status, health.message, health.active_workflows) == (HealthStatus.DEGRADED, "old", 4)
    assert (health.heartbeat_age, health.uptime) == (timedelta(seconds=61), timedelta(seconds=120.5))


async def test_checklist_21_a_database_that_is_away_is_thrown(server: FakeServer, client: Client) -> None:
    response = admin.CheckHealthResponse(
        status=admin.HEALTH_STATUS_UNHEALTHY, findings=[finding("database", admin.HEALTH_STATUS_UNHEALTHY, "it did not answer")]
    )
    answer(server, "CheckHealth", response)
    with pytest.raises(Unhealthy, match="did not answer"):
        await HealthChecker(client).check_database_health()
    assert (await HealthChecker(client).check_worker_health("a")).status is HealthStatus.UNHEALTHY


async def test_checklist_21_a_coordinator_that_is_away_is_a_finding() -> None:
    async with Client("127.0.0.1:1", retry_for=0) as client:
        health = await HealthChecker(client).comprehensive_check()
        assert (health.is_healthy, health.findings[0].subject) == (False, "coordinator")
        with pytest.raises(Unhealthy):
            await HealthChecker(client).check_database_health()


async def run_nothing(ctx: Context) -> None: ...


# The guide's own names


async def test_checklist_1_connect_says_at_once_that_nobody_answers() -> None:
    with pytest.raises(Unavailable):
        await Kagzi.connect("127.0.0.1:1", retry_for=0)


async def test_checklist_2_and_16_registrations_reach_workers_made_before_and_after(server: FakeServer) -> None:
    answer(server, "GetServerInfo", admin.GetServerInfoResponse(version="1"))
    async with await Kagzi.connect(server.address) as kagzi:
        early = kagzi.create_worker()
        kagzi.register_workflow("a", run_nothing)
        kagzi.register_workflow_version("a", 2, order)
        kagzi.register_activity("b", charge)
        late = kagzi.create_worker_builder().worker_id("late").build()
        with pytest.raises(ValueError, match="registered twice"):
            kagzi.register_workflow("a", order)
        for running in (early, late):
            async with running:
                await server.stream()
        for registration in server.registrations:
            assert [(each.type, each.version) for each in registration.workflows] == [("a", 1), ("a", 2)]
            assert [(each.type, each.version) for each in registration.activities] == [("b", 1)]
        assert server.registrations[1].worker_id == "late"


async def test_checklist_16_a_default_may_be_set_before_a_worker_of_the_program_runs(server: FakeServer) -> None:
    answer(server, "GetServerInfo", admin.GetServerInfoResponse(version="1"))

    async def set_default(request: Any, context: Any) -> Any:
        known = {(each.type, each.version) for registration in server.registrations for each in registration.workflows}
        if (request.type, request.version) not in known:
            detail = details.VersionNotRegistered(type=request.type, version=request.version)
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "never registered", detail)
        return registry.SetDefaultVersionResponse()

    server.unary["SetDefaultVersion"] = set_default
    async with await Kagzi.connect(server.address) as kagzi:
        kagzi.register_workflow_version("a", 1, run_nothing)
        kagzi.register_workflow_version("a", 3, run_nothing)
        await kagzi.set_default_workflow_version("a", 3)
        with pytest.raises(VersionNotRegistered):
            await kagzi.set_default_workflow_version("a", 4)
        assert [(each.type, each.version) for each in server.registrations[0].workflows] == [("a", 1), ("a", 3)]
        assert server.deregistrations == ["session-1"]


async def test_checklist_16_starts_go_to_the_default_or_to_a_version(server: FakeServer) -> None:
    answer(server, "GetServerInfo", admin.GetServerInfoResponse(version="1"))
    requests = answer(server, "StartWorkflow", workflow_service.StartWorkflowResponse(run_id="r", workflow_id="w"))
    async with await Kagzi.connect(server.address) as kagzi:
        await kagzi.start_workflow("a", 1)
        await kagzi.start_workflow_version("a", 2, 1)
        assert [each.HasField("workflow_version") and each.workflow_version for each in requests] == [False, 2]
        assert kagzi.workflow_handle("r").run_id == "r"


async def test_checklist_18_the_builders_options_and_their_defaults(server: FakeServer) -> None:
    client = Client(server.address)
    default = client.create_worker(workflows=[order])
    assert (default.max_concurrent_workflows, default.heartbeat_interval_secs, default.graceful_shutdown_timeout_secs) == (
        10,
        30.0,
        300.0,
    )
    assert default.worker_id.startswith("worker-") and default.hostname
    kagzi = Kagzi(server.address)
    kagzi.register_workflow("order", order)
    built = (
        kagzi.create_worker_builder()
        .worker_id("w-1")
        .max_concurrent_workflows(3)
        .heartbeat_interval_secs(2)
        .poll_interval_ms(500)
        .graceful_shutdown_timeout_secs(7)
        .hostname("there")
        .lease_duration_secs(6)
        .option("labels", {"zone": "eu"})
        .build()
    )
    async with built:
        await server.stream()
    registration: worker_service.RegisterWorkerRequest = server.registrations[0]
    assert (registration.worker_id, registration.workflow_slots, registration.hostname) == ("w-1", 3, "there")
    assert (registration.heartbeat_interval.seconds, registration.lease_duration.seconds) == (2, 6)
    assert (built.poll_interval_ms, built.graceful_shutdown_timeout_secs, dict(registration.labels)) == (500, 7, {"zone": "eu"})
    await client.close()
    await kagzi.close()


async def test_checklist_4_a_worker_that_was_started_cannot_be_started_again(server: FakeServer) -> None:
    running = Worker(server.address, workflows=[order])
    assert not running.has_started
    async with running:
        assert running.is_running and running.active_workflow_count == 0
        with pytest.raises(RuntimeError, match="started already"):
            await running.start()
    assert not running.is_running


@pytest.mark.parametrize(
    "options",
    [{"max_concurrent_workflows": -1}, {"heartbeat_interval_secs": 0}, {"lease_duration_secs": 0}],
    ids=lambda options: next(iter(options)),
)
def test_checklist_18_senseless_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"zero|negative"):
        Worker("127.0.0.1:1", workflows=[order], **options)
