"""The options of activities and children, for type checkers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ._times import Seconds
from .definitions import ParentClosePolicy
from .retry import RetryPolicy


class ActivityOptions(TypedDict, total=False):
    """See `Context.activity`."""

    step: str | None
    retry: RetryPolicy | None
    version: int | None
    task_queue: str | None
    priority: int | None
    schedule_to_start_timeout: Seconds | None
    start_to_close_timeout: Seconds | None
    schedule_to_close_timeout: Seconds | None
    heartbeat_timeout: Seconds | None
    returns: Any


class ChildOptions(TypedDict, total=False):
    """See `Context.child`."""

    step: str | None
    id: str | None
    version: int | None
    task_queue: str | None
    parent_close_policy: ParentClosePolicy | None
    run_timeout: Seconds | None
    retry: RetryPolicy | None
    tags: Mapping[str, str] | None
    returns: Any
