"""Cost as a contract: what workflows, idle workers and calls may take, counted and compared with `cost/budgets.py`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from cost import (
    ALLOCATIONS, IDLE_STATEMENTS_A_SECOND, MEMBER_OF_A_GROUP, ROWS_OF_ONE_ACTIVITY, WORKFLOWS, AllocationCounter, Count, DatabaseCost,
    build_counter, prepare, rows_written, statements_sent,
)  # fmt: skip
from cost.database import SETTINGS
from harness import (
    Coordinator, Postgres, Process, RawWorker, Service, admin, await_signal, child, local_result, open_group, policy, run, schedule, timer, worker,
    worker_service,
)  # fmt: skip
from kagzi._generated.kagzi.v1 import worker_service_pb2_grpc

UNITS = 20
BUILD = os.environ.get("KAGZI_BUILD", "debug")

Work = Callable[["Setting"], None]


class Setting:
    """One database, one coordinator, one worker with room for everything."""

    def __init__(self, postgres: Postgres, coordinator: Coordinator, raw: Any) -> None:
        self.postgres = postgres
        self.coordinator = coordinator
        self.service: Service = coordinator.service()
        self.flow: RawWorker = raw(self.service, "q", workflows=["w", "kid"], activities=["a"])
        self.flow.open()
        self.flow.grant(1_000, 4_000)
        self.flow.settle_stream()

    def start(self) -> bytes:
        """A new run; the token of its first task."""
        self.service.start("w", "q")
        return self.next()

    def next(self) -> bytes:
        return bytes(self.flow.task(accept=False).token)

    def schedule(self, token: bytes, *commands: Any) -> None:
        self.flow.suspend(token, *commands, sticky=True)

    def complete(self) -> None:
        """Completes the run whose task comes next."""
        assert not self.flow.complete(self.next()).HasField("rejection")

    def count(self, work: Work, units: int = UNITS) -> tuple[DatabaseCost, str]:
        """What one unit of work costs, and of what that consists. The first unit, which plans statements, is not counted."""
        work(self)
        count = Count(self.postgres, self.coordinator.database)
        count.begin()
        for _ in range(units):
            work(self)
        return count.end(units), count.explanation


@pytest.fixture(scope="module")
def counting_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    cluster = Postgres(tmp_path_factory.mktemp("counting") / "postgres", SETTINGS)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def setting(counting_postgres: Postgres, new_coordinator: Any, raw: Any) -> Setting:
    database = counting_postgres.make_database()
    prepare(counting_postgres, database)
    return Setting(counting_postgres, new_coordinator(database), raw)


def local_step(setting: Setting) -> None:
    token = setting.start()
    assert not setting.flow.complete(token, results=[local_result("s")]).HasField("rejection")


def one_activity(setting: Setting, **fields: Any) -> None:
    setting.schedule(setting.start(), schedule("a", "a", **fields))
    setting.flow.output(setting.next())
    setting.complete()


def retry_policy(setting: Setting) -> None:
    one_activity(setting, retry_policy=policy(5))


def sleep(setting: Setting) -> None:
    setting.schedule(setting.start(), timer("nap", 0.001))
    setting.complete()


def a_child(setting: Setting) -> None:
    setting.schedule(setting.start(), child("kid", "kid", workflow_id=""))
    setting.complete()  # the child
    setting.complete()


def a_signal(setting: Setting) -> None:
    run_id = setting.service.start("w", "q")
    setting.schedule(setting.next(), await_signal("s", "go"))
    setting.service.signal(run_id, "go")
    setting.complete()


def a_group(setting: Setting, members: int) -> None:
    activities = [schedule(f"g/{number}", "a", group="g") for number in range(members)]
    setting.schedule(setting.start(), open_group("g", run.GROUP_STRATEGY_COLLECT_ALL, members), *activities)
    for _ in range(members):
        setting.flow.output(setting.next())
    setting.complete()


WORK: dict[str, Work] = {
    "local step": local_step, "one activity": one_activity, "activity with a retry policy": retry_policy, "sleep": sleep, "child": a_child,
    "signal": a_signal,
}  # fmt: skip


@pytest.mark.parametrize("name", WORK)
def test_a_workflow_keeps_its_budget_of_commits_statements_rows_and_wal(setting: Setting, name: str) -> None:
    cost, explanation = setting.count(WORK[name])
    print(f"{name}: {cost}\n{explanation}")
    assert not cost.over(WORKFLOWS[name]), f"{cost.over(WORKFLOWS[name])} of\n{explanation}"


def test_a_member_of_a_group_keeps_its_budget(setting: Setting) -> None:
    few, _ = setting.count(lambda setting: a_group(setting, 10), 5)
    many, explanation = setting.count(lambda setting: a_group(setting, 40), 5)
    cost = many.minus(few, 30)
    print(f"group member: {cost}\n{explanation}")
    assert not cost.over(MEMBER_OF_A_GROUP), f"{cost.over(MEMBER_OF_A_GROUP)} of\n{explanation}"


def test_the_budget_of_a_one_activity_workflow_is_four_commits_and_a_retry_policy_adds_only_its_own_bytes() -> None:
    plain, careful = WORKFLOWS["one activity"], WORKFLOWS["activity with a retry policy"]
    assert plain.commits == 4
    assert replace(careful, wal_bytes=plain.wal_bytes) == plain


def test_a_one_activity_workflow_writes_these_rows_of_these_tables_and_its_updates_are_hot(setting: Setting) -> None:
    for _ in range(UNITS):
        one_activity(setting)
    setting.flow.close()
    setting.coordinator.terminate()
    written = {
        table: tuple(round(number / UNITS) for number in numbers)
        for table, numbers in rows_written(setting.postgres, setting.coordinator.database).items()
    }
    print(written)
    assert {table for table, numbers in written.items() if any(numbers)} <= set(ROWS_OF_ONE_ACTIVITY), written
    for table, budget in ROWS_OF_ONE_ACTIVITY.items():
        assert all(number <= limit for number, limit in zip(written.get(table, (0, 0, 0, 0)), budget)), (table, written)
    hot = sum(numbers[1] for numbers in written.values())
    cold = sum(numbers[2] for numbers in written.values())
    assert hot >= cold, f"{hot} HOT updates, {cold} others"


def test_the_metrics_say_the_same_as_postgres(counting_postgres: Postgres, new_coordinator: Any, raw: Any) -> None:
    database = counting_postgres.make_database()
    prepare(counting_postgres, database)
    coordinator = new_coordinator(database, "--http-listen", "127.0.0.1:0")
    setting = Setting(counting_postgres, coordinator, raw)
    def numbers() -> dict[str, float]:
        return dict(setting.service.admin.GetStats(admin.GetStatsRequest(), timeout=15).values)

    one_activity(setting)
    count = Count(counting_postgres, database)
    before = numbers()
    count.begin()
    for _ in range(UNITS):
        one_activity(setting)
    cost = count.end(UNITS)
    after = numbers()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown["kagzi_store_commits_total"] == 4 * UNITS and cost.commits == 4
    assert grown['kagzi_postgres_statements_total{use="lanes"}'] == cost.statements * UNITS
    assert grown['kagzi_postgres_round_trips_total{use="lanes"}'] == cost.commits * UNITS
    closed = after['kagzi_runs_closed_total{status="COMPLETED"}']
    assert closed == UNITS + 1
    assert after['kagzi_workflow_cost{of="commits"}'] == after["kagzi_store_commits_total"] / closed
    statements = sum(value for name, value in after.items() if name.startswith("kagzi_postgres_statements_total"))
    assert after['kagzi_workflow_cost{of="statements"}'] == statements / closed
    # The probe that sees the WAL looks every 2 s.
    deadline = time.monotonic() + 15
    while numbers().get("kagzi_postgres_wal_bytes_total", 0) < cost.wal_bytes * UNITS:
        assert time.monotonic() < deadline, numbers()
    assert numbers()['kagzi_workflow_cost{of="wal_bytes"}'] > 0


# Idle

WORKERS = 1_000
LEASE_SECONDS = 3.0


class Fleet:
    """Workers without work, on streams of a few connections, that beat as often as they were asked to."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.beats = 0
        self.changed = asyncio.Event()

    async def run(self, workers: int, until_beats: Callable[[Fleet], Any]) -> Any:
        channels = [grpc.aio.insecure_channel(self.address, [("grpc.use_local_subchannel_pool", 1)]) for _ in range(10)]
        joined = [asyncio.Event() for _ in range(workers)]
        gate = asyncio.Semaphore(50)
        tasks = [
            asyncio.create_task(self._work(channels[number % len(channels)], number, joined[number], gate)) for number in range(workers)
        ]
        try:
            for event in joined:
                await asyncio.wait_for(event.wait(), 60)
            return await until_beats(self)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for channel in channels:
                await channel.close()

    async def until(self, beats: int) -> None:
        """Returns when this many more beats were answered."""
        wanted = self.beats + beats
        while self.beats < wanted:
            self.changed.clear()
            await self.changed.wait()

    async def _work(self, channel: Any, number: int, joined: asyncio.Event, gate: asyncio.Semaphore) -> None:
        stub = worker_service_pb2_grpc.WorkerServiceStub(channel)
        worker_id = f"idle-{number}"
        request = worker_service.RegisterWorkerRequest(worker_id=worker_id, task_queues=["q"], sdk_name="raw")
        request.workflows.add(type="w", version=1)
        request.activities.add(type="a", version=1)
        request.lease_duration.FromMilliseconds(int(LEASE_SECONDS * 1_000))
        async with gate:
            registered = await stub.RegisterWorker(request)
            call = stub.Work()
            await call.write(worker_service.WorkRequest(hello=worker.Hello(worker_id=worker_id, session_id=registered.session_id)))
            welcome = (await call.read()).welcome
            await call.write(worker_service.WorkRequest(grant=worker.SlotGrant(workflow_slots=10, activity_slots=10)))
            joined.set()
        interval = welcome.heartbeat_interval.ToTimedelta().total_seconds()
        while True:
            await call.write(worker_service.WorkRequest(beat=worker.Beat()))
            while (await call.read()).WhichOneof("message") != "beat":
                pass
            self.beats += 1
            self.changed.set()
            await asyncio.sleep(interval)


def test_with_a_thousand_idle_workers_the_database_sees_next_to_no_statements(
    counting_postgres: Postgres, new_coordinator: Any
) -> None:
    database = counting_postgres.make_database()
    prepare(counting_postgres, database)
    coordinator = new_coordinator(database)

    async def measure(fleet: Fleet) -> tuple[float, dict[str, int]]:
        await fleet.until(2 * WORKERS)  # whatever joining caused is over
        clock = "SELECT extract(epoch FROM clock_timestamp()) FROM pg_stat_statements_reset()"
        begin = float(counting_postgres.query(database, clock)[0][0])
        await fleet.until(5 * WORKERS)
        sent = statements_sent(counting_postgres, database)
        end = float(counting_postgres.query(database, "SELECT extract(epoch FROM clock_timestamp())")[0][0])
        return end - begin, sent

    seconds, sent = asyncio.run(Fleet(coordinator.address).run(WORKERS, measure))
    rate = sum(sent.values()) / seconds
    print(f"{sum(sent.values())} statements in {seconds:.1f} s: {json.dumps(sent, indent=1)}")
    assert any("sessions" in statement for statement in sent), "the beats were recorded"
    assert rate <= IDLE_STATEMENTS_A_SECOND, f"{rate:.1f} statements a second: {json.dumps(sent, indent=1)}"


# Allocations


@pytest.fixture(scope="module")
def counter_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_counter(tmp_path_factory.mktemp("counter"))


@pytest.fixture
def counter(counter_library: Path, tmp_path: Path) -> Iterator[AllocationCounter]:
    counter = AllocationCounter(counter_library, tmp_path / "counts")
    yield counter
    counter.close()


def allocations_a_call(counter: AllocationCounter, call: Callable[[int], None], calls: int) -> float:
    """The least of several rounds: timers of the process allocate now and then, and no round has fewer than the calls need."""
    call(calls)
    rounds = []
    for _ in range(5):
        before = counter.count
        call(calls)
        rounds.append((counter.count - before) / calls)
    return min(rounds)


def test_a_warm_echo_allocates_no_more_than_its_budget(binary: Path, counter: AllocationCounter, tmp_path: Path) -> None:
    build = ["swift", "build", "--configuration", BUILD, "--product", "kagzi-bench"]
    subprocess.run(build, cwd=Path(__file__).resolve().parents[2], check=True, stdout=subprocess.DEVNULL)
    tool = binary.with_name("kagzi-bench")
    server = Process([tool, "echo-server", "-"], tmp_path / "echo.log", counter.environment)
    port = server.wait_line(r"^ready (\d+)")[1]
    message = bytes([0x0A, 64]) + b"k" * 64
    body = tmp_path / "body"
    body.write_bytes(bytes([0]) + len(message).to_bytes(4, "big") + message)

    def echo(calls: int) -> None:
        command = [
            "h2load", "-t", "1", "-c", "1", "-m", "16", "-n", str(calls), "-d", str(body), "-H", "content-type: application/grpc",
            "-H", "te: trailers", f"http://127.0.0.1:{port}/kagzi.conformance.v1.EchoService/Unary",
        ]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert f"{calls} succeeded" in done.stdout, done.stdout

    try:
        found = allocations_a_call(counter, echo, 4_000)
    finally:
        server.kill()
    print(f"echo: {found:.2f} allocations")
    assert 0 < found <= ALLOCATIONS[BUILD]["echo"]


def test_a_warm_start_allocates_no_more_than_its_budget(
    counting_postgres: Postgres, binary: Path, counter: AllocationCounter, tmp_path: Path
) -> None:
    coordinator = Coordinator(binary, counting_postgres.make_database(), tmp_path / "coordinator.log", env=counter.environment)
    coordinator.start()
    service = coordinator.service()

    def start(calls: int) -> None:
        for _ in range(calls):
            service.start("w", "q")

    try:
        found = allocations_a_call(counter, start, 200)
    finally:
        coordinator.close()
    print(f"StartWorkflow: {found:.1f} allocations")
    assert 0 < found <= ALLOCATIONS[BUILD]["StartWorkflow"]
