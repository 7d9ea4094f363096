"""What a workflow function waits for: one step, plain or a member of a group."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ._call import Call
from ._messages import common, worker
from ._messages import run as records

if TYPE_CHECKING:
    from ._group import Group

SETTLED = (records.STEP_STATE_COMPLETED, records.STEP_STATE_FAILED, records.STEP_STATE_CANCELLED)

is_shielded: ContextVar[bool] = ContextVar("kagzi_is_shielded", default=False)
"""True inside `ctx.uncancellable()`, in the tasks it starts too."""


class Wait:
    """A step that the function asked for, until its outcome is known.

    `future` is what the function awaits; a member of a group that is joined as a whole has none, the group has.
    """

    __slots__ = ("attempt", "call", "failure", "future", "group", "is_detached", "is_left", "is_shielded", "key", "kind",
                 "name", "outcome", "output", "policy", "record", "started", "task", "timer", "was_cancelled")  # fmt: skip

    def __init__(self, key: str, name: str, kind: int, shielded: bool, group: Group | None = None) -> None:
        self.key = key
        self.name = name
        self.kind = kind
        self.is_shielded = shielded
        self.group = group
        self.future: asyncio.Future[None] | None = None
        self.outcome: common.Payload | BaseException | None = None
        self.was_cancelled = False
        self.record: worker.StepRecord | None = None
        # Of a local step:
        self.call: Call | None = None
        self.policy: common.RetryPolicy | None = None
        self.attempt = 1
        self.started = 0.0
        self.task: asyncio.Task[Any] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.output: common.Payload | None = None
        self.failure: common.Failure | None = None
        self.is_left = False  # its next attempt comes with a later task
        self.is_detached = False  # whatever comes of its attempt is of no use

    @property
    def is_done(self) -> bool:
        """Whether its outcome is known, or nobody waits for it any more."""
        return self.outcome is not None or (self.future is not None and self.future.done())

    def settle(self, outcome: common.Payload | BaseException, was_cancelled: bool = False) -> None:
        """Its outcome is known; the first one counts."""
        if self.is_done:
            return
        self.outcome = outcome
        self.was_cancelled = was_cancelled
        if self.future is not None:
            self.future.set_result(None)
        if self.group is not None:
            self.group.member_settled(self)
