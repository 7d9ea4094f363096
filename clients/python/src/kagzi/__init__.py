"""Kagzi: durable workflows as ordinary Python code.

@workflow("greet")
async def greet(ctx: Context, name: str) -> str:
    return await ctx.step("greet", lambda: f"Hello, {name}")

await Worker(workflows=[greet]).run()                 # one process
print(await Client().execute(greet, "Ada"))           # another
"""

from ._payloads import PayloadError
from ._version import __version__
from .activities import ActivityContext, activity_context
from .client import Client, ConflictPolicy, Handle, ReusePolicy
from .context import Context, StepBuilder
from ._members import Member
from .definitions import Activity, ParentClosePolicy, Workflow, activity, workflow
from .errors import (
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
    RunNotFound,
    SessionLost,
    StepError,
    Unavailable,
    Unimplemented,
    VersionNotRegistered,
    WorkflowCancelled,
    WorkflowFailed,
    WorkflowTerminated,
    WorkflowTimedOut,
)
from .parallel import GroupFailed, ParallelErrorStrategy, ParallelExecutor, ParallelResult, Results
from .retry import RetryPolicy, RetryPredicate
from .runs import Change, Run, RunStatus, Step, StepAttempt, StepKind, StepState
from .worker import Worker

__all__ = [
    "Activity",
    "ActivityContext",
    "AlreadyStarted",
    "Cancelled",
    "Change",
    "Client",
    "ConflictPolicy",
    "Context",
    "DeadlineExceeded",
    "DuplicateStepName",
    "ErrorKind",
    "GroupFailed",
    "Handle",
    "InvalidField",
    "KagziError",
    "LeaseLost",
    "Member",
    "NamespaceDisabled",
    "NotFound",
    "ParallelErrorStrategy",
    "ParallelExecutor",
    "ParallelResult",
    "ParentClosePolicy",
    "PayloadError",
    "PayloadTooLarge",
    "QueueFull",
    "Results",
    "RetryPolicy",
    "RetryPredicate",
    "ReusePolicy",
    "RpcError",
    "Run",
    "RunClosed",
    "RunEnded",
    "RunNotFound",
    "RunStatus",
    "SessionLost",
    "Step",
    "StepAttempt",
    "StepBuilder",
    "StepError",
    "StepKind",
    "StepState",
    "Unavailable",
    "Unimplemented",
    "VersionNotRegistered",
    "Worker",
    "Workflow",
    "WorkflowCancelled",
    "WorkflowFailed",
    "WorkflowTerminated",
    "WorkflowTimedOut",
    "__version__",
    "activity",
    "activity_context",
    "workflow",
]
