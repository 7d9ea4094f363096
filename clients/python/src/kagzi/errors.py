"""What can go wrong: in a step, in a run, in a call to the coordinator."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping
from datetime import timedelta
from typing import Any


class ErrorKind(enum.IntEnum):
    """What kind of thing went wrong. The kind decides whether the default predicate retries."""

    NETWORK_ERROR = 1
    SERVICE_UNAVAILABLE = 2
    RATE_LIMITED = 3
    TIMEOUT = 4
    DATABASE_ERROR = 5
    WORKER_LOST = 6
    VALIDATION_FAILED = 7
    NOT_FOUND = 8
    PERMISSION_DENIED = 9
    INVALID_INPUT = 10
    BUSINESS_LOGIC_ERROR = 11
    CANCELLED = 12
    UNKNOWN = 13

    @property
    def retryable(self) -> bool:
        """Whether the default predicate tries again."""
        return self <= ErrorKind.WORKER_LOST


class KagziError(Exception):
    """The base of every error of this package, except `Cancelled`."""


class Cancelled(asyncio.CancelledError):
    """The run or the activity was asked to cancel.

    It is an `asyncio.CancelledError`, so `except Exception` does not catch it. Clean up in
    `except kagzi.Cancelled:` with `async with ctx.uncancellable():`, then raise it again.
    """


class StepError(KagziError):
    """The failure of a step or of a run, with its kind.

    Raise it from a step or an activity to say what kind of failure it is; catch it around `ctx.step` and
    `ctx.activity`. Any other exception that leaves a step arrives as a StepError of the kind that fits.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        source: str = "",
        context: Mapping[str, str] | None = None,
        retryable: bool | None = None,
        retry_after: float | timedelta | None = None,
        code: str = "",
        details: Any = None,
    ) -> None:
        """Describe a failure.

        `retryable` overrides the kind's, `retry_after` (seconds) the policy's next delay. `code` is the application's own
        and can be excluded from retries by `RetryPolicy.non_retryable_codes`. `details` is any payload for a program.
        """
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.source = source
        self.context: dict[str, str] = dict(context or {})
        self._retryable = retryable
        self.retry_after = timedelta(seconds=retry_after) if isinstance(retry_after, (int, float)) else retry_after
        self.code = code
        self.details = details
        self.stack_trace = ""

    @property
    def retryable(self) -> bool:
        """Whether the default predicate tries again: what was said, else what the kind says."""
        return self.kind.retryable if self._retryable is None else self._retryable

    @property
    def retryable_override(self) -> bool | None:
        """What was said about retrying, None when the kind decides."""
        return self._retryable

    def __str__(self) -> str:
        return f"{self.kind.name}: {self.message}"


class DuplicateStepName(KagziError):
    """Two steps of one name are in flight at once: give each its own name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"a step named {name!r} is still in flight: steps that run at once need different names "
            f"(for activities: ctx.activity(..., step='another-name'))"
        )
        self.name = name


class RunEnded(KagziError):
    """A run was awaited and did not complete. Its subclasses say how it ended."""

    def __init__(self, run_id: str, message: str) -> None:
        super().__init__(message)
        self.run_id = run_id


class WorkflowFailed(RunEnded):
    """The run failed; `failure` says why."""

    def __init__(self, run_id: str, failure: StepError) -> None:
        super().__init__(run_id, f"run {run_id} failed: {failure}")
        self.failure = failure

    @property
    def kind(self) -> ErrorKind:
        """The failure's kind."""
        return self.failure.kind


class WorkflowCancelled(RunEnded):
    """The run was cancelled."""


class WorkflowTerminated(RunEnded):
    """The run was terminated."""


class WorkflowTimedOut(RunEnded):
    """The run's timeout passed."""


class RpcError(KagziError):
    """A call was refused or did not get through. Subclasses say more; `code` is the gRPC status, such as `NOT_FOUND`."""

    code: str = "UNKNOWN"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class InvalidField(RpcError):
    """One field of the request cannot be used."""

    code = "INVALID_ARGUMENT"
    field: str = ""


class NotFound(RpcError):
    """There is no such thing; `kind` says what was looked for, `name` which one."""

    code = "NOT_FOUND"
    kind: str = ""
    name: str = ""


class RunNotFound(NotFound):
    """There is no such run."""

    run_id: str = ""
    workflow_id: str = ""


class AlreadyStarted(RpcError):
    """A run holds this workflow id; `run_id` is that run."""

    code = "ALREADY_EXISTS"
    run_id: str = ""


class AlreadyExists(RpcError):
    """There is a thing of this name already; `kind` says what, `name` which one."""

    code = "ALREADY_EXISTS"
    kind: str = ""
    name: str = ""


class RunNotClosed(RpcError):
    """The run is open, or did not end as this action needs; `status` is where it stands."""

    code = "FAILED_PRECONDITION"
    run_id: str = ""
    status: str = ""


class RunClosed(RpcError):
    """The run is closed, so there is nothing to act on; `status` is how it ended."""

    code = "FAILED_PRECONDITION"
    run_id: str = ""
    status: str = ""


class VersionNotRegistered(RpcError):
    """No worker ever registered this version."""

    code = "FAILED_PRECONDITION"
    type: str = ""
    version: int = 0


class VersionDeprecated(RpcError):
    """This version takes no new runs."""

    code = "FAILED_PRECONDITION"
    type: str = ""
    version: int = 0


class LeaseLost(RpcError):
    """The token no longer proves a lease; `taken_by` says who or what took it."""

    code = "FAILED_PRECONDITION"
    run_id: str = ""
    step: str = ""
    taken_by: str = ""


class SessionLost(RpcError):
    """The worker's session has ended."""

    code = "FAILED_PRECONDITION"
    reason: str = ""


class NamespaceDisabled(RpcError):
    """The namespace takes no new work."""

    code = "FAILED_PRECONDITION"
    namespace: str = ""


class PayloadTooLarge(RpcError):
    """A payload is over the limit; nothing was written."""

    code = "RESOURCE_EXHAUSTED"
    field: str = ""
    limit: int = 0
    size: int = 0


class QueueFull(RpcError):
    """A queue of the coordinator is full; `retry_after` (seconds) says when a try is worth it."""

    code = "RESOURCE_EXHAUSTED"
    retry_after: float = 0.0


class Unavailable(RpcError):
    """The coordinator or its database cannot be reached, or the call's fate is unknown."""

    code = "UNAVAILABLE"


class DeadlineExceeded(RpcError):
    """The coordinator did not answer in time."""

    code = "DEADLINE_EXCEEDED"


class Unimplemented(RpcError):
    """This coordinator cannot do this yet."""

    code = "UNIMPLEMENTED"


class Unhealthy(KagziError):
    """A health check found something that does not work; `finding` is what."""

    def __init__(self, finding: Any) -> None:
        super().__init__(f"{finding.subject}: {finding.message}")
        self.finding = finding
