"""A stock grpcio client of every service, with the few calls that most tests make."""

from __future__ import annotations

from typing import Any

import grpc
from kagzi._generated.kagzi.v1 import (
    admin_service_pb2_grpc,
    registry_service_pb2_grpc,
    schedule_service_pb2_grpc,
    worker_service_pb2_grpc,
    workflow_service_pb2_grpc,
)

from .contract import common, run, workflow_service

CALL = 15.0


class Service:
    def __init__(self, address: str, namespace: str = "") -> None:
        self.address = address
        self.namespace = namespace
        limits = [("grpc.max_receive_message_length", 16 << 20), ("grpc.initial_reconnect_backoff_ms", 100)]
        self.channel = grpc.insecure_channel(address, [*limits, ("grpc.max_reconnect_backoff_ms", 300)])
        self.workflows: Any = workflow_service_pb2_grpc.WorkflowServiceStub(self.channel)
        self.workers: Any = worker_service_pb2_grpc.WorkerServiceStub(self.channel)
        self.registry: Any = registry_service_pb2_grpc.RegistryServiceStub(self.channel)
        self.schedules: Any = schedule_service_pb2_grpc.ScheduleServiceStub(self.channel)
        self.admin: Any = admin_service_pb2_grpc.AdminServiceStub(self.channel)

    def close(self) -> None:
        self.channel.close()

    def start(self, workflow_type: str, queue: str, data: bytes = b"null", **fields: Any) -> str:
        """Starts a run; its id."""
        response = self.start_response(workflow_type, queue, data, **fields)
        return str(response.run_id)

    def start_response(self, workflow_type: str, queue: str, data: bytes = b"null", **fields: Any) -> Any:
        fields.setdefault("namespace", self.namespace)
        request = workflow_service.StartWorkflowRequest(
            workflow_type=workflow_type, task_queue=queue, input=common.Payload(data=data, encoding="json"), **fields
        )
        return self.workflows.StartWorkflow(request, timeout=CALL)

    def get(self, run_id: str) -> Any:
        request = workflow_service.GetRunRequest(namespace=self.namespace, run_id=run_id)
        return self.workflows.GetRun(request, timeout=CALL).run

    def wait(self, run_id: str, seconds: float = 30) -> Any:
        """The run, closed."""
        request = workflow_service.WaitRunRequest(namespace=self.namespace, run_id=run_id)
        request.wait.FromMilliseconds(int(seconds * 1_000))
        response = self.workflows.WaitRun(request, timeout=seconds + 5)
        assert response.closed, f"not closed after {seconds} s: {self.summary(run_id)}"
        return response.run

    def summary(self, run_id: str) -> str:
        """Where a run stands, in a line."""
        steps = [f"{step.key}:{run.StepState.Name(step.state)}:{step.attempt}" for step in self.steps(run_id)]
        found = self.get(run_id)
        return f"{run_id} {run.RunStatus.Name(found.status)} {found.status_reason} held by {found.session_id}: {steps}"

    def steps(self, run_id: str, page_size: int = 1_000) -> list[Any]:
        steps, token = [], ""
        while True:
            request = workflow_service.ListStepsRequest(
                namespace=self.namespace, run_id=run_id, include_payloads=True, page_size=page_size, page_token=token
            )
            response = self.workflows.ListSteps(request, timeout=CALL)
            steps.extend(response.steps)
            token = response.next_page_token
            if not token:
                return steps

    def groups(self, run_id: str, page_size: int = 1_000) -> list[Any]:
        groups, token = [], ""
        while True:
            request = workflow_service.ListGroupsRequest(run_id=run_id, page_size=page_size, page_token=token)
            response = self.workflows.ListGroups(request, timeout=CALL)
            groups.extend(response.groups)
            token = response.next_page_token
            if not token:
                return groups

    def group(self, run_id: str, key: str) -> Any:
        return next(group for group in self.groups(run_id) if group.key == key)

    def step(self, run_id: str, key: str) -> Any:
        return next(step for step in self.steps(run_id) if step.key == key)

    def attempts(self, run_id: str, step: str = "", page_size: int = 1_000) -> list[Any]:
        attempts, token = [], ""
        while True:
            request = workflow_service.ListStepAttemptsRequest(
                namespace=self.namespace, run_id=run_id, step=step, page_size=page_size, page_token=token
            )
            response = self.workflows.ListStepAttempts(request, timeout=CALL)
            attempts.extend(response.attempts)
            token = response.next_page_token
            if not token:
                return attempts

    def cancel(self, run_id: str, reason: str = "") -> None:
        request = workflow_service.CancelRunRequest(namespace=self.namespace, run_id=run_id, reason=reason)
        self.workflows.CancelRun(request, timeout=CALL)

    def terminate(self, run_id: str, reason: str = "") -> None:
        request = workflow_service.TerminateRunRequest(namespace=self.namespace, run_id=run_id, reason=reason)
        self.workflows.TerminateRun(request, timeout=CALL)

    def signal(self, run_id: str, name: str, data: bytes = b"null", **fields: Any) -> str:
        """Signals a run; the run that got it."""
        request = workflow_service.SignalWorkflowRequest(
            run_id=run_id, signal_name=name, payload=common.Payload(data=data, encoding="json"), **fields
        )
        return str(self.workflows.SignalWorkflow(request, timeout=CALL).run_id)

    def list_runs(self, **fields: Any) -> list[Any]:
        """The newest runs that a filter chooses."""
        request = workflow_service.ListRunsRequest(filter=run.RunFilter(**fields), page_size=1_000)
        return list(self.workflows.ListRuns(request, timeout=CALL).runs)

    def pause(self, run_id: str, reason: str = "") -> None:
        self.workflows.PauseRun(workflow_service.PauseRunRequest(run_id=run_id, reason=reason), timeout=CALL)

    def resume(self, run_id: str) -> None:
        self.workflows.ResumeRun(workflow_service.ResumeRunRequest(run_id=run_id), timeout=CALL)

    def retry(self, run_id: str) -> None:
        self.workflows.RetryRun(workflow_service.RetryRunRequest(run_id=run_id), timeout=CALL)

    def fork(self, run_id: str, from_step: str, **fields: Any) -> str:
        """Forks a run; the new run's id."""
        request = workflow_service.ForkRunRequest(run_id=run_id, from_step=from_step, **fields)
        return str(self.workflows.ForkRun(request, timeout=CALL).run_id)

    def explain(self, run_id: str) -> Any:
        return self.workflows.ExplainRun(workflow_service.ExplainRunRequest(run_id=run_id), timeout=CALL)

    def watch(self, run_id: str, after: int = 0, timeout: float = 30) -> Any:
        request = workflow_service.WatchRunRequest(namespace=self.namespace, run_id=run_id, after_sequence=after)
        return self.workflows.WatchRun(request, timeout=timeout)

    def wait_step(self, run_id: str, key: str, state: int, timeout: float = 30) -> Any:
        """Waits, by WatchRun, until a step is seen in a state; the step."""
        for change in self.watch(run_id, timeout=timeout):
            kind = change.WhichOneof("change")
            if kind in ("step_scheduled", "step_settled") and getattr(change, kind).key == key:
                if getattr(change, kind).state == state:
                    return getattr(change, kind)
        raise AssertionError(f"step {key} was never in state {run.StepState.Name(state)}")
