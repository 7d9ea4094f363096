"""The pages over plain HTTP: health for load balancers, metrics for Prometheus, a dashboard for people."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
import pytest
from harness import Coordinator, Postgres, Process, admin, common, worker, worker_service, workflow_service

CALL = 15.0


class Pages:
    """A client of one coordinator's pages."""

    def __init__(self, process: Process) -> None:
        self.address = process.wait_line(r"kagzi: dashboard at http://([^/]+)/")[1]

    def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self.address, timeout=20)
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read().decode()
        headers = {name.lower(): value for name, value in response.getheaders()}
        connection.close()
        return response.status, headers, body

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels."""
        status, headers, body = self.get("/metrics")
        assert status == 200 and headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = [line for line in body.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.fixture
def coordinator(new_coordinator: Any, new_database: Any) -> Coordinator:
    return new_coordinator(new_database(), "--http-listen", "127.0.0.1:0")


@pytest.fixture
def pages(coordinator: Coordinator) -> Pages:
    return Pages(coordinator.process)


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    cluster = Postgres(tmp_path / "postgres")
    cluster.start()
    yield cluster
    cluster.stop()


def test_checklist_21_readyz_and_healthz_follow_the_database(own_postgres: Postgres, new_coordinator: Any) -> None:
    coordinator = new_coordinator(own_postgres.make_database(), "--http-listen", "127.0.0.1:0")
    pages = Pages(coordinator.process)
    status, headers, body = pages.get("/readyz")
    assert status == 200 and headers["content-type"] == "application/json"
    found = json.loads(body)
    assert found["ready"] is True
    assert [finding["subject"] for finding in found["findings"]] == ["database", "coordinator"]
    assert found["findings"][0]["evidence"]["round_trip_ms"].isdigit()
    own_postgres.kill()
    begin = time.monotonic()
    status, _, body = pages.get("/readyz")
    assert status == 503 and time.monotonic() - begin < 10
    found = json.loads(body)
    assert found["ready"] is False and found["findings"][0]["status"] == "UNHEALTHY"
    assert pages.get("/healthz")[0] == 200  # the process lives: to restart it would help nobody
    status, _, body = pages.get("/")
    assert status == 200 and "Something does not work" in body and "Not known while the database is away" in body
    own_postgres.start()
    deadline = time.monotonic() + 60
    while pages.get("/readyz")[0] != 200:
        assert time.monotonic() < deadline


def test_checklist_21_readyz_is_503_while_the_coordinator_drains(
    coordinator: Coordinator, pages: Pages, raw: Any, queue: str
) -> None:
    flow = raw(coordinator.service(), queue, workflows=["w"])
    flow.open()
    assert pages.get("/readyz")[0] == 200
    coordinator.process.process.send_signal(15)
    flow.next("drain")  # told to go on elsewhere; its stream stays open, so the draining goes on
    status, _, body = pages.get("/readyz")
    assert status == 503 and "stopping" in body
    assert pages.get("/healthz")[0] == 200
    flow.drop()
    assert coordinator.process.wait(30) == 0


def test_checklist_21_metrics_count_what_happened_in_prometheus_own_format(
    coordinator: Coordinator, pages: Pages, raw: Any, queue: str
) -> None:
    service = coordinator.service()
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(3)
    before = pages.metrics()
    deadline = time.monotonic() + 30
    while before['kagzi_free_slots{kind="workflow"}'] != 3:  # a first claim holds them for a moment
        assert time.monotonic() < deadline
        before = pages.metrics()
    assert before["kagzi_sessions"] == 1
    for _ in range(2):
        run_id = service.start("w", queue)
        flow.complete(flow.task().token)
        service.wait(run_id)
    with pytest.raises(grpc.RpcError):
        service.admin.GetWorker(admin.GetWorkerRequest(worker_id="nobody"), timeout=CALL)
    watch = service.watch(service.start("other", queue))
    next(watch)
    watch.cancel()
    deadline = time.monotonic() + 30
    cancelled = 'grpc_server_handled_total{service="kagzi.v1.WorkflowService",method="WatchRun",code="CANCELLED"}'
    while cancelled not in (after := pages.metrics()):
        assert time.monotonic() < deadline
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    assert grown["kagzi_runs_started_total"] == 3
    assert grown[cancelled] == 1
    assert grown['grpc_server_handled_total{service="kagzi.v1.AdminService",method="GetWorker",code="NOT_FOUND"}'] == 1
    assert grown['kagzi_runs_closed_total{status="COMPLETED"}'] == 2
    assert grown['kagzi_tasks_handed_out_total{kind="workflow"}'] == 2
    assert grown['kagzi_store_operations_total{verb="closeRun"}'] == 2
    assert grown["kagzi_store_commits_total"] == 5 == grown['kagzi_store_batch_size_bucket{le="1"}']
    assert grown['grpc_server_handled_total{service="kagzi.v1.WorkflowService",method="WaitRun",code="OK"}'] == 2
    assert after['kagzi_free_slots{kind="workflow"}'] == 1
    assert after["process_resident_memory_bytes"] > 1_000_000
    for name in ("kagzi_store_batch_seconds", "kagzi_store_read_seconds", "kagzi_store_batch_size"):
        buckets = [value for key, value in after.items() if key.startswith(f"{name}_bucket")]
        assert buckets == sorted(buckets) and buckets[-1] == after[f"{name}_count"]
    text = pages.get("/metrics")[2]
    for line in text.splitlines():
        assert re.fullmatch(
            r'# HELP \w+ .+|# TYPE \w+ (counter|gauge|histogram)|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+', line
        ), line
    typed = re.findall(r"^# TYPE (\w+)", text, re.M)
    assert len(typed) == len(set(typed))


class Text(HTMLParser):
    """Tags and text of a page; fails on what a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.scripts = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        self.scripts += tag == "script"
        assert tag not in ("img", "iframe", "object", "form"), tag
        assert not any(name.startswith("on") for name in names), names
        assert not (names.get("src") or "").startswith(("http", "//")), names

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


def test_checklist_21_the_dashboard_shows_findings_runs_queues_workers_and_failures_and_escapes_everything(
    coordinator: Coordinator, pages: Pages, raw: Any
) -> None:
    service = coordinator.service()
    request = worker_service.RegisterWorkerRequest(
        worker_id=HOSTILE, task_queues=[HOSTILE], hostname=HOSTILE, sdk_name=HOSTILE, workflows=[{"type": HOSTILE}]
    )
    service.workers.RegisterWorker(request, timeout=CALL)
    flow = raw(service, "plain", workflows=["w"])
    flow.open()
    flow.grant(1)
    service.start("w", "plain", workflow_id=HOSTILE)
    failure = common.Failure(kind=11, message=f"it broke {HOSTILE}")
    flow.report(flow.task().token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure)))
    service.start(HOSTILE, f"other {HOSTILE}")
    status, headers, body = pages.get("/")
    assert status == 200 and headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["content-security-policy"]
    page = Text()
    page.feed(body)
    assert page.scripts == 1 and "alert(1)</script>" in page.text
    for wanted in (HOSTILE, f"it broke {HOSTILE}", f"other {HOSTILE}", "no live worker", "FAILED", "PENDING", "running", "w v1"):
        assert wanted in page.text, wanted
    assert "<svg" in body
    # The part that the page renews by itself is the same without the frame.
    _, _, part = pages.get("/?part=main")
    assert "<html" not in part and "Recent failures" in part and "<script" not in part


def test_checklist_21_the_dashboard_has_a_view_for_each_namespace(coordinator: Coordinator, pages: Pages) -> None:
    service = coordinator.service()
    service.admin.CreateNamespace(admin.CreateNamespaceRequest(name="team-b"), timeout=CALL)
    request = workflow_service.StartWorkflowRequest(workflow_type="b-type", namespace="team-b", task_queue="b-queue")
    service.workflows.StartWorkflow(request, timeout=CALL)
    assert "b-queue" not in pages.get("/")[2] and "team-b" in pages.get("/")[2]
    assert "b-queue" in pages.get(f"/?namespace={quote('team-b')}")[2]
    assert pages.get("/?namespace=nowhere")[0] == 404


def test_checklist_21_the_pages_only_read_and_know_nothing_else(pages: Pages) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/"):
        status, headers, body = pages.get(path)
        assert status == 200 and body
        assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"
        assert pages.get(path, "HEAD")[0] == 200
        assert pages.get(path, "POST")[0] in (404, 405)
    assert pages.get("/nothing")[0] == 404
    assert pages.get("/%2e%2e/etc/passwd")[0] == 404


def test_checklist_21_without_the_key_a_server_has_no_pages_and_a_taken_port_is_said_to_be(
    new_coordinator: Any, new_database: Any, binary: Path, tmp_path: Path
) -> None:
    coordinator = new_coordinator(new_database())
    assert coordinator.process.count("dashboard") == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [binary, "server", "--database-url", new_database(), "--listen", "127.0.0.1:0", "--http-listen", address]
        process = Process(command, tmp_path / "taken.log")
        assert process.wait(30) == 1
        assert process.count("could not run") == 1
    bad = subprocess.run(
        [binary, "server", "--database-url", "postgres://x", "--http-listen", "nowhere"], capture_output=True, text=True, timeout=30
    )  # fmt: skip
    assert bad.returncode != 0 and "http-listen is 'nowhere'" in bad.stderr


def test_checklist_21_kagzi_dev_has_pages_at_once_even_if_another_has_taken_the_port(
    binary: Path, tmp_path: Path
) -> None:
    made: list[Process] = []
    folder = Path(tempfile.mkdtemp(prefix="kagzi-test-"))
    folder.chmod(0o755)  # Postgres runs as another user
    try:
        for number in range(2):
            command = [binary, "dev", "--data-dir", folder / f"{number}", "--listen", "127.0.0.1:0"]
            made.append(Process(command, tmp_path / f"dev-{number}.log"))
        for process in made:
            assert Pages(process).get("/readyz")[0] == 200
    finally:
        for process in made:
            process.terminate(40)
        shutil.rmtree(folder, ignore_errors=True)
    assert [process.wait() for process in made] == [0, 0]


