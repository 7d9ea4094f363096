"""One parallel group as its run sees it: its members, and whether what its resolution rests on is known here."""

from __future__ import annotations

import asyncio
from collections import deque

from ._failures import error_of
from ._messages import run as records
from ._messages import worker
from ._wait import Wait, is_shielded
from .errors import ErrorKind, StepError

FAIL_FAST = records.GROUP_STRATEGY_FAIL_FAST
COLLECT_ALL = records.GROUP_STRATEGY_COLLECT_ALL
RACE = records.GROUP_STRATEGY_RACE
QUORUM = records.GROUP_STRATEGY_QUORUM

SUCCEEDED = records.GROUP_VERDICT_SUCCEEDED
FAILED = records.GROUP_VERDICT_FAILED
DEADLINE = records.GROUP_VERDICT_DEADLINE
CANCELLED = records.GROUP_VERDICT_CANCELLED

# Codes of the errors that groups themselves throw, the same in every SDK; a program may match them.
GROUP_DEADLINE = "GROUP_DEADLINE"
GROUP_FAILED = "GROUP_FAILED"
GROUP_CANCELLED = "GROUP_CANCELLED"


class Group:
    """A group of one run."""

    def __init__(self, opening: worker.OpenGroup, record: worker.GroupRecord | None) -> None:
        self.opening = opening
        self.key = opening.key
        self.is_shielded = is_shielded.get()
        self.is_open_ended = opening.member_count == 0
        self.is_opened = record is not None
        """Whether the coordinator knows it, or the report on its way says it."""
        self.record = record if record is not None and record.verdict else None
        """How it was resolved."""
        self.members: dict[str, Wait] = {}
        self.future: asyncio.Future[None] | None = None
        """What the function waits for when the group is joined as a whole."""
        self.error: BaseException | None = None
        self.running = 0
        self.queue: deque[tuple[Wait, int, float]] = deque()
        self._succeeded = 0
        self._failed = 0
        self._cancelled = 0
        self.undecided: list[Wait] = []
        """Reported together with the news that the group is resolved: recorded or late, which what comes next tells."""
        self._late: dict[str, Wait] = {}
        self._is_finished = False

    @property
    def has_room(self) -> bool:
        """Whether another local member may run."""
        return self.opening.max_concurrency == 0 or self.running < self.opening.max_concurrency

    # What is known

    def member_settled(self, wait: Wait) -> None:
        """The outcome of a member is known here. Call `check` when all that came together is."""
        if not isinstance(wait.outcome, BaseException):
            self._succeeded += 1
        elif wait.was_cancelled:
            self._cancelled += 1
        else:
            self._failed += 1

    def check(self) -> None:
        """Go on if the group is resolved and everything that the verdict rests on is known here."""
        if self.record is None or self.undecided or self._is_finished:
            return
        if self.future is not None:
            if not self.future.done() and self._is_known(self.record):
                self.future.set_result(None)
        elif self.is_open_ended:
            late, self._late = self._late, {}
            for wait in late.values():
                self.give_up(wait)
            if self._is_known(self.record):
                self._is_finished = True
                for wait in self.members.values():
                    if not wait.is_done:
                        self.give_up(wait)

    def _is_known(self, record: worker.GroupRecord) -> bool:
        if not self.is_open_ended:
            if record.winner:
                return self._is_settled(record.winner)
            if record.failed_step:
                return self._is_settled(record.failed_step)
        # A member that was cancelled by itself counts as failed; one that the resolution cut off counts as neither.
        return self._succeeded >= record.succeeded and self._failed + self._cancelled >= record.failed

    def decide(self) -> None:
        """All that settled elsewhere is known: the counts tell whether undecided results are recorded."""
        waits, self.undecided = self.undecided, []
        record = self.record
        if record is None or (self._succeeded >= record.succeeded and self._failed >= record.failed):
            return
        for wait in waits:
            if wait.output is not None:
                wait.settle(wait.output)
            elif wait.failure is not None:
                wait.settle(error_of(wait.failure))

    def _is_settled(self, key: str) -> bool:
        wait = self.members.get(key)
        return wait is not None and wait.outcome is not None

    def fail(self, error: BaseException) -> None:
        """What waits for the group sees an error instead."""
        if self.future is not None and not self.future.done():
            self.error = error
            self.future.set_result(None)

    # Members that the resolution cut off

    def give_up(self, wait: Wait) -> None:
        """A member was cut off. It sees so after the member whose failure was the reason, on every replay."""
        record = self.record
        assert record is not None
        if record.verdict == FAILED and record.failed_step and not self._is_settled(record.failed_step):
            self._late[wait.key] = wait
        else:
            wait.settle(cut_off(record, wait.key), was_cancelled=True)


def cut_off(record: worker.GroupRecord, what: str) -> StepError:
    """What is thrown for a step or group that its group's resolution cut off."""
    if record.verdict == DEADLINE:
        return StepError(
            ErrorKind.TIMEOUT, f"the deadline of group {record.key!r} passed before {what!r} had ended", code=GROUP_DEADLINE
        )
    if record.failed_step:
        why = f"{record.failed_step!r} failed"
    else:
        why = "it was cancelled" if record.verdict != FAILED else "it could not succeed any more"
    return StepError(ErrorKind.CANCELLED, f"{what!r} was cancelled with its group {record.key!r}: {why}", code=GROUP_CANCELLED)
