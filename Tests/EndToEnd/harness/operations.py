"""What operators do to runs, each prepared, asked for, looked at and followed up: for tests that kill the coordinator asked."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from .contract import common, details, run, workflow_service
from .raw import detail_of, local_failure, local_result, schedule, timer
from .service import Service
from .victims import Scene

SOON = 13.0
"""What is lost with a coordinator is found by a scan of the others, every 10 s."""

LATE = 25.0
"""What two scans in a row must find."""

PERMANENT = common.ERROR_KIND_BUSINESS_LOGIC_ERROR
CANCEL, TERMINATE, PAUSE, RESUME, RETRY, SIGNAL = range(1, 7)


class Operation:
    """One call about some runs."""

    statement = ""
    act = "push"
    """What the coordinator does after the commit."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.here = scene.here
        self.queue = scene.queue
        self.runs: list[str] = []
        self.held: dict[str, bytes] = {}
        """The tokens of what the worker is at."""

    def prepare(self, at_victim: bool) -> None:
        self.flow = self.scene.register(at_victim, workflows=["w", "w:2"], activities=["a"])
        self.flow.grant(20, 20)
        self.begin(self.flow.service)
        self.flow.settle_stream()

    def begin(self, service: Service) -> None:
        """Brings the runs to where the operation finds them."""
        raise NotImplementedError

    def call(self, service: Service) -> Any:
        raise NotImplementedError

    def is_changed(self, run_id: str) -> bool:
        """Whether it was done to a run; nothing in between is allowed."""
        raise NotImplementedError

    def go_on(self, runs: list[str]) -> None:
        """What follows for runs that were changed, whatever died: with nobody's help."""
        raise NotImplementedError

    def repeat(self) -> None:
        """The caller, who has heard nothing, asks the other coordinator."""
        self.call(self.here)

    def finish(self) -> None:
        """Everything was done once."""

    # What most of them need

    def start(self, service: Service, **fields: Any) -> tuple[str, Any]:
        """A run and its first task."""
        run_id = service.start("w", self.queue, workflow_version=1, **fields)
        task = self.flow.task()
        assert task.run_id == run_id
        self.runs.append(run_id)
        return run_id, task

    def states(self, run_id: str) -> dict[str, int]:
        return {step.key: step.state for step in self.here.steps(run_id)}

    def tasks(self, runs: list[str]) -> list[Any]:
        """A workflow task of each of these, and no other."""
        tasks = [self.flow.task(SOON) for _ in runs]
        assert sorted(task.run_id for task in tasks) == sorted(runs) and all(task.HasField("workflow") for task in tasks)
        return tasks

    def complete(self, tasks: list[Any]) -> None:
        for task in tasks:
            assert not self.flow.complete(task.token).HasField("rejection")
            assert self.here.wait(task.run_id).status == run.RUN_STATUS_COMPLETED

    def batch(self, service: Service, action: int, **fields: Any) -> Any:
        request = workflow_service.BatchRunsRequest(action=action, filter=run.RunFilter(task_queue=self.queue), **fields)
        messages = list(service.workflows.BatchRuns(request, timeout=20))
        assert messages[-1].finished and not messages[-1].failed, messages
        return messages[-1]


class Pause(Operation):
    statement = "pause_runs_many"
    act = ""

    def begin(self, service: Service) -> None:
        run_id, task = self.start(service)
        self.flow.suspend(task.token, schedule("charge", "elsewhere"))
        self.hands = self.scene.hire(activities=["elsewhere"])

    def call(self, service: Service) -> None:
        service.pause(self.runs[0], "for the test")

    def is_changed(self, run_id: str) -> bool:
        found = (self.here.get(run_id).status, self.states(run_id)["charge"])
        assert found in ((run.RUN_STATUS_WAITING, run.STEP_STATE_READY), (run.RUN_STATUS_PAUSED, run.STEP_STATE_WAITING))
        return found[0] == run.RUN_STATUS_PAUSED

    def go_on(self, runs: list[str]) -> None:
        if runs:
            self.hands.grant(0, 1)
            self.hands.expect_nothing("task", 0.5)

    def finish(self) -> None:
        assert self.here.get(self.runs[0]).status_reason == "for the test"
        self.here.resume(self.runs[0])
        self.hands.output(self.hands.task(SOON).token)
        self.complete(self.tasks(self.runs))


class Resume(Operation):
    statement = "resume_runs_many"

    def begin(self, service: Service) -> None:
        run_id, task = self.start(service)
        service.pause(run_id)
        self.flow.suspend(task.token, schedule("charge", "a"), timer("nap", 0.01))
        service.wait_step(run_id, "nap", run.STEP_STATE_COMPLETED)

    def call(self, service: Service) -> None:
        service.resume(self.runs[0])

    def is_changed(self, run_id: str) -> bool:
        status, charge = self.here.get(run_id).status, self.states(run_id)["charge"]
        if status == run.RUN_STATUS_PAUSED:
            assert charge == run.STEP_STATE_WAITING
            return False
        assert status == run.RUN_STATUS_RUNNING and charge in (run.STEP_STATE_READY, run.STEP_STATE_RUNNING)
        return True

    def go_on(self, runs: list[str]) -> None:
        if runs:
            tasks = [self.flow.task(SOON), self.flow.task(SOON)]
            self.by_kind = {task.WhichOneof("task"): task for task in tasks}

    def finish(self) -> None:
        assert "nap" in [step.key for step in self.by_kind["workflow"].workflow.steps]
        self.flow.output(self.by_kind["activity"].token)
        assert [each.attempt for each in self.here.attempts(self.runs[0], "charge")] == [1]
        self.complete([self.by_kind["workflow"]])


class Retry(Operation):
    statement = "reopen_runs_many"
    count = 1

    def begin(self, service: Service) -> None:
        for _ in range(self.count):
            run_id, task = self.start(service)
            self.flow.go_on(task.token, local_result("first", b"1"), local_failure("second", PERMANENT))
            self.flow.fail(task.token, PERMANENT)
            service.wait(run_id)

    def call(self, service: Service) -> None:
        service.retry(self.runs[0])

    def is_changed(self, run_id: str) -> bool:
        found = self.here.get(run_id)
        before = {"first": run.STEP_STATE_COMPLETED, "second": run.STEP_STATE_FAILED}
        if found.status == run.RUN_STATUS_FAILED:
            assert found.attempt == 1 and self.states(run_id) == before
            return False
        assert found.status == run.RUN_STATUS_RUNNING and found.attempt == 2
        assert self.states(run_id) == {"first": run.STEP_STATE_COMPLETED}
        return True

    def go_on(self, runs: list[str]) -> None:
        tasks = self.tasks(runs)
        assert all(task.attempt == 2 and [step.key for step in task.workflow.steps] == ["first"] for task in tasks)
        self.complete(tasks)

    def repeat(self) -> None:
        if not any(self.is_changed_at_all(run_id) for run_id in self.runs):
            return self.call(self.here)
        with pytest.raises(grpc.RpcError) as refused:
            self.call(self.here)
        assert isinstance(detail_of(refused.value), details.RunNotClosed)

    def is_changed_at_all(self, run_id: str) -> bool:
        return bool(self.here.get(run_id).status != run.RUN_STATUS_FAILED)

    def finish(self) -> None:
        for run_id in self.runs:
            assert self.here.get(run_id).attempt == 2
            assert [each.attempt for each in self.here.attempts(run_id) if not each.step] == [1]


class Fork(Operation):
    statement = "start_fork"

    def begin(self, service: Service) -> None:
        _, task = self.start(service)
        self.flow.go_on(task.token, local_result("first", b"1"))
        self.flow.go_on(task.token, local_result("second", b"2"))
        self.flow.complete(task.token)

    def call(self, service: Service) -> str:
        return service.fork(self.runs[0], "second", workflow_id=f"fork-{self.queue}", request_id=f"fork-{self.queue}")

    def forks(self) -> list[str]:
        return [found.run_id for found in self.here.list_runs(workflow_id_prefix=f"fork-{self.queue}")]

    def is_changed(self, run_id: str) -> bool:
        forks = self.forks()
        assert [self.states(fork) for fork in forks] in ([], [{"first": run.STEP_STATE_COMPLETED}])
        return bool(forks)

    def go_on(self, runs: list[str]) -> None:
        if runs:
            self.fork = self.tasks(self.forks())

    def repeat(self) -> None:
        forks = self.forks()
        answer = self.call(self.here)
        assert not forks or forks == [answer]

    def finish(self) -> None:
        assert len(self.forks()) == 1
        self.complete(self.fork)
