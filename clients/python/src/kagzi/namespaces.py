"""Namespaces: isolation boundaries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ._caller import PAGE_SIZE, Caller
from ._messages import admin as messages
from ._times import Seconds, datetime_of, seconds_of, to_duration


@dataclass(frozen=True)
class Namespace:
    """An isolation boundary."""

    name: str
    description: str
    enabled: bool
    """Whether it takes new work."""
    retention: timedelta | None
    """How long closed runs are kept; None: for ever."""
    created_at: datetime | None

    @staticmethod
    def of(message: messages.Namespace) -> Namespace:
        """From the contract's message."""
        return Namespace(
            name=message.name,
            description=message.description,
            enabled=message.enabled,
            retention=timedelta(seconds=seconds_of(message.retention)) if message.HasField("retention") else None,
            created_at=datetime_of(message.created_at) if message.HasField("created_at") else None,
        )


class Namespaces(Caller):
    """`client.namespaces`."""

    service = "AdminService"

    async def create(self, name: str, *, description: str = "", retention: Seconds | None = None) -> Namespace:
        """Create a namespace; `AlreadyExists` if there is one of that name."""
        request = messages.CreateNamespaceRequest(name=name, description=description)
        if retention is not None:
            request.retention.CopyFrom(to_duration(retention))
        response = await self._call("CreateNamespace", request, messages.CreateNamespaceResponse, is_idempotent=False)
        return Namespace.of(response.namespace)

    async def get(self, name: str) -> Namespace:
        """One namespace."""
        request = messages.GetNamespaceRequest(name=name)
        return Namespace.of((await self._call("GetNamespace", request, messages.GetNamespaceResponse)).namespace)

    async def list(self) -> list[Namespace]:
        """All namespaces, by name."""
        request = messages.ListNamespacesRequest(page_size=PAGE_SIZE)
        pages = self._pages("ListNamespaces", request, messages.ListNamespacesResponse)
        return [Namespace.of(each) async for page in pages for each in page.namespaces]

    async def update(self, name: str, *, description: str | None = None, retention: Seconds | None = None) -> Namespace:
        """Change what is given; a retention of zero keeps closed runs for ever."""
        request = messages.UpdateNamespaceRequest(name=name)
        if description is not None:
            request.description = description
        if retention is not None:
            request.retention.CopyFrom(to_duration(retention))
        return Namespace.of((await self._call("UpdateNamespace", request, messages.UpdateNamespaceResponse)).namespace)

    async def enable(self, name: str) -> None:
        """Let it take new work again."""
        await self._call("EnableNamespace", messages.EnableNamespaceRequest(name=name), messages.EnableNamespaceResponse)

    async def disable(self, name: str) -> None:
        """Refuse new work with `NamespaceDisabled`; open runs finish."""
        await self._call("DisableNamespace", messages.DisableNamespaceRequest(name=name), messages.DisableNamespaceResponse)
