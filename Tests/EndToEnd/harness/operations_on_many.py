"""Operations on many runs, for tests that kill the coordinator asked: each run is changed wholly or not at all."""

from __future__ import annotations

from typing import Any

from .contract import common, registry, run, worker
from .operations import CANCEL, LATE, RETRY, SIGNAL, TERMINATE, Operation, Retry
from .raw import await_signal, payload, schedule
from .service import Service

CANCELLED = common.ERROR_KIND_CANCELLED


class Move(Operation):
    """A run at work, and one that waits for a signal."""

    statement = "move_runs_many"

    def begin(self, service: Service) -> None:
        run_id, task = self.start(service)
        self.held[run_id] = task.token
        run_id, task = self.start(service)
        self.flow.suspend(task.token, await_signal("go", "go"))

    def call(self, service: Service) -> None:
        request = registry.MoveRunsRequest(
            workflow_type="w", from_version=1, to_version=2, filter=run.RunFilter(task_queue=self.queue)
        )
        messages = list(service.registry.MoveRuns(request, timeout=20))
        assert messages[-1].finished and not messages[-1].conflicts, messages

    def is_changed(self, run_id: str) -> bool:
        return bool(self.here.get(run_id).workflow_version == 2)

    def go_on(self, runs: list[str]) -> None:
        for run_id in runs:
            if run_id not in self.held:
                self.here.signal(run_id, "go", request_id="go")
        tasks = self.tasks(runs)
        assert {task.workflow_version for task in tasks} <= {2}
        for run_id in runs:
            if run_id in self.held:
                assert list(self.flow.next("lost", LATE).tokens) == [self.held[run_id]]
        self.complete(tasks)


class Held(Operation):
    """Two runs at work, and two that wait for activities at work."""

    act = "calling off"

    def begin(self, service: Service) -> None:
        for _ in range(2):
            run_id, task = self.start(service)
            self.held[run_id] = task.token
        for _ in range(2):
            run_id, task = self.start(service)
            self.flow.suspend(task.token, schedule("charge", "a"))
            self.held[run_id] = self.flow.task().token

    def is_at_work(self, run_id: str) -> bool:
        """Whether its workflow task is held."""
        return self.runs.index(run_id) < 2

    def told(self, kinds: tuple[str, ...], tokens: set[bytes]) -> None:
        """Until the worker was told of all these tasks."""
        while tokens:
            message = self.flow.next_of(kinds, LATE)
            tokens -= set(message.tokens) if hasattr(message, "tokens") else {message.token}


class Terminate(Held):
    statement = "end_runs_many"

    def call(self, service: Service) -> None:
        self.batch(service, TERMINATE)

    def is_changed(self, run_id: str) -> bool:
        is_ended = bool(self.here.get(run_id).status == run.RUN_STATUS_TERMINATED)
        steps = list(self.states(run_id).values())
        expected = run.STEP_STATE_CANCELLED if is_ended else run.STEP_STATE_RUNNING
        assert steps == ([] if self.is_at_work(run_id) else [expected])
        return is_ended

    def go_on(self, runs: list[str]) -> None:
        self.told(("cancel", "lost"), {self.held[run_id] for run_id in runs})

    def finish(self) -> None:
        for run_id in self.runs:
            assert self.is_changed(run_id)
            report = self.flow.complete if self.is_at_work(run_id) else self.flow.output
            assert report(self.held[run_id]).rejection.reason == worker.REJECTION_REASON_LEASE_LOST


class Cancel(Held):
    statement = "cancel_runs_many"

    def call(self, service: Service) -> None:
        self.batch(service, CANCEL, reason="enough")

    def is_changed(self, run_id: str) -> bool:
        return bool(self.here.get(run_id).cancel_requested)

    def go_on(self, runs: list[str]) -> None:
        """The code of each is told. What it does for its cleanup is not called off when the caller asks again."""
        at_work = [run_id for run_id in runs if self.is_at_work(run_id)]
        # Tasks are accepted before anything else is waited for.
        for task in self.tasks([run_id for run_id in runs if run_id not in at_work]):
            assert task.workflow.cancel_requested and task.workflow.cancel_reason == "enough"
            self.held[task.run_id] = task.token
        self.told(("cancel",), {self.held[run_id] for run_id in at_work})
        for run_id in runs:
            self.flow.go_on(self.held[run_id], commands=[schedule("tidy", "a")])
            self.tidying[run_id] = self.flow.task().token

    def prepare(self, at_victim: bool) -> None:
        self.tidying: dict[str, bytes] = {}
        super().prepare(at_victim)

    def finish(self) -> None:
        self.repeat()
        for run_id, token in self.tidying.items():
            assert not self.flow.output(token).HasField("rejection")
            self.flow.fail(self.held[run_id], CANCELLED)
            assert self.here.wait(run_id).status == run.RUN_STATUS_CANCELLED
        assert set(self.tidying) == set(self.runs)
        assert not set(self.tidying.values()) & {cancel.token for cancel in self.flow.kept("cancel")}


class Signal(Operation):
    statement = "signal_runs_many"

    def begin(self, service: Service) -> None:
        for _ in range(3):
            _, task = self.start(service)
            self.flow.suspend(task.token, await_signal("go", "go"))

    def call(self, service: Service) -> None:
        self.batch(service, SIGNAL, signal_name="go", payload=payload(b"7"), request_id="go")

    def is_changed(self, run_id: str) -> bool:
        step = self.here.step(run_id, "go")
        assert step.output.data == (b"7" if step.state == run.STEP_STATE_COMPLETED else b"")
        return bool(step.state == run.STEP_STATE_COMPLETED)

    def go_on(self, runs: list[str]) -> None:
        for task in self.tasks(runs):
            self.flow.suspend(task.token, await_signal("again", "go"))

    def finish(self) -> None:
        for run_id in self.runs:
            assert self.states(run_id) == {"go": run.STEP_STATE_COMPLETED, "again": run.STEP_STATE_WAITING}


class RetryMany(Retry):
    count = 3

    def call(self, service: Service) -> None:
        self.batch(service, RETRY)

    def repeat(self) -> None:
        self.call(self.here)
