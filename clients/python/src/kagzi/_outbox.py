"""What a run has to say in its next report, and how much of it fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._messages import worker
from ._times import to_duration

if TYPE_CHECKING:
    from ._group import Group
    from ._wait import Wait

MAX_REPORT_BYTES = 3 * 1024 * 1024
"""A report's payloads are at most this together; what is more goes into the next one."""

Item = tuple[worker.Command | None, "Group | None"]
"""A command and the group it belongs to; without a command: a group to open."""


class Outbox:
    """Results of local steps and commands, in order. A group is opened in the report that holds its first member."""

    def __init__(self, limit: int, now: Callable[[], float]) -> None:
        self.limit = limit
        """The most results and commands in one report."""
        self.results: list[Wait] = []
        self.commands: list[Item] = []
        self.sent_results: list[Wait] = []
        self._sent_commands: list[Item] = []
        self._sent_groups: list[Group] = []
        self._now = now

    # What goes in

    def add(self, command: worker.Command | None, group: Group | None = None) -> None:
        """Ask the coordinator for something."""
        self.commands.append((command, group))

    def cancel(self, key: str) -> None:
        """Ask the coordinator to cancel a step or a group."""
        command = worker.Command()
        command.cancel_step.key = key
        self.commands.append((command, None))

    def withdraw_step(self, key: str) -> bool:
        """Take back a command that has not been sent; False if it has been."""
        for index, (command, _) in enumerate(self.commands):
            if command is not None and _body(command).key == key:
                del self.commands[index]
                return True
        return False

    def withdraw_group(self, group: Group) -> None:
        """Take back what has not been sent of a group."""
        if any(each is group for _, each in self.commands):
            self.commands = [item for item in self.commands if item[1] is not group]
        if any(wait.group is group for wait in self.results):
            self.results = [wait for wait in self.results if wait.group is not group]

    def clear(self) -> None:
        """Nothing is to be said any more."""
        self.results.clear()
        self.commands.clear()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to be said."""
        return not self.results and not self.commands

    # What goes out

    def fill(self, report: worker.WorkflowReport) -> None:
        """Move as much as fits into a report."""
        self._sent_groups = []
        self._room, self._size, self._is_full = self.limit, 0, False
        self.sent_results = self._take(self.results, report)
        self._sent_commands = self._take(self.commands, report)

    def _take(self, items: list[Any], report: worker.WorkflowReport) -> list[Any]:
        count = 0
        for item in items:
            is_result = not isinstance(item, tuple)
            size = _size_of_result(item) if is_result else _size_of_command(item)
            if self._is_full or self._room == 0 or (self._size > 0 and self._size + size > MAX_REPORT_BYTES):
                self._is_full = True
                break
            group = item.group if is_result else item[1]
            if group is not None and not group.is_opened:
                self._open(group, report)
                if self._room == 0:
                    self._is_full = True
                    break
            if is_result:
                self._add_result(report, item)
                self._room -= 1
            elif item[0] is not None:
                report.commands.append(item[0])
                self._room -= 1
            self._size += size
            count += 1
        taken = items[:count]
        del items[:count]
        return taken

    def _open(self, group: Group, report: worker.WorkflowReport) -> None:
        report.commands.add().open_group.CopyFrom(group.opening)
        group.is_opened = True
        self._sent_groups.append(group)
        self._room -= 1

    def _add_result(self, report: worker.WorkflowReport, wait: Wait) -> None:
        result = report.results.add(key=wait.key, attempt=wait.attempt)
        if wait.output is not None:
            result.output.CopyFrom(wait.output)
        elif wait.failure is not None:
            result.failure.CopyFrom(wait.failure)
        if wait.policy is not None:
            result.retry_policy.CopyFrom(wait.policy)
        if wait.group is not None:
            result.group = wait.group.key
        result.duration.CopyFrom(to_duration(self._now() - wait.started))

    def accepted(self) -> list[Wait]:
        """The last report was recorded; gives its results."""
        results = self.sent_results
        self.sent_results, self._sent_commands, self._sent_groups = [], [], []
        return results

    def refused(self) -> int:
        """Nothing of the last report was recorded: put all of it back; gives how many things that were."""
        count = len(self.sent_results) + len(self._sent_commands) + len(self._sent_groups)
        for group in self._sent_groups:
            group.is_opened = False
        self.results[:0] = self.sent_results
        self.commands[:0] = self._sent_commands
        self.accepted()
        return count


def _body(command: worker.Command) -> Any:
    return getattr(command, str(command.WhichOneof("command")))


def _size_of_result(wait: Wait) -> int:
    return 0 if wait.output is None else len(wait.output.data)


def _size_of_command(item: Item) -> int:
    command = item[0]
    if command is None:
        return 0
    if command.HasField("schedule_activity"):
        return len(command.schedule_activity.input.data)
    return len(command.start_child.input.data) if command.HasField("start_child") else 0
