"""Connections to Postgres are lost at commits whose answers nobody gets: what those did goes on at once, and once."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness import (
    Coordinator, Postgres, Service, await_signal, child, common, local_result, open_group, policy, run, schedule, timer, workflow_service,
)  # fmt: skip
from harness.faults import PostgresProxy, Strike
from harness.schedules import Schedules

PLAIN = "?sslmode=disable&gssencmode=disable"
SOON = 3.0
"""Within so many seconds after the last lost answer, everything is done. Two scans in a row would take 10 to 20."""

HANDING_OUT = {
    "start_runs_many", "advance_runs_many", "settle_steps_many", "settle_members_many", "match_signals_many", "claim_runs", "claim_steps",
}  # fmt: skip
"""Statements after whose commit a worker is waiting for a task."""

CUTS = 120
IN_FLIGHT = 24


class Cuts(Strike):
    """Cuts the connection at many commits, before or after the server has done them: at each kind of statement first, then at
    random ones."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.left = 0
        self.last = 0.0
        self.over = threading.Event()
        self.counts: Counter[tuple[str, str]] = Counter()
        self._random = random.Random(seed)
        self._mutex = threading.Lock()

    def begin(self, count: int) -> None:
        self.left = count

    def now(self, point: str, what: Any) -> bool:
        with self._mutex:
            written = [(point, name) for name in what if name.endswith("_many") or name.startswith("claim_")]
            if not self.left or not written:
                return False
            rarest = min(self.counts[each] for each in written)
            if self._random.random() > (0.5 if rarest < 3 else 0.03 if point == "before commit" else 0.1):
                return False
            self.counts.update(written)
            self.left -= 1
            if not self.left:
                self.last = time.monotonic()
                self.over.set()
            return True


class Load:
    """Runs of everything, so many at a time, each waited for from its start on."""

    def __init__(self, service: Service, queue: str) -> None:
        self.service = service
        self.queue = queue
        self.numbers = iter(range(1_000_000))
        self.runs: dict[int, str] = {}
        self.lock = threading.Lock()

    def one(self, until: float | None = None) -> None:
        """One run, from its start to its result."""
        with self.lock:
            number = next(self.numbers)
        request = workflow_service.StartWorkflowRequest(
            workflow_type="everything", workflow_id=f"{self.queue}-{number}", request_id=f"{self.queue}-{number}",
            task_queue=self.queue, input=common.Payload(data=str(number).encode(), encoding="json"),
        )  # fmt: skip
        run_id = self.service.workflows.StartWorkflow(request, timeout=15).run_id
        self.runs[number] = run_id
        self.service.signal(run_id, "go", b"42", request_id="go")
        closed = self.service.wait(run_id, 40)
        assert closed.status == run.RUN_STATUS_COMPLETED, self.service.summary(run_id)
        assert json.loads(closed.output.data) == {
            "first": 2 * number, "both": [0, 2, 4, 6, 8, number], "winner": "fast", "value": 14, "mixed": "far",
            "below": 2 * number, "told": 42,
        }  # fmt: skip

    def keep_going(self, over: threading.Event) -> float:
        """One after the other until it is over; when the last was done."""
        while not over.is_set():
            self.one()
        return time.monotonic()


def test_what_commits_did_whose_answers_were_lost_goes_on_at_once_and_once(
    postgres: Postgres, new_database: Any, new_coordinator: Any, new_worker: Any, tmp_path: Path, queue: str
) -> None:
    cuts = Cuts(seed=1)
    proxy = PostgresProxy(postgres.port, cuts)
    database: str = new_database()
    coordinator = new_coordinator(database.replace(f":{postgres.port}/", f":{proxy.port}/") + PLAIN)
    journal = tmp_path / "journal"
    options = ["--address", coordinator.address, "--queue", queue, "--slots", "200", "--journal", str(journal)]
    new_worker("everything.py", *options).wait_line("welcome")
    load = Load(coordinator.service(), queue)
    load.one()
    cuts.begin(CUTS)
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        ends = list(pool.map(lambda _: load.keep_going(cuts.over), range(IN_FLIGHT)))
    print(f"{len(load.runs)} runs; {dict(cuts.counts)}; all done {max(ends) - cuts.last:.2f} s after the last cut")
    assert max(ends) - cuts.last < SOON
    assert HANDING_OUT <= {name for point, name in cuts.counts if point == "after commit"}

    def query(sql: str) -> list[list[str]]:
        return postgres.query(database, sql)

    counts = dict(query("SELECT workflow_type, count(*) FROM kagzi.runs GROUP BY 1"))
    assert counts == {"everything": str(len(load.runs)), "child": str(len(load.runs))}
    assert query("SELECT run_id FROM kagzi.open_runs") == []
    doubled = "SELECT run_id, settled_seq FROM kagzi.steps WHERE settled_seq IS NOT NULL AND state <> 7 GROUP BY 1, 2 HAVING count(*) > 1"
    assert query(doubled) == []
    assert query("SELECT run_id FROM kagzi.step_attempts") == [], "nothing failed"
    lines = journal.read_text().splitlines()
    assert len(lines) == len(set(lines)), [line for line in lines if lines.count(line) > 1]
    proxy.close()


class One:
    """A coordinator of which one commit's answer is lost, and a worker without an SDK."""

    def __init__(self, strike: Strike, service: Service, raw: Any, queue: str) -> None:
        self.strike = strike
        self.service = service
        self.queue = queue
        self.flow = raw(service, queue, workflows=["w", "scheduled"], activities=["a"])
        self.flow.open()

    def lose(self, statement: str) -> None:
        """The answer of the next commit of this statement."""
        self.strike.struck.clear()
        self.strike.arm("after commit", lambda statements: statement in statements, lambda: None)

    def grant(self) -> None:
        """Slots, known to wait for work: a start hands its task out itself."""
        self.flow.grant(4, 4)
        _, task = self.begin()
        self.complete(task)
        self.flow.grant(1)
        self.flow.settle_stream()

    def begin(self, **fields: Any) -> tuple[str, Any]:
        """A run and its first task."""
        run_id = self.service.start("w", self.queue, **fields)
        task = self.flow.task()
        assert task.run_id == run_id
        return run_id, task

    def next(self, run_id: str = "", step: str = "") -> Any:
        """The task that comes soon though nobody heard of the commit that handed it out, or made it ready."""
        assert self.strike.struck.wait(10), "no answer was lost"
        task = self.flow.task(SOON)
        assert not run_id or task.run_id == run_id
        assert (task.activity.step if task.HasField("activity") else "") == step and task.attempt <= 2
        return task

    def recorded(self, answer: Any) -> None:
        assert not answer.HasField("rejection"), answer

    def complete(self, task: Any) -> None:
        self.recorded(self.flow.complete(task.token))
        assert self.service.wait(task.run_id, SOON).status == run.RUN_STATUS_COMPLETED


def a_start(one: One) -> None:
    one.grant()
    one.lose("start_runs_many")
    run_id = one.service.start("w", one.queue)
    one.complete(one.next(run_id))


def a_claim_of_a_run(one: One) -> None:
    run_id = one.service.start("w", one.queue)
    one.lose("claim_runs")
    one.flow.grant(1)
    one.complete(one.next(run_id))


def a_claim_of_an_activity(one: One) -> None:
    one.flow.grant(2)
    run_id, task = one.begin()
    one.flow.suspend(task.token, schedule("a", "a"))
    one.lose("claim_steps")
    one.flow.grant(0, 1)
    one.recorded(one.flow.output(one.next(run_id, "a").token))
    one.complete(one.flow.task())
    assert [attempt.attempt for attempt in one.service.attempts(run_id, "a")] == [1]


def a_report_that_schedules_an_activity(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.lose("advance_runs_many")
    one.recorded(one.flow.suspend(task.token, schedule("a", "a")))
    one.recorded(one.flow.output(one.next(run_id, "a").token))
    one.complete(one.flow.task())


def a_report_that_goes_on_and_schedules_an_activity(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.lose("advance_runs_many")
    one.recorded(one.flow.go_on(task.token, commands=[schedule("a", "a")]))
    one.recorded(one.flow.output(one.next(run_id, "a").token))
    one.complete(task)


def a_report_that_readies_an_activity_for_later_slots(one: One) -> None:
    one.flow.grant(2)
    run_id, task = one.begin()
    one.flow.grant(0, 1)
    one.flow.suspend(task.token, schedule("a", "a"))
    act = one.flow.task()
    one.recorded(one.flow.output(act.token))
    one.lose("advance_runs_many")
    one.recorded(one.flow.suspend(one.flow.task().token, schedule("b", "a")))
    one.flow.grant(0, 1)
    one.recorded(one.flow.output(one.next(run_id, "b").token))
    one.flow.grant(1)
    one.complete(one.flow.task())


def a_report_that_starts_a_child(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.lose("advance_runs_many")
    one.recorded(one.flow.suspend(task.token, child("below", "w")))
    one.complete(one.next())
    parent = one.flow.task()
    assert parent.run_id == run_id
    one.complete(parent)


def a_report_that_finds_its_signal_there(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.service.signal(run_id, "go")
    one.lose("match_signals_many")
    one.recorded(one.flow.suspend(task.token, await_signal("go", "go")))
    one.complete(one.next(run_id))


def a_report_that_sets_a_timer(one: One) -> None:
    one.grant()
    for _ in range(3):
        run_id, task = one.begin()
        one.lose("advance_runs_many")
        began = time.monotonic()
        one.recorded(one.flow.suspend(task.token, timer("nap", 0.2)))
        one.complete(one.next(run_id))
        assert time.monotonic() - began < 1.5, "a timer beyond what the loop expects is due at the next scan"
        one.flow.grant(2)


def a_timer_that_fires(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.lose("settle_steps_many")
    one.flow.suspend(task.token, timer("nap", 0.2))
    one.complete(one.next(run_id))


def the_end_of_an_activity(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.suspend(task.token, schedule("a", "a"))
    act = one.flow.task()
    one.lose("settle_steps_many")
    one.recorded(one.flow.output(act.token))
    one.complete(one.next(run_id))


def the_end_of_a_group(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    group = open_group("g", run.GROUP_STRATEGY_FAIL_FAST, 1)
    one.flow.suspend(task.token, group, schedule("g/a", "a", group="g"))
    act = one.flow.task()
    one.lose("settle_members_many")
    one.recorded(one.flow.output(act.token))
    task = one.next(run_id)
    assert [group.key for group in task.workflow.groups] == ["g"]
    one.complete(task)


def a_failure_that_is_retried(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.suspend(task.token, schedule("a", "a", retry_policy=policy(2, 0.2)))
    act = one.flow.task()
    one.lose("retry_steps_many")
    one.recorded(one.flow.failure(act.token, common.ERROR_KIND_NETWORK_ERROR))
    again = one.next(run_id, "a")
    assert again.attempt == 2
    one.recorded(one.flow.output(again.token))
    one.complete(one.flow.task())


def a_failure_of_a_run_that_is_retried(one: One) -> None:
    one.grant()
    run_id, task = one.begin(retry_policy=policy(2, 0.2))
    one.lose("restart_runs_many")
    one.recorded(one.flow.fail(task.token, common.ERROR_KIND_NETWORK_ERROR))
    again = one.next(run_id)
    assert again.attempt == 2
    one.complete(again)


def a_run_that_goes_on_as_a_new_one(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.lose("continue_runs_many")
    one.recorded(one.flow.continue_as_new(task.token))
    following = one.next()
    assert following.run_id != run_id and following.workflow_id == task.workflow_id
    one.complete(following)
    assert one.service.get(run_id).status == run.RUN_STATUS_CONTINUED


def a_close_that_somebody_waits_for_afterwards(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.lose("close_settled_runs_many")
    one.recorded(one.flow.complete(task.token))
    # Long after those who waited then were told.
    one.flow.expect_nothing("task", 0.5)
    began = time.monotonic()
    assert one.service.wait(run_id).status == run.RUN_STATUS_COMPLETED
    assert time.monotonic() - began < SOON


def a_close_that_somebody_waits_for(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    request = workflow_service.WaitRunRequest(run_id=run_id)
    request.wait.FromSeconds(20)
    waiting = one.service.workflows.WaitRun.future(request, timeout=25)
    one.lose("close_settled_runs_many")
    one.recorded(one.flow.complete(task.token))
    assert waiting.result(SOON).closed


def the_end_of_a_child(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.suspend(task.token, child("below", "w"))
    below = one.flow.task()
    one.lose("close_settled_runs_many")
    one.recorded(one.flow.complete(below.token))
    one.complete(one.next(run_id))


def a_signal(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.suspend(task.token, await_signal("go", "go"))
    one.lose("signal_runs_many")
    one.service.signal(run_id, "go")
    task = one.next(run_id)
    one.flow.suspend(task.token, await_signal("again", "go"))
    assert one.service.step(run_id, "again").state == run.STEP_STATE_WAITING, "it was recorded twice"
    one.service.signal(run_id, "go")
    one.complete(one.flow.task())


def a_request_to_cancel(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.suspend(task.token, timer("nap", 60))
    one.lose("cancel_runs_many")
    one.service.cancel(run_id)
    task = one.next(run_id)
    assert task.workflow.cancel_requested
    one.complete(task)


def a_request_to_cancel_what_is_at_work(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.lose("cancel_runs_many")
    one.service.cancel(run_id)
    assert one.flow.next("cancel", SOON).token == task.token
    one.complete(task)


def a_request_to_terminate(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.suspend(task.token, schedule("a", "a"))
    act = one.flow.task()
    one.lose("end_runs_many")
    one.service.terminate(run_id)
    assert one.service.wait(run_id, SOON).status == run.RUN_STATUS_TERMINATED
    told = one.flow.next_of(("cancel", "lost"), SOON)
    assert act.token in (told.tokens if hasattr(told, "tokens") else [told.token])


def a_request_to_resume(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.service.pause(run_id)
    one.flow.suspend(task.token, schedule("a", "a"))
    one.lose("resume_runs_many")
    one.service.resume(run_id)
    one.recorded(one.flow.output(one.next(run_id, "a").token))
    one.complete(one.flow.task())


def a_request_to_retry(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.fail(task.token, common.ERROR_KIND_BUSINESS_LOGIC_ERROR)
    one.lose("reopen_runs_many")
    one.service.retry(run_id)
    again = one.next(run_id)
    assert again.attempt == 2
    one.complete(again)


def a_request_to_fork(one: One) -> None:
    one.grant()
    run_id, task = one.begin()
    one.flow.go_on(task.token, local_result("first", b"1"))
    one.flow.go_on(task.token, local_result("second", b"2"))
    one.complete(task)
    one.lose("start_fork")
    fork = one.service.fork(run_id, "second")
    task = one.next(fork)
    assert [step.key for step in task.workflow.steps] == ["first"]
    one.complete(task)


def a_firing_of_a_schedule(one: One) -> None:
    one.grant()
    schedules = Schedules(one.service, one.queue)
    schedules.create(one.queue, cron="0 0 29 2 *")
    one.lose("decide_firings_many")
    schedules.trigger(one.queue)
    task = one.next()
    assert task.workflow_type == "scheduled"
    one.complete(task)
    assert [firing.run_id for firing in schedules.firings(one.queue)] == [task.run_id]


LOST: list[Callable[[One], None]] = [
    a_start, a_claim_of_a_run, a_claim_of_an_activity, a_report_that_schedules_an_activity,
    a_report_that_goes_on_and_schedules_an_activity, a_report_that_readies_an_activity_for_later_slots, a_report_that_starts_a_child,
    a_report_that_finds_its_signal_there, a_report_that_sets_a_timer, a_timer_that_fires, the_end_of_an_activity, the_end_of_a_group,
    a_failure_that_is_retried, a_failure_of_a_run_that_is_retried, a_run_that_goes_on_as_a_new_one, a_close_that_somebody_waits_for,
    a_close_that_somebody_waits_for_afterwards, the_end_of_a_child, a_signal, a_request_to_cancel, a_request_to_cancel_what_is_at_work,
    a_request_to_terminate, a_request_to_resume, a_request_to_retry, a_request_to_fork, a_firing_of_a_schedule,
]  # fmt: skip


@pytest.fixture(scope="module")
def losing(
    binary: Path, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Strike, Service]]:
    """A coordinator that loses answers, for those tests that ask for it one after the other."""
    strike = Strike()
    proxy = PostgresProxy(postgres.port, strike)
    database = postgres.make_database().replace(f":{postgres.port}/", f":{proxy.port}/") + PLAIN
    coordinator = Coordinator(binary, database, tmp_path_factory.mktemp("losing") / "coordinator.log").start()
    yield strike, coordinator.service()
    coordinator.close()
    proxy.close()


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: lost.__name__)
def test_what_a_commit_did_whose_answer_was_lost_goes_on_soon_and_once(
    losing: tuple[Strike, Service], raw: Any, queue: str, lost: Callable[[One], None]
) -> None:
    one = One(*losing, raw, queue)
    lost(one)
    assert one.strike.struck.is_set(), "no answer was lost"
    one.flow.expect_nothing("task", 0.1)
