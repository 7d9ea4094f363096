"""Of two coordinators one is killed at a chosen message; the other finishes everything, once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator, Ended, Postgres, Process, Service, common, payload, run, schedule, worker, workflow_service,
)  # fmt: skip
from harness.contract import schedule_service
from harness.faults import PostgresProxy, Strike, WorkerProxy
from harness.schedules import Schedules, seconds_of

RUNS = 5
SOON = 4.0
"""Within so many seconds all is done: what the dead coordinator left is looked for when its worker comes over, not by scans."""
ALLOW = schedule_service.OVERLAP_POLICY_ALLOW


class Scene:
    """A victim behind proxies, with the worker, and a second coordinator; runs of everything in their hands."""

    def __init__(
        self, postgres: Postgres, new_database: Any, new_coordinator: Any, new_worker: Any, tmp_path: Path, queue: str
    ) -> None:
        self.postgres = postgres
        self.queue = queue
        self.strike = Strike()
        self.database: str = new_database()
        self.postgres_proxy = PostgresProxy(postgres.port, self.strike)
        plain = "?sslmode=disable&gssencmode=disable"
        through = self.database.replace(f":{postgres.port}/", f":{self.postgres_proxy.port}/") + plain
        self.victim: Coordinator = new_coordinator(through)
        self.worker_proxy = WorkerProxy(int(self.victim.address.rpartition(":")[2]), self.strike)
        self.journal = tmp_path / "journal"
        # The second one serves only once the worker is at the victim.
        self.other: Coordinator = new_coordinator(self.database)
        self.other.kill()
        addresses = f"127.0.0.1:{self.worker_proxy.port},{self.other.address}"
        options = ["--address", addresses, "--queue", queue, "--lease", "3", "--journal", str(self.journal)]
        self.worker: Process = new_worker("everything.py", *options)
        self.worker.wait_line("welcome")
        self.other.start()
        self.service: Service = self.other.service()
        self.runs: dict[int, str] = {}

    def close(self) -> None:
        self.postgres_proxy.close()
        self.worker_proxy.close()

    def start(self) -> None:
        """Starts the runs through the victim while it lives; a call that it leaves open is made again."""
        through_victim = self.victim.service()
        for number in range(RUNS):
            request = workflow_service.StartWorkflowRequest(
                workflow_type="everything", workflow_id=f"run-{number}", request_id=f"run-{number}",
                task_queue=self.queue, input=common.Payload(data=str(number).encode(), encoding="json"),
            )  # fmt: skip
            self.runs[number] = self.call(lambda service: service.workflows.StartWorkflow, request, through_victim).run_id

    def signal(self) -> None:
        through_victim = self.victim.service()
        for number in range(RUNS):
            request = workflow_service.SignalWorkflowRequest(
                workflow_id=f"run-{number}", signal_name="go", request_id=f"go-{number}",
                payload=common.Payload(data=b"42", encoding="json"),
            )  # fmt: skip
            self.call(lambda service: service.workflows.SignalWorkflow, request, through_victim)

    def call(self, method: Callable[[Service], Any], request: Any, first: Service) -> Any:
        if not self.strike.struck.is_set():
            try:
                return method(first)(request, timeout=5)
            except grpc.RpcError as error:
                assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED), error
        return method(self.service)(request, timeout=10)

    # What must hold in the end

    def finish(self) -> None:
        """Everything is done by the other one, rightly and once."""
        assert self.strike.struck.wait(20), "the message to strike at never came"
        begin = time.monotonic()
        for number, run_id in self.runs.items():
            closed = self.service.wait(run_id, 30)
            assert closed.status == run.RUN_STATUS_COMPLETED, self.service.summary(run_id)
            assert json.loads(closed.output.data) == {
                "first": 2 * number, "both": [0, 2, 4, 6, 8, number], "winner": "fast", "value": 14, "mixed": "far",
                "below": 2 * number, "told": 42,
            }  # fmt: skip
        taken = time.monotonic() - begin
        print(f"done {taken:.1f} s after the kill")
        assert taken < SOON
        self.check_runs()
        self.check_groups()
        self.check_executions()

    def query(self, sql: str) -> list[list[str]]:
        return self.postgres.query(self.database, sql)

    def check_runs(self) -> None:
        counts = dict(self.query("SELECT workflow_type, count(*) FROM kagzi.runs WHERE workflow_type <> 'scheduled' GROUP BY 1"))
        assert counts == {"everything": str(RUNS), "child": str(RUNS)}
        assert self.query("SELECT run_id FROM kagzi.open_runs WHERE workflow_type <> 'scheduled'") == []
        doubled = "SELECT run_id, settled_seq FROM kagzi.steps WHERE settled_seq IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
        # Members that a resolution cancels are settled with it.
        assert self.query(doubled.replace("WHERE", "WHERE state <> 7 AND")) == []
        states = self.query("SELECT step_key, state, count(*) FROM kagzi.steps WHERE run_id IN "
                            "(SELECT run_id FROM kagzi.runs WHERE workflow_type = 'everything') GROUP BY 1, 2")  # fmt: skip
        kept = {key: (state, count) for key, state, count in states}
        assert len(kept) == len(states), states
        assert kept.pop("race/loser") == ("7", str(RUNS)) and set(kept.values()) == {("5", str(RUNS))}, states

    def check_groups(self) -> None:
        for run_id in self.runs.values():
            request = workflow_service.ListGroupsRequest(run_id=run_id)
            groups = {group.key: group for group in self.service.workflows.ListGroups(request, timeout=10).groups}
            assert set(groups) == {"both", "race", "mixed"}
            assert {group.verdict for group in groups.values()} == {run.GROUP_VERDICT_SUCCEEDED}
            assert groups["race"].winner in ("fast", "race/fast")
            assert groups["mixed"].winner == "mixed/far"

    def check_executions(self) -> None:
        """No attempt of an activity was in two hands."""
        lines = self.journal.read_text().splitlines()
        assert len(lines) == len(set(lines)), [line for line in lines if lines.count(line) > 1]


@pytest.fixture
def scene(
    postgres: Postgres, new_database: Any, new_coordinator: Any, new_worker: Any, tmp_path: Path, queue: str
) -> Any:
    scene = Scene(postgres, new_database, new_coordinator, new_worker, tmp_path, queue)
    yield scene
    scene.close()


@pytest.mark.parametrize("point", ["before commit", "after commit"])
@pytest.mark.parametrize(
    "statement",
    [
        "start_runs_many", "advance_runs_many", "settle_steps_many", "settle_members_many", "close_settled_runs_many",
        "signal_runs_many", "match_signals_many",
    ],
)  # fmt: skip
@pytest.mark.parametrize("occasion", [1, 3])
def test_a_coordinator_killed_around_a_commit_neither_loses_nor_doubles_anything(
    scene: Scene, point: str, statement: str, occasion: int
) -> None:
    seen = 0

    def matches(statements: list[str]) -> bool:
        nonlocal seen
        seen += statement in statements
        return seen == occasion

    scene.strike.arm(point, matches, scene.victim.kill)
    scene.start()
    scene.signal()
    scene.finish()


TASKS: dict[str, Callable[[Any], bool]] = {
    "a first task": lambda task: task.HasField("workflow") and not task.workflow.delta,
    "a delta": lambda task: task.HasField("workflow") and task.workflow.delta,
    "an activity": lambda task: task.HasField("activity") and "/" not in task.activity.step,
    "a member of a group": lambda task: task.HasField("activity") and "/" in task.activity.step,
    "a child": lambda task: task.HasField("workflow") and task.workflow_type == "child",
}


@pytest.mark.parametrize("point", ["before commit", "after commit"])
def test_a_coordinator_killed_around_a_close_that_cancels_what_is_open_neither_loses_nor_doubles_it(
    postgres: Postgres, new_database: Any, new_coordinator: Any, raw: Any, queue: str, point: str
) -> None:
    strike = Strike()
    proxy = PostgresProxy(postgres.port, strike)
    database = new_database()
    through = database.replace(f":{postgres.port}/", f":{proxy.port}/") + "?sslmode=disable&gssencmode=disable"
    victim: Coordinator = new_coordinator(through)
    service = new_coordinator(database).service()
    flow = raw(victim.service(), queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    token = flow.task().token
    flow.go_on(token, commands=[schedule("open", "a")])
    strike.arm(point, lambda statements: "close_runs_many" in statements, victim.kill)
    flow.send(report=flow.request(token, workflow=worker.WorkflowReport(complete=worker.Complete(output=payload(b"1")))))
    assert strike.struck.wait(20), "the statement to strike at never came"
    with pytest.raises(Ended):
        flow.next("answer")
    flow.drop()
    assert flow.open(held=[token] if point == "before commit" else [], service=service).resumed
    answer = flow.complete(token, b"1")
    assert not answer.HasField("rejection"), answer
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED and closed.output.data == b"1"
    assert service.step(run_id, "open").state == run.STEP_STATE_CANCELLED
    proxy.close()


@pytest.mark.parametrize("point", ["before push", "after push"])
@pytest.mark.parametrize("task", TASKS)
def test_a_coordinator_killed_around_the_push_of_a_task_neither_loses_nor_doubles_it(
    scene: Scene, point: str, task: str
) -> None:
    scene.strike.arm(point, TASKS[task], scene.victim.kill)
    scene.start()
    scene.signal()
    scene.finish()


@pytest.mark.parametrize("point", ["before telling", "after telling"])
def test_a_coordinator_killed_around_telling_of_a_resolved_group_loses_nothing(scene: Scene, point: str) -> None:
    scene.strike.arm(point, lambda resolved: True, scene.victim.kill)
    scene.start()
    scene.signal()
    scene.finish()


@pytest.mark.parametrize("point", ["before commit", "after commit"])
@pytest.mark.parametrize("statement", ["decide_firings_many", "start_firings_many"])
def test_a_coordinator_killed_around_a_firing_fires_each_occurrence_once(
    scene: Scene, point: str, statement: str
) -> None:
    schedules = Schedules(scene.service, scene.queue)
    scene.strike.arm(point, lambda statements: statement in statements, scene.victim.kill)
    if statement == "decide_firings_many":
        schedules.create("tick", cron="* * * * * *", overlap_policy=ALLOW)
    else:
        # Through the victim, so that it is the one that waits for the open run to end.
        through_victim = Schedules(scene.victim.service(), scene.queue)
        through_victim.create("tick", cron="0 0 29 2 *", overlap_policy=schedule_service.OVERLAP_POLICY_BUFFER_ALL)
        with suppress(grpc.RpcError):
            for _ in range(10):
                through_victim.trigger("tick")
    assert scene.strike.struck.wait(30), "the victim decided nothing"
    if statement == "decide_firings_many":
        count = len(schedules.firings("tick"))
        schedules.wait("tick", lambda firings: len(firings) >= count + 3)
        schedules.pause("tick")
        occurrences = [firing.scheduled_at.seconds for firing in schedules.firings("tick")]
        assert occurrences == list(range(occurrences[0], occurrences[0] + len(occurrences)))
    firings = schedules.wait("tick", lambda firings: all(firing.run_id for firing in firings), 60)
    runs = schedules.run_ids("tick-")
    assert sorted(firing.run_id for firing in firings) == sorted(runs) and len(set(runs)) == len(runs)
    for run_id in runs:
        assert scene.service.wait(run_id).status == run.RUN_STATUS_COMPLETED
    scene.check_executions()


def faked_clock(offset: str) -> dict[str, str]:
    """The environment of a process whose clock is off; how fast time passes for it stays right."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert found, "libfaketime is missing: run make setup"
    return {"LD_PRELOAD": str(found[0]), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_worker_whose_clock_is_an_hour_off_changes_nothing(
    service: Service, new_worker: Any, tmp_path: Path, queue: str, offset: str
) -> None:
    options = ["--address", service.address, "--queue", queue, "--lease", "3", "--journal", str(tmp_path / "journal")]
    process = new_worker("everything.py", *options, env=faked_clock(offset))
    process.wait_line("welcome resumed=False")
    when = datetime.now(timezone.utc) + timedelta(seconds=5)
    runs = [service.start("appointment", queue, json.dumps(when.isoformat()).encode()) for _ in range(3)]
    for run_id in runs:
        closed = service.wait(run_id, 20)
        assert closed.status == run.RUN_STATUS_COMPLETED, service.summary(run_id)
        output = json.loads(closed.output.data)
        off = (datetime.fromisoformat(output["clock"]) - datetime.now(timezone.utc)).total_seconds()
        assert 3_500 < abs(off) < 3_700 and (off > 0) == offset.startswith("+"), "the worker's clock is not off"
        assert datetime.fromisoformat(output["began"]).timestamp() == pytest.approx(seconds_of(closed.created_at), abs=0.01)
        late = seconds_of(service.step(run_id, "until").settled_at) - when.timestamp()
        assert 0 <= late < 2, "the timer fires by the database's clock"
        nap = service.step(run_id, "nap")
        assert 0.3 <= seconds_of(nap.settled_at) - seconds_of(nap.scheduled_at) < 2
    # It has lived longer than its lease, and lost nothing.
    assert not process.count("session lost")


class HeldCommits:
    """Holds back the commit of the next batch that has a statement, until it is let go."""

    def __init__(self) -> None:
        self.strike = Strike()
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.statement = ""
        self.strike.arm("before commit", self._look, lambda: None)

    def _look(self, statements: list[str]) -> bool:
        if self.statement and any(name.startswith(self.statement) for name in statements):
            self.statement = ""
            self.reached.set()
            assert self.go_on.wait(30)
        return False

    def hold(self, statement: str) -> None:
        self.reached.clear()
        self.go_on.clear()
        self.statement = statement


def test_nothing_is_answered_pushed_or_woken_before_its_commit(
    postgres: Postgres, new_database: Any, new_coordinator: Any, raw: Any, queue: str
) -> None:
    commits = HeldCommits()
    proxy = PostgresProxy(postgres.port, commits.strike)
    database = new_database().replace(f":{postgres.port}/", f":{proxy.port}/")
    service = new_coordinator(f"{database}?sslmode=disable&gssencmode=disable").service()
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(4, 1)
    # From then on it is known that nothing waits, and the start itself hands its task out.
    first = service.start("w", queue)
    flow.complete(flow.task().token)
    assert service.wait(first).status == run.RUN_STATUS_COMPLETED

    def nothing_is_told(*calls: Any) -> None:
        assert commits.reached.wait(10)
        for kind in ("task", "answer"):
            flow.expect_nothing(kind, 0.2)
        assert not any(call.done() for call in calls)
        commits.go_on.set()

    def report(statement: str, token: bytes, *calls: Any, **fields: Any) -> None:
        commits.hold(statement)
        request = flow.request(token, **fields)
        flow.send(report=request)
        nothing_is_told(*calls)
        assert not flow.answer(request.report_id).HasField("rejection")

    commits.hold("start_runs_many")
    start = workflow_service.StartWorkflowRequest(workflow_type="w", task_queue=queue, input=common.Payload(data=b"1"))
    started = service.workflows.StartWorkflow.future(start, timeout=30)
    nothing_is_told(started)
    run_id = started.result().run_id
    wait = workflow_service.WaitRunRequest(run_id=run_id)
    wait.wait.FromSeconds(30)
    waiting = service.workflows.WaitRun.future(wait, timeout=40)
    suspended = worker.WorkflowReport(suspend=worker.Suspend(), commands=[schedule("a", "a")])
    report("advance_runs_many", flow.task().token, waiting, workflow=suspended)
    report("settle_steps_many", flow.task().token, waiting, activity=worker.ActivityReport(output=payload()))
    completed = worker.WorkflowReport(complete=worker.Complete(output=payload()))
    report("close_settled_runs_many", flow.task().token, waiting, workflow=completed)
    assert waiting.result().run.status == run.RUN_STATUS_COMPLETED
    proxy.close()
