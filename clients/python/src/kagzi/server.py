"""Which coordinator answers, and what it allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ._messages import admin as messages
from ._times import datetime_of


@dataclass(frozen=True)
class ServerInfo:
    """The coordinator that answered."""

    version: str
    coordinator_id: str
    """New at every start."""
    started_at: datetime | None
    schema_version: int
    """The version of the database's schema, which the coordinator keeps up to date."""
    max_payload_bytes: int
    max_message_bytes: int

    @staticmethod
    def of(response: messages.GetServerInfoResponse) -> ServerInfo:
        """From the contract's message."""
        return ServerInfo(
            version=response.version,
            coordinator_id=response.coordinator_id,
            started_at=datetime_of(response.started_at) if response.HasField("started_at") else None,
            schema_version=response.schema_version,
            max_payload_bytes=response.max_payload_bytes,
            max_message_bytes=response.max_message_bytes,
        )
