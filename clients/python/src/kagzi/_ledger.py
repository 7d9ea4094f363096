"""What is recorded of a run against what its function asks for: keys, uses of names, version conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ._messages import run as records
from ._messages import worker
from .definitions import Workflow
from .errors import DuplicateStepName


class Ledger:
    """Gives every use of a name its key and finds what is recorded under it."""

    def __init__(self, definition: Workflow[Any, Any]) -> None:
        self.groups: dict[str, worker.GroupRecord] = {}
        self.conflict: str | None = None
        """Why the run cannot go on with this code, once that is known."""
        self._definition = definition
        self._unasked: dict[str, worker.StepRecord] = {}
        self._asked: set[str] = set()
        self._uses: dict[str, int] = {}
        self._group_uses: dict[str, int] = {}
        self._in_flight: set[str] = set()

    def load(self, steps: Iterable[worker.StepRecord], groups: Iterable[worker.GroupRecord]) -> None:
        """Take what is recorded when the function is called."""
        self._unasked = {record.key: record for record in steps}
        self.groups = {record.key: record for record in groups}

    def clear(self) -> None:
        """Forget what nobody asked for."""
        self._unasked.clear()

    # Keys

    def key_of_step(self, name: str) -> str:
        """The key of this use of a name: `poll`, `poll#2`, …"""
        if not isinstance(name, str) or not name:
            raise TypeError(f"a step's name is a text that is not empty, not {name!r}")
        if name in self._in_flight:
            raise DuplicateStepName(name)
        use = self._uses.get(name, 0) + 1
        self._uses[name] = use
        return name if use == 1 else f"{name}#{use}"

    def key_of_member(self, group: str, name: str) -> str:
        """The key of a member, `group/name`: each name once in a group."""
        if not isinstance(name, str) or not name:
            raise TypeError(f"a member of a group is named by a text that is not empty, not {name!r}")
        key = f"{group}/{name}"
        if key in self._asked:
            raise DuplicateStepName(key)
        self._uses[key] = 1
        return key

    def key_of_group(self, name: str) -> str:
        """The key of this use of a group's name: `users`, `users#2`, …"""
        if not isinstance(name, str) or not name:
            raise TypeError(f"a group's name is a text that is not empty (or a UUID), not {name!r}")
        use = self._group_uses.get(name, 0) + 1
        self._group_uses[name] = use
        return name if use == 1 else f"{name}#{use}"

    def hold(self, name: str) -> None:
        """A step of this name is in flight: no other may be at the same time."""
        self._in_flight.add(name)

    def release(self, name: str) -> None:
        """It is not in flight any more."""
        self._in_flight.discard(name)

    # Records

    def ask(self, key: str, kind: int) -> worker.StepRecord | None:
        """What is recorded under a key that the function asks for."""
        self._asked.add(key)
        record = self._unasked.pop(key, None)
        if record is not None and record.kind != kind:
            self.note_conflict(
                f"step {key!r} is recorded as {_kind_name(record.kind)}, but version {self._definition.version} of "
                f"{self._definition.name!r} asks for it as {_kind_name(kind)}: run it with the code it began with"
            )
        return record

    def note(self, record: worker.StepRecord) -> None:
        """A record came that nobody waits for."""
        if record.key not in self._asked:
            self._unasked[record.key] = record

    def note_conflict(self, reason: str) -> None:
        """The run cannot go on; the first reason is kept."""
        if self.conflict is None:
            self.conflict = reason

    def unasked_reason(self) -> str | None:
        """Why a return is a version conflict: recorded steps that the function did not ask for."""
        left = [record.key for record in self._unasked.values() if record.state == records.STEP_STATE_COMPLETED]
        if not left:
            return None
        shown = ", ".join(repr(key) for key in left[:5]) + (", …" if len(left) > 5 else "")
        return (
            f"version {self._definition.version} of {self._definition.name!r} returned without asking for recorded steps: "
            f"{shown}; it asked for: {_shown(sorted(self._asked))}: run it with the code it began with"
        )


def _kind_name(kind: int) -> str:
    return records.StepKind.Name(kind).removeprefix("STEP_KIND_").lower()


def _shown(keys: Sequence[str]) -> str:
    return (", ".join(repr(key) for key in keys[:5]) + (", …" if len(keys) > 5 else "")) or "nothing"
