"""The parallel groups of a run: opened with their first member, resolved by the coordinator alone.

Members are steps like any other, each recorded by itself. What the SDK adds: local members run at once here, at most
`max_concurrency` at a time; when the coordinator says that the group is resolved, what still runs of it is ended; and the
function goes on when everything that the verdict rests on is known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from . import _payloads
from ._failures import error_of
from ._group import FAILED, QUORUM, SUCCEEDED, Group
from ._messages import run as records
from ._messages import worker
from ._wait import SETTLED, Wait, is_shielded
from .errors import Cancelled, DuplicateStepName

if TYPE_CHECKING:
    from ._members import Plan
    from ._run import WorkflowRun


class Groups:
    """The groups of one run."""

    def __init__(self, run: WorkflowRun) -> None:
        self._run = run
        self._open: dict[str, Group] = {}
        self._joined_names: set[str] = set()
        self._awaited = 0

    @property
    def are_awaited(self) -> bool:
        """Whether the function waits for a group as a whole."""
        return self._awaited > 0

    # What the context asks

    async def join(self, name: str, opening: worker.OpenGroup, plans: Sequence[tuple[str, Plan]], is_named: bool = True) -> Group:
        """Run all members, or take what is recorded of them, and wait until the coordinator has resolved the group.

        `is_named`: the caller chose the name, so two of it at once are a mistake.
        """
        run = self._run
        run.check_asking(f"group {name!r}")
        if is_named and name in self._joined_names:
            raise DuplicateStepName(name)
        group = self.make(name, opening)
        if group.record is None and run.is_cancelled and not group.is_shielded and run.ledger.conflict is None:
            raise Cancelled(run.cancel_reason)
        group.future = run.loop.create_future()
        self._joined_names.add(name)
        self._awaited += 1
        try:
            if group.opening.HasField("deadline") and not group.is_opened and group.record is None:
                run.outbox.add(None, group)  # its time begins now
            for member, plan in plans:
                self._add(group, member, plan)
            group.check()
            await group.future
        except asyncio.CancelledError:
            if group.future.cancelled() and not run.is_over:
                self._abandon(group)
            raise
        finally:
            self._joined_names.discard(name)
            self._awaited -= 1
            self._open.pop(group.key, None)
            run.forget(group.members)
        if group.error is not None:
            raise group.error
        return group

    def make(self, name: str, opening: worker.OpenGroup) -> Group:
        """A use of a group's name."""
        ledger = self._run.ledger
        opening.key = ledger.key_of_group(name)
        group = Group(opening, ledger.groups.get(opening.key))
        self._open[group.key] = group
        return group

    async def execute(self, group: Group, name: str, plan: Plan) -> Any:
        """Run one member of an open-ended group, or take what is recorded of it."""
        self._run.check_asking(f"step {name!r} of group {group.key!r}")
        wait = self._add(group, name, plan)
        return _payloads.decode(await self._run.outcome(wait), plan.returns)

    # Members

    def _add(self, group: Group, name: str, plan: Plan) -> Wait:
        run = self._run
        key = run.ledger.key_of_member(group.key, name)
        wait = Wait(key, key, plan.kind, group.is_shielded or is_shielded.get(), group)
        wait.call, wait.policy = plan.call, plan.policy
        group.members[key] = wait
        record = run.ledger.ask(key, plan.kind)
        is_settled = record is not None and record.state in SETTLED and run.ledger.conflict is None
        if group.is_open_ended and not is_settled:
            if group.record is None and run.is_cancelled and not wait.is_shielded:
                raise Cancelled(run.cancel_reason)
            wait.future = run.loop.create_future()
        if is_settled or group.record is not None:
            if wait.call is not None:
                wait.call.discard()
        if record is not None and is_settled:
            self.apply(wait, record)
            if group.is_open_ended:
                group.check()
        elif group.record is not None:
            if group.is_open_ended:
                group.give_up(wait)
        else:
            run.wait_for(wait)
            self._begin(group, wait, record, plan)
        return wait

    def _begin(self, group: Group, wait: Wait, record: worker.StepRecord | None, plan: Plan) -> None:
        if wait.call is not None:
            self._run.begin_local(wait, record)
        elif record is None:
            assert plan.command is not None
            body: Any = getattr(plan.command, str(plan.command.WhichOneof("command")))
            body.key = wait.key
            body.group = group.key
            self._run.outbox.add(plan.command, group)

    def apply(self, wait: Wait, record: worker.StepRecord) -> None:
        """A member is recorded as settled."""
        group = wait.group
        assert group is not None
        if record.state == records.STEP_STATE_COMPLETED:
            wait.settle(record.output)
        elif record.state == records.STEP_STATE_FAILED:
            wait.settle(error_of(record.failure))
        elif group.record is not None and group.is_open_ended:
            if wait.future is None:
                wait.future = self._run.loop.create_future()
            group.give_up(wait)
        else:
            wait.settle(self._run.error_of_record(record), was_cancelled=True)

    def start(self, wait: Wait, attempt: int, delay: float) -> None:
        """Begin an attempt of a local member, or let it wait for its turn."""
        group = wait.group
        assert group is not None
        if not group.has_room:
            group.queue.append((wait, attempt, delay))
            return
        group.running += 1
        self._run.locals.start(wait, attempt, delay)

    def attempt_ended(self, group: Group) -> None:
        """An attempt of a local member has ended: the next has its turn."""
        group.running -= 1
        while group.queue and group.has_room:
            wait, attempt, delay = group.queue.popleft()
            if not wait.is_done:
                self.start(wait, attempt, delay)
        if group.running == 0 and self._run.is_cancelled and not group.is_shielded:
            group.fail(Cancelled(self._run.cancel_reason))

    # Resolution

    def note(self, resolved: Iterable[worker.GroupRecord]) -> None:
        """The coordinator has resolved groups: what still runs of them is of no use."""
        for record in resolved:
            self._run.ledger.groups[record.key] = record
            group = self._open.get(record.key)
            if group is None or group.record is not None or not record.verdict:
                continue
            group.record = record
            self._end_local(group)

    def settle(self) -> None:
        """All that came together is known: groups that are resolved may go on."""
        for group in self._open.values():
            if group.record is not None:
                group.check()

    def decides_later(self, wait: Wait, together: Sequence[Wait]) -> bool:
        """Whether a result came too late for its resolved group, or may have: it was not this report that resolved it."""
        group = wait.group
        record = None if group is None else group.record
        if group is None or record is None:
            return False
        decisive = record.winner or record.failed_step
        if decisive:
            return all(each.key != decisive for each in together)
        if record.verdict not in (SUCCEEDED, FAILED):
            return True
        if group.opening.strategy == QUORUM and any(each.call is None for each in group.members.values()):
            group.undecided.append(wait)
            return True
        return False

    def resumed(self) -> None:
        """A task came with all that settled elsewhere."""
        for group in self._open.values():
            if group.undecided:
                group.decide()
        self.settle()

    def told(self, resolved: Iterable[worker.GroupRecord]) -> None:
        """The coordinator has told of groups that were resolved elsewhere, and of all their members that settled there."""
        for record in resolved:
            group = self._open.get(record.key)
            if group is not None and group.undecided:
                group.decide()
        self.settle()

    def _end_local(self, group: Group) -> None:
        group.queue.clear()
        for wait in group.members.values():
            if not wait.is_done:
                self._run.locals.detach(wait)
        self._run.outbox.withdraw_group(group)

    def _abandon(self, group: Group) -> None:
        """The function itself gave up on the group, such as by a timeout of its own."""
        self._end_local(group)
        if group.is_opened and group.record is None:
            self._run.outbox.cancel(group.key)

    def cancel(self) -> None:
        """The run was asked to cancel: groups that are joined end when nothing of them runs here any more."""
        for group in list(self._open.values()):
            if group.future is None or group.is_shielded or group.future.done():
                continue
            group.queue.clear()
            for wait in group.members.values():
                if wait.timer is not None:
                    group.running -= 1
                self._run.locals.cancel(wait)
            if group.running == 0:
                group.fail(Cancelled(self._run.cancel_reason))
