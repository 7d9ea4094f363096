"""What the parts of a client share: who calls, and pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message

if TYPE_CHECKING:
    from .client import Client

Response = TypeVar("Response", bound=Message)

PAGE_SIZE = 500


class Caller:
    """One service's calls through a client."""

    service = ""

    def __init__(self, client: Client) -> None:
        """Made by the client."""
        self._client = client

    @property
    def namespace(self) -> str:
        """The client's namespace."""
        return self._client.namespace

    async def _call(self, method: str, request: Message, response: type[Response], is_idempotent: bool = True) -> Response:
        return await self._client._call(method, request, response, self.service, is_idempotent=is_idempotent)

    async def _pages(self, method: str, request: Any, response: type[Response]) -> AsyncIterator[Response]:
        """Every page, one call after the other, as they are wanted."""
        while True:
            page = await self._call(method, request, response)
            yield page
            request.page_token = page.next_page_token  # type: ignore[attr-defined]
            if not request.page_token:
                return
