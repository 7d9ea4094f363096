"""Types and versions: which version new work gets. Everything is live on the running system, and durable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import grpc.aio

from . import _rpc
from ._caller import PAGE_SIZE, Caller
from ._filter import run_filter
from ._messages import registry as messages
from ._times import datetime_of
from .definitions import Activity, Workflow


@dataclass(frozen=True)
class VersionInfo:
    """One version of a type."""

    version: int
    deprecated: bool
    """Whether new starts on it are refused."""
    percent: float
    """The share of new runs that the rollout sends to it."""
    open_count: int
    """Open runs (or open steps of an activity) on it."""
    live_workers: int
    drained: bool
    """Nothing is open on it and nothing new comes: its workers may go."""
    first_registered_at: datetime | None
    last_registered_at: datetime | None


@dataclass(frozen=True)
class TypeInfo:
    """A type with its versions, lowest first."""

    type: str
    default_version: int
    versions: tuple[VersionInfo, ...]

    def version(self, number: int) -> VersionInfo:
        """One of its versions; a LookupError if there is none of that number."""
        for each in self.versions:
            if each.version == number:
                return each
        raise LookupError(f"{self.type!r} has no version {number}, only {[each.version for each in self.versions]}")

    @staticmethod
    def of(message: messages.TypeDescription) -> TypeInfo:
        """From the contract's message."""
        return TypeInfo(message.type, message.default_version, tuple(map(_version_of, message.versions)))


@dataclass(frozen=True)
class MoveProgress:
    """How far a move of runs is."""

    total: int
    moved: int
    """Runs moved, or that could be in a dry run."""
    conflicts: tuple[str, ...]
    """Runs that stay, with the reason."""
    finished: bool


class Types(Caller):
    """Versions of one kind of type."""

    service = "RegistryService"
    kind = messages.TYPE_KIND_WORKFLOW

    async def set_default(self, type: Workflow[Any, Any] | Activity[Any, Any] | str, version: int) -> None:
        """Make a registered version the default; `VersionNotRegistered` if no worker ever registered it."""
        request = messages.SetDefaultVersionRequest(**self._name(type), version=version)
        await self._call("SetDefaultVersion", request, messages.SetDefaultVersionResponse)

    async def get_default(self, type: Workflow[Any, Any] | Activity[Any, Any] | str) -> int:
        """The default version."""
        return (await self.describe(type)).default_version

    async def set_rollout(self, type: Workflow[Any, Any] | Activity[Any, Any] | str, percents: Mapping[int, float]) -> None:
        """Send a share of new work to versions: `{3: 5.0}` sends 5 % to version 3, the rest to the default.

        Chosen by a stable hash of the workflow id, so one id always lands the same. It replaces an earlier rollout; an empty
        mapping ends it.
        """
        weights = [messages.VersionWeight(version=version, percent=percent) for version, percent in percents.items()]
        request = messages.SetRolloutRequest(**self._name(type), weights=weights)
        await self._call("SetRollout", request, messages.SetRolloutResponse)

    async def deprecate(self, type: Workflow[Any, Any] | Activity[Any, Any] | str, version: int, *, undo: bool = False) -> None:
        """Refuse new work on a version; what is open on it finishes. `undo` takes it back."""
        request = messages.DeprecateVersionRequest(**self._name(type), version=version, undo=undo)
        await self._call("DeprecateVersion", request, messages.DeprecateVersionResponse)

    async def describe(self, type: Workflow[Any, Any] | Activity[Any, Any] | str) -> TypeInfo:
        """A type: its versions with what is open on them and who serves them."""
        raise NotImplementedError

    async def list(self) -> list[TypeInfo]:
        """All types, by name."""
        raise NotImplementedError

    def _name(self, type: Workflow[Any, Any] | Activity[Any, Any] | str) -> dict[str, Any]:
        return {"namespace": self.namespace, "kind": self.kind, "type": type if isinstance(type, str) else type.name}


class WorkflowTypes(Types):
    """`client.workflow_types`."""

    async def describe(self, type: Workflow[Any, Any] | Activity[Any, Any] | str) -> TypeInfo:
        """See Types."""
        name = type if isinstance(type, str) else type.name
        request = messages.DescribeWorkflowTypeRequest(namespace=self.namespace, type=name)
        response = await self._call("DescribeWorkflowType", request, messages.DescribeWorkflowTypeResponse)
        return TypeInfo.of(response.description)

    async def list(self) -> list[TypeInfo]:
        """See Types."""
        request = messages.ListWorkflowTypesRequest(namespace=self.namespace, page_size=PAGE_SIZE)
        pages = self._pages("ListWorkflowTypes", request, messages.ListWorkflowTypesResponse)
        return [TypeInfo.of(each) async for page in pages for each in page.types]

    async def move_runs(
        self, type: Workflow[Any, Any] | str, from_version: int, to_version: int, *, dry_run: bool = False, **filter: Any
    ) -> AsyncIterator[MoveProgress]:
        """Move open runs to another version; gives the progress as it goes. The filter is that of `Client.list`.

        A dry run names the runs whose recorded steps the other version does not know, and changes nothing.
        """
        request = messages.MoveRunsRequest(
            namespace=self.namespace, workflow_type=type if isinstance(type, str) else type.name, from_version=from_version,
            to_version=to_version, dry_run=dry_run, filter=run_filter(**filter),
        )  # fmt: skip
        call = _rpc.stream(self._client._open(), "RegistryService/MoveRuns", messages.MoveRunsResponse)(request)
        try:
            async for response in call:
                yield MoveProgress(response.total, response.moved, tuple(response.conflicts), response.finished)
        except grpc.aio.AioRpcError as failed:
            raise _rpc.error_of(failed) from None


class ActivityTypes(Types):
    """`client.activity_types`."""

    kind = messages.TYPE_KIND_ACTIVITY

    async def describe(self, type: Workflow[Any, Any] | Activity[Any, Any] | str) -> TypeInfo:
        """See Types."""
        name = type if isinstance(type, str) else type.name
        request = messages.DescribeActivityTypeRequest(namespace=self.namespace, type=name)
        response = await self._call("DescribeActivityType", request, messages.DescribeActivityTypeResponse)
        return TypeInfo.of(response.description)

    async def list(self) -> list[TypeInfo]:
        """See Types."""
        request = messages.ListActivityTypesRequest(namespace=self.namespace, page_size=PAGE_SIZE)
        pages = self._pages("ListActivityTypes", request, messages.ListActivityTypesResponse)
        return [TypeInfo.of(each) async for page in pages for each in page.types]


def _version_of(message: messages.VersionDescription) -> VersionInfo:
    return VersionInfo(
        version=message.version,
        deprecated=message.deprecated,
        percent=message.percent,
        open_count=message.open_count,
        live_workers=message.live_workers,
        drained=message.drained,
        first_registered_at=datetime_of(message.first_registered_at) if message.HasField("first_registered_at") else None,
        last_registered_at=datetime_of(message.last_registered_at) if message.HasField("last_registered_at") else None,
    )
