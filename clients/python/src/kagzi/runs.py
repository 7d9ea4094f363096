"""Runs, steps and attempts as a client sees them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import _payloads
from ._failures import error_of
from ._messages import Timestamp, common, worker_service, workflow_service
from ._messages import run as messages
from ._times import datetime_of, seconds_of
from .errors import StepError


class RunStatus(enum.IntEnum):
    """The life of a run."""

    PENDING = 1
    RUNNING = 2
    WAITING = 3
    SLEEPING = 4
    PAUSED = 5
    COMPLETED = 6
    FAILED = 7
    CANCELLED = 8
    TERMINATED = 9
    TIMED_OUT = 10
    CONTINUED = 11

    @property
    def is_closed(self) -> bool:
        """Whether the run has ended."""
        return self >= RunStatus.COMPLETED


class StepKind(enum.IntEnum):
    """What a step is."""

    LOCAL = 1
    ACTIVITY = 2
    SLEEP = 3
    CHILD = 4
    SIGNAL = 5


class StepState(enum.IntEnum):
    """Where a step stands."""

    READY = 1
    RUNNING = 2
    WAITING = 3
    RETRYING = 4
    COMPLETED = 5
    FAILED = 6
    CANCELLED = 7


@dataclass(frozen=True)
class Run:
    """One execution of a workflow. Lists carry no payloads: there `input()` and `output()` are None."""

    run_id: str
    workflow_id: str
    namespace: str
    workflow_name: str
    version: int
    task_queue: str
    status: RunStatus
    status_reason: str
    failure: StepError | None
    priority: int
    tags: dict[str, str]
    created_at: datetime | None
    started_at: datetime | None
    closed_at: datetime | None
    next_wake_at: datetime | None
    cancel_requested: bool
    attempt: int
    sequence: int
    parent_run_id: str
    """The run that started it as a child, if any."""
    parent_step: str
    related_run_id: str
    """The run that continued this one, or that this one continues or was forked from, if any."""
    _message: messages.Run = field(repr=False, compare=False)

    def input(self, hint: Any = Any) -> Any:
        """The input, as a type if one is given."""
        return _decode(self._message, "input", hint)

    def output(self, hint: Any = Any) -> Any:
        """The output of a completed run, as a type if one is given."""
        return _decode(self._message, "output", hint)

    @staticmethod
    def of(run: messages.Run) -> Run:
        """From the contract's message."""
        return Run(
            run_id=run.run_id,
            workflow_id=run.workflow_id,
            namespace=run.namespace,
            workflow_name=run.workflow_type,
            version=run.workflow_version,
            task_queue=run.task_queue,
            status=RunStatus(run.status),
            status_reason=run.status_reason,
            failure=_failure(run, "failure"),
            priority=run.priority,
            tags=dict(run.tags),
            created_at=_time(run, "created_at"),
            started_at=_time(run, "started_at"),
            closed_at=_time(run, "closed_at"),
            next_wake_at=_time(run, "next_wake_at"),
            cancel_requested=run.cancel_requested,
            attempt=run.attempt,
            sequence=run.sequence,
            parent_run_id=run.parent_run_id,
            parent_step=run.parent_step,
            related_run_id=run.related_run_id,
            _message=run,
        )


@dataclass(frozen=True)
class Step:
    """A named unit inside a run whose outcome is recorded once."""

    key: str
    kind: StepKind
    state: StepState
    attempt: int
    activity_name: str
    activity_version: int
    task_queue: str
    failure: StepError | None
    due_at: datetime | None
    scheduled_at: datetime | None
    started_at: datetime | None
    settled_at: datetime | None
    group: str
    """The parallel group it belongs to, if any."""
    child_run_id: str
    signal_name: str
    _message: messages.Step = field(repr=False, compare=False)

    def input(self, hint: Any = Any) -> Any:
        """An activity's input, if payloads were asked for."""
        return _decode(self._message, "input", hint)

    def output(self, hint: Any = Any) -> Any:
        """The output of a completed step, if payloads were asked for."""
        return _decode(self._message, "output", hint)

    def progress(self, hint: Any = Any) -> Any:
        """What an activity said last by its heartbeat, if payloads were asked for."""
        return _decode(self._message, "progress", hint)

    @staticmethod
    def of(step: messages.Step) -> Step:
        """From the contract's message."""
        return Step(
            key=step.key,
            kind=StepKind(step.kind),
            state=StepState(step.state),
            attempt=step.attempt,
            activity_name=step.activity_type,
            activity_version=step.activity_version,
            task_queue=step.task_queue,
            failure=_failure(step, "failure"),
            due_at=_time(step, "due_at"),
            scheduled_at=_time(step, "scheduled_at"),
            started_at=_time(step, "started_at"),
            settled_at=_time(step, "settled_at"),
            group=step.group,
            child_run_id=step.child_run_id,
            signal_name=step.signal_name,
            _message=step,
        )


@dataclass(frozen=True)
class StepAttempt:
    """One execution of a step."""

    step: str
    attempt: int
    worker_id: str
    started_at: datetime | None
    ended_at: datetime | None
    failure: StepError | None
    retry_delay: float | None

    @staticmethod
    def of(attempt: messages.StepAttempt) -> StepAttempt:
        """From the contract's message."""
        return StepAttempt(
            step=attempt.step,
            attempt=attempt.attempt,
            worker_id=attempt.worker_id,
            started_at=_time(attempt, "started_at"),
            ended_at=_time(attempt, "ended_at"),
            failure=_failure(attempt, "failure"),
            retry_delay=seconds_of(attempt.retry_delay) if attempt.HasField("retry_delay") else None,
        )


class GroupStrategy(enum.IntEnum):
    """How a parallel group is joined."""

    FAIL_FAST = 1
    COLLECT_ALL = 2
    RACE = 3
    QUORUM = 4


class GroupVerdict(enum.IntEnum):
    """How a parallel group was resolved."""

    OPEN = 0
    SUCCEEDED = 1
    FAILED = 2
    DEADLINE = 3
    CANCELLED = 4


@dataclass(frozen=True)
class Group:
    """A parallel group of a run, and how far it is."""

    key: str
    strategy: GroupStrategy
    verdict: GroupVerdict
    member_count: int
    """0 when members come one by one."""
    succeeded: int
    failed: int
    quorum: int
    max_concurrency: int
    winner: str
    parent_step: str
    opened_at: datetime | None
    resolved_at: datetime | None
    deadline_at: datetime | None

    @staticmethod
    def of(group: messages.Group) -> Group:
        """From the contract's message."""
        return Group(
            key=group.key,
            strategy=GroupStrategy(group.strategy),
            verdict=GroupVerdict(group.verdict),
            member_count=group.member_count,
            succeeded=group.succeeded,
            failed=group.failed,
            quorum=group.quorum,
            max_concurrency=group.max_concurrency,
            winner=group.winner,
            parent_step=group.parent_step,
            opened_at=_time(group, "opened_at"),
            resolved_at=_time(group, "resolved_at"),
            deadline_at=_time(group, "deadline_at"),
        )


@dataclass(frozen=True)
class Explanation:
    """Why a run does not move."""

    run: Run
    reasons: list[str]
    """What it waits for, most important first."""
    remedies: list[str]
    """What would move it."""
    next_wake_at: datetime | None

    @staticmethod
    def of(response: workflow_service.ExplainRunResponse) -> Explanation:
        """From the contract's message."""
        return Explanation(Run.of(response.run), list(response.reasons), list(response.remedies), _time(response, "next_wake_at"))


@dataclass(frozen=True)
class Change:
    """One change of a run, as `Handle.watch` gives them. Exactly one of the four is set, the kind says which."""

    sequence: int
    kind: str
    """`run`, `step_scheduled`, `attempt_failed` or `step_settled`."""
    at: datetime | None
    run: Run | None = None
    step: Step | None = None
    attempt: StepAttempt | None = None

    @staticmethod
    def of(response: workflow_service.WatchRunResponse) -> Change:
        """From the contract's message."""
        kind = response.WhichOneof("change") or ""
        change: Any = getattr(response, kind) if kind else None
        return Change(
            sequence=response.sequence,
            kind=kind,
            at=_time(response, "at"),
            run=Run.of(change) if kind == "run" else None,
            step=Step.of(change) if kind.startswith("step_") else None,
            attempt=StepAttempt.of(change) if kind == "attempt_failed" else None,
        )


_Message = (
    messages.Run | messages.Step | messages.StepAttempt | messages.Group | workflow_service.WatchRunResponse
    | workflow_service.ExplainRunResponse | worker_service.CompleteActivityRequest
)  # fmt: skip


def _time(message: _Message, name: str) -> datetime | None:
    if not message.HasField(name):
        return None
    value: Timestamp = getattr(message, name)
    return datetime_of(value)


def _failure(message: _Message, name: str) -> StepError | None:
    if not message.HasField(name):
        return None
    value: common.Failure = getattr(message, name)
    return error_of(value)


def _decode(message: _Message, name: str, hint: Any) -> Any:
    if not message.HasField(name):
        return None
    value: common.Payload = getattr(message, name)
    return _payloads.decode(value, hint)
