"""Kagzi: durable workflows as ordinary Python code.

@workflow("greet")
async def greet(ctx: Context, name: str) -> str:
    return await ctx.step("greet", lambda: f"Hello, {name}")

await Worker(workflows=[greet]).run()                 # one process
print(await Client().execute(greet, "Ada"))           # another
"""

from ._members import Member
from ._payloads import PayloadError
from ._version import __version__
from .activities import ActivityContext, activity_context
from .batches import BatchAction, BatchProgress
from .client import Client, ConflictPolicy, ReusePolicy
from .context import Context, StepBuilder
from .definitions import Activity, ParentClosePolicy, Workflow, activity, workflow
from .errors import (
    AlreadyExists,
    AlreadyStarted,
    Cancelled,
    DeadlineExceeded,
    DuplicateStepName,
    ErrorKind,
    InvalidField,
    KagziError,
    LeaseLost,
    NamespaceDisabled,
    NotFound,
    PayloadTooLarge,
    QueueFull,
    RpcError,
    RunClosed,
    RunEnded,
    RunNotClosed,
    RunNotFound,
    SessionLost,
    StepError,
    Unavailable,
    Unhealthy,
    Unimplemented,
    VersionDeprecated,
    VersionNotRegistered,
    WorkflowCancelled,
    WorkflowFailed,
    WorkflowTerminated,
    WorkflowTimedOut,
)
from .facade import Kagzi
from .handle import Handle
from .health import Finding, HealthCheckConfig, HealthChecker, HealthStatus, SystemHealth, WorkerHealth
from .namespaces import Namespace
from .parallel import GroupFailed, ParallelErrorStrategy, ParallelExecutor, ParallelResult, Results
from .queues import Queue, QueueEntry
from .retry import RetryPolicy, RetryPredicate
from .runs import (
    Change,
    Explanation,
    Group,
    GroupStrategy,
    GroupVerdict,
    Run,
    RunStatus,
    Step,
    StepAttempt,
    StepKind,
    StepState,
)
from .schedules import FiringCause, OverlapPolicy, Schedule, ScheduleFiring
from .server import ServerInfo
from .types import MoveProgress, TypeInfo, VersionInfo
from .worker import Worker
from .worker_builder import WorkerBuilder
from .workers import WorkerEvent, WorkerInfo, WorkerStatus

WorkflowContext = Context
"""The context by its longer name."""

__all__ = [
    "Activity",
    "ActivityContext",
    "AlreadyExists",
    "AlreadyStarted",
    "BatchAction",
    "BatchProgress",
    "Cancelled",
    "Change",
    "Client",
    "ConflictPolicy",
    "Context",
    "DeadlineExceeded",
    "DuplicateStepName",
    "ErrorKind",
    "Explanation",
    "Finding",
    "FiringCause",
    "Group",
    "GroupFailed",
    "GroupStrategy",
    "GroupVerdict",
    "Handle",
    "HealthCheckConfig",
    "HealthChecker",
    "HealthStatus",
    "InvalidField",
    "Kagzi",
    "KagziError",
    "LeaseLost",
    "Member",
    "MoveProgress",
    "Namespace",
    "NamespaceDisabled",
    "NotFound",
    "OverlapPolicy",
    "ParallelErrorStrategy",
    "ParallelExecutor",
    "ParallelResult",
    "ParentClosePolicy",
    "PayloadError",
    "PayloadTooLarge",
    "Queue",
    "QueueEntry",
    "QueueFull",
    "Results",
    "RetryPolicy",
    "RetryPredicate",
    "ReusePolicy",
    "RpcError",
    "Run",
    "RunClosed",
    "RunEnded",
    "RunNotClosed",
    "RunNotFound",
    "RunStatus",
    "Schedule",
    "ScheduleFiring",
    "ServerInfo",
    "SessionLost",
    "Step",
    "StepAttempt",
    "StepBuilder",
    "StepError",
    "StepKind",
    "StepState",
    "SystemHealth",
    "TypeInfo",
    "Unavailable",
    "Unhealthy",
    "Unimplemented",
    "VersionDeprecated",
    "VersionInfo",
    "VersionNotRegistered",
    "Worker",
    "WorkerBuilder",
    "WorkerEvent",
    "WorkerHealth",
    "WorkerInfo",
    "WorkerStatus",
    "Workflow",
    "WorkflowCancelled",
    "WorkflowContext",
    "WorkflowFailed",
    "WorkflowTerminated",
    "WorkflowTimedOut",
    "__version__",
    "activity",
    "activity_context",
    "workflow",
]
