"""What an activity function sees of its task."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Protocol

from . import _payloads
from ._messages import worker
from ._times import seconds_of
from .errors import Cancelled

_current: ContextVar[ActivityContext] = ContextVar("kagzi_activity")


class ActivityHost(Protocol):
    """What an activity's context needs from its worker."""

    def activity_beat(self, token: bytes, details: Any) -> None:
        """Send progress; may be called from any thread."""
        ...


class ActivityContext:
    """The task of a running activity. Get it by `activity_context()`, or as the first parameter of the function."""

    def __init__(self, task: worker.Task, host: ActivityHost) -> None:
        """Made by the worker."""
        self._task = task
        self._host = host
        self._cancelled = threading.Event()
        self.cancel_reason = ""
        self.completes_later = False

    @property
    def run_id(self) -> str:
        """The run that asked for it."""
        return self._task.run_id

    @property
    def workflow_id(self) -> str:
        """The run's workflow id."""
        return self._task.workflow_id

    @property
    def workflow_name(self) -> str:
        """The run's workflow."""
        return self._task.workflow_type

    @property
    def name(self) -> str:
        """The activity's registered name."""
        return self._task.activity.activity_type

    @property
    def version(self) -> int:
        """The activity's version."""
        return self._task.activity.activity_version

    @property
    def step(self) -> str:
        """The step's key in the run. With the run id it makes a good idempotency key."""
        return self._task.activity.step

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._task.attempt

    @property
    def namespace(self) -> str:
        """The run's namespace."""
        return self._task.namespace or "default"

    @property
    def heartbeat_timeout(self) -> float | None:
        """How often a heartbeat is needed at least, in seconds; None: none is needed."""
        activity = self._task.activity
        return seconds_of(activity.heartbeat_timeout) if activity.HasField("heartbeat_timeout") else None

    @property
    def headers(self) -> Mapping[str, str]:
        """The run's headers, such as trace context."""
        return self._task.headers

    @property
    def token(self) -> bytes:
        """Proves the task; whoever holds it can complete it after `complete_later()`."""
        return self._task.token

    @property
    def progress(self) -> Any:
        """What an earlier attempt said last by `heartbeat(details)`, in whatever language; None if nothing."""
        return self.progress_as(Any)

    def progress_as(self, hint: Any) -> Any:
        """`progress` as a type."""
        activity = self._task.activity
        return _payloads.decode(activity.progress, hint) if activity.HasField("progress") else None

    @property
    def is_cancelled(self) -> bool:
        """Whether the activity was asked to cancel. An async function is also cancelled by asyncio; a thread looks here."""
        return self._cancelled.is_set()

    def heartbeat(self, details: Any = None) -> None:
        """Say that it is alive, and how far it is. Throws `Cancelled` when it was asked to cancel. From any thread."""
        if self._cancelled.is_set():
            raise Cancelled(self.cancel_reason)
        self._host.activity_beat(self._task.token, details)

    def complete_later(self) -> bytes:
        """What the function returns is not the result: someone completes it by the token that this returns.

        See `Client.complete_activity` and `Client.fail_activity`.
        """
        self.completes_later = True
        return self._task.token

    def cancel(self, reason: str) -> None:
        """Called by the worker."""
        self.cancel_reason = reason
        self._cancelled.set()


def activity_context() -> ActivityContext:
    """The context of the activity that runs here; a LookupError outside of one."""
    try:
        return _current.get()
    except LookupError:
        raise LookupError("no activity runs here") from None


def enter(context: ActivityContext) -> None:
    """Make it the current one; called by the worker in the activity's own task."""
    _current.set(context)
